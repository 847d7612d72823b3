"""`stockbatch schema`: print the GraphQL schema."""

from pathlib import Path

import click

from schema import schema as schema_
from server.domain.errors import StartupError


@click.command(help="Print the GraphQL schema, or write it to FILE.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def schema(file: Path | None) -> int:
    """Write the SDL to the file, or to standard output, and return 0.

    Raises:
        StartupError: the file cannot be written.
    """
    if file is None:
        click.echo(schema_.as_str())
        return 0
    try:
        file.write_text(schema_.as_str() + "\n", encoding="utf-8")
    except OSError as error:
        raise StartupError(f"Cannot write the schema to {file}: {error.strerror}.") from error
    return 0
