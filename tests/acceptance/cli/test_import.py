"""`stockbatch import`: a file becomes a batch, once, and its failures become a file again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from server.cli.remote.kinds import KINDS
from server.kinds.registry import KINDS as KINDS_OF_THE_SERVER
from tests.acceptance.cli.conftest import Command, stocks
from tests.support.processes.command_line import in_a_terminal
from tests.support.processes.server_process import ServerProcess

Rows = Callable[..., Path]
UPDATE = ("--kind", "update-stock")


def test_the_kinds_are_those_of_the_server() -> None:
    assert [*KINDS] == [kind.path for kind in KINDS_OF_THE_SERVER.values()]


def test_a_file_is_sent_once(server: ServerProcess, to_server: Command, rows: Rows) -> None:
    file = rows(5, -3)

    first = to_server("import", file, *UPDATE, "--watch")
    second = to_server("import", file, *UPDATE, "--watch")
    third = to_server("import", file, *UPDATE, "--watch", "--again")

    assert [first.returncode, second.returncode, third.returncode] == [0, 0, 0]
    assert "is completed: 2 items succeeded, 0 failed." in first.stdout
    batch = first.stdout.split()[1]
    assert second.stdout == first.stdout
    assert f"was sent before: it is the batch {batch} (completed)." in second.stderr
    assert "--again sends it anew" in second.stderr
    warning = f"You have sent the same file within the last 60 minutes: it became the batch {batch}"
    assert f"Warning: {warning}" in third.stderr
    assert [stocks(server)[one] for one in "12"] == [20, 4]


def test_failed_rows_are_mended_and_sent_again(
    server: ServerProcess, to_server: Command, rows: Rows, tmp_path: Path
) -> None:
    file = rows(1, "x", -99, 4)

    sent = to_server("import", file, *UPDATE, "--watch")

    failed = tmp_path / "stock.failed.csv"
    assert sent.returncode == 3
    assert "2 items succeeded, 2 failed." in sent.stdout
    assert ": The quantity “x” is not a number." in sent.stdout
    assert f"The rows that failed are in {failed}" in sent.stdout
    mended = failed.read_text().replace(",x,", ",2,").replace(",-99,", ",-9,")
    failed.write_text(mended)
    again = to_server("import", failed, *UPDATE, "--watch")
    assert again.returncode == 0, again.stderr
    assert [stocks(server)[one] for one in "1234"] == [11, 12, 1, 44]


def test_a_replay_writes_no_second_file(to_server: Command, rows: Rows, tmp_path: Path) -> None:
    file = rows("x")

    to_server("import", file, *UPDATE, "--watch")
    again = to_server("import", file, *UPDATE, "--watch")

    assert again.returncode == 4
    assert "The rows that failed: stockbatch results " in again.stdout
    names = sorted(one.name for one in tmp_path.glob("stock*"))
    assert names == ["stock.csv", "stock.failed.csv"]


def test_a_file_of_failed_rows_is_never_overwritten(
    to_server: Command, rows: Rows, tmp_path: Path
) -> None:
    (tmp_path / "stock.failed.csv").write_text("mine")

    sent = to_server("import", rows("x"), *UPDATE, "--watch")
    named = to_server(
        "import", rows("y"), *UPDATE, "--watch", "--failed-rows", tmp_path / "here.csv"
    )

    assert sent.returncode == named.returncode == 4
    assert (tmp_path / "stock.failed.csv").read_text() == "mine"
    assert (tmp_path / "stock.failed-2.csv").exists()
    assert "y" in (tmp_path / "here.csv").read_text()


def test_a_preview_changes_nothing_and_uses_no_key(
    server: ServerProcess, to_server: Command, rows: Rows
) -> None:
    file = rows(5, -99)
    before = stocks(server)

    preview = to_server("import", file, *UPDATE, "--dry-run")

    assert preview.returncode == 3
    assert preview.stdout.startswith("Preview ")
    assert "1 item succeeded, 1 failed. Nothing was changed: this was a dry run." in preview.stdout
    assert stocks(server) == before
    batch = preview.stdout.split()[1]
    assert f"All of them: stockbatch results {batch} --failed" in preview.stdout
    assert [one.name for one in file.parent.glob("stock*")] == ["stock.csv"]
    shown = to_server("results", batch, "--format", "ndjson", "--succeeded")
    assert json.loads(shown.stdout)["result"]["newStock"] == 15
    applied = to_server("import", file, *UPDATE, "--watch")
    assert "was sent before" not in applied.stderr
    assert stocks(server)["1"] == 15


def test_options_of_the_kind_are_parameters(
    server: ServerProcess, to_server: Command, tmp_path: Path
) -> None:
    file = tmp_path / "ids.ndjson"
    file.write_text('{"productId": "000000000000000000000001"}\n')
    price = ("--kind", "update-price", "--batch-size", "7", "--watch")

    first = to_server("import", file, *price, "--new-price", "777")
    other = to_server("import", file, *price, "--new-price", "778")
    same = to_server("import", file, *price, "--new-price", "778")
    otherwise = to_server("import", file, *price[:2], "--new-price", "778")

    assert [first.returncode, other.returncode, same.returncode] == [0, 0, 0], first.stderr
    assert "was sent before" not in other.stderr
    assert "was sent before: it is" in same.stderr
    assert otherwise.returncode == 1
    assert "ids.ndjson was sent before with other options. --again sends" in otherwise.stderr
    price_now = server.graphql('{ product(id: "000000000000000000000001") { price } }')
    assert price_now == {"product": {"price": 778}}


def test_programs_get_json(to_server: Command, rows: Rows, tmp_path: Path) -> None:
    sent = to_server("import", rows(1), *UPDATE, "--json")
    watched = to_server("import", rows("x", 1), *UPDATE, "--watch", "--json")

    submission = json.loads(sent.stdout)
    assert submission["totalItems"] == 1
    assert submission["replayed"] is False
    answer = json.loads(watched.stdout)
    assert watched.returncode == 3
    assert answer["batch"]["failureCount"] == 1
    assert answer["failedRows"] == str(tmp_path / "stock.failed.csv")


def test_a_terminal_shows_a_bar(server: ServerProcess, rows: Rows) -> None:
    file = rows(*[1] * 2000)

    with in_a_terminal("import", file, *UPDATE, "--watch", STOCKBATCH_URL=server.url) as terminal:
        status = terminal.wait()

    assert status == 0
    assert "2000/2000" in terminal.text
    assert "━" in terminal.text
    assert "/s" in terminal.text
    assert "0:00:00" in terminal.text
    assert "2,000 items succeeded, 0 failed." in terminal.text


def test_without_a_terminal_nothing_moves(to_server: Command, rows: Rows) -> None:
    sent = to_server("import", rows(1), *UPDATE, "--watch")

    assert "━" not in sent.stderr + sent.stdout
    assert "\x1b" not in sent.stderr + sent.stdout
    assert len(sent.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "status", "sentence"),
    [
        ("stock.csv", "productId,quantity,colour\n", 1, "The server refuses this (BAD_INPUT)"),
        ("stock.csv", "", 1, "updates is empty"),
        ("stock.doc", "x", 2, "stock.doc ends with none of .csv, "),
        (None, "", 2, "does not exist"),
    ],
)
def test_what_cannot_be_sent_is_said(
    to_server: Command, tmp_path: Path, name: str | None, content: str, status: int, sentence: str
) -> None:
    file = tmp_path / (name or "nowhere.csv")
    if name is not None:
        file.write_text(content)

    refused = to_server("import", file, *UPDATE)

    assert refused.returncode == status
    assert sentence in refused.stderr
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr
