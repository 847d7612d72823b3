"""What is left of a run: Markdown, JSON and plots."""
