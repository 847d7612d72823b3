"""Refuse a request whose body is no GraphQL request, or is too large."""

import json

from tests.support.shop import Shop
from tests.support.web.refused_requests import BAD_INPUT


async def test_what_is_no_json_object_is_refused(shop: Shop) -> None:
    nan = b'{"query": "{ __typename }", "variables": {"a": NaN}}'
    twice = b'{"query": "{ a }", "query": "{ b }"}'
    nested = b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100_000
    for body, fault in (
        (b"", "is not JSON: Expecting value at character 1"),
        (b"{", "is not JSON: Expecting property name enclosed in double quotes at character 2"),
        (b"query { products }", "is not JSON: Expecting value at character 1"),
        (b"\xff\xfe\xfd", "is not UTF-8: byte 1 of it is 0xff"),
        (nan, "is not JSON: NaN is no number in JSON"),
        (twice, "has the name “query” twice in one object: send it once"),
        (nested, "is nested too deeply"),
    ):
        response = await shop.post(body)

        assert (response.status_code, response.json()) == (
            400,
            {"errors": [{"message": f"The body {fault}.", "extensions": BAD_INPUT}]},
        )


async def test_json_that_is_no_object_is_refused(shop: Shop) -> None:
    for body in ("5", "null", "true", '"{ products }"'):
        response = await shop.post(body)

        assert (body, response.status_code) == (body, 400)
        assert [error["extensions"] for error in response.json()["errors"]] == [BAD_INPUT]


async def test_an_object_that_is_no_request_is_refused(shop: Shop) -> None:
    query = "{ __typename }"
    for body in (
        {},
        [],
        [{"query": query}],
        {"query": None},
        {"query": ""},
        {"query": 5},
        {"query": query, "variables": [1]},
        {"query": query, "variables": "{}"},
        {"query": query, "operationName": 5},
        {"query": query, "operationName": False},
        {"query": query, "extensions": 5},
    ):
        response = await shop.post(json.dumps(body))

        assert (body, response.status_code) == (body, 400)
        assert [error["extensions"] for error in response.json()["errors"]] == [BAD_INPUT]


async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(shop: Shop) -> None:
    limit = 32 * 1024**2  # as the shop sets it
    body = json.dumps({"query": "{ __typename }"}).encode()

    response = await shop.post(body.ljust(limit))
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})

    response = await shop.post(body.ljust(limit + 1))
    assert (response.status_code, response.json()) == (
        413,
        {
            "errors": [
                {
                    "message": "The request is larger than 33554432 bytes: send less.",
                    "extensions": BAD_INPUT,
                }
            ]
        },
    )
