"""Take docs/images/graphiql.png: `python -m tests.support.browser.graphiql_picture`."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.browser.chromium import chromium, visit
from tests.support.browser.graphiql_page import GraphiQLPage
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

PICTURE = PROJECT / "docs" / "images" / "graphiql.png"
SUBMIT = """
mutation Submit($products: [CreateProductInput!]!) {
  submitBatch(operation: {createProducts: {products: $products, batchSize: 100}}) { id }
}
"""
CUP = {"name": "Cup", "price": 890, "stock": 12, "category": "cups"}


def take(server: ServerProcess) -> None:
    """Take the picture of a large batch that is watched while it runs."""
    with chromium() as browser:
        graphiql = GraphiQLPage(visit(browser, server.url).page, server.url)
        graphiql.open_tab("SubmitBatch")
        batch = server.graphql(SUBMIT, products=[CUP] * 60_000)["submitBatch"]
        graphiql.write("Variables", {"id": batch["id"]})
        graphiql.start("WatchBatch")
        graphiql.page.mouse.move(1000, 700)  # away from the buttons, which tell what they are
        until(lambda: _processed(graphiql) > 10_000, "a part of the batch")
        graphiql.page.screenshot(path=PICTURE, animations="disabled", caret="hide")
        graphiql.page.context.close()


def _processed(graphiql: GraphiQLPage) -> int:
    answer = graphiql.answer_so_far()
    return int(answer["data"]["batchProgress"]["processedItems"]) if answer else 0


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "data", Path(folder) / "log", {})
        try:
            take(server.wait_until_ready())
        finally:
            server.close()
