"""Use the console as a person does."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.support.browser.chromium import Visit
from tests.support.project import PROJECT

AXE = PROJECT / "tests/node/node_modules/axe-core/axe.min.js"
FILE_NAME = "zählung-märz.csv"
FEW_PRODUCTS = 12  # the samples
GOOD_ROWS = 44
BAD_ROWS = (  # in the columns Artikel, Menge, Bestand
    f"{1:024x};1.000;",  # two readings
    f"{2:024x};zwei;",
    "4711;5;",
    f"{99:024x};5;",  # no such product
    f"{3:024x};-5000;",  # more than there is
    f"{4:024x};2,5;",
)


def counted_stock() -> bytes:
    """Return a file as a German spreadsheet writes it, with six bad rows: 5, 12, 19, 26, 33, 40."""
    rows = [f"{1 + one % FEW_PRODUCTS:024x};{3 + one % 5};" for one in range(GOOD_ROWS)]
    for place, bad in enumerate(BAD_ROWS):
        rows.insert(3 + 7 * place, bad)
    lines = ["Artikel;Menge;Bestand;Bemerkung", *(f"{row};Käse – geprüft" for row in rows), ""]
    return "\r\n".join(lines).encode("cp1252")


class Console:
    """An open page of the console."""

    def __init__(self, seen: Visit, *, key: str | None = None) -> None:
        self.page: Page = seen.page
        self.url = seen.origin
        self._key = key
        if key is not None:
            kept = f"sessionStorage.setItem('stockbatch:key', {json.dumps(key)})"
            self.page.context.add_init_script(kept)

    def open(self, path: str, heading: str) -> "Console":
        """Open a page behind the #, and wait for its heading."""
        self.page.goto(f"{self.url}/#/{path}")
        expect(self.page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        return self

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a GraphQL request that the signed-in person sends elsewhere."""
        headers = {} if self._key is None else {"Authorization": f"Bearer {self._key}"}
        sent = {"query": query, "variables": variables}
        with httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.post(f"{self.url}/graphql", json=sent, headers=headers).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def choose_file(self, name: str, content: bytes) -> None:
        file = {"name": name, "mimeType": "text/csv", "buffer": content}
        self.page.get_by_label("File", exact=True).set_input_files(files=[file])

    def map_columns(self, columns: Mapping[str, str]) -> None:
        for name, column in columns.items():
            self.page.get_by_label(name, exact=True).select_option(column)
        self.button("Use these columns").click()

    def drop_file(self, name: str, content: bytes) -> None:
        """Drop a file as a mouse does: Playwright cannot, so a DataTransfer is made in the page."""
        data = self.page.evaluate_handle(
            """([name, bytes]) => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(bytes)], name, { type: "text/csv" }));
              return data;
            }""",
            [name, list(content)],
        )
        self.page.dispatch_event(".drop", "drop", {"dataTransfer": data})

    def cells(self, row: int) -> list[str]:
        """Return the texts of the row of a file, in the preview."""
        number = self.page.get_by_role("cell", name=str(row), exact=True)
        found = self.page.locator("tbody tr").filter(has=number).first
        expect(found).to_be_visible()
        return [" ".join(text.split()) for text in found.locator("td").all_inner_texts()]

    def failings(self) -> list[str]:
        """Return what axe-core finds wrong with the page."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))  # a script element would be refused
        found = self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


OpenConsole = Callable[..., Console]
