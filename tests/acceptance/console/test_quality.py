"""What holds on every page: no barrier that axe-core knows, no sideways scrolling, no internet."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.conftest import Serve
from tests.support.browser.chromium import Visit, visit
from tests.support.browser.console_page import AXE, FILE_NAME, Console, OpenConsole, counted_stock
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.browser

COLUMNS = {"Artikel": "productId", "Menge": "quantity"}
NOTE_SHIFTS = """
globalThis.shifted = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) shifted += hadRecentInput ? 0 : value;
}).observe({ type: "layout-shift", buffered: true });
"""
PHONE = {"width": 390, "height": 844}


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_axe_finds_nothing_on_any_page(serve: Serve, browser: Browser) -> None:
    """Light and dark, wide and on a phone, and every step of an import."""
    if not AXE.is_file():
        pytest.fail("This test needs the packages of tests/node: run `make clients`.")
    server = serve()
    found: dict[str, list[str]] = {}
    for scheme, size in (("light", PHONE), ("dark", {"width": 1280, "height": 800})):
        seen = visit(browser, server.url)
        seen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        seen.page.set_viewport_size(size)
        page = (console := Console(seen)).page

        def look(name: str, scheme: str = scheme, console: Console = console) -> None:
            found[f"{name}, {scheme}"] = console.failings()
            assert overflow(console.page) <= 0, name

        look("no batches") if scheme == "light" and console.open("batches", "Batches") else None
        console.open("import", "Import")
        look("file")
        console.choose_file(FILE_NAME, counted_stock())
        expect(console.button("Use these columns")).to_be_visible()
        look("columns")
        console.map_columns(COLUMNS)
        expect(console.button("Apply 44 rows")).to_be_enabled()
        look("preview")
        console.button("Apply 44 rows").click()
        expect(page.get_by_label("Quantity, row 12")).to_be_visible()
        look("failed rows")
        console.open("batches", "Batches")
        page.get_by_role("link", name="Stock update").last.click()
        expect(page.get_by_role("heading", name="Options")).to_be_visible()
        look("a batch")
        console.open("products", "Products")
        expect(page.get_by_role("link", name="Hand grinder")).to_be_visible()
        look("products")
        console.open(f"products/{3:024x}", "Hand grinder")
        look("a product")
        console.open("system", "System")
        page.get_by_label("Show defaults, too").check()
        look("system")
        seen.page.context.close()
        assert seen.elsewhere == []

    print({name: len(failings) for name, failings in found.items()})
    assert found == {name: [] for name in found}


def test_the_keyboard_reaches_everything(running: ServerProcess, console: OpenConsole) -> None:
    page = console(running).open("products", "Products").page
    expect(page.get_by_role("link", name="Cake stand")).to_be_visible()

    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
            )
        )

    assert reached[0] == "Skip to the content"
    for name in (
        "Batches",
        "Import",
        "All as CSV",
        "Part of the name, or id",
        "Order",
        "Cake stand",
    ):
        assert name in reached, reached
    page.get_by_role("link", name="System").press("Enter")
    expect(page.get_by_role("heading", name="System")).to_be_focused()


def test_the_page_loads_little_and_from_here_alone(
    running: ServerProcess, browser: Browser, visits: list[Visit]
) -> None:
    visits.append(seen := visit(browser, running.url))
    sizes: dict[str, int] = {}

    def note(response: object) -> None:
        sent = response.request.sizes()  # type: ignore[attr-defined]
        sizes[response.url] = sent["responseBodySize"]  # type: ignore[attr-defined]

    seen.page.add_init_script(NOTE_SHIFTS)
    seen.page.on("requestfinished", lambda request: note(request.response()))
    console = Console(seen).open("products", "Products")
    expect(console.page.get_by_role("link", name="Hand grinder")).to_be_visible()
    first_view = console.page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )

    files = {url: size for url, size in sizes.items() if "/console/" in url}
    total = sum(size for url, size in sizes.items() if not url.endswith("/graphql"))
    print(f"{len(files)} files, {total} bytes compressed, first view after {first_view:.0f} ms")
    assert 0 < total < 80_000
    places = (
        (f"products/{3:024x}", "Hand grinder", "Adjust"),
        ("system", "System", "Alive"),
        ("batches", "Batches", "No batches yet"),
        ("import", "Import", "Drop a file here"),
    )
    for path, heading, text in places:
        console.open(path, heading)
        expect(console.page.get_by_text(text, exact=True)).to_be_visible()
    assert console.page.evaluate("shifted") < 0.02  # of the screen: nothing jumps while it loads
    assert all(url.startswith(f"{running.url}/") for url in sizes)


def test_a_server_that_is_gone_is_told_and_found_again(
    serve: Serve, console: OpenConsole, visits: list[Visit]
) -> None:
    page = console(serve()).open("system", "System").page
    page.route("**/graphql", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")

    page.unroute("**/graphql")

    expect(page.get_by_role("alert")).to_have_count(0)
    visits[0].complaints = [one for one in visits[0].complaints if "ERR_FAILED" not in one]


def test_a_script_that_does_not_come_is_named(running: ServerProcess, browser: Browser) -> None:
    seen = visit(browser, running.url)
    seen.page.route("**/main.js", lambda route: route.abort())

    seen.page.goto(running.url)

    expect(seen.page.get_by_text("main.js cannot be loaded.")).to_be_visible()
    seen.page.context.close()
