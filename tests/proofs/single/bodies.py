"""Bodies that are long, and long names and numbers at each door."""

import json
from collections.abc import Callable, Sequence

from tests.proofs.single.exchange import attempt, request
from tests.proofs.single.queries import query
from tests.proofs.single.row import Row

_BATCHES = "/api/batches/batch-"
_NDJSON, _CSV = "application/x-ndjson", "text/csv"
_MB = 1_000_000
_NUMBER = "7" * 5_000
_UPDATE = (
    "mutation ($u: [StockUpdateInput!]!) { batchUpdateStock(updates: $u) { success newStock } }"
)
_SUBMIT = "mutation ($o: BatchOperationInput!) { submitBatch(operation: $o) { id } }"
_ID = "f" * 24  # no product has it


def rows() -> Sequence[Row]:
    """Return the rows of all doors that take a body."""
    return [*_long_bodies(), *_batches(), *_faulty(), *_numbers(), *_names()]


def _long_bodies() -> list[Row]:
    return [
        Row("a comment of 30 MB", lambda: query("#" + "x" * 30 * _MB + "\n{ __typename }")),
        Row("400 000 items in variables", lambda: query(_UPDATE, {"u": [_item(1)] * 400_000})),
        _graphql("11 million []", lambda: _variables("[]", 11_000_000)),
        _graphql("1 000 000 {}, as many as allowed", lambda: _variables("{}", 1_000_000)),
        _graphql("8 million numbers, as many as allowed", lambda: _variables("1", 8_000_000)),
        _graphql("300 000 []", lambda: _variables("[]", 300_000)),
        _post("16 MB of line feeds as NDJSON", "update-stock", lambda: b"\n" * 16 * _MB, _NDJSON),
        _post("16 MB of line feeds as CSV", "update-stock", lambda: b"\n" * 16 * _MB, _CSV),
        _post("1 MB of line feeds as NDJSON", "update-stock", lambda: b"\n" * _MB, _NDJSON),
    ]


def _batches() -> list[Row]:
    """Return batches that nothing is wrong with, but that no product is found."""
    line = json.dumps(_item(1)).encode() + b"\n"
    header = b"productId,quantity\n"
    whole = json.dumps({"updates": [_item(1)] * 100_000}).encode()
    call = {"path": "batchUpdateStock", "args": {"updates": [_item(1)] * 10_000}}
    return [
        Row("10 000 stock updates, GraphQL", lambda: query(_UPDATE, {"u": [_item(1)] * 10_000})),
        _convex("10 000 stock updates, Convex", lambda: json.dumps(call)),
        _post("100 000 stock updates, REST", "update-stock", lambda: whole),
        _post("100 000 stock updates, NDJSON", "update-stock", lambda: line * 100_000, _NDJSON),
        _post("20 000 stock updates, NDJSON", "update-stock", lambda: line * 20_000, _NDJSON),
        _post(
            "100 000 stock updates, CSV", "update-stock",
            lambda: header + f"{_ID},1\n".encode() * 100_000, _CSV,
        ),
    ]  # fmt: skip


def _faulty() -> list[Row]:
    """Return batches that are refused for one item, or for each."""
    faulty, unusual = _item(1) | {"quantity": "x"}, _item(1) | {"productId": 1}
    many = [_item(1)] * 99_999 + [faulty]
    unknown = _item(1) | {"amount": 1}
    submitted = {"o": {"updateStock": {"updates": many}}}
    return [
        Row("10 000 updates, the last is faulty", lambda: query(_UPDATE, {"u": many[-10_000:]})),
        Row("10 000 updates, ids are numbers", lambda: query(_UPDATE, {"u": [unusual] * 10_000})),
        Row("100 000 submitted, the last is faulty", lambda: query(_SUBMIT, submitted)),
        _post(
            "15 000 updates with an unknown key, REST", "update-stock",
            lambda: json.dumps({"updates": [unknown] * 15_000}).encode(),
        ),
        _post(
            "100 000 updates with an unknown key, REST", "update-stock",
            lambda: json.dumps({"updates": [unknown] * 100_000}).encode(),
        ),
        _post(
            "100 000 ids that are numbers, REST", "discontinue-products",
            lambda: json.dumps({"productIds": [1] * 100_000}).encode(),
        ),
        _graphql("a name of 30 MB, GraphQL", lambda: _update('{"' + "n" * 30 * _MB + '":1}')),
        _graphql(
            "a text of 30 MB, GraphQL",
            lambda: _update('{"productId":"' + "n" * 30 * _MB + '","quantity":"x"}'),
        ),
    ]  # fmt: skip


