"""Use the HTTP routes: GraphQL by POST and GET, the page for browsers, health and metrics."""

import re

import pytest
from graphql import parse, validate

from schema import schema
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

MUTATION = (
    'mutation {{ batchUpdateStock(updates: [{{productId: "{}", quantity: 1}}]) {{ newStock }} }}'
)
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_browser_gets_the_page_with_the_example_ready_to_run(shop: Shop) -> None:
    async with shop.http() as client:
        response = await client.get("/graphql", headers=HTML)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "graphiql" in response.text
    for number, quantity in ((1, 5), (2, -3), (3, 10)):
        assert f'{{ productId: "{number:024x}", quantity: {quantity} }}' in response.text


async def test_the_examples_of_the_page_are_valid_and_give_what_they_promise(shop: Shop) -> None:
    for number in (1, 2, 3):
        await shop.put(10, id=f"{number:024x}")
    async with shop.http() as client:
        page = (await client.get("/graphql", headers=HTML)).text
    examples = dict(
        re.findall(r'<script id="([\w-]+)" type="text/plain">(.+?)</script>', page, re.DOTALL)
    )

    updated = await shop.ask(examples.pop("update-stock"))
    assert [one["newStock"] for one in updated] == [15, 7, 20]
    discontinued = await shop.ask(examples.pop("discontinue"))
    assert (discontinued["updated"], discontinued["failed"]) == (3, 0)
    listed = await shop.ask(examples.pop("products"))
    assert listed["totalCount"] == 3
    # Its two operations are run in tests/acceptance/graphiql/test_batch.py.
    assert validate(schema._schema, parse(examples.pop("background"))) == []
    assert examples == {}


async def test_a_query_may_come_by_get(shop: Shop) -> None:
    (known,) = await shop.put(10)
    query = "query ($id: ID!) { product(id: $id) { stock } }"

    async with shop.http() as client:
        response = await client.get(
            "/graphql", params={"query": query, "variables": f'{{"id": "{known}"}}'}
        )

    assert (response.status_code, response.json()) == (200, {"data": {"product": {"stock": 10}}})


async def test_a_mutation_by_get_is_refused_and_changes_nothing(shop: Shop) -> None:
    (known,) = await shop.put(10)

    async with shop.http() as client:
        for headers in ({"accept": "application/json"}, HTML):
            response = await client.get(
                "/graphql", params={"query": MUTATION.format(known)}, headers=headers
            )
            assert (response.status_code, response.headers["allow"]) == (405, "POST")
            (error,) = response.json()["errors"]
            assert error["extensions"] == {"code": "BAD_INPUT"}

    assert shop.stocks() == {known: 10}
    assert shop.rows() == []


async def test_a_get_without_a_query_is_refused(shop: Shop) -> None:
    async with shop.http() as client:
        response = await client.get("/graphql", headers={"accept": "application/json"})

    assert (response.status_code, response.json()) == (
        400,
        {
            "errors": [
                {
                    "message": "No GraphQL query found in the request",
                    "extensions": {"code": "BAD_INPUT"},
                }
            ]
        },
    )


async def test_a_form_that_another_site_could_send_is_refused(shop: Shop) -> None:
    (known,) = await shop.put(10)
    query = MUTATION.format(known)

    async with shop.http() as client:
        for content_type in ("text/plain", "application/x-www-form-urlencoded"):
            response = await client.post(
                "/graphql",
                content=f'{{"query": {query!r}}}',
                headers={"content-type": content_type},
            )
            assert response.status_code == 415
        response = await client.post("/graphql", data={"operations": query}, files={"0": b"x"})
        assert response.status_code == 415

    assert shop.stocks() == {known: 10}
    assert shop.rows() == []


async def test_other_methods_and_routes_are_refused(shop: Shop) -> None:
    async with shop.http() as client:
        assert (await client.put("/graphql")).status_code == 405
        assert (await client.post("/healthz")).status_code == 405
        assert (await client.get("/nonsense")).status_code == 404


async def test_it_is_healthy_and_ready(shop: Shop) -> None:
    async with shop.http() as client:
        for route in ("/healthz", "/readyz"):
            response = await client.get(route)
            assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_without_a_primary_it_is_healthy_and_not_ready(shop: Shop) -> None:
    async with shop.http() as client:
        with shop.failing("hello", mode="alwaysOn", errorCode=91):
            response = await client.get("/readyz")
            assert (response.status_code, response.json()) == (
                503,
                {"status": "unavailable", "reason": "no primary of the database answers"},
            )
            assert (await client.get("/healthz")).status_code == 200


async def test_the_metrics_count_what_was_answered(shop: Shop) -> None:
    ids = await shop.put(10, 10)
    with shop.failing("commitTransaction", mode={"times": 1}, errorCode=251):
        await shop.update([(ids[0], 1), (ids[1], -11)])
    await shop.discontinue([ids[0], "nonsense"])

    async with shop.http() as client:
        response = await client.get("/metrics")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    lines = response.text.splitlines()
    for operation, code in (
        ("batchUpdateStock", "INSUFFICIENT_STOCK"),
        ("batchDiscontinueProducts", "INVALID_PRODUCT_ID"),
    ):
        for one in ("OK", code):
            labels = f'{{code="{one}",operation="{operation}"}}'
            assert f"stockbatch_items_total{labels} 1.0" in lines
        assert f'stockbatch_chunk_seconds_count{{operation="{operation}"}} 1.0' in lines
    assert 'stockbatch_transaction_retries_total{reason="conflict"} 1.0' in lines
