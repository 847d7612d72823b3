"""Open the console in a browser for a test, and check afterwards what it asked for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser.chromium import Visit, chromium, visit
from tests.support.browser.console_page import Console, OpenConsole
from tests.support.processes.server_process import ServerProcess

# A request that is refused is a part of some pages, and the browser notes each.
REFUSED = "error: Failed to load resource: the server responded with a status of 40"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visits() -> Iterator[list[Visit]]:
    """Collect the visits; check that they asked no other host and complained of nothing."""
    visits: list[Visit] = []
    yield visits
    for one in visits:
        one.page.context.close()
        assert one.elsewhere == []
        assert [said for said in one.complaints if not said.startswith(REFUSED)] == []


@pytest.fixture
def console(browser: Browser, visits: list[Visit]) -> OpenConsole:
    def open_(server: ServerProcess, *, key: str | None = None) -> Console:
        visits.append(visit(browser, server.url))
        return Console(visits[-1], key=key)

    return open_
