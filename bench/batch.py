"""A batch: a mutation, its items and its options. The floor and the servers are given the same."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


class WrongAnswer(Exception):
    """A side did not do the work, so its time means nothing."""


@dataclass(frozen=True)
class Mutation:
    """`query` takes the variables `items` and `options`; `read` returns what the answer says was
    done, to be compared with other sides, and raises WrongAnswer if an item failed.
    """

    name: str
    query: str
    read: Callable[[Any, Sequence[Any]], Any]


@dataclass(frozen=True)
class Batch:
    """`items` and `options` are the mutation's arguments."""

    mutation: Mutation
    items: Sequence[Any]
    options: Document = field(default_factory=dict)
    key: str | None = None

    def body(self) -> bytes:
        """Return the body of the HTTP request."""
        given = {"items": self.items, "options": self.options, "key": self.key}
        taken = {name: value for name, value in given.items() if f"${name}" in self.mutation.query}
        body = {"query": self.mutation.query, "variables": taken}
        return json.dumps(body, separators=(",", ":")).encode()

    def result(self, answer: bytes) -> Any:
        """Return what the HTTP answer says was done; raise WrongAnswer if that is not all."""
        return self.mutation.read(data_of(answer)[self.mutation.name], self.items)


def data_of(answer: bytes) -> Document:
    """Return `data` of a GraphQL answer; raise WrongAnswer if the request failed."""
    document: Document = json.loads(answer)
    if document.get("errors") or not document.get("data"):
        raise WrongAnswer(f"The request failed: {answer[:500]!r}")
    data: Document = document["data"]
    return data


def _new_stocks(results: Sequence[Document], items: Sequence[Document]) -> list[int]:
    for result, item in zip(results, items, strict=True):
        if result["success"] is not True or result["productId"] != item["productId"]:
            raise WrongAnswer(f"batchUpdateStock answered {result} to {item}")
    return [result["newStock"] for result in results]


def _counted(count: str) -> Callable[[Any, Sequence[Any]], int]:
    """Return a reader of an answer whose count of that name must be the number of items."""

    def read(result: Document, items: Sequence[Any]) -> int:
        counts = result.get("stats", result)
        if counts[count] != len(items) or len(result.get("created", items)) != len(items):
            raise WrongAnswer(f"{len(items)} items were sent, and the answer counts {counts}")
        return len(items)

    return read


def _mutation(
    call: str, variables: str, selection: str, read: Callable[[Any, Sequence[Any]], Any]
) -> Mutation:
    query = f"mutation ({variables}) {{ {call} {{ {selection} }} }}"
    return Mutation(call.partition("(")[0], query, read)


_CREATION = "batchCreateProducts(products: $items, options: $options)"
_CREATION_VARIABLES = "$items: [CreateProductInput!]!, $options: BatchCreateOptions"
_PRODUCT = "id name price stock category discontinued createdAt updatedAt expiresAt"
_FAILED = "failed { index error { code message } }"

UPDATE_STOCK = _mutation(
    "batchUpdateStock(updates: $items)",
    "$items: [StockUpdateInput!]!",
    "productId success newStock",
    _new_stocks,
)
CREATE = _mutation(
    _CREATION, _CREATION_VARIABLES, f"stats {{ created }} {_FAILED}", _counted("created")
)
CREATE_AND_SHOW = _mutation(
    _CREATION,
    _CREATION_VARIABLES,
    f"stats {{ created }} {_FAILED} created {{ {_PRODUCT} }}",
    _counted("created"),
)
UPDATE = _mutation(
    "batchUpdateProducts(updates: $items, options: $options)",
    "$items: [UpdateProductInput!]!, $options: BatchUpdateOptions",
    f"stats {{ updated }} notFound {{ index }} {_FAILED}",
    _counted("updated"),
)
DELETE = _mutation(
    "batchDeleteProducts(deletes: $items, options: $options)",
    "$items: [DeleteProductInput!]!, $options: BatchDeleteOptions",
    f"stats {{ deleted }} notFound {{ index }} {_FAILED}",
    _counted("deleted"),
)
DISCONTINUE = _mutation(
    "batchDiscontinueProducts(productIds: $items)",
    "$items: [ID!]!",
    "updated failures { index error { code message } }",
    _counted("updated"),
)
KEYED_UPDATE_STOCK = _mutation(
    "batchUpdateStock(updates: $items, idempotencyKey: $key)",
    "$items: [StockUpdateInput!]!, $key: String",
    "productId success newStock",
    _new_stocks,
)
SUBMIT = _mutation(
    "submitBatch(operation: {updateStock: {updates: $items}})",
    "$items: [StockUpdateInput!]!",
    "id totalItems",
    _counted("totalItems"),
)
