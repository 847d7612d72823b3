"""Check the media type and the status of answers of GraphQL over HTTP."""

import json
from typing import Any

import httpx
import pytest

from server.web.graphql import view
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
# what is accepted, and what comes then
PREFERENCES: dict[str | None, str] = {
    None: JSON,
    "": JSON,
    "*/*": JSON,
    "application/*": JSON,
    JSON: JSON,
    "APPLICATION/JSON": JSON,
    f"{JSON}; charset=utf-8": JSON,
    RESPONSE: RESPONSE,
    f"{RESPONSE}; charset=utf-8": RESPONSE,
    f"{RESPONSE};charset=utf-8, {JSON};charset=utf-8": RESPONSE,
    f"{JSON}, {RESPONSE}": RESPONSE,
    f"{RESPONSE}, {JSON};q=0.9": RESPONSE,
    f"{RESPONSE};q=0.9, {JSON}": JSON,
    f"{RESPONSE};q=0.4, {JSON};q=0.5, */*;q=0.1": JSON,
    f"{RESPONSE};q=0.5, {JSON};q=0.4": RESPONSE,
    f"{RESPONSE};q=0, {JSON};q=0.1": JSON,
    f"{RESPONSE};q=0, */*": JSON,
    f"{JSON};q=0, */*": RESPONSE,
    f"{RESPONSE}, */*": RESPONSE,
    f"{RESPONSE};q=0.1, */*": JSON,
    f"{JSON}, multipart/mixed": JSON,
    f"text/html, application/xhtml+xml, {RESPONSE};q=0.9, */*;q=0.8": RESPONSE,
}
UNACCEPTABLE = [
    "text/html",
    "text/*",
    "application/xml;q=1",
    f"{JSON};q=0",
    f"{RESPONSE};q=0, {JSON};q=0",
    f"{JSON};q=most",
    f"{JSON};q=nan",
    f"{JSON};q=-1",
]
TWO = "query A { a: __typename } query B { b: __typename }"
# requests that are well-formed and that nothing is executed of
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "syntax": ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
    "validation": ({"query": "{ nonsense }"}, "Cannot query field 'nonsense' on type 'Query'."),
    "variables": (
        {"query": "query ($id: ID!) { product(id: $id) { id } }", "variables": {"id": None}},
        "Variable '$id' has invalid value: Expected value of non-null type 'ID!' not to be null.",
    ),
    "no operation": (
        {"query": "fragment F on Product { id }"},
        "Can't get GraphQL operation type",
    ),
    "unknown operation": (
        {"query": "{ __typename }", "operationName": "Nobody"},
        'Unknown operation named "Nobody".',
    ),
    "an operation that is no Unicode": (
        {"query": "{ __typename }", "operationName": "\ud800"},
        'Unknown operation named "\ud800".',
    ),
    "several operations": (
        {"query": TWO},
        "Must provide operation name if query contains multiple operations.",
    ),
}
# what is no GraphQL request: the body, its type, the status
MALFORMED: dict[str, tuple[bytes, str | None, int]] = {
    "no JSON": (b"{", JSON, 400),
    "no body": (b"", JSON, 400),
    "no query": (b"{}", JSON, 400),
    "an operationName of another type": (
        b'{"query": "{ __typename }", "operationName": 5}',
        JSON,
        400,
    ),
    "variables of another type": (b'{"query": "{ __typename }", "variables": 5}', JSON, 400),
    "several requests": (b'[{"query": "{ __typename }"}]', JSON, 400),
    "another type": (b'{"query": "{ __typename }"}', "text/plain", 415),
    "another encoding": (b'{"query": "{ __typename }"}', f"{JSON}; charset=utf-16", 415),
    "no type": (b'{"query": "{ __typename }"}', None, 415),
}


