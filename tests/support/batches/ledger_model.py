"""A ledger that stores every pending row, as 0.1.0 did: what the view of the chunks must equal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from server.domain.item_result import Input
from server.domain.listing import PageRequest, StockUpdateFilter
from server.domain.product import canonical_id
from server.domain.stock_update import StockUpdate, StockUpdateStatus
from server.mongo.batches.ledger_reads import LedgerReads


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """A row by the item that it is of; its id is learned when it is first seen."""

    batch_id: str
    index: int
    product_id: str
    quantity: int
    timestamp: datetime
    status: str = "pending"
    code: str | None = None
    new_stock: int | None = None


@dataclass
class LedgerModel:
    """Rows by batch and index, and the ids under which they were first seen."""

    rows: dict[tuple[str, int], ModelRow] = field(default_factory=dict)
    ids: dict[tuple[str, int], str] = field(default_factory=dict)

    def submit(self, batch_id: str, inputs: list[Input], now: datetime) -> None:
        """Store a pending row for each item with a well-formed id."""
        for index, sent in enumerate(inputs):
            product_id, quantity = canonical_id(str(sent["productId"])), sent["quantity"]
            if product_id is not None:
                self.rows[batch_id, index] = ModelRow(
                    batch_id=batch_id,
                    index=index,
                    product_id=product_id,
                    quantity=quantity if isinstance(quantity, int) else 0,
                    timestamp=now,
                )

    def settle(self, batch_id: str, index: int, **changes: Any) -> None:
        """Update the row of an item, if it has one that is pending."""
        row = self.rows.get((batch_id, index))
        if row is not None and row.status == "pending":
            self.rows[batch_id, index] = replace(row, **changes)

    def listed(self, where: StockUpdateFilter) -> list[ModelRow]:
        """Return the rows of a list, in its order."""
        rows = [row for row in self.rows.values() if _meets(row, where)]
        if where.batch_id is not None:
            return sorted(rows, key=lambda row: row.index)
        return sorted(rows, key=lambda row: (row.timestamp, self.id_of(row)), reverse=True)

    def id_of(self, row: ModelRow) -> str:
        return self.ids[row.batch_id, row.index]

    def learn(self, found: list[StockUpdate], batch_id: str) -> None:
        """Note the ids of the rows of a batch, which come in input order."""
        own = sorted(index for batch, index in self.rows if batch == batch_id)
        for index, row in zip(own, found, strict=True):
            assert self.ids.setdefault((batch_id, index), row.id) == row.id


def _meets(row: ModelRow, where: StockUpdateFilter) -> bool:
    return (
        where.product_id in (None, row.product_id)
        and where.batch_id in (None, row.batch_id)
        and (where.status is None or where.status.value == row.status)
        and (where.since is None or row.timestamp >= where.since)
        and (where.until is None or row.timestamp < where.until)
    )


def shown(row: StockUpdate) -> tuple[Any, ...]:
    code = row.code and row.code.value
    return (
        row.id, row.batch_id, row.product_id, row.quantity, row.timestamp, row.status.value, code,
        row.new_stock,
    )  # fmt: skip


def expected(model: LedgerModel, row: ModelRow) -> tuple[Any, ...]:
    return (
        model.id_of(row), row.batch_id, row.product_id, row.quantity, row.timestamp, row.status,
        row.code, row.new_stock,
    )  # fmt: skip


async def pages(
    ledger: LedgerReads, where: StockUpdateFilter, size: int
) -> list[list[StockUpdate]]:
    """Return the rows on each page of a list, from the first page to the last."""
    found: list[list[StockUpdate]] = []
    after = None
    while True:
        page = await ledger.page(where, PageRequest(first=size, after=after))
        found.append(list(page.items))
        assert page.has_previous is (after is not None)
        assert page.has_next is False or len(page.items) == size
        if not page.has_next:
            return found
        after = page.cursors[-1]


async def assert_equal(
    model: LedgerModel, ledger: LedgerReads, where: StockUpdateFilter, size: int
) -> None:
    """Check that a list has the rows of the model, in the same order and on full pages."""
    rows = model.listed(where)
    found = await pages(ledger, where, size)
    assert [shown(row) for page in found for row in page] == [expected(model, row) for row in rows]
    assert await ledger.count(where) == len(rows)
    assert all(len(page) == size for page in found[:-1])


def filters(model: LedgerModel, products: Mapping[str, Any] | list[str]) -> list[StockUpdateFilter]:
    """Return filters that meet in many ways: by status, product, batch and time."""
    batches = [None, *sorted({row.batch_id for row in model.rows.values()})]
    moments = sorted({row.timestamp for row in model.rows.values()})
    spans: list[tuple[datetime | None, datetime | None]] = [(None, None)]
    if moments:
        middle = moments[len(moments) // 2]
        spans += [(middle, None), (None, middle), (moments[0], moments[-1])]
    return [
        StockUpdateFilter(
            product_id=product, status=status, batch_id=batch, since=since, until=until
        )
        for product in [None, *products]
        for status in [None, *StockUpdateStatus]
        for batch in batches
        for since, until in spans
    ]
