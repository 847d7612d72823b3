"""One way to have a batch of products done: the request, and the floor that it is held against."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.answer import WrongAnswer, result_of
from bench.products.batch import Batch, Document
from bench.products.floor import Floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`query` has the variables `items` and `options`. `batch` makes one of so many items.

    `bodies`: the answer's list of the products that the batch has left, "" if it has none.
    `extra`: it shows what one thing costs, so one size and one driver are enough.
    """

    label: str
    mutation: str
    query: str
    options: Document
    batch: Callable[[int], Batch]
    floor: Callable[[Floor, Sequence[Document]], int]
    bodies: str = ""
    extra: bool = False

    def body(self, batch: Batch) -> bytes:
        """The HTTP request's."""
        variables = {"items": batch.inputs, "options": self.options}
        return json.dumps({"query": self.query, "variables": variables}).encode()

    def done(self, answer: bytes, batch: Batch) -> int:
        """How many items were done, from the HTTP answer.

        Raises:
            WrongAnswer: the request or an item failed, or a count or a product is another one.
        """
        result = result_of(answer, self.mutation)
        if result["failed"] or result.get("notFound"):
            raise WrongAnswer(f"Items of {self.mutation} failed: {answer[:500]!r}")
        if result["stats"] != batch.stats:
            raise WrongAnswer(f"{self.mutation} counts {result['stats']}, not {batch.stats}")
        if self.bodies:
            require_products(result[self.bodies], batch.after)
        return len(batch.inputs)


def require_products(found: Sequence[Document], expected: Sequence[Document]) -> None:
    """Compare them, in their order, in the fields that are expected.

    Raises:
        WrongAnswer: they differ.
    """
    if len(found) != len(expected):
        raise WrongAnswer(f"There are {len(found)} products, not {len(expected)}")
    for one, fields in zip(found, expected, strict=True):
        if not fields.items() <= one.items():
            raise WrongAnswer(f"There is {one}, which should have {fields}")
