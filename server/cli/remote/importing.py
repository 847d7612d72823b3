"""`stockbatch import`: send a file as a batch, and follow it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec

from server.cli.remote.answers import Batch, ServerRefused, Submission
from server.cli.remote.bar import bytes_bar
from server.cli.remote.client import Client
from server.cli.remote.kinds import KINDS
from server.cli.remote.options import is_terminal, json_option, print_json, say, with_server
from server.cli.remote.saving import free_name, save
from server.cli.remote.sent_file import SentFile
from server.cli.remote.shown import exit_status, items, summary
from server.cli.remote.watching import followed

_SHOWN_FAILURES = 5
_LARGE_BYTES = 4 * 1024**2  # a smaller file is sent before a bar could be read
# Options that are parameters of the request, where the server finds out or checks what they say.
_PARAMETERS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("--map", "columns", {"help": "Names of columns: artikel:productId,menge:quantity."}),
    ("--encoding", "encoding", {"help": "Encoding of the file. [default: found out]"}),
    ("--delimiter", "delimiter", {"help": "Delimiter of the file. [default: found out]"}),
    ("--sheet", "sheet", {"help": "Sheet of an XLSX file. [default: the first]"}),
    ("--new-price", "newPrice", {"help": "For update-price: the price, in whole cents."}),
    ("--expire-in", "expireIn", {"help": "Milliseconds until the products expire."}),
)
_FLAGS = (
    ("--strict", "strict", "Refuse columns that are unknown, instead of ignoring them."),
    ("--cascade-delete", "cascadeDelete", "For delete-products: with their ledger rows."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What becomes of the file besides sending it."""

    is_dry_run: bool
    again: bool
    is_watched: bool
    failed_rows: Path | None
    as_json: bool


def _with_parameters(command: Callable[..., int]) -> Callable[..., int]:
    """Give the command an option for each parameter."""
    for option, name, help_ in reversed(_FLAGS):
        command = click.option(option, name.lower(), is_flag=True, help=help_)(command)
    for option, name, more in reversed(_PARAMETERS):
        command = click.option(option, name.lower(), **more)(command)
    return command


@click.command("import", help="Send FILE (CSV, NDJSON, JSON or XLSX) as a batch.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What the batch does.")
@click.option("--dry-run", is_flag=True, help="Preview: run it, show it, and keep nothing of it.")
@click.option("--again", is_flag=True, help="Send it although the same file was sent before.")
@click.option("--watch", "is_watched", is_flag=True, help="Follow the batch to its end.")
@click.option(
    "--failed-rows",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write rows that failed. [default: FILE.failed.csv or the like]",
)
@click.option("--batch-size", type=click.IntRange(1, 1000), help="Items per chunk.")
@_with_parameters
@json_option
@with_server
def import_(  # noqa: PLR0913 - options
    client: Client,
    *,
    file: Path,
    kind: str,
    dry_run: bool,
    again: bool,
    is_watched: bool,
    failed_rows: Path | None,
    batch_size: int | None,
    as_json: bool,
    **given: str | bool | None,
) -> int:
    """Send the file, and return 0 or, if it is watched, how the batch has ended."""
    parameters = _parameters(given)
    wishes = Wishes(
        is_dry_run=dry_run,
        again=again,
        is_watched=is_watched or dry_run,
        failed_rows=failed_rows,
        as_json=as_json,
    )
    sent = SentFile(file)
    submission = _sent(client, sent, kind, parameters, batch_size, wishes)
    if submission.file and submission.file.ignored_columns:
        say(f"Ignored columns: {', '.join(submission.file.ignored_columns)}.")
    if submission.warning:
        say(f"Warning: {submission.warning}")
    if not wishes.is_watched:
        if as_json:
            print_json(submission)
        else:
            say(f"Follow it with: stockbatch watch {submission.batch_id}")
        return 0
    ended = followed(client, submission.batch_id)
    is_first = not ended.dry_run and not submission.replayed
    rows = failed_rows or (free_name(sent.path, f".{sent.result_format}") if is_first else None)
    if not ended.failure_count:
        rows = None
    if rows is not None:
        _save_failed(client, sent, ended, rows)
    _tell(client, submission, ended, rows, as_json=as_json)
    return exit_status(ended)


