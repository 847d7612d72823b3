"""Keys of 0.1.0 stand for numbers as they were sent; keys of today for the numbers themselves."""

import hashlib
import json
from typing import Any

import pytest

from server.batches.idempotency.content import Content
from server.batches.request import BatchRequest
from server.domain.options import BatchOptions
from server.kinds.update_stock.declaration import UPDATE_STOCK

HEAD: list[Any] = [
    "updateStock",
    {},
    {
        "atomic": False,
        "batch_size": 500,
        "continue_on_error": None,
        "dry_run": False,
        "validate_before_write": False,
    },
    True,
    None,
    {},
]


def content(*quantities: float) -> Content:
    request = BatchRequest(work=UPDATE_STOCK.work(), options=BatchOptions(), key="order-1")
    content = Content(request, in_background=True)
    content.add([{"productId": "a", "quantity": quantity} for quantity in quantities])
    return content


def digest_of_0_1_0(*quantities: float) -> str:
    items = [{"productId": "a", "quantity": quantity} for quantity in quantities]
    lines = [json.dumps(value, sort_keys=True) + "\n" for value in (HEAD, *items)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("quantity", [5, 5.0, -0.0, 1.5, 10**40])
def test_a_digest_of_0_1_0_is_that_of_the_same_request(quantity: float) -> None:
    assert content(1, quantity).is_that_of(digest_of_0_1_0(1, quantity))


def test_a_digest_of_0_1_0_is_not_that_of_another_number() -> None:
    assert not content(5.0).is_that_of(digest_of_0_1_0(6.0))
    assert not content(5.0, 6.0).is_that_of(digest_of_0_1_0(5.0))


def test_5_and_5_0_have_one_digest() -> None:
    assert content(5).is_that_of(content(5.0).digest())
    assert content(5.0).is_that_of(content(5).digest())


def test_a_batch_without_a_key_has_no_content() -> None:
    assert not content(5).is_that_of(None)
