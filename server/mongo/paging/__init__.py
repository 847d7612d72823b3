"""Reading a list page by page, along an index."""
