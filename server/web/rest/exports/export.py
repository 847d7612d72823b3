"""`GET /api/products` and `GET /api/stock-updates`: every row that matches a filter, as a file."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from server.domain.listing import Page, PageRequest, ProductFilter, ProductOrder, StockUpdateFilter
from server.domain.place import Place
from server.domain.stock_update import StockUpdateStatus
from server.mongo.batches.ledger_reads import LedgerReads
from server.mongo.products.product_reads import ProductReads
from server.web.refusal import not_acceptable
from server.web.rest.download import Download, preferred_format, resumed
from server.web.rest.exports.parameters import FORMAT, Parameters
from server.web.rest.exports.rows import PRODUCTS, STOCK_UPDATES, Table

T = TypeVar("T")

_BLOCK = 500  # rows that are read and written at once
_FORMATS = ("ndjson", "csv")
# None by stock: it changes while the file is read, and each page would read every product.
_ORDERS = {
    order.value: order
    for order in (
        ProductOrder.CREATED_ASC,
        ProductOrder.CREATED_DESC,
        ProductOrder.NAME_ASC,
        ProductOrder.NAME_DESC,
    )
}
_STATUSES = {status.value: status for status in StockUpdateStatus}
_PRODUCT_PARAMETERS = (
    *(FORMAT, "category", "discontinued", "stockAtLeast", "stockAtMost", "namePrefix"),
    *("nameContains", "ids", "orderBy"),
)
_LEDGER_PARAMETERS = (FORMAT, "productId", "status", "batchId", "since", "until")

ReadPage = Callable[[PageRequest], Awaitable[Page[T]]]


class ExportServices(Protocol):
    """What can be exported."""

    @property
    def products(self) -> ProductReads: ...
    @property
    def ledger(self) -> LedgerReads: ...


async def export_products(request: Request, services: ExportServices, place: Place) -> Response:
    """Return the products that match the filter, oldest first, or by name if it has a name.

    The file takes its `place` for each block, and gives it back while the block is sent.

    Raises:
        Refused: a parameter is wrong, or there is no such format.
        StoreError: the database failed.
    """
    sent = Parameters(request, _PRODUCT_PARAMETERS)
    where = ProductFilter(
        category=sent.text("category"),
        discontinued=sent.flag("discontinued"),
        stock_at_least=sent.number("stockAtLeast"),
        stock_at_most=sent.number("stockAtMost"),
        name_prefix=sent.text("namePrefix"),
        name_contains=sent.text("nameContains"),
        ids=sent.ids("ids"),
    )
    order = sent.one_of("orderBy", _ORDERS)
    sent.check()
    has_name = where.name_prefix is not None or where.name_contains is not None
    usual = ProductOrder.NAME_ASC if has_name else ProductOrder.CREATED_ASC

    return await _file(
        request, place, PRODUCTS, lambda page: services.products.page(where, order or usual, page)
    )


async def export_stock_updates(
    request: Request, services: ExportServices, place: Place
) -> Response:
    """Return the rows of the ledger, newest first; those of one batch in input order.

    The file takes its `place` as that of products does.

    Raises:
        Refused: a parameter is wrong, or there is no such format.
        StoreError: the database failed.
    """
    sent = Parameters(request, _LEDGER_PARAMETERS)
    where = StockUpdateFilter(
        product_id=sent.id("productId"),
        status=sent.one_of("status", _STATUSES),
        batch_id=sent.id("batchId"),
        since=sent.moment("since"),
        until=sent.moment("until"),
    )
    sent.check()
    return await _file(
        request, place, STOCK_UPDATES, lambda page: services.ledger.page(where, page)
    )


async def _file(request: Request, place: Place, table: Table[T], read: ReadPage[T]) -> Response:
    format_ = _format(request)
    pieces = _pieces(table, read, format_, place)
    first = await anext(pieces)  # an error before the first byte can still be answered
    media_type = "application/x-ndjson"
    if format_ == "csv":
        media_type = "text/csv; charset=utf-8; header=present"
    return Download(
        resumed(first, pieces),
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{table.name}.{format_}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _format(request: Request) -> str:
    asked = request.query_params.get(FORMAT) or preferred_format(request, _FORMATS)
    if asked not in _FORMATS:
        raise not_acceptable(
            "An export is application/x-ndjson (?format=ndjson) or text/csv (?format=csv)."
        )
    return asked


async def _pieces(
    table: Table[T], read: ReadPage[T], format_: str, place: Place
) -> AsyncGenerator[bytes, None]:
    """Yield the file in pieces: at least one, which may be empty.

    Each page is a read of its own, so a slow reader holds no cursor and no snapshot open.
    """
    head = table.csv_head() if format_ == "csv" else b""
    written = table.csv if format_ == "csv" else table.ndjson
    after: str | None = None
    try:
        while True:
            await place.resume()
            page = await read(PageRequest(first=_BLOCK, after=after))
            piece = head + written(page.items)
            place.pause()
            yield piece
            if not page.has_next:
                return
            head, after = b"", page.cursors[-1]
    finally:
        place.pause()
