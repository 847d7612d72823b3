"""Publish prices after they have been changed; no item fails because of it (seed 3)."""

import threading
from collections import Counter
from typing import Any

from examples.price_receiver import tx_id
from server.mongo.connection.driver import DriverName
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.batches.publishing import PROGRESS, Publishing, open_publishing, patient_client
from tests.support.shop import UNKNOWN_ID

RETRY = "mutation($id: ID!) { retryPublication(id: $id) { publication { pending failed } } }"


async def test_a_price_that_is_published_has_the_receivers_id(prices: Publishing) -> None:
    (one,) = await prices.shop.put(1)
    batch = await prices.updated([one])

    await prices.publish()

    assert await prices.results(batch) == [
        {
            "productId": one,
            "success": True,
            "message": "Price updated to 1500",
            "txId": tx_id(f"{batch}-0"),
            "error": None,
            "publicationError": None,
        }
    ]
    sent = {"batchId": batch, "index": 0, "productId": one, "newPrice": 1500}
    assert prices.receiver.received == [(f"{batch}-0", sent)]


async def test_a_price_that_cannot_be_published_is_a_partial_success(prices: Publishing) -> None:
    (one,) = await prices.shop.put(1)
    prices.receiver.answer = lambda _price: 500
    batch = await prices.updated([one])

    await prices.publish()

    assert await prices.results(batch) == [
        {
            "productId": one,
            "success": True,
            "message": "Price updated (not published)",
            "txId": None,
            "error": None,
            "publicationError": "The receiver answered 500.",
        }
    ]
    assert prices.receiver.tries() == {0: 3}
    assert prices.shop.products.find_one()["price"] == 1500


async def test_an_item_that_fails_is_not_published(prices: Publishing) -> None:
    (gone,) = await prices.shop.put(1, discontinued=True)
    (one,) = await prices.shop.put(1)
    batch = await prices.updated([UNKNOWN_ID, one, "no id", gone])

    await prices.publish()

    unknown, published, malformed, discontinued = await prices.results(batch)
    assert unknown == {
        "productId": UNKNOWN_ID,
        "success": False,
        "message": None,
        "txId": None,
        "error": {
            "code": "PRODUCT_NOT_FOUND",
            "message": f"There is no product {UNKNOWN_ID}.",
        },
        "publicationError": None,
    }
    assert published["txId"] == tx_id(f"{batch}-1")
    codes = [one["error"]["code"] for one in (malformed, discontinued)]
    assert codes == ["INVALID_PRODUCT_ID", "PRODUCT_DISCONTINUED"]
    assert prices.receiver.tries() == {1: 1}
    assert await prices.progress(batch) == (0, 1, 0)


async def test_what_is_still_to_be_published_is_told(prices: Publishing) -> None:
    ids = await prices.shop.put(*[1] * 3)

    batch = await prices.updated(ids)

    told = [(one["message"], one["txId"]) for one in await prices.results(batch)]
    assert told == [("Price updated to 1500 (publication pending)", None)] * 3
    assert await prices.shop.ask(PROGRESS, id=batch) == {
        "status": "COMPLETED",
        "successCount": 3,
        "failureCount": 0,
        "publication": {"pending": 3, "published": 0, "failed": 0},
    }
    assert prices.receiver.received == []


async def test_a_batch_of_many_chunks_is_published_whole_ten_at_a_time(prices: Publishing) -> None:
    ids = await prices.shop.put(*[1] * 60)
    ten = threading.Barrier(10)
    prices.receiver.answer = lambda _price: 200 if ten.wait(timeout=10) >= 0 else 500
    batch = await prices.updated(ids[:20])

    await prices.publish()

    assert prices.receiver.most_at_once[-1] == 10
    prices.receiver.answer = lambda _price: 200
    other = await prices.updated(ids, batch_size=7)
    await prices.publish()
    assert await prices.progress(batch) == (0, 20, 0)
    assert await prices.progress(other) == (0, 60, 0)
    keys = [key for key, _ in prices.receiver.received]
    assert sorted(keys) == sorted(
        [f"{batch}-{index}" for index in range(20)] + [f"{other}-{index}" for index in range(60)]
    )


