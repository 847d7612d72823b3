"""Commands against a server: watch, list, cancel, retry, download; and what goes wrong."""

import csv
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import Command, stocks
from tests.acceptance.conftest import Launch, Serve
from tests.support.processes.command_line import forked_stockbatch, in_a_terminal
from tests.support.processes.server_process import ServerProcess

Rows = Callable[..., Path]
UPDATE = ("--kind", "update-stock")
COMMANDS = [
    ("batches",),
    ("watch", "a" * 24),
    ("results", "a" * 24),
    ("cancel", "a" * 24),
    ("retry", "a" * 24),
    ("products", "export"),
    ("stock-updates", "export"),
]


def sent(url: str, file: Path) -> str:
    """Send a file, and return the id of its batch."""
    answer = forked_stockbatch("import", file, *UPDATE, "--json", STOCKBATCH_URL=url)
    assert answer.returncode == 0, answer.stderr
    batch: str = json.loads(answer.stdout)["batchId"]
    return batch


def test_batches_are_listed_followed_downloaded_and_tried_again(
    server: ServerProcess, to_server: Command, rows: Rows, tmp_path: Path
) -> None:
    batch = sent(server.url, rows(1, -99))
    watched = to_server("watch", batch)
    listed = to_server("batches", "--status", "completed", "--kind", "update-stock", "--json")
    table = to_server("batches", "--limit", "1")
    file = tmp_path / "results.csv"
    saved = to_server("results", batch, "--output", file)
    failed = to_server("results", batch, "--failed", "--format", "ndjson")
    server.graphql(
        "mutation { batchUpdateStock(updates: "
        '[{productId: "000000000000000000000002", quantity: 95}]) { success } }'
    )
    retried = to_server("retry", batch, "--watch")

    assert watched.returncode == 3
    assert watched.stdout.startswith(f"Batch {batch} is completed: 1 item succeeded, 1 failed.")
    assert [json.loads(line)["batchId"] for line in listed.stdout.splitlines()] == [batch]
    heading, row = table.stdout.splitlines()
    assert heading.split()[:3] == ["BATCH", "KIND", "STATUS"]
    assert row.split()[:5] == [batch, "update-stock", "completed", "2/2", "1"]
    assert saved.returncode == 0
    table_rows = [*csv.DictReader(file.read_text().splitlines())]
    assert [row["quantity"] for row in table_rows] == ["1", "-99"]
    assert json.loads(failed.stdout)["quantity"] == -99
    assert retried.returncode == 0, retried.stderr
    assert stocks(server)["2"] == 6
    assert [*tmp_path.glob(".results*")] == []


def test_a_batch_is_cancelled(serve: Serve, rows: Rows) -> None:
    server = serve(WORKER_ENABLED="false")
    batch = sent(server.url, rows(1))

    cancelled = forked_stockbatch("cancel", batch, STOCKBATCH_URL=server.url)
    watched = forked_stockbatch("watch", batch, "--json", STOCKBATCH_URL=server.url)

    assert cancelled.returncode == 0
    assert cancelled.stdout.startswith(f"Batch {batch} is cancelled: 0 items succeeded, 1 failed.")
    assert watched.returncode == 4
    assert json.loads(watched.stdout)["status"] == "cancelled"


def test_ctrl_c_stops_watching_and_not_the_batch(serve: Serve, rows: Rows) -> None:
    server = serve(WORKER_ENABLED="false")
    batch = sent(server.url, rows(1))

    with in_a_terminal("watch", batch, STOCKBATCH_URL=server.url) as terminal:
        terminal.read_until("0/1")
        terminal.press_ctrl_c()
        status = terminal.wait()

    assert status == 130
    assert f"The batch goes on. Follow it with: stockbatch watch {batch}" in terminal.text
    assert "Traceback" not in terminal.text
    listed = forked_stockbatch("batches", "--json", STOCKBATCH_URL=server.url)
    assert json.loads(listed.stdout)["status"] == "pending"


