"""Open GraphiQL in a browser for a test, and check afterwards what the page asked for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from server.web.graphiql.files import BUILT
from tests.support.browser.chromium import Visit, chromium, visit
from tests.support.browser.graphiql_page import GraphiQLPage, Open
from tests.support.processes.server_process import ServerProcess


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def built() -> list[str]:
    """Return the names of the scripts that `make web` has made."""
    if not (BUILT / "manifest.json").is_file():
        pytest.fail("This test needs GraphiQL's files: run `make web`.")
    return sorted(one.name for one in BUILT.glob("*.js"))


@pytest.fixture
def visits() -> Iterator[list[Visit]]:
    """Collect the visits; check that they asked no other host and complained of nothing."""
    visits: list[Visit] = []
    yield visits
    for one in visits:
        assert one.elsewhere == []
        assert one.complaints == []
        assert set(one.sockets) <= {one.origin.replace("http", "ws") + "/graphql"}


@pytest.fixture
def open_page(browser: Browser, visits: list[Visit], built: list[str]) -> Iterator[Open]:
    def open_(server: ServerProcess) -> GraphiQLPage:
        visits.append(visit(browser, server.url))
        return GraphiQLPage(visits[-1].page, server.url)

    yield open_
    for one in visits:
        one.page.context.close()