def _numbers() -> list[Row]:
    """Return 200 numbers of 5 000 digits at each door."""
    item = '{"productId":"' + _ID + '","quantity":' + _NUMBER + "}"
    many = "200 numbers of 5 000 digits, "
    literals = " ".join(
        f'{{productId: "{_ID}", quantity: {_NUMBER}}}'
        for _ in range(90)  # a text may have 500 000 characters
    )
    body = '{"updates":[' + ",".join([item] * 200) + "]}"
    return [
        Row(
            "90 numbers of 5 000 digits, a query's text",
            lambda: query(f"mutation {{ batchUpdateStock(updates: [{literals}]) {{ success }} }}"),
        ),
        _graphql(many + "variables", lambda: _update(",".join([item] * 200))),
        _post(many + "REST", "update-stock", body.encode),
        _post(many + "NDJSON", "update-stock", lambda: f"{item}\n".encode() * 200, _NDJSON),
        _post(
            many + "CSV", "update-stock",
            lambda: b"productId,quantity\n" + f"{_ID},{_NUMBER}\n".encode() * 200, _CSV,
        ),
        _convex(many + "Convex", lambda: _call(body)),
        Row(
            "a parameter of 5 000 digits",
            lambda: attempt(
                request(f"{_BATCHES}update-stock?batchSize={_NUMBER}", b"x\n", _CSV)
            ),
        ),
    ]  # fmt: skip


def _names() -> list[Row]:
    """Return names of 1 MB at each door, and many short ones."""
    long, many = "n" * _MB, ",".join(f'"n{number}":1' for number in range(90_000))
    columns = ",".join(f"n{number}" for number in range(120_000))
    path = json.dumps({"path": long, "args": {}})
    parts = json.dumps({"path": "a/" * 500_000, "args": {}})
    return [
        Row("a field's name of 490 KB", lambda: query(f"{{ {'n' * 490_000} }}")),
        _graphql("a body's name of 1 MB", lambda: f'{{"query":"{{__typename}}","{long}":1}}'),
        *_named("a name of 1 MB", f'{{"{long}":1}}'),
        *_named("90 000 names", f"{{{many}}}"),
        _post("a column's name of 1 MB", "update-stock", f"{long}\n".encode, _CSV),
        _post("120 000 columns", "update-stock", f"{columns}\n".encode, _CSV),
        _post("120 000 columns of one name", "update-stock", lambda: b"result.," * 120_000, _CSV),
        _convex("a path of 1 MB, Convex", lambda: path),
        _convex("a path of 500 000 parts, Convex", lambda: parts),
        _convex("90 000 arguments, Convex", lambda: _call(f"{{{many}}}")),
    ]


def _named(what: str, item: str) -> list[Row]:
    """Return the rows of an item with unknown names, at each door."""
    updates = f'{{"updates":[{item}]}}'
    return [
        _graphql(f"{what}, GraphQL", lambda: _update(item)),
        _post(f"{what}, REST", "update-stock", updates.encode),
        _post(f"{what}, NDJSON", "update-stock", f"{item}\n".encode, _NDJSON),
        _convex(f"{what}, Convex", lambda: _call(updates)),
    ]


def _update(items: str) -> str:
    """Return a GraphQL request with these items, in JSON."""
    return f'{{"query":"{_UPDATE}","variables":{{"u":[{items}]}}}}'


def _call(arguments: str) -> str:
    """Return a call of Convex with these arguments, in JSON."""
    return f'{{"path":"batchUpdateStock","args":{arguments}}}'


def _item(quantity: int) -> dict[str, object]:
    return {"productId": _ID, "quantity": quantity}


def _variables(value: str, count: int) -> str:
    values = ",".join([value] * count)
    return f'{{"query":"{{__typename}}","variables":{{"x":[{values}]}}}}'


def _graphql(name: str, body: Callable[[], str]) -> Row:
    return Row(name, lambda: attempt(request("/graphql", body().encode())))


def _convex(name: str, body: Callable[[], str]) -> Row:
    return Row(name, lambda: attempt(request("/api/mutation", body().encode())))


def _post(
    name: str, kind: str, body: Callable[[], bytes], media_type: str = "application/json"
) -> Row:
    return Row(name, lambda: attempt(request(_BATCHES + kind, body(), media_type)))
