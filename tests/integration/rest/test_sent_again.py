"""Send a file twice: it is never refused, and the second answer names the first batch."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.domain.errors import DatabaseUnavailable
from server.mongo.connection.embedded import EmbeddedMongod
from server.mongo.sent_files import SentFiles
from tests.support.shop import Shop, open_shop
from tests.support.web.doors import app_of
from tests.support.web.identities import ANOTHER, OPERATOR, make_identities
from tests.support.web.rest_calls import CSV, NDJSON, post

pytestmark = pytest.mark.either_driver


async def sent(shop: Shop, body: Any, media_type: str = CSV, **headers: str) -> dict[str, Any]:
    response = await post(shop, "update-stock", body, media_type, **headers)
    assert response.status_code == 201
    answer: dict[str, Any] = response.json()
    return answer


def rows_of(product: str) -> str:
    return f"productId,quantity\n{product},1\n"


async def pieces(body: str) -> AsyncIterator[bytes]:
    for character in body:
        yield character.encode()


async def test_the_second_answer_names_the_first_batch(shop: Shop) -> None:
    (product,) = await shop.put(10)

    first = await sent(shop, rows_of(product))
    second = await sent(shop, pieces(rows_of(product)))
    third = await sent(shop, rows_of(product))

    assert "warning" not in first
    assert second["warning"] == (
        f"You have sent the same file within the last 60 minutes: it became the batch "
        f"{first['batchId']}. If this is a mistake, cancel the batch {second['batchId']}. A file "
        "that is sent with an Idempotency-Key is never run twice."
    )
    assert f"the batch {second['batchId']}. If" in third["warning"]
    assert len({one["batchId"] for one in (first, second, third)}) == 3


async def test_json_and_ndjson_warn_as_well(shop: Shop) -> None:
    (product,) = await shop.put(10)
    item = {"productId": product, "quantity": 1}
    for body, media_type in (({"updates": [item]}, "application/json"), (str(item), NDJSON)):
        text = body if isinstance(body, dict) else body.replace("'", '"')
        first = await sent(shop, text, media_type)
        second = await sent(shop, text, media_type)

        assert "warning" not in first
        assert first["batchId"] in second["warning"]


async def test_what_differs_is_not_the_same_file(shop: Shop) -> None:
    (product,) = await shop.put(10)
    ids = f"productId\n{product}\n"

    answers = [
        await post(shop, "update-price?newPrice=5", ids, CSV),
        await post(shop, "update-price?newPrice=6", ids, CSV),
        await post(shop, "discontinue-products", ids, CSV),
        await post(shop, "discontinue-products", ids + "\n", CSV),
    ]
    same = await post(shop, "update-price?newPrice=6&batchSize=7", ids, CSV)

    assert ["warning" in answer.json() for answer in answers] == [False] * 4
    assert answers[1].json()["batchId"] in same.json()["warning"]


async def test_a_key_needs_no_warning_but_its_batch_is_named(shop: Shop) -> None:
    (product,) = await shop.put(10)

    keyed = await sent(shop, rows_of(product), idempotency_key="a")
    again = await sent(shop, rows_of(product), idempotency_key="b")
    replayed = await sent(shop, rows_of(product), idempotency_key="b")
    keyless = await sent(shop, rows_of(product))

    assert all("warning" not in one for one in (keyed, again, replayed))
    assert again["batchId"] in keyless["warning"]


async def test_two_servers_know_the_same_files(shop: Shop, mongod: EmbeddedMongod) -> None:
    (product,) = await shop.put(10)
    async with open_shop(mongod.uri, "pymongo", database=shop.database) as other:
        first = await sent(shop, rows_of(product))
        second = await sent(other, rows_of(product))

    assert first["batchId"] in second["warning"]


async def test_callers_do_not_hear_of_each_other(shop: Shop, tmp_path: Path) -> None:
    (product,) = await shop.put(10)
    identities = make_identities(tmp_path)
    app = app_of(shop, authentication=identities.authentication)
    warned = {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        for turn, who in enumerate((OPERATOR, ANOTHER, OPERATOR)):
            response = await client.post(
                "/api/batches/batch-update-stock",
                content=rows_of(product),
                headers={"content-type": CSV} | identities.headers(who),
            )
            warned[turn] = "warning" in response.json()

    assert warned == {0: False, 1: False, 2: True}


async def test_after_an_hour_it_is_forgotten(shop: Shop) -> None:
    (product,) = await shop.put(10)
    await sent(shop, rows_of(product))
    files = shop.admin[shop.database]["sentFiles"]
    (kept,) = files.find()
    seconds = (kept["forgetAt"] - datetime.now(UTC)).total_seconds()
    assert 3500 < seconds <= 3601

    files.update_one({}, {"$set": {"forgetAt": datetime(2026, 1, 1, tzinfo=UTC)}})

    assert "warning" not in await sent(shop, rows_of(product))


async def test_a_refused_file_is_not_remembered(shop: Shop) -> None:
    refused = await post(shop, "update-stock", "productId,quantity\nx,1,2\n", CSV)

    assert refused.status_code == 400
    assert shop.admin[shop.database]["sentFiles"].count_documents({}) == 0


async def test_a_database_that_fails_then_costs_only_the_warning(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (product,) = await shop.put(10)
    await sent(shop, rows_of(product))

    async def fail(*_: object) -> None:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(SentFiles, "note", fail)

    assert "warning" not in await sent(shop, rows_of(product))


async def test_a_preview_neither_warns_nor_is_remembered(shop: Shop) -> None:
    (product,) = await shop.put(10)

    async def answered(parameters: str) -> dict[str, Any]:
        response = await post(shop, f"update-stock{parameters}", rows_of(product), CSV)
        answer: dict[str, Any] = response.json()
        return answer

    previews = [await answered("?dryRun=true"), await answered("?dryRun=true")]
    first = await answered("")
    second = await answered("")
    last = await answered("?dryRun=true")

    assert [one["dryRun"] for one in (*previews, first, last)] == [True, True, False, True]
    assert all("warning" not in one for one in (*previews, first, last))
    assert first["batchId"] in second["warning"]


async def test_json_is_previewed_by_parameter_as_well(shop: Shop) -> None:
    (product,) = await shop.put(10)
    body = {"updates": [{"productId": product, "quantity": 1}]}

    by_parameter = await post(shop, "update-stock?dryRun=true", body)
    twice = await post(shop, "update-stock?dryRun=true", body | {"dryRun": False})
    wrong = await post(shop, "update-stock?dryRun=maybe", body)

    assert by_parameter.json()["dryRun"] is True
    assert twice.status_code == wrong.status_code == 400
    assert "send one of them" in twice.text
    assert "neither true nor false" in wrong.text
