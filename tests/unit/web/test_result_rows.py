"""Write results as files that can be mended and sent again."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.item_result import ItemResult, Publication
from server.domain.outcome import Failed
from server.domain.product import Product
from server.kinds.create_products.rules import Created
from server.kinds.registry import KINDS
from server.kinds.update_price.rules import Priced
from server.kinds.update_stock.rules import Applied
from server.web.rest.files.csv_rows import CsvRows
from server.web.rest.kind import BY_PATH, RestKind
from server.web.rest.ndjson import NdjsonRows
from server.web.rest.result_fields import polled
from server.web.rest.result_rows import CsvWriter, NdjsonWriter
from tests.support.web.streamed_rows import (
    CREATE,
    PIECES,
    PRICE,
    STOCK,
    UPDATE,
    nested,
    read,
    tables,
    trimmed,
)

RESULT_HEADER = (
    "result.index,result.row,result.success,result.code,result.error,result.message,"
    "result.oldStock,result.newStock,"
    "result.txId,result.publicationError,result.productId"
)


def failure(sent: Mapping[str, Any], *messages: str, index: int = 0) -> ItemResult:
    errors = tuple(
        ItemError(code=ItemErrorCode.INVALID_FIELD, message=one, path=("updates", str(index)))
        for one in messages or ("It is wrong.",)
    )
    outcome = Failed(index=index, product_id=sent.get("productId"), errors=errors)
    return ItemResult(input=sent, outcome=outcome)


def applied(sent: Mapping[str, Any], new_stock: int, index: int = 0) -> ItemResult:
    outcome = Applied(
        index=index,
        product_id=sent["productId"],
        key=sent["productId"],
        quantity=sent["quantity"],
        new_stock=new_stock,
    )
    return ItemResult(input=sent, outcome=outcome)


def priced(publication: Publication | None, *, is_published: bool = True) -> ItemResult:
    outcome = Priced(index=3, product_id="a", key="a", price=1500)
    return ItemResult(
        input={"productId": "a"},
        outcome=outcome,
        is_published=is_published,
        publication=publication,
    )


RELEASED = {
    "batch-update-stock": "stock update",
    "batch-discontinue-products": "product discontinuation",
    "batch-update-price": "price update",
    "batch-create-products": "product creation",
    "batch-update-products": "product update",
    "batch-delete-products": "product deletion",
}


def test_every_operation_has_a_path_and_a_message() -> None:
    assert {rest_kind.kind.name for rest_kind in BY_PATH.values()} == set(KINDS)
    titles = {path: kind.kind.title for path, kind in BY_PATH.items()}
    assert titles | RELEASED == titles


def test_ndjson_has_the_item_as_it_was_sent_and_what_became_of_it() -> None:
    body = NdjsonWriter().rows(
        [
            applied({"productId": "a", "quantity": 5}, 15),
            failure({"productId": "é", "quantity": "x"}, "First.", "Second.", index=1),
        ]
    )

    assert body.decode() == (
        '{"productId":"a","quantity":5,"result":{"index":0,"success":true,'
        '"message":"Stock is now 15","oldStock":10,"newStock":15,"productId":"a"}}\n'
        '{"productId":"é","quantity":"x","result":{"index":1,"success":false,'
        '"code":"INVALID_FIELD","error":"First. Second.","productId":"é"}}\n'
    )


def test_csv_has_the_columns_of_the_operation_and_those_of_the_result() -> None:
    writer = CsvWriter(STOCK)

    body = writer.head() + writer.rows(
        [
            applied({"productId": "a", "quantity": 5, "expectedStock": 10}, 15),
            failure({"productId": 'b"', "quantity": "x,y"}, index=1),
        ]
    )

    assert body.decode() == (
        f"productId,quantity,expectedStock,{RESULT_HEADER}\r\n"
        "a,5,10,0,,true,,,Stock is now 15,10,15,,,a\r\n"
        '"b""","x,y",,1,,false,INVALID_FIELD,It is wrong.,,,,,,"b"""\r\n'
    )


def test_the_data_of_an_update_stands_in_columns_of_its_own() -> None:
    sent = {"productId": "a", "data": {"price": 5, "name": "Cup"}}

    body = CsvWriter(UPDATE).rows([failure(sent)])

    assert body.decode().startswith("a,Cup,5,,0,,false,")


def test_a_created_product_is_told_by_its_new_id() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    product = Product(
        id="a" * 24,
        name="Cup",
        price=100,
        stock=1,
        category="tableware",
        discontinued=False,
        created_at=now,
        updated_at=now,
    )
    result = ItemResult(
        input={"name": "Cup"},
        outcome=Created(index=0, product_id=None, product=product, replaces=False),
    )

    (line,) = NdjsonWriter().rows([result]).splitlines()

    assert json.loads(line)["result"]["productId"] == product.id
    assert polled(result)["productId"] == product.id


