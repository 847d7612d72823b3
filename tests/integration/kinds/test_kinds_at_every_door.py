"""What the registry knows, every door serves: each kind is submitted, run and read at all of them.

The tests go by `KINDS`. A new kind needs sample items in `SAMPLES` below, and nothing else here.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import bson
import httpx
import pytest
from bson.codec_options import CodecOptions
from msgspec.structs import fields

from server.domain.product import Product
from server.kinds.kind import BatchKind
from server.kinds.outcome_form import OutcomeForm
from server.kinds.outcomes import to_document, to_outcome
from server.kinds.registry import KINDS
from tests.support.batches.batch_work import work_off
from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.convex_calls import value

pytestmark = pytest.mark.either_driver

CUP = "00000000000000000000c0de"
POT = "00000000000000000000b0b0"


@dataclass(frozen=True)
class Sample:
    """A batch of one kind as callers send it: its second item fails, the others succeed.

    `settings` are the kind's own options.
    """

    items: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any] = field(default_factory=dict)


SAMPLES: Mapping[str, Sample] = {
    "updateStock": Sample(
        [
            {"productId": CUP, "quantity": 5},
            {"productId": CUP, "quantity": 1, "expectedStock": 3},
            {"productId": POT, "quantity": -1},
        ]
    ),
    "discontinueProducts": Sample(
        [{"productId": CUP}, {"productId": UNKNOWN_ID}, {"productId": CUP}]
    ),
    "updatePrice": Sample(
        [{"productId": CUP}, {"productId": UNKNOWN_ID}, {"productId": POT}], {"newPrice": 1500}
    ),
    "createProducts": Sample(
        [
            {"name": "Jug", "price": 900, "stock": 3, "category": "tableware"},
            {"id": CUP, "name": "Cup", "price": 1, "stock": 1, "category": "tableware"},
            {"id": "a" * 24, "name": "Mug", "price": 1, "stock": 0, "category": "tableware"},
        ],
        {"expireIn": 60_000},
    ),
    "updateProducts": Sample(
        [
            {"productId": CUP, "data": {"name": "Tea cup"}},
            {"productId": UNKNOWN_ID, "data": {"price": 1}},
            {"productId": POT, "data": {"price": 2, "category": "kitchen"}},
        ],
        {"expireIn": 60_000},
    ),
    "deleteProducts": Sample(
        [{"productId": CUP}, {"productId": UNKNOWN_ID}, {"productId": POT, "cascadeDelete": True}],
        {"cascadeDelete": False},
    ),
}
SUBMIT = "mutation($operation: BatchOperationInput!) { submitBatch(operation: $operation) { id } }"
READ = """query($id: ID!) { batchOperation(id: $id) {
    operationType status totalItems successCount failureCount
    results(first: 1000) { edges { node { index productId success message newStock
        error { code message } } } } } }"""


def sample_of(kind: BatchKind) -> Sample:
    assert kind.name in SAMPLES, f"Give the kind {kind.name} sample items in SAMPLES, in {__file__}"
    return SAMPLES[kind.name]


def arguments_of(kind: BatchKind) -> dict[str, Any]:
    """Return the batch as GraphQL, Convex and REST's JSON take it."""
    sample = sample_of(kind)
    items = [item["productId"] for item in sample.items] if kind.takes_ids else sample.items
    return {kind.argument: items, **sample.settings}


async def by_graphql(shop: Shop, kind: BatchKind) -> str:
    batch_id: str = (await shop.ask(SUBMIT, operation={kind.name: arguments_of(kind)}))["id"]
    return batch_id


async def by_convex(shop: Shop, kind: BatchKind) -> str:
    operation = {kind.name: arguments_of(kind)}
    answer = await value(shop, "mutation", "submitBatch", {"operation": operation})
    batch_id: str = answer["id"]
    return batch_id


async def by_json(shop: Shop, kind: BatchKind) -> str:
    return await _posted(shop, kind, json.dumps(arguments_of(kind)), "application/json", {})


async def by_ndjson(shop: Shop, kind: BatchKind) -> str:
    sample = sample_of(kind)
    lines = "".join(json.dumps(item) + "\n" for item in sample.items)
    return await _posted(shop, kind, lines, "application/x-ndjson", sample.settings)


async def by_csv(shop: Shop, kind: BatchKind) -> str:
    sample, text = sample_of(kind), io.StringIO()
    rows = csv.DictWriter(text, [column.name for column in kind.fields])
    rows.writeheader()
    parents = {column.parent for column in kind.fields if column.parent}
    for item in sample.items:
        inner = {name: cell for parent in parents for name, cell in item[parent].items()}
        row = {name: cell for name, cell in item.items() if name not in parents} | inner
        rows.writerow({name: _cell(cell) for name, cell in row.items()})
    return await _posted(shop, kind, text.getvalue(), "text/csv", sample.settings)


