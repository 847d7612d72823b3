"""What a process leases for a caller, spends, and gives back."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from server.batches.allowance import Allowance
from server.domain.errors import BadInput, RateLimited
from server.mongo.callers import ItemLease


@dataclass
class Bucket:
    """A bucket that does not fill up: it holds `items` of one caller, or is in debt."""

    items: int = 100
    size: int = 100
    leases: list[tuple[int, int, int]] = field(default_factory=list)

    async def lease(
        self, _caller: str, _per_minute: int, *, least: int, most: int, returned: int = 0
    ) -> ItemLease:
        self.leases.append((least, most, returned))
        self.items = min(self.size, self.items + returned)
        if least and self.items < min(least, self.size):
            return ItemLease(0, 7.2)
        granted = max(least, min(most, self.items)) if least else most
        self.items -= granted
        return ItemLease(granted, 0)


@dataclass
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def allowance(bucket: Bucket, time: Time) -> Allowance:
    callers: Any = bucket
    return Allowance(callers, bucket.size, clock=time)


async def test_small_requests_share_one_lease(allowance: Allowance, bucket: Bucket) -> None:
    for _ in range(5):
        await allowance.take("a", 1)

    assert bucket.leases == [(1, 5, 0)]


async def test_each_caller_has_its_own_account(allowance: Allowance, bucket: Bucket) -> None:
    await allowance.take("a", 1)
    await allowance.take("b", 1)

    assert bucket.leases == [(1, 5, 0), (1, 5, 0)]


async def test_a_lease_that_is_over_goes_back(
    allowance: Allowance, bucket: Bucket, time: Time
) -> None:
    await allowance.take("a", 1)
    time.now = 6

    await allowance.take("a", 1)

    assert bucket.leases == [(1, 5, 0), (1, 5, 4)]
    assert bucket.items == 94


async def test_no_more_than_the_bucket_holds_is_sent(allowance: Allowance) -> None:
    await allowance.take("a", 60)
    await allowance.take("a", 40)

    with pytest.raises(RateLimited) as refused:
        await allowance.take("a", 1)

    assert str(refused.value) == (
        "You have sent as many items as you may: 100 a minute. Nothing of this batch was done: "
        "send it again in 8 s."
    )
    assert refused.value.retry_after_seconds == 8


async def test_a_refusal_is_remembered_until_it_is_over(
    allowance: Allowance, bucket: Bucket, time: Time
) -> None:
    await allowance.take("a", 95)
    for _ in range(3):
        with pytest.raises(RateLimited):
            await allowance.take("a", 10)
    assert bucket.leases == [(95, 95, 0), (10, 10, 0)]

    await allowance.take("a", 5)  # less than what was refused
    time.now = 7.3
    bucket.items = 10
    await allowance.take("a", 10)

    assert bucket.items == 0


async def test_a_request_with_more_items_than_a_minute_begins_when_the_bucket_is_full(
    allowance: Allowance, bucket: Bucket
) -> None:
    await allowance.take("a", 250)

    assert bucket.items == -150
    with pytest.raises(RateLimited):
        await allowance.take("a", 1)


async def test_a_request_that_has_begun_goes_on_and_owes_the_rest(
    allowance: Allowance, bucket: Bucket
) -> None:
    async with allowance.charged("a") as charge:
        for _ in range(3):
            await charge.add(60)

    assert bucket.items == -80


async def test_a_refused_request_costs_nothing(allowance: Allowance) -> None:
    for _ in range(3):
        with pytest.raises(BadInput):
            await fail(allowance, BadInput("a reason"))

    await allowance.take("a", 100)


async def test_a_request_that_fails_for_another_reason_is_charged(
    allowance: Allowance, bucket: Bucket
) -> None:
    with pytest.raises(ZeroDivisionError):
        await fail(allowance, ZeroDivisionError())

    with pytest.raises(RateLimited):
        await allowance.take("a", 1)
    assert bucket.items == 0


async def fail(allowance: Allowance, error: Exception) -> None:
    async with allowance.charged("a") as charge:
        await charge.add(100)
        raise error


async def test_without_a_limit_nothing_is_asked(bucket: Bucket) -> None:
    callers: Any = bucket
    async with Allowance(callers).charged("a") as charge:
        await charge.add(1_000_000)
        await charge.give_back()

    assert bucket.leases == []


async def test_what_is_given_back_can_be_granted_elsewhere_at_once(
    allowance: Allowance, bucket: Bucket
) -> None:
    async with allowance.charged("a") as charge:
        await charge.add(60)
        await charge.give_back()

    assert bucket.items == 100