def _parameters(given: Mapping[str, str | bool | None]) -> dict[str, str]:
    names = [name for _, name, _ in (*_PARAMETERS, *_FLAGS)]
    values = {name: given[name.lower()] for name in names}
    return {
        name: "true" if value is True else str(value)
        for name, value in values.items()
        if value is not None and value is not False
    }


def _sent(
    client: Client,
    sent: SentFile,
    kind: str,
    parameters: Mapping[str, str],
    batch_size: int | None,
    wishes: Wishes,
) -> Submission:
    media_type = sent.media_type
    key = None if wishes.again or wishes.is_dry_run else sent.key(kind, parameters)
    more = {"dryRun": "true"} if wishes.is_dry_run else {}
    if batch_size is not None:
        more["batchSize"] = str(batch_size)

    def submitted(read: Callable[[int], None] = lambda _: None) -> Submission:
        return client.submit(
            kind, sent.pieces(read), media_type, parameters={**parameters, **more}, key=key
        )

    try:
        if is_terminal() and sent.size >= _LARGE_BYTES:
            with bytes_bar(f"Sending {sent.path.name}") as bar:
                size = sent.size
                submission = submitted(lambda so_far: bar.move(so_far, size))
        else:
            submission = submitted()
    except ServerRefused as error:
        if error.code != "IDEMPOTENCY_KEY_REUSED":
            raise
        raise ServerRefused(
            error.status,
            error.code,
            f"{sent.path.name} was sent before with other options. --again sends it anew.",
        ) from error
    if submission.replayed:
        say(
            f"{sent.path.name} was sent before: it is the batch {submission.batch_id} "
            f"({submission.status}). Nothing was sent again; --again sends it anew."
        )
    else:
        what = "Preview" if wishes.is_dry_run else "Batch"
        say(f"{what} {submission.batch_id} has {items(submission.total_items)}.")
    return submission


def _save_failed(client: Client, sent: SentFile, ended: Batch, rows: Path) -> None:
    """Write what failed into a file that can be mended and sent again."""
    parameters = {"format": sent.result_format, "success": "false"}
    with client.results(ended.batch_id, parameters) as pieces:
        save(pieces, rows)


def _tell(
    client: Client, submission: Submission, ended: Batch, rows: Path | None, *, as_json: bool
) -> None:
    if as_json:
        answer = {"submission": submission, "batch": ended, "failedRows": rows and str(rows)}
        print_json(answer)
        return
    click.echo(summary(ended))
    if not ended.failure_count:
        return
    for line in _first_failures(client, ended.batch_id):
        click.echo(f"  {line}")
    if ended.failure_count > _SHOWN_FAILURES:
        click.echo(f"  … and {ended.failure_count - _SHOWN_FAILURES:,} more")
    if ended.dry_run:
        click.echo(
            f"Mend them in your file. All of them: stockbatch results {ended.batch_id} --failed"
        )
    elif rows is None:
        click.echo(f"The rows that failed: stockbatch results {ended.batch_id} --failed")
    else:
        click.echo(f"The rows that failed are in {rows}: mend them and import that file.")


def _first_failures(client: Client, batch_id: str) -> list[str]:
    """Return a line about each of the first items that failed."""
    with client.results(batch_id, {"format": "ndjson", "success": "false"}) as pieces:
        lines = islice(_lines(pieces), _SHOWN_FAILURES)
        results = [msgspec.json.decode(line)["result"] for line in lines]
    return [f"{_place(result)}: {result.get('error')}" for result in results]


def _place(result: Mapping[str, Any]) -> str:
    """Return where an item stands in its file, or else in its batch."""
    row = result.get("row")
    return f"row {row}" if row is not None else f"item {result['index'] + 1}"


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    begun = b""
    for piece in pieces:
        *lines, begun = (begun + piece).split(b"\n")
        yield from lines
    if begun:
        yield begun
