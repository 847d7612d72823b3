"""GraphiQL, the page for people: `page.py` is it, `files.py` what it loads from us."""
