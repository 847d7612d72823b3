"""Well-formed requests to every door, which mutants are made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.proofs.fuzzing.documents import MUTATIONS, QUERIES
from tests.support.web.door_cells import REST_CHANGES, REST_READS
from tests.support.web.doors import Door

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
GRAPHQL = (Door.GRAPHQL_POST, Door.GRAPHQL_GET, Door.WEBSOCKET)
_DAY = 86_400_000  # ms
_RECENT = 100  # batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is in the database: ids of products that stay and that may go, and of batches.

    `submitted` are the batches of requests, each with the name of its request.
    """

    products: list[str]
    spares: list[str]
    batches: list[str]
    submitted: list[tuple[str, str]] = field(default_factory=list)

    def batch(self, random: Random) -> str:
        """Return the id of a batch; as many random numbers are taken, whatever there is."""
        is_recent, share = random.random() < 0.6, random.random()
        recent = self.submitted[-_RECENT:]
        if is_recent and recent:
            return recent[int(share * len(recent))][0]
        return self.batches[int(share * len(self.batches))]


@dataclass(slots=True, kw_only=True)
class Wish:
    """A request before it is written.

    `content` is a JSON value; for NDJSON a list of rows, for CSV a list of rows of cells, and for
    GraphQL by GET the parameters.
    """

    method: str
    path: str
    parameters: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    content: Any = None


def wish(door: Door, random: Random, material: Material) -> Wish:
    """Return a well-formed request for `door`."""
    if door in GRAPHQL:
        return _graphql(door, random, material)
    if door in (Door.CONVEX_MUTATION, Door.CONVEX_QUERY):
        return _convex(door, random, material)
    if door in REST_READS:
        return _read(door, random, material)
    if door in REST_CHANGES:
        change = "cancel" if door is Door.REST_CANCEL else "retry"
        path = f"/api/batches/{material.batch(random)}/{change}"
        return Wish(method="POST", path=path, headers=[("content-type", JSON)], content={})
    name, body = random.choice(list(operations(random, material).items()))
    path = f"/api/batches/batch-{_KEBAB[name]}"
    if door is Door.REST_JSON:
        return Wish(method="POST", path=path, headers=[("content-type", JSON)], content=body)
    (items,) = (value for value in body.values() if isinstance(value, list))
    options = [(key, str(value)) for key, value in body.items() if value is not items]
    rows = [one if isinstance(one, dict) else {"productId": one} for one in items]
    if door is Door.REST_NDJSON:
        headers = [("content-type", NDJSON)]
        return Wish(method="POST", path=path, parameters=options, headers=headers, content=rows)
    return Wish(
        method="POST", path=path, parameters=options, headers=[("content-type", CSV)],
        content=_cells(rows),
    )  # fmt: skip


_KEBAB = {
    "updateStock": "update-stock",
    "discontinueProducts": "discontinue-products",
    "updatePrice": "update-price",
    "createProducts": "create-products",
    "updateProducts": "update-products",
    "deleteProducts": "delete-products",
}


def operations(random: Random, material: Material) -> Mapping[str, dict[str, Any]]:
    """Return the content of a batch of every kind, by its name in GraphQL."""
    products, spares = material.products, material.spares
    patch: dict[str, Any] = {"name": "Café", "price": random.randrange(5_000), "category": "x"}
    return {
        "updateStock": {"updates": _some(random, lambda: stock_update(random, products))},
        "discontinueProducts": {"productIds": [random.choice(spares)]},
        "updatePrice": {
            "productIds": _some(random, lambda: random.choice(products)),
            "newPrice": random.randrange(5_000),
        },
        "createProducts": {"products": _some(random, lambda: product(random, spares))},
        "updateProducts": {
            "updates": _some(
                random, lambda: {"productId": random.choice(products), "data": dict(patch)}
            )
        },
        "deleteProducts": {
            "deletes": [{"productId": random.choice(spares), "cascadeDelete": True}],
            **({"batchSize": 7} if random.random() < 0.3 else {}),
        },
    }


def stock_update(random: Random, products: list[str]) -> dict[str, Any]:
    """Return an update that is likely to be applied."""
    update: dict[str, Any] = {
        "productId": random.choice(products), "quantity": random.randint(-9, 9),
    }  # fmt: skip
    return update | ({"expectedStock": 1_000} if random.random() < 0.1 else {})


def product(random: Random, ids: list[str]) -> dict[str, Any]:
    """Return a product to create."""
    return {
        "id": random.choice(ids), "name": "Tasse", "price": random.randrange(5_000),
        "stock": random.randrange(100), "category": random.choice(["a", "b c"]),
    }  # fmt: skip


def _some(random: Random, make: Callable[[], Any]) -> list[Any]:
    return [make() for _ in range(random.choice([1, 1, 2, 3, 8]))]