@pytest.mark.parametrize(
    ("publication", "is_published", "told"),
    [
        (None, False, {"message": "Price updated to 1500", "txId": None}),
        (None, True, {"message": "Price updated to 1500 (publication pending)", "txId": None}),
        (
            Publication(index=3, tx_id="0x1"),
            True,
            {"message": "Price updated to 1500", "txId": "0x1"},
        ),
        (
            Publication(index=3, error="timed out"),
            True,
            {"message": "Price updated (not published)", "error": "timed out", "txId": None},
        ),
    ],
)
def test_a_poll_tells_of_a_publication_as_the_seed_does(
    publication: Publication | None, is_published: bool, told: dict[str, Any]
) -> None:
    result = priced(publication, is_published=is_published)

    assert polled(result) == {"index": 3, "productId": "a", "success": True, **told}


def test_a_download_keeps_the_publication_apart_from_the_item() -> None:
    (line,) = NdjsonWriter().rows([priced(Publication(index=3, error="timed out"))]).splitlines()

    assert json.loads(line)["result"] == {
        "index": 3,
        "success": True,
        "message": "Price updated (not published)",
        "publicationError": "timed out",
        "productId": "a",
    }


def test_a_poll_of_a_failed_item_has_no_message() -> None:
    assert polled(failure({"productId": "a"}, "It is wrong.")) == {
        "index": 0,
        "productId": "a",
        "success": False,
        "error": "It is wrong.",
        "code": "INVALID_FIELD",
        "txId": None,
    }


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_what_others_have_said_never_begins_like_a_formula(start: str) -> None:
    said = f"{start}cmd()"
    body = CsvWriter(PRICE).rows([priced(Publication(index=3, tx_id=said, error=said))])

    (row,) = csv.reader(io.StringIO(body.decode(), newline=""))

    assert row == [
        *("a", "3", "", "true", "", "", "Price updated (not published)", "", ""),
        *(f"'{said}", f"'{said}", "a"),
    ]


def test_what_the_caller_has_sent_begins_like_no_formula_either_and_is_read_back() -> None:
    sent = {"name": "=1+1", "price": -5, "stock": "-five", "category": "'@x"}

    body = CsvWriter(CREATE).head() + CsvWriter(CREATE).rows([failure(sent)])

    assert body.decode().splitlines()[1].startswith(",'=1+1,-5,'-five,''@x,,0,,false")
    assert read(CsvRows(CREATE), body) == [sent]


def test_a_list_or_an_object_is_json_in_its_cell() -> None:
    sent = {"name": ["Cup"], "price": {"eur": 5}}

    (row,) = csv.reader([CsvWriter(CREATE).rows([failure(sent)]).decode()])

    assert row[1:3] == ['["Cup"]', '{"eur":5}']


def test_numbers_that_json_does_not_have_become_texts() -> None:
    sent = {"productId": "a", "data": {"price": float("inf")}}

    (line,) = NdjsonWriter().rows([failure(sent)]).splitlines()

    assert json.loads(line)["data"] == {"price": "Infinity"}


def test_half_a_surrogate_pair_can_be_written() -> None:
    sent = {"name": "\ud800"}

    (line,) = NdjsonWriter().rows([failure(sent)]).splitlines()

    assert json.loads(line)["name"] == "\ud800"
    assert CsvWriter(CREATE).rows([failure(sent)]).decode().startswith(",?,,,,,0,,false")


@given(tables(), PIECES)
def test_a_downloaded_csv_file_is_read_as_what_was_sent(
    table: tuple[RestKind, list[dict[str, Any]]], pieces: list[int]
) -> None:
    kind, flat = table
    items = [nested(kind, one) for one in flat]
    writer = CsvWriter(kind)

    body = writer.head() + writer.rows([failure(one) for one in items])

    assert read(CsvRows(kind), body, pieces) == [nested(kind, trimmed(one)) for one in flat]


@given(tables(), PIECES, st.text())
def test_a_downloaded_ndjson_file_is_read_as_what_was_sent(
    table: tuple[RestKind, list[dict[str, Any]]], pieces: list[int], message: str
) -> None:
    kind, flat = table
    items = [nested(kind, one) for one in flat]
    writer = NdjsonWriter()

    body = writer.head() + writer.rows([failure(one, message) for one in items])

    assert read(NdjsonRows(kind), body, pieces) == items