async def _posted(
    shop: Shop, kind: BatchKind, body: str, media_type: str, settings: Mapping[str, Any]
) -> str:
    async with shop.http() as client:
        response = await client.post(
            f"/api/batches/batch-{kind.path}",
            params={name: _cell(setting) for name, setting in settings.items()},
            content=body,
            headers={"Content-Type": media_type},
        )
    assert response.status_code == 201, response.text
    batch_id: str = response.json()["batchId"]
    return batch_id


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


DOORS: Mapping[str, Callable[..., Any]] = {
    "GraphQL": by_graphql,
    "Convex": by_convex,
    "JSON": by_json,
    "NDJSON": by_ndjson,
    "CSV": by_csv,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
async def test_a_batch_of_each_kind_is_submitted_run_and_read_at_every_door(
    shop: Shop, kind: BatchKind, door: str
) -> None:
    await shop.put(10, id=CUP)
    await shop.put(10, id=POT)

    batch_id = await DOORS[door](shop, kind)
    assert await work_off(shop) == 1

    shown = await shop.ask(READ, id=batch_id)
    nodes = [edge["node"] for edge in shown.pop("results")["edges"]]
    assert shown == {
        "operationType": kind.constant,
        "status": "COMPLETED",
        "totalItems": 3,
        "successCount": 2,
        "failureCount": 1,
    }
    assert [node["success"] for node in nodes] == [True, False, True]
    assert [node["message"] is not None for node in nodes] == [True, False, True]
    async with shop.http() as client:
        polled = (await client.get(f"/api/batches/{batch_id}")).json()
        ndjson = await _download(client, batch_id, "ndjson")
        csv_text = await _download(client, batch_id, "csv")
    assert polled["operationType"] == kind.path
    assert [_of_poll(one) for one in polled["results"]] == [_of_node(one) for one in nodes]
    lines = [json.loads(line) for line in ndjson.splitlines()]
    assert [_of_poll(line["result"]) for line in lines] == [_of_node(one) for one in nodes]
    rows = list(csv.DictReader(io.StringIO(csv_text)))
    assert [_of_row(row) for row in rows] == [_of_node(one) for one in nodes]
    assert [_present(_without_result(line)) for line in lines] == [
        _present(one) for one in sample_of(kind).items
    ]
    assert set(rows[0]) >= {column.name for column in kind.fields}


async def _download(client: httpx.AsyncClient, batch_id: str, form: str) -> str:
    response = await client.get(f"/api/batches/{batch_id}/results", params={"format": form})
    assert response.status_code == 200
    return response.text


def _of_node(node: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a result as all doors tell it."""
    error = node["error"] or {"code": None, "message": None}
    told = (node["index"], node["productId"], node["success"], node["message"], node["newStock"])
    return (*told, error["code"], error["message"])


def _of_poll(one: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("index", "productId", "success", "message", "newStock", "code", "error")
    return tuple(one.get(name) for name in names)


def _of_row(row: Mapping[str, str]) -> tuple[Any, ...]:
    result = {name: row[f"result.{name}"] or None for name in ("message", "code", "error")}
    new_stock = row["result.newStock"]
    return (
        int(row["result.index"]),
        row["result.productId"],
        row["result.success"] == "true",
        result["message"],
        int(new_stock) if new_stock else None,
        result["code"],
        result["error"],
    )


def _without_result(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cell for name, cell in line.items() if name != "result"}


def _present(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the item without what was not sent: GraphQL fills in some defaults."""
    return {name: cell for name, cell in item.items() if cell not in (None, False)}


FORMS = [(kind, form) for kind in KINDS.values() for form in kind.outcomes]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
VALUES: Mapping[str, Any] = {
    "index": 3,
    "product_id": CUP.upper(),
    "key": CUP,
    "product": Product(
        id=CUP,
        name="Cup",
        price=1,
        stock=2,
        category="tableware",
        discontinued=False,
        created_at=NOON,
        updated_at=NOON,
    ),
}


@pytest.mark.parametrize(("kind", "form"), FORMS, ids=lambda one: getattr(one, "stored_as", ""))
def test_each_outcome_of_a_kind_comes_back_from_the_store(
    kind: BatchKind, form: OutcomeForm
) -> None:
    stored = [one.name for one in fields(form.outcome) if one.name in {*VALUES, *form.fields}]
    outcome = form.outcome(**{name: VALUES.get(name, 7) for name in stored})
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)

    document = bson.decode(bson.encode(to_document(outcome)), options)

    assert document["kind"] == form.stored_as
    assert to_outcome(document) == outcome


def test_no_two_outcomes_are_stored_under_one_name() -> None:
    names = [form.stored_as for _, form in FORMS]
    assert sorted(set(names)) == sorted(names)
    assert "failed" not in names


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_publishes_all_of_its_successes_or_none(kind: BatchKind) -> None:
    assert len({form.published is not None for form in kind.outcomes}) == 1
