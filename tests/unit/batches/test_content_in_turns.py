"""The content of a long request is hashed in turns, and is the same content."""

import asyncio
from collections.abc import Sequence

from server.batches.idempotency.content import Content
from server.batches.request import BatchRequest
from server.domain.item_result import Input
from server.domain.options import BatchOptions
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.mongo.batches.stored_values import CHUNK_BYTES

MANY: Sequence[Input] = [
    {"productId": f"{number:024x}", "quantity": number} for number in range(5_000)
]


def new_content(key: str | None = "order-1") -> Content:
    request = BatchRequest(work=UPDATE_STOCK.work(), options=BatchOptions(), key=key)
    return Content(request, in_background=False)


async def digest_of(*items: Input) -> str:
    content = new_content()
    await content.add_in_turns(items)
    return content.digest()


async def test_the_content_is_the_same_and_others_run_in_between() -> None:
    at_once, in_turns = new_content(), new_content()
    at_once.add(MANY)
    adding = asyncio.create_task(in_turns.add_in_turns(MANY))
    turns = 0

    while not adding.done():
        await asyncio.sleep(0)
        turns += 1

    assert in_turns.digest() == at_once.digest()
    assert turns >= 5


async def test_an_item_that_is_too_large_to_be_stored_counts_with_its_size() -> None:
    almost, large = {"productId": "x" * (CHUNK_BYTES - 100)}, {"productId": "x" * CHUNK_BYTES}
    content = new_content()
    content.add([almost])

    assert await digest_of(almost) == content.digest()
    assert await digest_of(large) not in (await digest_of(), content.digest())
    assert await digest_of(large) == await digest_of({"productId": "y" * CHUNK_BYTES})


async def test_without_a_key_nothing_is_hashed() -> None:
    content, empty = new_content(None), new_content(None)

    await content.add_in_turns(MANY)

    assert content.digest() == empty.digest()
