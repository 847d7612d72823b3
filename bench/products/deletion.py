"""`batchDeleteProducts`: the requests that are measured."""

import random

from bench import database
from bench.products.batch import Batch
from bench.products.case import Case
from bench.products.floor import Floor
from bench.products.shelf import CATEGORY

_QUERY = """mutation ($items: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
  batchDeleteProducts(deletes: $items, options: $options) {
    stats { total deleted notFound failed cascaded } notFound { index }
    failed { index error { code message } }
  }
}"""
_ROWS = 5


def _deletions(count: int, rows_each: int) -> Batch:
    """Of distinct products, in random order."""
    before = database.new_products(count, CATEGORY)
    inputs = [{"productId": str(one["_id"])} for one in before]
    return Batch(
        inputs=random.sample(inputs, count),
        before=before,
        rows_each=rows_each,
        stats={
            "total": count,
            "deleted": count,
            "notFound": 0,
            "failed": 0,
            "cascaded": count * rows_each,
        },
    )


def _case(label: str, *, rows_each: int, extra: bool = False) -> Case:
    cascade = rows_each > 0
    return Case(
        label=label,
        mutation="batchDeleteProducts",
        query=_QUERY,
        options={"atomic": False, "cascadeDelete": cascade},
        batch=lambda count: _deletions(count, rows_each),
        floor=Floor.delete_with_rows if cascade else Floor.delete,
        extra=extra,
    )


CASES = [
    _case("no stockUpdates", rows_each=0),
    _case(f"{_ROWS} stockUpdates each, cascadeDelete", rows_each=_ROWS, extra=True),
]
