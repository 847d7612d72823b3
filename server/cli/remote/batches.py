"""`stockbatch batches`, `cancel` and `retry`."""

from itertools import islice

import click

from server.cli.remote.client import Client
from server.cli.remote.kinds import KINDS
from server.cli.remote.options import json_option, print_json, say, with_server
from server.cli.remote.shown import exit_status, items, summary, table
from server.cli.remote.watching import followed

_STATES = ("pending", "processing", "completed", "failed", "cancelled")
_LIMIT = 20
_LARGEST_PAGE = 1000


@click.command(help="List the batches that you may see, newest first.")
@click.option("--status", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--kind", type=click.Choice(KINDS), help="Only those of this kind.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=_LIMIT, show_default=True, help="How many."
)
@json_option
@with_server
def batches(client: Client, status: str | None, kind: str | None, limit: int, as_json: bool) -> int:
    """Print batches as a table, or each as a line of JSON, and return 0."""
    filters = {"status": status, "operationType": kind, "first": str(min(limit, _LARGEST_PAGE))}
    sent = {name: text for name, text in filters.items() if text is not None}
    found = islice(client.batches(sent), limit)
    if as_json:
        for batch in found:
            print_json(batch)
    else:
        click.echo(table([*found]))
    return 0


@click.command(help="Let no other chunk of the batch BATCH begin. What was applied stays applied.")
@click.argument("batch")
@json_option
@with_server
def cancel(client: Client, batch: str, as_json: bool) -> int:
    """Cancel a batch and return 0; it may still be running its last chunks."""
    cancelled = client.cancel(batch)
    if as_json:
        print_json(cancelled)
    else:
        click.echo(summary(cancelled))
    return 0


@click.command(help="Send again the items of the batch BATCH that failed, as a new batch.")
@click.argument("batch")
@click.option("--watch", "is_watched", is_flag=True, help="Follow the new batch to its end.")
@json_option
@with_server
def retry(client: Client, batch: str, is_watched: bool, as_json: bool) -> int:
    """Submit what failed, and return 0 or how the new batch has ended."""
    submission = client.retry(batch)
    if not is_watched:
        if as_json:
            print_json(submission)
        else:
            click.echo(f"Batch {submission.batch_id} has {items(submission.total_items)}.")
        return 0
    say(f"Batch {submission.batch_id} has {items(submission.total_items)}.")
    ended = followed(client, submission.batch_id)
    if as_json:
        print_json(ended)
    else:
        click.echo(summary(ended))
    return exit_status(ended)
