"""Fetch the files that the page loads from the server."""

import pytest

from server.web.graphiql.files import BUILT
from tests.support.browser.graphiql_http import get
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.browser


def test_a_browser_keeps_built_files_for_good_and_asks_again_for_the_others(
    running: ServerProcess, built: list[str]
) -> None:
    immutable = "public, max-age=31536000, immutable"
    folder = f"{running.url}/graphiql"

    answers = [(get(f"{folder}/built/{name}"), immutable) for name in built]
    answers.append((get(f"{folder}/tabs.js"), "no-cache"))

    for answer, kept in answers:
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == kept
        assert answer.headers["content-type"].startswith(("text/javascript", "application/javascr"))
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = get(str(answer.url), **{"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, kept)


def test_a_file_that_becomes_a_worker_may_reach_nothing(
    running: ServerProcess, built: list[str]
) -> None:
    """A worker has the policy of its own file, not that of the page."""
    for path in (*(f"built/{name}" for name in built), "tabs.js"):
        answer = get(f"{running.url}/graphiql/{path}")

        policy = answer.headers["content-security-policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_a_built_file_goes_compressed_to_those_who_take_that(
    running: ServerProcess, built: list[str]
) -> None:
    names = [*built, *(one.name for one in BUILT.glob("*.css"))]
    for name in names:
        address = f"{running.url}/graphiql/built/{name}"

        plain = get(address, **{"accept-encoding": "gzip;q=0, br"})
        small = get(address, **{"accept-encoding": "br, gzip"})

        assert "content-encoding" not in plain.headers
        assert small.headers["content-encoding"] == "gzip"
        assert plain.content == small.content == (BUILT / name).read_bytes()
        assert int(small.headers["content-length"]) < 0.6 * int(plain.headers["content-length"])
        assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding, Origin"
        assert plain.headers["content-type"] == small.headers["content-type"]
        assert plain.headers["etag"] != small.headers["etag"]


@pytest.mark.parametrize("path", ["built/main.js", "page.html", "..%2fpage.py", "%2e%2e/page.py"])
def test_other_files_are_not_there(running: ServerProcess, path: str) -> None:
    assert get(f"{running.url}/graphiql/{path}").status_code == 404


def test_a_compressed_file_is_none_of_its_own(running: ServerProcess, built: list[str]) -> None:
    assert get(f"{running.url}/graphiql/built/{built[0]}.gz").status_code == 404
