"""`batchUpdateProducts`: the requests that are measured."""

import random
from collections.abc import Callable

from bench import database
from bench.products.batch import Batch, Document
from bench.products.case import Case
from bench.products.floor import Floor
from bench.products.shelf import CATEGORY

_QUERY = """mutation ($items: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
  batchUpdateProducts(updates: $items, options: $options) {
    stats { total updated notFound failed } notFound { index }
    failed { index error { code message } }
  }
}"""


def _own_patch(number: int) -> Document:
    return {"name": f"Renamed product {number:05}", "price": random.randint(0, 100_000)}


def _same_patch(_number: int) -> Document:
    return {"price": 999}


def _updates(count: int, patch: Callable[[int], Document]) -> Batch:
    """Of distinct products, in random order."""
    before = database.new_products(count, CATEGORY)
    patches = [patch(number) for number in range(count)]
    inputs = [
        {"productId": str(one["_id"]), "data": data}
        for one, data in zip(before, patches, strict=True)
    ]
    return Batch(
        inputs=random.sample(inputs, count),
        before=before,
        after=[_left(one, data) for one, data in zip(before, patches, strict=True)],
        stats={"total": count, "updated": count, "notFound": 0, "failed": 0},
    )


def _left(product: Document, patch: Document) -> Document:
    fields = {name: value for name, value in product.items() if not name.endswith("At")}
    return fields | patch


def _case(label: str, patch: Callable[[int], Document], *, extra: bool = False) -> Case:
    return Case(
        label=label,
        mutation="batchUpdateProducts",
        query=_QUERY,
        options={"atomic": False},
        batch=lambda count: _updates(count, patch),
        floor=Floor.update,
        extra=extra,
    )


CASES = [
    _case("name and price, no two alike", _own_patch),
    _case("the same price for all", _same_patch, extra=True),
]