def test_a_server_that_starts_again_is_waited_for(launch: Launch, rows: Rows) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = str(one.getsockname()[1])
    server = launch(PORT=port, WORKER_ENABLED="false").wait_until_ready()
    batch = sent(server.url, rows(1))

    with in_a_terminal("watch", batch, STOCKBATCH_URL=server.url) as terminal:
        terminal.read_until("0/1")
        server.send(signal.SIGTERM)
        server.wait()
        terminal.read_until("trying again")
        launch(PORT=port).wait_until_ready()
        status = terminal.wait()

    assert status == 0
    assert "1 item succeeded, 0 failed." in terminal.text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_server_that_is_away_is_said(command: tuple[str, ...]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        answer = forked_stockbatch(*command, "--url", url)

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        f"stockbatch: No server answers at {url}: [Errno 111] Connection refused. Is it running "
        "there? Name another one with --url, or set STOCKBATCH_URL.\n"
    )


@pytest.mark.parametrize(
    "url", ["localhost:8000", "http://[", "ftp://localhost", "http://", "http://a:b"]
)
def test_what_is_no_address_is_said(url: str) -> None:
    answer = forked_stockbatch("batches", "--url", url)

    assert answer.returncode == 1
    assert answer.stderr.startswith(f"stockbatch: {url} is no address of a server: ")
    assert "Traceback" not in answer.stderr


def test_a_key_is_needed_and_must_be_right(serve: Serve, tmp_path: Path, rows: Rows) -> None:
    file = tmp_path / "keys.jsonl"
    keys = {
        role: forked_stockbatch("keys", "add", role, "--role", role, "--file", file).stdout.split()[
            -1
        ]
        for role in ("viewer", "operator")
    }
    url = {"STOCKBATCH_URL": serve(API_KEYS_FILE=file).url}

    without = forked_stockbatch("batches", **url)
    wrong = forked_stockbatch("batches", "--api-key", "sb_wrong", **url)
    viewer = forked_stockbatch("batches", STOCKBATCH_API_KEY=keys["viewer"], **url)
    exported = forked_stockbatch("products", "export", STOCKBATCH_API_KEY=keys["viewer"], **url)
    operator = forked_stockbatch("batches", STOCKBATCH_API_KEY=keys["operator"], **url)

    assert [one.returncode for one in (without, wrong, viewer)] == [1, 1, 1]
    assert "UNAUTHENTICATED" in without.stderr
    assert "There is no such API key." in wrong.stderr
    assert "Say --api-key KEY, or set STOCKBATCH_API_KEY." in wrong.stderr
    assert "FORBIDDEN" in viewer.stderr
    assert exported.returncode == operator.returncode == 0
    assert len(exported.stdout.splitlines()) == 13


@pytest.fixture
def other_program() -> Iterator[str]:
    """Run a program that speaks HTTP and is no stockbatch, and give its address."""
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<hi>"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(page)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_another_program_is_told_apart(other_program: str) -> None:
    answer = forked_stockbatch("batches", "--url", other_program)

    assert answer.returncode == 1
    assert "does not answer as a stockbatch server" in answer.stderr


def test_an_unknown_batch_is_said(to_server: Command) -> None:
    for command in (["watch"], ["results"], ["cancel"], ["retry"]):
        for batch in ("a" * 24, "../../healthz", "ä ?"):
            answer = to_server(*command, batch)

            assert answer.returncode == 1
            assert "NOT_FOUND" in answer.stderr


def test_products_are_exported_with_their_filters(to_server: Command, tmp_path: Path) -> None:
    file = tmp_path / "products.ndjson"

    saved = to_server(
        *("products", "export", "--category", "tea", "--format", "ndjson", "--output", file)
    )
    ids = to_server(*("products", "export", "--id", f"{1:024x}", "--id", f"{2:024x}"))
    refused = to_server(*("products", "export", "--id", "x", "--output", tmp_path / "no.csv"))

    assert saved.returncode == 0
    names = [json.loads(line)["name"] for line in file.read_text().splitlines()]
    assert names == ["Green tea 250 g", "Earl Grey 250 g", "Cast-iron teapot"]
    assert len(ids.stdout.splitlines()) == 3
    assert refused.returncode == 1
    assert "The parameter ids is “x”" in refused.stderr
    assert not (tmp_path / "no.csv").exists()
