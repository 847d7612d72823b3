"""What the text of a request may ask for: its length, its size written out, and its cost."""
