"""`python -m server schema`: print the GraphQL schema."""

from pathlib import Path

from schema import schema
from server.domain.errors import StartupError


def print_schema(file: Path | None) -> int:
    """Write the SDL to the file, or to standard output, and return 0.

    Raises:
        StartupError: the file cannot be written.
    """
    if file is None:
        print(schema.as_str())
        return 0
    try:
        file.write_text(schema.as_str() + "\n", encoding="utf-8")
    except OSError as error:
        raise StartupError(f"Cannot write the schema to {file}: {error.strerror}.") from error
    return 0
