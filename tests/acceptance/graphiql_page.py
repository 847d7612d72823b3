"""GraphiQL as a person has it: tabs, the run button, the answer, the documentation."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.acceptance.process_table import until

_RESPONSE = """
() => window.__MONACO?.editor.getModels()
  .find((model) => model.uri.path.endsWith("response.json"))?.getValue()
"""


class GraphiQLPage:
    """It is open, with the schema."""

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
        """What the browser keeps of the tabs."""
        return json.loads(self.page.evaluate("localStorage['graphiql:tabState'] ?? '{}'"))

    def open_tab(self, name: str) -> None:
        """And wait until GraphiQL has noticed: it reads the query 0.1 s later than it shows it."""
        place = self.tabs.index(name)
        self.page.get_by_role("tab", name=name, exact=True).click()
        until(lambda: self.remembered.get("activeTabIndex") == place, f"the tab {name}")

    def line(self, text: str) -> Locator:
        """Those lines of the query that contain the text."""
        return self.page.locator(".graphiql-query-editor .view-line", has_text=text)

    def run(self, operation: str | None = None) -> Any:
        """The answer to the tab's only operation, or to the one of that name, once it has ended."""
        self.page.get_by_role("button", name="Execute query").click()
        if operation is not None:
            self.page.get_by_role("menuitem", name=operation).click()
        return self.answer()

    def answer(self) -> Any:
        """What the right side shows, once nothing is under way."""
        shown = self.page.locator(".graphiql-response .view-line")
        expect(shown.filter(has_text="}").first).to_be_visible()
        expect(self.page.get_by_role("button", name="Execute query")).to_be_visible()
        return json.loads(self.page.evaluate(_RESPONSE))
