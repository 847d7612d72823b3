"""Bodies that are long, and long names and numbers at each door."""

import json
from collections.abc import Callable, Sequence

from tests.proofs.server import Server
from tests.proofs.single.exchange import Peer, attempt, request
from tests.proofs.single.queries import query
from tests.proofs.single.row import Attempt, Row

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
    return [
        *_long_bodies(), *_fractions(), *_cut_off(), *_batches(), *_faulty(), *_numbers(),
        *_names(),
    ]  # fmt: skip


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


def _fractions() -> list[Row]:
    """Return fractions at each door, which Python reads one by one."""
    few, many = _list("0.1", 250_000), _list("0.1", 7_500_000)
    return [
        _post("a line of 1 MB of fractions, NDJSON", "update-stock", lambda: _line(few), _NDJSON),
        _post(
            "lines of 60 KB of fractions, NDJSON", "update-stock",
            lambda: _line(_list("0.1", 15_000)) * 16, _NDJSON,
        ),
        _post("1 MB of fractions, REST", "update-stock", lambda: _updates(_quantity(few))),
        _post("30 MB of fractions, REST", "update-stock", lambda: _updates(_quantity(many))),
        _post(
            "20 000 fractions in 500 items, REST", "update-stock",
            lambda: _updates(",".join([_quantity(_list("0.1", 40))] * 500)),
        ),
        _graphql("1 MB of fractions, GraphQL", lambda: _update(_quantity(few))),
        _graphql("30 MB of fractions, GraphQL", lambda: _update(_quantity(many))),
        _convex("30 MB of fractions, Convex", lambda: _call(_updates(_quantity(many)).decode())),
        _post(
            "1 MB of cells with fractions, CSV", "update-stock",
            lambda: b"productId,quantity\n" + f"{_ID},0.1\n".encode() * 35_000, _CSV,
        ),
    ]  # fmt: skip


def _cut_off() -> list[Row]:
    """Return bodies that end too early, and objects with more names than any has."""
    names = ",".join(f'"n{number}":1' for number in range(2_400_000))
    items = json.dumps({"updates": [_item(1)] * 400_000})
    return [
        _graphql(
            "2 400 000 names, GraphQL", lambda: f'{{"query":"{{a}}","variables":{{{names}}}}}'
        ),
        _graphql("2 400 000 names, cut off", lambda: f'{{"query":"{{a}}","variables":{{{names}'),
        _graphql("8 million numbers, cut off", lambda: _variables("1", 8_000_000)[:-3]),
        _graphql("300 000 {}, cut off", lambda: _variables("{}", 300_000)[:-3]),
        _post("400 000 items, cut off, REST", "update-stock", items[:-5].encode),
        _post("330 000 lines of {}, NDJSON", "update-stock", lambda: b"{}\n" * 330_000, _NDJSON),
        _post("a cell of 1 MB, CSV", "update-stock", lambda: _cell(b"x"), _CSV),
        _post("a cell of 500 000 quotes, CSV", "update-stock", lambda: _cell(b'""'), _CSV),
        Row("half of a body of 23 MB, then gone", lambda: _half(items.encode())),
    ]


def _half(body: bytes) -> Attempt:
    """Return the attempt to hang up in the middle of a body."""
    content = request(_BATCHES + "update-stock", body)[: -len(body) // 2]

    def send(server: Server) -> str:
        peer = Peer.of(server)
        with peer.socket:
            return "answered" if not peer.send(content) else "gone"

    return Attempt(len(content), send)


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


def _list(value: str, count: int) -> str:
    return f"[{','.join([value] * count)}]"


def _quantity(value: str) -> str:
    """Return an item with this quantity, in JSON."""
    return f'{{"productId":"{_ID}","quantity":{value}}}'


def _line(quantity: str) -> bytes:
    return f"{_quantity(quantity)}\n".encode()


def _updates(items: str) -> bytes:
    """Return a body of REST with these items."""
    return f'{{"updates":[{items}]}}'.encode()


def _cell(content: bytes) -> bytes:
    """Return a file of CSV with one long cell."""
    return b'productId,quantity\n"' + content * (_MB // len(content)) + b'",1\n'


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
