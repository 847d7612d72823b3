"""What a ledger must prove: every stock is the opening stock plus its rows, in their order."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from bench.batch import Document, WrongAnswer

ORDER = [("productId", 1), ("timestamp", 1), ("_id", 1)]  # as `stockUpdates` shows a product's rows


def check_chains(
    opening: Mapping[str, int],
    rows: Iterable[Document],
    closing: Mapping[str, int],
    seen: Collection[tuple[str, int]] = (),
) -> int:
    """Return the number of rows, which come product by product in the ledger's order.

    Raises:
        WrongAnswer: a row failed, is of an unknown product, or does not continue from the one
            before it; a stock is not what its last row says; or an answer has shown a new stock
            that no row has.
    """
    stocks, count, unproved = dict(opening), 0, set(seen)
    for row in _in_order(rows, stocks):
        product_id = str(row["productId"])
        stock = stocks.get(product_id)
        if row["status"] != "applied" or stock is None:
            raise WrongAnswer(f"This ledger row should not be there: {row}")
        if row["newStock"] != stock + row["quantity"]:
            raise WrongAnswer(f"The stock before this ledger row was {stock}: {row}")
        stocks[product_id] = row["newStock"]
        unproved.discard((product_id, row["newStock"]))
        count += 1
    if stocks != closing:
        raise WrongAnswer(f"{_first_difference(stocks, closing)}, but no ledger row says so")
    if unproved:
        raise WrongAnswer(f"Answers have shown new stocks that no row has: {list(unproved)[:3]}")
    return count


def _in_order(rows: Iterable[Document], stocks: Mapping[str, int]) -> Iterator[Document]:
    """Yield the rows. Of those with the same product and time, the one that continues comes first.

    Two processes can write rows of one product within a millisecond, and their ids do not say which
    was first. `stocks` are those that the rows before have left.
    """
    for (product_id, _), group in groupby(rows, lambda row: (row["productId"], row["timestamp"])):
        tied = list(group)
        while tied:
            stock = stocks.get(str(product_id))
            following = (row for row in tied if row["newStock"] - row["quantity"] == stock)
            row = next(following, tied[0]) if len(tied) > 1 else tied[0]
            tied.remove(row)
            yield row


def _first_difference(expected: Mapping[str, int], found: Mapping[str, int]) -> str:
    for product_id in expected.keys() | found.keys():
        one, other = expected.get(product_id), found.get(product_id)
        if one != other:
            return f"The stock of {product_id} is {_shown(other)}, not {_shown(one)}"
    raise AssertionError("Nothing differs")


def _shown(stock: Any) -> str:
    return "nowhere" if stock is None else str(stock)
