"""End servers and databases, in order or not, and look at the work that they leave."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest

from tests.acceptance.conftest import Launch, Serve
from tests.support.processes.database_traces import conflicts, was_stopped_in_order
from tests.support.processes.process_table import processes_in, until
from tests.support.processes.server_process import ServerProcess
from tests.support.processes.warehouse import CHUNK, SIZE, Warehouse, wait_for_rows


def fill(server: ServerProcess) -> Warehouse:
    with server.mongo() as client:
        return Warehouse(client["stockbatch"])


def assert_is_true(warehouse: Warehouse, server: ServerProcess) -> int:
    """Check the warehouse; return the number of rows in the ledger."""
    with server.mongo() as client:
        return warehouse.assert_is_true(client["stockbatch"])


def test_the_database_of_a_server_that_is_killed_ends_within_two_seconds(serve: Serve) -> None:
    server = serve()
    mongod = server.mongod

    server.kill()

    assert mongod.has_ended(within=2)
    assert not was_stopped_in_order(server.data_dir)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_both_in_order(serve: Serve, number: signal.Signals) -> None:
    server = serve()
    mongod = server.mongod

    server.send(number)

    assert server.wait() == 0
    assert mongod.has_ended()
    assert was_stopped_in_order(server.data_dir)
    assert "Traceback" not in server.log


def test_more_signals_do_not_disturb_the_end(serve: Serve) -> None:
    server = serve()
    numbers = cycle([signal.SIGTERM, signal.SIGINT])

    def has_ended_or_is_told_again() -> bool:
        if not server.has_ended():
            server.send(next(numbers))
        return server.has_ended()

    until(has_ended_or_is_told_again, "the end")

    assert server.wait() == 0
    assert was_stopped_in_order(server.data_dir)
    assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, lambda server: server.mongod),
        (signal.SIGINT, lambda server: not was_stopped_in_order(server.data_dir)),
    ],
    ids=["SIGTERM as its database begins", "SIGINT as its database opens its files"],
)
def test_a_signal_ends_a_server_that_is_starting(
    launch: Launch, number: signal.Signals, moment: Callable[[ServerProcess], object]
) -> None:
    server = launch()
    until(lambda: moment(server), "the moment")

    server.send(number)

    assert server.wait() == 0
    assert processes_in(server.data_dir) == []
    assert was_stopped_in_order(server.data_dir)
    assert server.log == ""


def test_a_server_whose_database_is_killed_ends_soon_and_with_one_clear_line(serve: Serve) -> None:
    server = serve()
    warehouse = fill(server)

    with warehouse.under_load(server):
        wait_for_rows(server)
        server.mongod.kill()

        assert server.wait(seconds=25) == 1
    (line,) = [line for line in server.log.splitlines() if " CRITICAL " in line]
    assert "database was killed" in line
    assert f"{server.data_dir}/mongod.log" in line
    assert_is_true(warehouse, serve())


def test_a_server_that_is_told_to_end_answers_the_batch_it_has_begun(serve: Serve) -> None:
    server = serve()
    warehouse = fill(server)
    with ThreadPoolExecutor() as threads:
        sent = threads.submit(warehouse.send, server)
        wait_for_rows(server)

        server.send(signal.SIGTERM)

        results = sent.result().json()["data"]["batchUpdateStock"]
    assert [result["success"] for result in results] == [True] * SIZE
    assert server.wait() == 0
    assert assert_is_true(warehouse, serve()) == SIZE


def test_a_batch_that_takes_longer_than_a_shutdown_may_is_cut_between_chunks(serve: Serve) -> None:
    server = serve(SHUTDOWN_SECONDS="1", CONCURRENT_CHUNKS="1")
    warehouse = fill(server)
    with (
        server.mongo() as client,
        ThreadPoolExecutor() as threads,
        warehouse.product_held(client["stockbatch"], 3 * CHUNK),
    ):
        sent = threads.submit(warehouse.send, server)
        until(lambda: conflicts(client), "the fourth chunk, which cannot end")

        server.send(signal.SIGTERM)

        answer = sent.result()
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert server.wait() == 0
    assert was_stopped_in_order(server.data_dir)
    assert "Traceback" not in server.log
    assert assert_is_true(warehouse, serve()) == 4 * CHUNK


@pytest.mark.parametrize("first", ["the server", "its database"])
def test_killing_both_under_load_leaves_whole_chunks_and_all_that_was_answered(
    serve: Serve, first: str
) -> None:
    server = serve()
    warehouse = fill(server)

    for more in (1, 4_000, 11_000):
        with warehouse.under_load(server):
            wait_for_rows(server, more)
            if first == "its database":
                server.mongod.kill()
            server.kill()  # which is the end of the database, too
        server = serve()
        rows = assert_is_true(warehouse, server)

    assert rows > SIZE // 2
