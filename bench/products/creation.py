"""`batchCreateProducts`: the requests that are measured."""

import random

from bench.products.batch import Batch
from bench.products.case import Case
from bench.products.floor import Floor
from bench.products.shelf import CATEGORY

_BODIES = "created { id name price stock category discontinued createdAt updatedAt expiresAt }"


def creations(count: int) -> Batch:
    """New products in twenty categories, without ids of their own."""
    inputs = [
        {
            "name": f"New product {number:05}",
            "price": random.randint(0, 100_000),
            "stock": random.randint(0, 1_000),
            "category": f"{CATEGORY} {number % 20}",
        }
        for number in range(count)
    ]
    return Batch(
        inputs=inputs,
        after=[one | {"discontinued": False} for one in inputs],
        stats={"total": count, "created": count, "failed": 0},
    )


def _case(label: str, *, bodies: bool = False, goes_on: bool = False, extra: bool = False) -> Case:
    return Case(
        label=label,
        mutation="batchCreateProducts",
        query="""mutation ($items: [CreateProductInput!]!, $options: BatchCreateOptions) {
          batchCreateProducts(products: $items, options: $options) {
            stats { total created failed } failed { index error { code message } } %s
          }
        }"""
        % (_BODIES if bodies else ""),
        options={"atomic": False, "continueOnError": goes_on},
        batch=creations,
        floor=Floor.create,
        bodies="created" if bodies else "",
        extra=extra,
    )


ONLY_COUNTED = _case("counts only")
WITH_BODIES = _case("all products in the answer", bodies=True, extra=True)
CASES = [ONLY_COUNTED, WITH_BODIES, _case("continueOnError", goes_on=True, extra=True)]
