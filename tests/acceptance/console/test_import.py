"""A file from a spreadsheet: dropped, mapped, previewed, applied, mended in place, sent again."""

import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import Serve
from tests.support.browser.console_page import FILE_NAME, OpenConsole, counted_stock
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

pytestmark = pytest.mark.browser

MENDED = {
    5: ("Quantity", "1000"),
    12: ("Quantity", "2"),
    19: ("Product id", f"{5:024x}"),
    26: ("Product id", f"{6:024x}"),
    33: ("Quantity", "-5"),
    40: ("Quantity", "3"),
}


def stocks(server: ServerProcess) -> list[int]:
    """Return the stocks of the twelve samples, by id."""
    ids = [f"{one:024x}" for one in range(1, 13)]
    query = "query($i:[ID!]){products(filter:{ids:$i},orderBy:CREATED_ASC){edges{node{id stock}}}}"
    found = {
        one["node"]["id"]: one["node"]["stock"]
        for one in server.graphql(query, i=ids)["products"]["edges"]
    }
    return [found[one] for one in ids]


def test_the_whole_way_of_a_file_with_six_bad_rows(serve: Serve, console: OpenConsole) -> None:
    server = serve()
    before = stocks(server)
    page = (opened := console(server).open("import", "Import")).page

    opened.drop_file(FILE_NAME, counted_stock())

    for found in ("CSV", "Windows-1252", "semicolon", "CRLF"):
        expect(page.get_by_role("definition").filter(has_text=found)).to_be_visible()
    expect(page.get_by_text("Sheet")).to_have_count(0)  # of a CSV file
    expect(page.get_by_text("Which column is: product id, quantity?")).to_be_visible()
    expect(opened.button("Use these columns")).to_be_disabled()

    opened.map_columns({"Artikel": "productId", "Menge": "quantity", "Bestand": "expectedStock"})

    expect(page.get_by_text("44 rows would be applied, 6 would fail")).to_be_visible()
    assert opened.cells(2) == ["2", f"{1:024x}", "3", f"{before[0]} → {before[0] + 3}"]
    assert opened.cells(12)[1:3] == [f"{2:024x}", "zwei (this is wrong)"]
    assert page.locator("mark.bad").all_text_contents() == [
        f"{cell} (this is wrong)"
        for cell in ("1.000", "zwei", "4711", f"{99:024x}", "-5000", "2,5")
    ]
    page.get_by_label("Only those that would fail").check()
    expect(page.locator("tbody tr")).to_have_count(6)
    assert stocks(server) == before

    opened.button("Apply 44 rows").click()

    expect(page.get_by_role("heading", name="Failed rows")).to_be_visible()
    applied = stocks(server)
    assert applied == [
        stock + sum(3 + one % 5 for one in range(44) if one % 12 == place)
        for place, stock in enumerate(before)
    ]
    expect(page.get_by_label("Quantity, row 12")).to_have_value("zwei")
    expect(page.get_by_label("Quantity, row 12")).to_have_attribute("aria-invalid", "true")

    for row, (column, value) in MENDED.items():
        page.get_by_label(f"{column}, row {row}").fill(value)
    opened.button("Send 6 rows again").click()

    expect(page.get_by_text("6 rows applied.")).to_be_visible()
    changes = [1000, 2, -5, 3, 5, 5, 0, 0, 0, 0, 0, 0]
    assert stocks(server) == [one + change for one, change in zip(applied, changes, strict=True)]


def test_a_row_that_is_still_wrong_comes_back_and_may_be_left_out(
    serve: Serve, console: OpenConsole
) -> None:
    server = serve()
    page = (opened := console(server).open("import", "Import")).page
    opened.choose_file("two.csv", f"productId,quantity\n{1:024x},x\n{2:024x},y\n".encode())
    expect(page.get_by_text("0 rows would be applied, 2 would fail")).to_be_visible()
    expect(opened.button("Apply 0 rows")).to_be_disabled()

    batch = server.graphql(
        "mutation($u:[StockUpdateInput!]!){submitBatch(operation:{updateStock:{updates:$u}}){id}}",
        u=[{"productId": f"{1:024x}", "quantity": -99_999}, {"productId": "7", "quantity": 1}],
    )["submitBatch"]["id"]
    opened.open(f"batches/{batch}", "Stock update")
    opened.button("Mend failed rows").click()
    page.get_by_label("Send row 2 again").uncheck()
    page.get_by_label("Quantity, row 1").fill("-88888")
    opened.button("Send 1 row again").click()

    expect(page.get_by_text("88888 cannot be taken from it.").first).to_be_visible()
    expect(page.locator("code", has_text=batch)).to_have_count(0)  # it is another batch


def test_a_file_that_cannot_be_read_says_what_to_do(
    running: ServerProcess, console: OpenConsole
) -> None:
    opened = console(running).open("import", "Import")

    opened.choose_file("old.xls", b"\xd0\xcf\x11\xe0 and so on")

    expect(opened.page.get_by_role("alert")).to_contain_text(
        "save it as XLSX without one, or as CSV"
    )
    opened.button("Choose another file").click()
    expect(opened.page.get_by_text("Drop a file here")).to_be_visible()


def test_a_spreadsheet_and_a_price_for_all_are_previewed(
    running: ServerProcess, console: OpenConsole
) -> None:
    page = (opened := console(running).open("import", "Import")).page
    opened.choose_file("stock.xlsx", (PROJECT / "tests/files/office/stock.xlsx").read_bytes())
    expect(page.get_by_role("definition").filter(has_text="Lager")).to_be_visible()
    expect(page.get_by_text("0 rows would be applied, 3 would fail")).to_be_visible()

    opened.button("Choose another file").click()
    page.get_by_label("What shall the file do?").select_option("UPDATE_PRICE")
    expect(page.get_by_text("Say the new price first")).to_be_visible()
    page.get_by_label("New price").fill("1250")
    opened.choose_file("lines.ndjson", f'{{"productId": "{1:024x}"}}\n'.encode())

    expect(page.get_by_role("cell", name="Price updated to 1250")).to_be_visible()
    expect(opened.button("Apply 1 row")).to_be_enabled()
