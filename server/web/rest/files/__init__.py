"""Files as people have them: read as items, whatever program has written them."""
