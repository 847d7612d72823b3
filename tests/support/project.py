"""Say where the project is, so that tests can read its documents and start its programs."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
