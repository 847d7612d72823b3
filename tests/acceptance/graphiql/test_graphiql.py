"""Use GraphiQL in a browser that reaches only this server, under the page's own policy."""

import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import Serve
from tests.support.browser.graphiql_page import GraphiQLPage, Open
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.browser

IDS = [f"{number:024x}" for number in (1, 2, 3)]
DESCRIPTIONS = '{ __type(name: "Mutation") { fields { name description } } }'


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


def test_a_header_is_sent_and_not_remembered(open_page: Open, running: ServerProcess) -> None:
    graphiql = open_page(running)
    graphiql.open_tab("Products")
    graphiql.write("Headers", {"authorization": "Bearer sesame"})

    with graphiql.page.expect_request(f"{running.url}/graphql") as sent:
        graphiql.run()
    for runs in (1, 2):  # GraphiQL takes note of a header some time after it was typed
        graphiql.line("totalCount").click()
        graphiql.page.keyboard.type(
            " "
        )  # and so all that is remembered of the tab is written again
        typed = "totalCount" + " " * runs
        until(
            lambda typed=typed: typed in graphiql.remembered["tabs"][3]["query"], "what was typed"
        )
        graphiql.run()

    assert sent.value.headers["authorization"] == "Bearer sesame"
    assert len(graphiql.history) == 3
    assert "sesame" not in graphiql.page.evaluate("JSON.stringify([localStorage, sessionStorage])")


def test_all_of_the_first_request_is_in_sight(open_page: Open, running: ServerProcess) -> None:
    graphiql = open_page(running)
    pane = graphiql.box(".graphiql-query-editor .monaco-editor")

    def is_in_sight(end: str) -> bool:
        line = graphiql.box(f".graphiql-query-editor .view-line:has-text('{end}') > span")
        return line["x"] + line["width"] < pane["x"] + pane["width"]

    for end in ("quantity: 5 }", "quantity: -3 }", "quantity: 10 }"):
        until(lambda end=end: is_in_sight(end), end)


def test_indents_are_marked_where_they_are(open_page: Open, running: ServerProcess) -> None:
    """The editor places the marks by style attributes in HTML, which the policy forbids."""
    graphiql = open_page(running)

    outer, inner = (
        graphiql.box(f".graphiql-query-editor .core-guide-indent.lvl-{level}") for level in (0, 1)
    )

    assert outer["width"] > 0
    assert inner["x"] > outer["x"] + outer["width"]


def test_a_search_field_that_was_closed_is_out_of_sight(
    open_page: Open, running: ServerProcess
) -> None:
    graphiql = open_page(running)
    field = graphiql.page.locator(".find-widget")
    graphiql.line("newStock").click()
    graphiql.page.keyboard.press("Control+f")
    expect(field).to_have_css("opacity", "1")

    graphiql.page.keyboard.press("Escape")

    expect(field).to_have_css("opacity", "0")
    expect(field).to_have_css("pointer-events", "none")
