"""Use GraphiQL as a person does: tabs, the run button, the answer, the documentation."""

import json
from collections.abc import Callable
from typing import Any, Literal

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess

_RESPONSE = """
() => window.__MONACO?.editor.getModels()
  .find((model) => model.uri.path.endsWith("response.json"))?.getValue()
"""


class GraphiQLPage:
    """An open page of GraphiQL, once it has loaded the schema."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        with page.expect_response(lambda response: response.request.method == "POST") as schema:
            page.goto(f"{url}/graphql")
        assert schema.value.ok
        expect(self.line("{").first).to_be_visible()

    @property
    def tabs(self) -> list[str]:
        return self.page.get_by_role("tab").all_inner_texts()

    @property
    def remembered(self) -> Any:
        """Return what the browser stores of the tabs."""
        return json.loads(self.page.evaluate("localStorage['graphiql:tabState'] ?? '{}'"))

    @property
    def history(self) -> list[dict[str, Any]]:
        """Return the requests that the browser stores of GraphiQL's history."""
        stored = json.loads(self.page.evaluate("localStorage['graphiql:queries'] ?? '{}'"))
        requests: list[dict[str, Any]] = stored.get("queries", [])
        return requests

    def open_tab(self, name: str) -> None:
        """Open a tab, and wait until GraphiQL has read its query, 0.1 s after it shows it."""
        place = self.tabs.index(name)
        self.page.get_by_role("tab", name=name, exact=True).click()
        until(lambda: self.remembered.get("activeTabIndex") == place, f"the tab {name}")

    def line(self, text: str) -> Locator:
        """Return the lines of the query that contain `text`."""
        return self.page.locator(".graphiql-query-editor .view-line", has_text=text)

    def box(self, selector: str) -> FloatRect:
        """Return where the first such element is on the screen; the editor redraws its lines."""
        first = self.page.locator(selector).first
        return until(first.bounding_box, f"{selector} on the screen")

    def run(self, operation: str | None = None) -> Any:
        """Run the tab's only operation, or the named one; return its answer once it has ended."""
        self.start(operation)
        return self.answer()

    def start(self, operation: str | None = None) -> None:
        self.page.get_by_role("button", name="Execute query").click()
        if operation is not None:
            self.page.get_by_role("menuitem", name=operation).click()

    def answer(self) -> Any:
        """Return what the right side shows, once nothing is under way."""
        shown = self.page.locator(".graphiql-response .view-line")
        expect(shown.filter(has_text="}").first).to_be_visible()
        expect(self.page.get_by_role("button", name="Execute query")).to_be_visible()
        return self.answer_so_far()

    def answer_so_far(self) -> Any:
        """Return what the right side shows just now; None if it is empty."""
        text = self.page.evaluate(_RESPONSE)
        return json.loads(text) if text else None

    def write(self, tool: Literal["Variables", "Headers"], value: dict[str, str]) -> None:
        """Write into the editor below the query, which is still empty."""
        self.page.get_by_role("button", name=tool).click()
        self.page.locator(".graphiql-editor-tool .view-lines:visible").click()
        self.page.keyboard.insert_text(json.dumps(value))


Open = Callable[[ServerProcess], GraphiQLPage]
