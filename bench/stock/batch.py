"""A batch to send, and whether the answers to it are right."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bench.answer import WrongAnswer, result_of

# The flat query that a frontend sends; `success` and `newStock` are what gets verified.
QUERY = """mutation ($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates) { productId success newStock }
}"""

MIXED, EQUAL, DIFFERENT = "mixed", "equal", "different"
_EITHER_WAY = [quantity for quantity in range(-20, 21) if quantity != 0]

QUANTITIES: dict[str, tuple[str, Callable[[int], int]]] = {
    MIXED: ("uniform over −20…20 without 0", lambda _index: random.choice(_EITHER_WAY)),
    EQUAL: ("all 5, which the engine groups into one write per chunk", lambda _index: 5),
    DIFFERENT: ("no two alike, so that nothing can be grouped", lambda index: index + 1),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Product ids with quantities, and the HTTP request's body with them."""

    items: Sequence[tuple[str, int]]
    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", json.dumps(request(self.items)).encode())


def request(items: Sequence[tuple[str, int]]) -> dict[str, object]:
    """The GraphQL request for `items`."""
    updates = [{"productId": product_id, "quantity": quantity} for product_id, quantity in items]
    return {"query": QUERY, "variables": {"updates": updates}}


def random_batch(ids: Sequence[str], size: int, kind: str) -> Batch:
    """Updates of `size` distinct products, with quantities of that kind."""
    _, quantity = QUANTITIES[kind]
    chosen = random.sample(ids, size)
    return Batch([(product_id, quantity(index)) for index, product_id in enumerate(chosen)])


def answered_stocks(answer: bytes, batch: Batch) -> list[int]:
    """The new stock of every item, from the HTTP answer.

    Raises:
        WrongAnswer: the request or an item failed, or the results are not those of the items.
    """
    results = result_of(answer, "batchUpdateStock")
    if [one["productId"] for one in results] != [product_id for product_id, _ in batch.items]:
        raise WrongAnswer("The results are not those of the items, in their order")
    stocks = [one["newStock"] for one in results if one["success"] is True]
    whole = [stock for stock in stocks if isinstance(stock, int)]
    if len(whole) != len(batch.items):
        raise WrongAnswer(f"{len(batch.items) - len(whole)} of {len(batch.items)} items failed")
    return whole


class Stocks:
    """What the stock of every product must be by now."""

    def __init__(self, opening: dict[str, int]) -> None:
        self._expected = dict(opening)

    def prepare(self, batch: Batch) -> None:
        """Nothing: a batch builds on the stocks that the one before it has left."""

    def verify(self, batch: Batch, answered: Sequence[int]) -> None:
        """Take in a batch of distinct products that ran alone.

        Raises:
            WrongAnswer: an answer is not the stock before it plus the quantity.
        """
        for (product_id, quantity), answer in zip(batch.items, answered, strict=True):
            self._expected[product_id] += quantity
            _require(product_id, answer, self._expected[product_id])

    def verify_interleaved(self, answers: Iterable[tuple[Batch, Sequence[int]]]) -> None:
        """Take in batches of positive quantities that ran side by side, in whatever order.

        Each answer leads from one stock to a higher one, so all answers of a product together must
        form one chain without gap or overlap.
        """
        steps = sorted(
            (answer, quantity, product_id)
            for batch, answered in answers
            for (product_id, quantity), answer in zip(batch.items, answered, strict=True)
        )
        for answer, quantity, product_id in steps:
            self._expected[product_id] += quantity
            _require(product_id, answer, self._expected[product_id])

    def verify_all(self, actual: dict[str, int]) -> None:
        """Compare with what the database holds.

        Raises:
            WrongAnswer: a product is missing or its stock is another one.
        """
        if actual != self._expected:
            raise WrongAnswer("The stocks in the database are not opening stock + quantities")


def _require(product_id: str, answer: int, expected: int) -> None:
    if answer != expected:
        raise WrongAnswer(f"The stock of {product_id} was answered as {answer}, not {expected}")
