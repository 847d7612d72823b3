"""Submit a background batch in a tab of GraphiQL, and watch it from there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Serve
from tests.support.browser.chromium import Visit
from tests.support.browser.graphiql_page import GraphiQLPage, Open
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.processes.worker_process import WorkerProcess

pytestmark = pytest.mark.browser

CREATE = """
mutation Create($products: [CreateProductInput!]!) {
  submitBatch(operation: {createProducts: {products: $products, batchSize: 5}}) { id }
}
"""
MANY = 2_000  # in chunks of 5: it takes seconds


def submitted_elsewhere(server: ServerProcess, *, items: int) -> str:
    """Submit a batch from outside the page; return its id."""
    product = {"name": "Cup", "price": 1, "stock": 1, "category": "cups"}
    return str(server.graphql(CREATE, products=[product] * items)["submitBatch"]["id"])


def submit(graphiql: GraphiQLPage) -> str:
    """Run the submission in the tab; return the batch's id."""
    graphiql.open_tab("SubmitBatch")
    return str(graphiql.run("SubmitBatch")["data"]["submitBatch"]["id"])


def watch(graphiql: GraphiQLPage) -> str:
    """Watch a batch to its end; return the id of the batch that was watched."""
    return str(graphiql.run("WatchBatch")["data"]["batchProgress"]["id"])


def look_elsewhere(graphiql: GraphiQLPage) -> None:
    """Run a query that has nothing to do with batches."""
    graphiql.open_tab("Products")
    assert graphiql.run()["data"]["products"]["totalCount"] == 12


@pytest.fixture
def employ(tmp_path: Path) -> Iterator[Callable[[ServerProcess], None]]:
    """Start a worker on the server's database."""
    with ExitStack() as stack:

        def employ_(server: ServerProcess) -> None:
            worker = WorkerProcess(tmp_path / "worker.log", {"DATA_DIR": server.data_dir})
            stack.callback(worker.close)

        yield employ_


def test_a_batch_is_submitted_and_watched_to_its_end(
    open_page: Open, serve: Serve, visits: list[Visit]
) -> None:
    server = serve()
    graphiql = open_page(server)
    graphiql.open_tab("SubmitBatch")

    submitted = graphiql.run("SubmitBatch")["data"]["submitBatch"]
    graphiql.line("processedItems").click()
    graphiql.page.keyboard.press("Control+Enter")
    watched = graphiql.answer()

    assert (submitted["status"], submitted["totalItems"]) == ("PENDING", 3)
    assert watched == {
        "data": {
            "batchProgress": {
                "id": submitted["id"],
                "status": "COMPLETED",
                "outcome": "ALL",
                "processedItems": 3,
                "totalItems": 3,
                "successCount": 3,
                "failureCount": 0,
            }
        }
    }
    assert visits[0].sockets == [server.url.replace("http", "ws") + "/graphql"]


def test_a_batch_is_seen_waiting_and_halfway_and_at_its_end(
    open_page: Open, serve: Serve, employ: Callable[[ServerProcess], None]
) -> None:
    server = serve(WORKER_ENABLED="false")
    graphiql = open_page(server)
    graphiql.open_tab("SubmitBatch")
    graphiql.write("Variables", {"id": submitted_elsewhere(server, items=MANY)})

    def shown() -> dict[str, Any]:
        answer = graphiql.answer_so_far()
        return dict(answer["data"]["batchProgress"]) if answer else {}

    graphiql.start("WatchBatch")
    waiting = until(shown, "its first state")
    employ(server)
    halfway = until(lambda: (now := shown())["processedItems"] and now, "its first items")
    until(lambda: shown()["status"] == "COMPLETED", "its end")

    assert (waiting["status"], waiting["processedItems"]) == ("PENDING", 0)
    assert halfway["status"] == "PROCESSING"
    assert 0 < halfway["processedItems"] < MANY
    assert (shown()["status"], shown()["successCount"]) == ("COMPLETED", MANY)


def test_the_batch_that_is_watched_is_the_one_that_was_submitted_last(
    open_page: Open, serve: Serve
) -> None:
    graphiql = open_page(serve())

    ids = []
    for _ in range(2):
        ids.append(submit(graphiql))
        look_elsewhere(graphiql)
    graphiql.open_tab("SubmitBatch")

    assert ids[0] != ids[1]
    assert watch(graphiql) == ids[1]


def test_a_page_that_is_loaded_again_knows_the_batch(open_page: Open, serve: Serve) -> None:
    server = serve()
    graphiql = open_page(server)
    submitted = submit(graphiql)

    again = GraphiQLPage(graphiql.page, server.url)

    assert watch(again) == submitted


def test_before_any_batch_the_page_says_what_to_do(open_page: Open, running: ServerProcess) -> None:
    graphiql = open_page(running)
    graphiql.open_tab("SubmitBatch")

    assert graphiql.run("WatchBatch") == {
        "errors": [{"message": "Submit a batch first, or set the variable id."}]
    }


def test_a_batch_that_somebody_names_is_the_one_that_is_watched(
    open_page: Open, serve: Serve
) -> None:
    server = serve()
    theirs = submitted_elsewhere(server, items=1)
    graphiql = open_page(server)
    submit(graphiql)

    graphiql.write("Variables", {"id": theirs})

    assert watch(graphiql) == theirs
