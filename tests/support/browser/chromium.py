"""Open pages in Debian's Chromium without a network, and note what they complain about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, sync_playwright

_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@contextmanager
def chromium(*here: str) -> Iterator[Browser]:
    """Start a headless browser that resolves no names: this machine is all that it reaches.

    The names `here` lead to this machine, too.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("This test needs Chromium: apt-get install chromium, or run `make test`.")
    to_here = "".join(f"MAP {name} 127.0.0.1, " for name in here)
    alone = f"--host-resolver-rules={to_here}MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    # A page that a test's route answers for counts as the internet's, and may not call 127.0.0.1.
    calls = "--disable-features=LocalNetworkAccessChecks"
    arguments = [alone, calls, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page of the server at `origin`. Requests to other hosts are noted and aborted."""

    page: Page
    origin: str
    elsewhere: list[str] = field(default_factory=list)
    sockets: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.context.route("**/*", self._let_through)
        self.page.context.add_init_script(_TELL_VIOLATIONS)
        self.page.on("websocket", lambda socket: self.sockets.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))

    def _let_through(self, route: Route) -> None:
        if route.request.url.startswith(f"{self.origin}/"):
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is the end of a page that is left
            self.complaints.append(f"{request.url}: {request.failure}")


def visit(browser: Browser, origin: str) -> Visit:
    """Open a page in a context of its own, which remembers nothing of other visits."""
    context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 800})
    return Visit(context.new_page(), origin)