async def post(shop: Shop, body: Any, accept: str | None) -> httpx.Response:
    """Send `body` as JSON, or as bytes; without an Accept header if `accept` is None."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": JSON} | ({} if accept is None else {"Accept": accept})
    async with shop.http() as client:
        if accept is None:
            del client.headers["Accept"]
        return await client.post("/graphql", content=content, headers=headers)


def media_type(response: httpx.Response) -> str:
    name, charset = response.headers["content-type"].split("; ")
    assert charset == "charset=utf-8"
    return str(name)


def refusal(response: httpx.Response, *, data: bool) -> str:
    """Return the message of the only error; beside it there is at most a null `data`."""
    answer = response.json()
    (error,) = answer.pop("errors")
    assert answer == ({"data": None} if data else {})
    assert error["extensions"] == {"code": "BAD_INPUT"}
    return str(error["message"])


async def test_an_answer_has_the_media_type_that_the_client_prefers(shop: Shop) -> None:
    for accept, expected in PREFERENCES.items():
        response = await post(shop, {"query": "{ __typename }"}, accept)

        assert (accept, response.status_code) == (accept, 200)
        assert (accept, media_type(response)) == (accept, expected)
        assert "Accept" in response.headers["vary"].split(", ")
        assert response.json() == {"data": {"__typename": "Query"}}


async def test_who_accepts_neither_is_told_before_anything_is_done(shop: Shop) -> None:
    (known,) = await shop.put(10)
    update = f'{{productId: "{known}", quantity: 1}}'
    mutation = f"mutation {{ batchUpdateStock(updates: [{update}]) {{ newStock }} }}"

    for accept in UNACCEPTABLE:
        response = await post(shop, {"query": mutation}, accept)

        assert (accept, response.status_code, media_type(response)) == (accept, 406, JSON)
        assert refusal(response, data=False) == (
            f"An answer is {RESPONSE} or {JSON}: accept one of them."
        )
    assert shop.stocks() == {known: 10}
    assert shop.rows() == []


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_request_that_is_not_executed_is_400_without_data_or_200_in_json(
    shop: Shop, kind: str
) -> None:
    request, message = REFUSED[kind]

    told = await post(shop, request, RESPONSE)
    assert (told.status_code, media_type(told)) == (400, RESPONSE)
    assert refusal(told, data=False) == message

    told = await post(shop, request, JSON)
    assert (told.status_code, media_type(told)) == (200, JSON)
    assert refusal(told, data=True) == message


async def test_partial_data_is_200_in_both(shop: Shop) -> None:
    (known,) = await shop.put(10)
    queries = {
        f'{{ good: product(id: "{known}") {{ stock }} bad: product(id: "5") {{ stock }} }}': {
            "good": {"stock": 10},
            "bad": None,
        },
        "{ products(first: 0) { totalCount } }": None,  # executed, and nothing is left
    }

    for query, data in queries.items():
        for accept in (RESPONSE, JSON):
            response = await post(shop, {"query": query}, accept)

            assert (response.status_code, media_type(response)) == (200, accept)
            assert response.json()["data"] == data
            (error,) = response.json()["errors"]
            assert error["extensions"] == {"code": "BAD_INPUT"}


@pytest.mark.parametrize("kind", MALFORMED)
async def test_what_is_no_request_is_refused_in_both(shop: Shop, kind: str) -> None:
    content, content_type, status = MALFORMED[kind]

    for accept in (RESPONSE, JSON):
        headers = {"Accept": accept} | ({"Content-Type": content_type} if content_type else {})
        async with shop.http() as client:
            response = await client.post("/graphql", content=content, headers=headers)

        assert (response.status_code, media_type(response)) == (status, accept)
        assert refusal(response, data=False) != ""


async def test_one_of_several_operations_is_executed_if_it_is_named(shop: Shop) -> None:
    for name, data in {"A": {"a": "Query"}, "B": {"b": "Query"}}.items():
        response = await post(shop, {"query": TWO, "operationName": name}, RESPONSE)

        assert (response.status_code, response.json()) == (200, {"data": data})


async def test_of_several_operations_without_a_name_none_is_executed(shop: Shop) -> None:
    (known,) = await shop.put(10)
    update = f'{{productId: "{known}", quantity: 1}}'
    mutation = f"mutation M {{ batchUpdateStock(updates: [{update}]) {{ newStock }} }}"

    query_ = "query Q { __typename }"
    three = f"{mutation} {query_} query R {{ __typename }}"
    for query in (f"{mutation} {query_}", f"{query_} {mutation}", three):
        for name in ({}, {"operationName": None}, {"operationName": ""}):
            response = await post(shop, {"query": query, **name}, RESPONSE)
            assert response.status_code == 400

    assert shop.stocks() == {known: 10}


async def test_a_name_that_is_empty_is_none(shop: Shop) -> None:
    response = await post(shop, {"query": "{ __typename }", "operationName": ""}, RESPONSE)

    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


async def test_a_get_may_read_and_not_write(shop: Shop) -> None:
    async with shop.http() as client:
        for accept in (RESPONSE, JSON):
            for query, name, status in (
                (TWO, "B", 200),
                ("mutation M { __typename }", "", 405),
                ("query Q { __typename } mutation M { __typename }", "M", 405),
                ("subscription S { __typename }", "", 400),
            ):
                response = await client.get(
                    "/graphql",
                    params={"query": query, "operationName": name},
                    headers={"Accept": accept},
                )
                assert (query, response.status_code) == (query, status)
                assert media_type(response) == accept
                assert response.headers.get("allow") == ("POST" if status == 405 else None)


async def test_a_method_that_is_neither_get_nor_post_is_told_what_is(shop: Shop) -> None:
    async with shop.http() as client:
        for method in ("PUT", "DELETE", "HEAD"):
            response = await client.request(method, "/graphql")

            assert response.status_code == 405
            assert set(response.headers["allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused_in_the_form_of_graphql(shop: Shop, method: str) -> None:
    async with shop.http() as client:
        response = await client.request(method, "/graphql", headers={"Accept": RESPONSE})

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert refusal(response, data=False) != ""


async def test_a_fault_of_the_view_itself_is_masked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(view, "key_headers", fail)
    response = await post(shop, {"query": "{ __typename }"}, RESPONSE)

    (error,) = response.json()["errors"]
    assert response.status_code == 500
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["message"].startswith("Internal error. (Error ")
