"""`stockbatch results`: download what became of each item."""

from pathlib import Path

import click

from server.cli.remote.client import Client
from server.cli.remote.options import with_server
from server.cli.remote.saving import save

FORMATS = ("csv", "ndjson", "xlsx")


@click.command(help="Download the results of the batch BATCH, each with its item as it was sent.")
@click.argument("batch")
@click.option("--failed", "success", flag_value="false", help="Only items that failed.")
@click.option("--succeeded", "success", flag_value="true", help="Only items that succeeded.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file to write."
)
@with_server
def results(
    client: Client, batch: str, success: str | None, format_: str, output: Path | None
) -> int:
    """Write the file and return 0."""
    parameters = {"format": format_} | ({"success": success} if success else {})
    with client.results(batch, parameters) as pieces:
        save(pieces, output)
    return 0
