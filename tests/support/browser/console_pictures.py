"""Take docs/images/console/*.png: `python -m tests.support.browser.console_pictures`.

With `pngquant` (Debian has it) they get a palette, and a third of their size.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import expect

from tests.support.browser.chromium import chromium, visit
from tests.support.browser.console_page import FILE_NAME, Console, counted_stock
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

FOLDER = PROJECT / "docs" / "images" / "console"
LOOKS: Mapping[str, dict[str, Any]] = {
    "light": {"size": {"width": 1200, "height": 760}, "scheme": "light"},
    "dark": {"size": {"width": 1200, "height": 760}, "scheme": "dark"},
    "phone": {"size": {"width": 390, "height": 844}, "scheme": "light"},
}
COLUMNS = {"Artikel": "productId", "Menge": "quantity"}
SUBMIT = """mutation Submit($operation: BatchOperationInput!) {
  submitBatch(operation: $operation) { id }
}"""
ADJUST = """mutation Adjust($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates) { success }
}"""
CHOCOLATE = f"{8:024x}"


def prepare(server: ServerProcess) -> str:
    """Fill the database, and return the id of a batch that has run for some time."""
    cups = [
        {"name": f"Cup {one:05}", "price": 890 + one % 700, "stock": one % 90, "category": "cups"}
        for one in range(30_000)
    ]
    for quantity in (60, -14, -22, 35, -41, -9, 80, -33, -27, -19):
        server.graphql(ADJUST, updates=[{"productId": CHOCOLATE, "quantity": quantity}])
    submit(server, createProducts={"products": cups, "batchSize": 100})
    updates = [
        {"productId": f"{1 + one % 7:024x}", "quantity": -900 if one % 7 == 0 else 1}
        for one in range(5_000)
    ]
    wrong = [{"productId": f"{one:024x}", "quantity": 1} for one in range(400, 700)]
    batch = submit(server, updateStock={"updates": updates, "batchSize": 20})
    submit(server, updateStock={"updates": [*updates[:100], *wrong], "batchSize": 20})
    until(lambda: not running(server), "the end of all batches")
    return batch


def submit(server: ServerProcess, **operation: Any) -> str:
    return str(server.graphql(SUBMIT, operation=operation)["submitBatch"]["id"])


def running(server: ServerProcess) -> bool:
    query = "{batchOperations{edges{node{status}}}}"
    edges = server.graphql(query)["batchOperations"]["edges"]
    return any(one["node"]["status"] in ("PENDING", "PROCESSING") for one in edges)


def pages(batch: str) -> Mapping[str, Callable[[Console], None]]:
    """Return what opens each page, in the order in which the pictures are taken."""

    def preview(console: Console) -> None:
        columns(console)
        console.map_columns(COLUMNS)
        expect(console.page.locator("mark.bad").first).to_be_visible()

    def columns(console: Console) -> None:
        console.open("import", "Import").choose_file(FILE_NAME, counted_stock())
        expect(console.button("Use these columns")).to_be_visible()

    def mend(console: Console) -> None:
        preview(console)
        console.button("Apply 44 rows").click()
        expect(console.page.get_by_label("Quantity, row 12")).to_be_visible()

    def shown(path: str, heading: str, text: str) -> Callable[[Console], None]:
        def open_(console: Console) -> None:
            console.open(path, heading)
            expect(console.page.get_by_text(text, exact=True).last).to_be_visible()

        return open_

    return {
        "batches": shown("batches", "Batches", "New products"),
        "batch": shown(f"batches/{batch}", "Stock update", "Stock is now 11"),
        "file": lambda console: (console.open("import", "Import"), None)[1],
        "columns": columns,
        "preview": preview,
        "mend": mend,
        "products": shown("products", "Products", "Cast-iron teapot"),
        "product": shown(f"products/{CHOCOLATE}", "Dark chocolate 70 %", "+80"),
        "system": shown("system", "System", "Alive"),
    }


def take(server: ServerProcess) -> None:
    batch = prepare(server)
    with chromium() as browser:
        for look, options in LOOKS.items():
            for name, open_ in pages(batch).items():
                seen = visit(browser, server.url)
                seen.page.set_viewport_size(options["size"])
                seen.page.emulate_media(color_scheme=options["scheme"], reduced_motion="reduce")
                open_(Console(seen))
                seen.page.mouse.move(0, 0)
                path = FOLDER / f"{name}-{look}.png"
                seen.page.screenshot(path=path, animations="disabled", caret="hide")
                shrink(path)
                seen.page.context.close()


def shrink(picture: Path) -> None:
    pngquant = shutil.which("pngquant")
    if pngquant:
        options = ["--force", "--ext", ".png", "--nofs", "--strip", "48"]
        subprocess.run([pngquant, *options, picture], check=True)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "data", Path(folder) / "log", {"WORKER_CHUNKS": "2"})
        try:
            take(server.wait_until_ready())
        finally:
            server.close()
