"""Refuse a request with too many items or a wrong option, before anything is done."""

import json
from typing import Any

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.refused_requests import BAD_INPUT, UPDATE_STOCK, WRITES

LONGEST_EXPIRY_MS = 3_153_600_000_000
EXPIRY_RANGE = f"is out of range: it may be from 1 to {LONGEST_EXPIRY_MS}"
NO_EXPIRIES: dict[str, str] = {  # as it stands in the body, and what is told
    "0": f"0 {EXPIRY_RANGE}",
    "-0.0": f"-0.0 {EXPIRY_RANGE}",
    "-1": f"-1 {EXPIRY_RANGE}",
    "0.5": "0.5 is not a whole number",
    "1e400": "Infinity is not a finite number",
    "-1e400": "-Infinity is not a finite number",
    "1e-400": "5e-324 is not a whole number",
    "1e300": f"1e+300 {EXPIRY_RANGE}",
    str(LONGEST_EXPIRY_MS + 1): f"{LONGEST_EXPIRY_MS + 1} {EXPIRY_RANGE}",
    "1" + "0" * 400: f"that was sent {EXPIRY_RANGE}",
}


async def test_more_than_ten_thousand_items_are_too_many(shop: Shop) -> None:
    shop.commands.names.clear()
    updates = [{"productId": UNKNOWN_ID, "quantity": 1}] * 10_001

    answer = await shop.graphql(UPDATE_STOCK, {"updates": updates})

    message = (
        "updates has 10001 items: at most 10000 are allowed in one request. Send several requests."
    )
    assert answer["data"] is None
    assert [(one["message"], one["extensions"], one["path"]) for one in answer["errors"]] == [
        (
            message,
            {"code": "BATCH_TOO_LARGE"},
            ["batchUpdateStock"],
        )
    ]
    assert shop.commands.names == []


async def test_an_atomic_batch_is_the_default_and_has_5000_items_at_most(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES:
        for options in (None, {"atomic": None, "batchSize": 10}):
            answer = await shop.graphql(query, {argument: [item] * 5001, "options": options})

            message = (
                f"{argument} has 5001 items: at most 5000 fit into one atomic batch. "
                "Set options.atomic to false, or send less."
            )
            (error,) = answer["errors"]
            assert (answer["data"], error["message"], error["extensions"]) == (
                None,
                message,
                {"code": "BATCH_TOO_LARGE"},
            )

    assert shop.commands.names == []


async def test_no_batch_of_any_kind_has_more_than_ten_thousand_items(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES:
        answer = await shop.graphql(
            query, {argument: [item] * 10_001, "options": {"atomic": False}}
        )

        (error,) = answer["errors"]
        assert (answer["data"], error["extensions"]) == (None, {"code": "BATCH_TOO_LARGE"})
        assert error["message"] == (
            f"{argument} has 10001 items: at most 10000 are allowed in one request. "
            "Send several requests."
        )

    assert shop.commands.names == []


async def test_a_batch_size_outside_its_range_is_refused(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES:
        for size in (0, -1, 1001):
            answer = await shop.graphql(query, {argument: [item], "options": {"batchSize": size}})

            (error,) = answer["errors"]
            assert (answer["data"], error["extensions"]) == (None, BAD_INPUT)
            assert error["message"] == (
                f"options.batchSize is {size}: it must be from 1 to 1000. Leave it out for 500."
            )

    assert shop.commands.names == []


async def test_an_expiry_that_is_none_is_refused(shop: Shop) -> None:
    shop.commands.names.clear()

    for query, argument, item in WRITES[:2]:
        for sent, fault in NO_EXPIRIES.items():
            variables = f'{{"{argument}": [{json.dumps(item)}], "options": {{"expireIn": {sent}}}}}'
            response = await shop.post(
                f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
            )

            (error,) = response.json()["errors"]
            assert (response.json()["data"], error["extensions"]) == (None, BAD_INPUT)
            assert error["message"] == f"options.expireIn {fault}. It is in milliseconds."

    assert shop.commands.names == []


async def test_an_expiry_or_an_option_of_another_type_is_refused(shop: Shop) -> None:
    shop.commands.names.clear()
    bad: dict[str, Any] = {
        "expireIn": "5",
        "atomic": "true",
        "continueOnError": 1,
        "validateBeforeWrite": "no",
        "returnPartialResults": 0,
        "returnDeletedItems": "yes",
        "batchSize": 1.5,
        "dryRun": [True, False],
        "ordered": True,
    }

    for query, argument, item in WRITES:
        for option, value in bad.items():
            answer = await shop.graphql(query, {argument: [item], "options": {option: value}})

            (error,) = answer["errors"]
            assert (answer["data"], error["extensions"]) == (None, BAD_INPUT)
            assert error["message"].startswith("Variable '$options' has invalid value")

    assert shop.commands.names == []