def _mutation(random: Random, material: Material) -> tuple[str, dict[str, Any]]:
    """Return the name of a mutation and its arguments."""
    batch = {"id": material.batch(random)}
    of_kind = operations(random, material)
    calls: dict[str, dict[str, Any]] = {
        "batchUpdateStock": of_kind["updateStock"],
        "batchDiscontinueProducts": of_kind["discontinueProducts"],
        "batchCreateProducts": of_kind["createProducts"] | {"options": {"expireIn": _DAY}},
        "batchUpdateProducts": of_kind["updateProducts"],
        "batchDeleteProducts": {"deletes": of_kind["deleteProducts"]["deletes"]},
        "submitBatch": {"operation": dict([random.choice(list(of_kind.items()))])},
        "cancelBatch": batch, "retryBatch": batch, "retryPublication": batch,
    }  # fmt: skip
    weights = [12, 1, 2, 3, 1, 2, 1, 1, 1]
    (name,) = random.choices(list(calls), weights)
    arguments = calls[name]
    if name.startswith("batch") and random.random() < 0.4:
        options = {"atomic": random.random() < 0.5, "batchSize": 3, "dryRun": random.random() < 0.2}
        arguments = arguments | {"options": options}
    if "id" not in arguments and random.random() < 0.2:
        arguments = arguments | {"idempotencyKey": f"key-{random.randrange(300)}"}
    return name, arguments


def _query(random: Random, material: Material) -> tuple[str, dict[str, Any]]:
    filter_ = random.choice([{}, {"category": "crowd"}, {"namePrefix": "T"}, {"stockAtLeast": 3}])
    batch = {"id": material.batch(random)}
    rows = {"filter": {"productId": random.choice(material.products)}, "first": 5}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("product", {"id": random.choice(material.products)}),
        ("products", {"filter": filter_, "first": random.randint(1, 20)}),
        ("stockUpdates", rows),
        ("batchOperation", batch),
        ("batchOperations", {"first": 3}),
    ]
    return random.choice(calls)


def _graphql(door: Door, random: Random, material: Material) -> Wish:
    reads = door is Door.GRAPHQL_GET or random.random() < 0.3
    name, variables = (_query if reads else _mutation)(random, material)
    request: dict[str, Any] = {"query": (QUERIES | MUTATIONS)[name], "variables": variables}
    if door is Door.GRAPHQL_GET:
        return Wish(method="GET", path="/graphql", content=request)
    if door is Door.GRAPHQL_POST:
        headers = [("content-type", JSON)]
        return Wish(method="POST", path="/graphql", headers=headers, content=request)
    if random.random() < 0.05:
        request = {
            "query": "subscription ($id: ID!) { batchProgress(id: $id) { status } }",
            "variables": {"id": material.batch(random)},
        }
    message = {"id": str(random.randrange(10**9)), "type": "subscribe", "payload": request}
    return Wish(method="GET", path="/graphql", content=message)


def _convex(door: Door, random: Random, material: Material) -> Wish:
    is_query = door is Door.CONVEX_QUERY
    name, arguments = (_query if is_query else _mutation)(random, material)
    if "first" in arguments:
        paging = {"numItems": arguments["first"], "cursor": None}
        arguments = {"filter": arguments.get("filter", {}), "paginationOpts": paging}
    call = {"path": name, "args": arguments, "format": "convex_encoded_json"}
    headers = [("content-type", JSON)]
    path = "/api/query" if is_query else "/api/mutation"
    return Wish(method="POST", path=path, headers=headers, content=call)


def _read(door: Door, random: Random, material: Material) -> Wish:
    if door in _FILTERS:
        path, filters = _FILTERS[door]
        parameters = random.sample(filters, random.randrange(3))
        return Wish(method="GET", path=path, parameters=parameters)
    path = f"/api/batches/{material.batch(random)}"
    if door is Door.REST_PROGRESS:
        parameters = random.choice([[], [("results", "false")], [("results", "true")]])
        return Wish(method="GET", path=path, parameters=parameters)
    parameters = random.choice([[], [("format", "csv")], [("format", "ndjson")]])
    parameters = parameters + random.choice([[], [("success", "false")]])
    return Wish(method="GET", path=f"{path}/results", parameters=parameters)


_FILTERS = {
    Door.REST_LIST: (
        "/api/batches",
        [("first", "2"), ("status", "completed"), ("operationType", "update-stock")],
    ),
    Door.REST_PRODUCTS: (
        "/api/products",
        [("format", "csv"), ("stockAtLeast", "3"), ("namePrefix", "a"), ("orderBy", "NAME_DESC")],
    ),
    Door.REST_LEDGER: (
        "/api/stock-updates",
        [("format", "csv"), ("status", "failed"), ("since", "2026-01-31T12:00:00Z")],
    ),
}


def _cells(rows: list[dict[str, Any]]) -> list[list[str]]:
    flat = [row | row.get("data", {}) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row if name != "data"))
    cells = [[_cell(row.get(name)) for name in columns] for row in flat]
    return [columns, *cells]


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
