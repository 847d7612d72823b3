"""Read items out of NDJSON."""

import json
from typing import Any

import pytest
from hypothesis import given

from server.web.rest.kind import MOST_UNKNOWN, RestKind
from server.web.rest.ndjson import NdjsonRows
from tests.support.web.read_rows import ID, read_ndjson, refusal
from tests.support.web.streamed_rows import PIECES, STOCK, UPDATE, nested, read, tables


def test_each_line_of_ndjson_is_an_item_as_it_stands() -> None:
    items = read_ndjson(
        STOCK,
        f'{{"productId": "{ID}", "quantity": 5}}\n{{"productId": 7, "quantity": "many"}}\n',
    )

    assert items == [{"productId": ID, "quantity": 5}, {"productId": 7, "quantity": "many"}]


def test_a_null_in_ndjson_stays_and_what_is_left_out_is_left_out() -> None:
    items = read_ndjson(UPDATE, f'{{"productId": "{ID}", "data": {{"name": null}}}}')

    assert items == [{"productId": ID, "data": {"name": None}}]


def test_numbers_of_any_size_can_be_read() -> None:
    (item,) = read_ndjson(STOCK, f'{{"quantity": {"9" * 5000}, "expectedStock": 1e999}}')

    assert item["quantity"] == int("9" * 30)
    assert item["expectedStock"] == float("inf")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{}\n\n[1]\n", "Line 3 is not a JSON object."),
        (b'{}\n"x"', "Line 2 is not a JSON object."),
        (b"{}\nnull", "Line 2 is not a JSON object."),
        (b"{", "Line 1 is not JSON: Expecting property name enclosed in double quotes at"),
        (b"{} {}", "Line 1 is not JSON: Extra data at character 4."),
        (b'{}\n{"quantity": NaN}', "Line 2 is not JSON: NaN is no number in JSON."),
        (b'{"quantity": -Infinity}', "Line 1 is not JSON: -Infinity is no number in JSON."),
        (b"{}\n{}\n\xff\n", "Line 3 is not UTF-8: byte 1 of it is 0xff."),
        (b'{"productId": "\xc3"}', "Line 1 is not UTF-8: byte 16 of it is 0xc3."),
        (b"[" * 60_000, "Line 1 is nested too deeply."),
        (
            b'{"productId": 1}\n{"productid": 1, "n\xc3\xa4me": 2}',
            (
                "Line 2 has the unknown key “productid”: there may be productId, quantity, "
                "expectedStock; and it has the unknown key “näme”: there may be"
            ),
        ),
        (b'{"result": 1}\n{"results": 1}', "Line 2 has the unknown key “results”: there may be"),
    ],
)
def test_what_is_no_item_in_ndjson_is_refused_by_its_line(body: bytes, told: str) -> None:
    assert refusal(lambda: read(NdjsonRows(STOCK), body)).startswith(told)


def test_of_very_many_unknown_keys_the_first_are_named() -> None:
    many = json.dumps({f"n{number}": 1 for number in range(5_000)})

    told = refusal(lambda: read_ndjson(STOCK, many))

    assert told.count("unknown key “n") == MOST_UNKNOWN
    assert told.endswith("; and it has 4995 more unknown keys.")


def test_an_unknown_key_inside_the_data_is_refused() -> None:
    told = refusal(lambda: read_ndjson(UPDATE, '{"productId": "1", "data": {"stock": 5}}'))

    assert told == "Line 1 has the unknown key “stock”: there may be name, price, category in data."


def test_a_field_that_belongs_into_the_data_is_refused_beside_it() -> None:
    told = refusal(lambda: read_ndjson(UPDATE, '{"productId": "1", "name": "x"}'))

    assert told == "Line 1 has the unknown key “name”: there may be productId, data."


@given(tables(), PIECES)
def test_what_is_written_as_ndjson_is_read_back(
    table: tuple[RestKind, list[dict[str, Any]]], pieces: list[int]
) -> None:
    kind, flat = table
    items = [nested(kind, one) for one in flat]
    body = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in items).encode()

    assert read(NdjsonRows(kind), body, pieces) == items