async def test_a_receiver_that_refuses_is_not_asked_again(prices: Publishing) -> None:
    (one,) = await prices.shop.put(1)
    prices.receiver.answer = lambda _price: 404
    batch = await prices.updated([one])

    await prices.publish()

    (result,) = await prices.results(batch)
    assert result["publicationError"] == "The receiver answered 404."
    assert prices.receiver.tries() == {0: 1}
    assert await prices.progress(batch) == (0, 0, 1)


async def test_a_receiver_that_is_busy_is_asked_again_with_the_same_key(prices: Publishing) -> None:
    (one,) = await prices.shop.put(1)
    answers = [503, 503, 200]
    prices.receiver.answer = lambda _price: answers.pop(0)
    batch = await prices.updated([one])

    await prices.publish()

    (result,) = await prices.results(batch)
    assert (result["txId"], result["publicationError"]) == (tx_id(f"{batch}-0"), None)
    assert prices.receiver.keys(0) == [f"{batch}-0"] * 3
    assert await prices.progress(batch) == (0, 1, 0)


async def test_a_receiver_that_does_not_answer_is_given_up_after_three_tries(
    prices: Publishing,
) -> None:
    slow, quick = await prices.shop.put(1, 1)
    end = threading.Event()
    prices.receiver.answer = lambda price: 200 if price["index"] or end.wait(10) else 500
    batch = await prices.updated([slow, quick])

    async with patient_client(timeout_seconds=0.3) as client:
        await prices.publisher(client).run_once()
    end.set()

    results = await prices.results(batch)
    assert [one["publicationError"] for one in results] == [
        "The receiver did not answer within 5 s.",
        None,
    ]
    assert prices.receiver.tries() == {0: 3, 1: 1}
    assert await prices.progress(batch) == (0, 1, 1)


async def test_a_receiver_that_is_not_there_fails_no_item(prices: Publishing) -> None:
    (one,) = await prices.shop.put(1)
    batch = await prices.updated([one])
    prices.receiver.server_close()  # its port answers nobody any more

    await prices.publish()

    (result,) = await prices.results(batch)
    assert result["success"]
    assert result["publicationError"] == "The receiver could not be reached."
    assert await prices.progress(batch) == (0, 0, 1)


async def test_what_failed_is_published_again_when_asked_to_and_nothing_else(
    prices: Publishing,
) -> None:
    ids = await prices.shop.put(*[1] * 8)
    prices.receiver.answer = lambda price: 200 if price["index"] % 2 else 404
    batch = await prices.updated(ids, batch_size=3)
    await prices.publish()
    assert await prices.progress(batch) == (0, 4, 4)

    prices.receiver.answer = lambda _price: 200
    asked = await prices.shop.ask(RETRY, id=batch)
    await prices.publish()

    assert asked == {"publication": {"pending": 4, "failed": 0}}
    assert await prices.progress(batch) == (0, 8, 0)
    assert prices.receiver.tries() == {index: 1 if index % 2 else 2 for index in range(8)}
    assert [prices.receiver.keys(index) for index in range(0, 8, 2)] == [
        [f"{batch}-{index}"] * 2 for index in range(0, 8, 2)
    ]
    told = Counter(one["message"] for one in await prices.results(batch))
    assert told == {"Price updated to 1500": 8}


async def test_without_a_receiver_nothing_is_published(
    mongod: EmbeddedMongod, driver_name: DriverName
) -> None:
    async with open_publishing(mongod.uri, driver_name, publishes=False) as prices:
        (one,) = await prices.shop.put(1)

        batch = await prices.updated([one])

        assert not await prices.publisher().run_once()
        (result,) = await prices.results(batch)
        assert (result["message"], result["txId"]) == ("Price updated to 1500", None)
        assert await prices.progress(batch) is None
        assert prices.chunks.count_documents({"publishingCount": {"$ne": 0}}) == 0
        answer: dict[str, Any] = await prices.shop.graphql(RETRY, {"id": batch})
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_INPUT"]
        assert prices.receiver.received == []
