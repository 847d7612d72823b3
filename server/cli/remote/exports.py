"""`stockbatch products export` and `stockbatch stock-updates export`."""

from collections.abc import Mapping
from pathlib import Path

import click

from server.cli.remote.client import Client
from server.cli.remote.options import Command, with_server
from server.cli.remote.saving import save

_FORMATS = ("csv", "ndjson")
_ORDERS = ("CREATED_ASC", "CREATED_DESC", "NAME_ASC", "NAME_DESC")
_STATUSES = ("pending", "applied", "failed")


def _file_options(command: Command) -> Command:
    for option in (
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A file to write. [default: standard output]",
        ),
        click.option(
            "--format", "format_", type=click.Choice(_FORMATS), default="csv", show_default=True
        ),
    ):
        command = option(command)
    return command


@click.group(help="Export the products.")
def products() -> None:
    """Do nothing: the action does."""


@products.command("export", help="Write all products, or those of a filter, as a file.")
@click.option("--category", help="Only products of this category.")
@click.option("--discontinued/--not-discontinued", default=None, help="Only these. [default: all]")
@click.option("--stock-at-least", type=int, help="Only products with so many pieces or more.")
@click.option("--stock-at-most", type=int, help="Only products with so many pieces or less.")
@click.option("--name-prefix", help="Only products whose name begins so.")
@click.option("--name-contains", help="Only products with this in their name, in any case.")
@click.option("--id", "ids", multiple=True, help="Only this product; may be said several times.")
@click.option("--order-by", type=click.Choice(_ORDERS), help="[default: oldest first]")
@_file_options
@with_server
def export_products(  # noqa: PLR0913 - a filter
    client: Client,
    *,
    category: str | None,
    discontinued: bool | None,
    stock_at_least: int | None,
    stock_at_most: int | None,
    name_prefix: str | None,
    name_contains: str | None,
    ids: tuple[str, ...],
    order_by: str | None,
    format_: str,
    output: Path | None,
) -> int:
    """Write the file and return 0."""
    filters = {
        "category": category,
        "discontinued": discontinued,
        "stockAtLeast": stock_at_least,
        "stockAtMost": stock_at_most,
        "namePrefix": name_prefix,
        "nameContains": name_contains,
        "ids": ",".join(ids) or None,
        "orderBy": order_by,
        "format": format_,
    }
    return _export(client, "products", filters, output)


@click.group(help="Export the ledger.")
def stock_updates() -> None:
    """Do nothing: the action does."""


@stock_updates.command("export", help="Write the ledger, or the rows of a filter, as a file.")
@click.option("--product", help="Only rows of the product with this id.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only rows in this state.")
@click.option("--batch", help="Only rows of the batch with this id, in input order.")
@click.option("--since", metavar="TIME", help="Only rows of this time or later.")
@click.option("--until", metavar="TIME", help="Only rows before this time.")
@_file_options
@with_server
def export_stock_updates(  # noqa: PLR0913 - a filter
    client: Client,
    *,
    product: str | None,
    status: str | None,
    batch: str | None,
    since: str | None,
    until: str | None,
    format_: str,
    output: Path | None,
) -> int:
    """Write the file and return 0."""
    filters = {
        "productId": product,
        "status": status,
        "batchId": batch,
        "since": since,
        "until": until,
        "format": format_,
    }
    return _export(client, "stock-updates", filters, output)


def _export(
    client: Client, what: str, filters: Mapping[str, str | int | None], output: Path | None
) -> int:
    parameters = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in filters.items()
        if value is not None
    }
    with client.export(what, parameters) as pieces:
        save(pieces, output)
    return 0
