"""GraphiQL in a real browser that has no network but this server, under the page's own policy."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from server.graphiql.files import BUILT
from tests.acceptance.chromium import Visit, chromium, visit
from tests.acceptance.conftest import Serve
from tests.acceptance.graphiql_page import GraphiQLPage
from tests.acceptance.process_table import until
from tests.acceptance.server_process import ServerProcess

pytestmark = pytest.mark.browser

IDS = [f"{number:024x}" for number in (1, 2, 3)]
SUBMIT = """
mutation {
  submitBatch(operation: {updatePrice: {productIds: ["000000000000000000000007"], newPrice: 1}}) {
    id
  }
}
"""
DESCRIPTIONS = '{ __type(name: "Mutation") { fields { name description } } }'

Open = Callable[[ServerProcess], GraphiQLPage]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visits() -> Iterator[list[Visit]]:
    """Afterwards: nothing was asked of anybody else, and there was nothing to complain about."""
    visits: list[Visit] = []
    yield visits
    for one in visits:
        assert one.elsewhere == []
        assert one.complaints == []
        assert set(one.sockets) <= {one.origin.replace("http", "ws") + "/graphql"}


@pytest.fixture
def open_page(browser: Browser, visits: list[Visit]) -> Iterator[Open]:
    if not any(BUILT.glob("main-*.js")):
        pytest.fail("This test needs GraphiQL's files: run `make web`.")

    def open_(server: ServerProcess) -> GraphiQLPage:
        visits.append(visit(browser, server.url))
        return GraphiQLPage(visits[-1].page, server.url)

    yield open_
    for one in visits:
        one.page.context.close()


def test_it_opens_with_its_tabs(open_page: Open, running: ServerProcess) -> None:
    graphiql = open_page(running)

    assert graphiql.tabs == ["UpdateStock", "Discontinue", "SubmitBatch", "Products"]
    expect(graphiql.line("mutation UpdateStock {")).to_be_visible()


def test_what_somebody_has_typed_is_there_again(open_page: Open, running: ServerProcess) -> None:
    graphiql = open_page(running)
    graphiql.open_tab("Products")
    graphiql.line("totalCount").click()
    graphiql.page.keyboard.press("End")
    graphiql.page.keyboard.type(" # theirs")
    until(lambda: "# theirs" in graphiql.remembered["tabs"][3]["query"], "what was typed")

    again = GraphiQLPage(graphiql.page, running.url)

    expect(again.line("totalCount # theirs")).to_be_visible()
    assert again.tabs == ["UpdateStock", "Discontinue", "SubmitBatch", "Products"]


def test_the_documentation_shows_what_the_schema_says(
    open_page: Open, running: ServerProcess
) -> None:
    fields = running.graphql(DESCRIPTIONS)["__type"]["fields"]
    (said,) = [one["description"] for one in fields if one["name"] == "batchDiscontinueProducts"]
    graphiql = open_page(running)

    graphiql.page.get_by_role("button", name="Show Documentation Explorer").click()
    graphiql.page.get_by_role("link", name="Mutation", exact=True).click()

    docs = graphiql.page.locator(".graphiql-doc-explorer")
    expect(docs.get_by_text("batchDiscontinueProducts", exact=True)).to_be_visible()
    expect(docs).to_contain_text(said.replace("`", ""))  # it is Markdown


def test_the_editor_completes_a_field(open_page: Open, running: ServerProcess) -> None:
    graphiql = open_page(running)
    graphiql.line("newStock").click()
    graphiql.page.keyboard.press("End")
    graphiql.page.keyboard.press("Enter")

    graphiql.page.keyboard.type("ind")
    offer = graphiql.page.locator(".suggest-widget .monaco-list-row")
    expect(offer).to_have_count(1)
    expect(offer).to_contain_text("index")
    graphiql.page.keyboard.press("Enter")

    expect(graphiql.line("index").last).to_have_text("    index")


def test_the_mutations_run_and_their_answers_are_shown(open_page: Open, serve: Serve) -> None:
    graphiql = open_page(serve())

    assert graphiql.run() == {
        "data": {
            "batchUpdateStock": [
                {"productId": id_, "success": True, "newStock": stock, "error": None}
                for id_, stock in zip(IDS, [15, 7, 20], strict=True)
            ]
        }
    }
    expect(graphiql.page.locator(".graphiql-response")).to_contain_text('"newStock": 15')

    graphiql.open_tab("Products")
    assert graphiql.run()["data"]["products"]["totalCount"] == 12

    graphiql.open_tab("Discontinue")
    assert graphiql.run() == {
        "data": {
            "batchDiscontinueProducts": {"updated": 3, "unchanged": 0, "failed": 0, "failures": []}
        }
    }


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


def test_a_batch_that_somebody_names_is_the_one_that_is_watched(
    open_page: Open, serve: Serve
) -> None:
    server = serve()
    theirs = server.graphql(SUBMIT)["submitBatch"]["id"]
    graphiql = open_page(server)
    graphiql.open_tab("SubmitBatch")
    graphiql.run("SubmitBatch")

    graphiql.page.get_by_role("button", name="Variables").click()
    graphiql.page.locator(".graphiql-editor-tool .view-lines").first.click()
    graphiql.page.keyboard.insert_text(f'{{ "id": "{theirs}" }}')

    assert graphiql.run("WatchBatch")["data"]["batchProgress"]["id"] == theirs
