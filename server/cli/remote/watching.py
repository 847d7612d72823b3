"""`stockbatch watch`: follow a batch to its end."""

import time
from collections.abc import Iterator

import click

from server.cli.remote.answers import Batch, ServerAway, ServerRefused
from server.cli.remote.bar import items_bar
from server.cli.remote.client import Client
from server.cli.remote.options import is_terminal, json_option, print_json, say, with_server
from server.cli.remote.shown import exit_status, summary

_FIRST_SECONDS, _MOST_SECONDS = 0.1, 1.0  # between two looks
_PATIENCE_SECONDS = 60.0  # with a server that does not answer: it may be starting again
_BUSY = (429, 502, 503, 504)


@click.command(help="Follow the batch BATCH to its end. Ctrl-C stops watching; the batch goes on.")
@click.argument("batch")
@json_option
@with_server
def watch(client: Client, batch: str, as_json: bool) -> int:
    """Follow a batch and return the exit status that stands for its end."""
    ended = followed(client, batch)
    if as_json:
        print_json(ended)
    else:
        click.echo(summary(ended))
    return exit_status(ended)


def followed(client: Client, batch_id: str) -> Batch:
    """Return a batch when it has ended, and show a bar until then.

    Raises:
        CommandFailed: there is no such batch, or no server answers at first, or for a minute.
        Abort: Ctrl-C.
    """
    try:
        if not is_terminal():
            *_, last = _looks(client, batch_id)
            return last
        with items_bar(batch_id) as bar:
            for last in _looks(client, batch_id):
                bar.move(last.processed_items, last.total_items, last.failure_count)
        return last
    except KeyboardInterrupt as error:
        say(f"The batch goes on. Follow it with: stockbatch watch {batch_id}")
        raise click.Abort from error


def _looks(client: Client, batch_id: str) -> Iterator[Batch]:
    """Yield the batch as it is now and again, to its end."""
    pause = _FIRST_SECONDS
    heard: float | None = None
    is_away = False
    while True:
        try:
            batch = client.batch(batch_id)
        except (ServerAway, ServerRefused) as error:
            if isinstance(error, ServerRefused) and error.status not in _BUSY:
                raise
            if heard is None:
                raise
            if time.monotonic() - heard > _PATIENCE_SECONDS:
                say(f"The batch goes on. Follow it with: stockbatch watch {batch_id}")
                raise
            if not is_away:
                say("The server does not answer just now; trying again …")
            is_away, pause = True, _MOST_SECONDS
        else:
            heard, is_away = time.monotonic(), False
            yield batch
            if batch.has_ended:
                return
        time.sleep(pause)
        pause = min(pause * 1.5, _MOST_SECONDS)
