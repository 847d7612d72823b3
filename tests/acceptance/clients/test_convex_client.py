"""Call a real server with the unchanged npm package `convex`."""

import re

import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.node_tool import run_node
from tests.support.project import PROJECT

EXAMPLE = PROJECT / "examples" / "convex"

pytestmark = pytest.mark.node


def test_the_example_of_seed_1_runs_as_it_stands_there(serve: Serve) -> None:
    server = serve()

    printed = run_node(EXAMPLE, ["seed-1.js"], CONVEX_URL=server.url)

    assert re.sub(r"[0-9a-f]{24}", "<id>", printed) == (
        "[\n"
        "  {\n"
        "    productId: '<id>',\n"
        "    success: true,\n"
        "    newStock: 15\n"
        "  },\n"
        "  { productId: '<id>', success: true, newStock: 7 },\n"
        "  {\n"
        "    productId: '<id>',\n"
        "    success: true,\n"
        "    newStock: 20\n"
        "  }\n"
        "]\n"
        "{ updated: 3, failed: 0 }\n"
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_kind_of_call_works_and_a_wrong_one_throws_a_convex_error(
    serve: Serve, slash: str
) -> None:
    server = serve()

    printed = run_node(EXAMPLE, ["tour.js"], CONVEX_URL=server.url + slash)

    assert printed == _shown_in_the_readme()


def _shown_in_the_readme() -> str:
    return (
        (EXAMPLE / "README.md")
        .read_text(encoding="utf-8")
        .rpartition("```\n")[0]
        .rpartition("```\n")[2]
    )
