"""Refuse a REST submission that is wrong, with every reason at once."""

from typing import Any

import pytest

from tests.support.shop import Shop
from tests.support.web.rest_calls import (
    ID,
    NO_LIST,
    PRICE_RANGE,
    assert_nothing_is_stored,
    post,
    refusal,
)

pytestmark = pytest.mark.either_driver

SIZE_RANGE = "is out of range: it may be from 1 to 1000. Leave it out for 500."


@pytest.mark.parametrize(
    ("path", "body", "reasons"),
    [
        (
            "update-price",
            {},
            [f"productIds is missing: {NO_LIST}", "newPrice is missing: give the"],
        ),
        (
            "update-price",
            {"productIds": [], "newPrice": -1, "batchSize": 0},
            [
                f"productIds is empty: {NO_LIST}",
                f"newPrice -1 {PRICE_RANGE}",
                f"batchSize 0 {SIZE_RANGE}",
            ],
        ),
        (
            "update-price",
            {"productIds": "all", "newPrice": 1.5, "batchSize": "many"},
            [
                f"productIds is not a list: {NO_LIST}",
                "newPrice 1.5 is not a whole number. It is in whole cents: did you mean 150?",
                "batchSize “many” is not a number. Leave it out for 500.",
            ],
        ),
        (
            "update-price",
            {"productIds": [ID, 5, None], "newPrice": "5", "newprice": 5},
            [
                "There is no key “newprice”: there may be productIds, batchSize, dryRun, newPrice.",
                "productIds[1] is not a text: an id is 24 hexadecimal characters.",
                "productIds[2] is not a text: an id is 24 hexadecimal characters.",
                "newPrice “5” is not a number. It is in whole cents.",
            ],
        ),
        (
            "update-price",
            {"productIds": [ID], "newPrice": True},
            ["newPrice true is not a number. It is in whole cents."],
        ),
        (
            "update-price",
            {"productIds": ["x"] * 100_001, "newPrice": 5},
            ["productIds has 100001 items: at most 100000 are allowed."],
        ),
        (
            "update-stock",
            {"updates": [{"productId": ID, "qty": 1}, 5, {}, ["x"]], "newPrice": 5},
            [
                "There is no key “newPrice”: there may be updates, batchSize, dryRun.",
                "updates[0] has the unknown key “qty”: there may be productId, quantity,",
                "updates[1] is not an object.",
                "updates[3] is not an object.",
            ],
        ),
        (
            "update-products",
            {"updates": [{"productId": ID, "data": {"stock": 1}}], "expireIn": 0},
            [
                "updates[0] has the unknown key “stock”: there may be name, price, category in",
                "expireIn 0 is out of range: it may be from 1 to 3153600000000. It is in milli",
            ],
        ),
        (
            "delete-products",
            {"deletes": [{"productId": ID}], "cascadeDelete": "yes"},
            ["cascadeDelete is neither true nor false."],
        ),
        ("discontinue-products", {"productIds": None}, [f"productIds is missing: {NO_LIST}"]),
    ],
)
async def test_all_that_is_wrong_with_a_request_is_told_at_once(
    shop: Shop, path: str, body: dict[str, Any], reasons: list[str]
) -> None:
    response = await post(shop, path, body)

    error = refusal(response)
    assert (response.status_code, error["code"]) == (400, "BAD_INPUT")
    assert len(error["reasons"]) == len(reasons)
    assert all(
        one.startswith(expected) for one, expected in zip(error["reasons"], reasons, strict=True)
    ), error["reasons"]
    assert error["message"] == (
        error["reasons"][0]
        if len(reasons) == 1
        else f"{len(reasons)} things are wrong with the request."
    )
    assert_nothing_is_stored(shop)


async def test_of_very_many_reasons_the_first_are_told(shop: Shop) -> None:
    response = await post(shop, "update-stock", {"updates": [1] * 1000})

    error = refusal(response)
    assert error["message"] == "1000 things are wrong with the request."
    assert error["reasons"][:2] == ["updates[0] is not an object.", "updates[1] is not an object."]
    assert error["reasons"][20:] == ["And 980 more."]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "The body is not JSON: Expecting value at character 1."),
        ("{", "The body is not JSON: "),
        ('{"updates": [NaN]}', "The body is not JSON: NaN is no number in JSON."),
        (b"\xff", "The body is not UTF-8: byte 1 of it is 0xff."),
        ("[" * 200_000, "The body is nested too deeply."),
        ("[]", "The body is not a JSON object."),
        ("null", "The body is not a JSON object."),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    shop: Shop, body: str | bytes, told: str
) -> None:
    response = await post(shop, "update-stock", body)

    assert response.status_code == 400
    assert refusal(response)["message"].startswith(told)
    assert_nothing_is_stored(shop)


async def test_a_parameter_beside_a_json_body_is_refused(shop: Shop) -> None:
    response = await post(shop, "update-stock?batchSize=5", {"updates": [{"productId": ID}]})

    assert response.status_code == 400
    assert refusal(response)["reasons"] == [
        "There is no parameter “batchSize”: in JSON, options stand beside updates."
    ]
    assert_nothing_is_stored(shop)
