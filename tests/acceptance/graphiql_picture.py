"""Takes docs/images/graphiql.png: `python -m tests.acceptance.graphiql_picture`."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.acceptance.chromium import chromium, visit
from tests.acceptance.graphiql_page import GraphiQLPage
from tests.acceptance.program import PROJECT
from tests.acceptance.server_process import ServerProcess

PICTURE = PROJECT / "docs" / "images" / "graphiql.png"


def take(server: ServerProcess) -> None:
    """Of a batch that was watched to its end."""
    with chromium() as browser:
        graphiql = GraphiQLPage(visit(browser, server.url).page, server.url)
        graphiql.open_tab("SubmitBatch")
        graphiql.run("SubmitBatch")
        graphiql.run("WatchBatch")
        graphiql.page.mouse.move(1000, 700)  # away from the buttons, which tell what they are
        graphiql.page.screenshot(path=PICTURE, animations="disabled", caret="hide")
        graphiql.page.context.close()


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "data", Path(folder) / "log", {})
        try:
            take(server.wait_until_ready())
        finally:
            server.close()
