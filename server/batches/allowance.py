"""How many items a caller may send in a minute, in all processes together.

A process takes items from the caller's bucket in the database a block at a time, so that most
requests ask nothing of the database. What it has not used after some seconds goes back.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from server.domain.errors import RateLimited, RequestError, StoreError
from server.mongo.callers import Callers

_BLOCKS: Final = 20  # the items of a minute are leased in so many blocks
_BLOCK_SECONDS: Final = 5.0
_MOST_CALLERS: Final = 10_000  # that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimits:
    """The limits of each caller; 0 means that there is none."""

    items_per_minute: int = 0
    waiting_batches: int = 0


@dataclass(slots=True)
class _Account:
    """The items that this process has leased for a caller until `until`, and its last refusal.

    Before `refused_until`, a request of `refused_items` or more is refused without asking.
    """

    items: int = 0
    until: float = 0.0
    refused_items: int = 0
    refused_until: float = 0.0


class Allowance:
    """Charges callers for the items that they send."""

    def __init__(
        self,
        callers: Callers,
        per_minute: int = 0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow each caller `per_minute` items in a minute; 0 is no limit."""
        self.callers = callers
        self._per_minute = per_minute
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    def charged(self, caller: str) -> "Charge":
        """Return the charge for one request, in whose block it is run."""
        return Charge(self, caller)

    @property
    def is_on(self) -> bool:
        """Return whether there is a limit."""
        return self._per_minute > 0

    async def take(self, caller: str, items: int) -> None:
        """Charge the caller for the items of a request that has not begun.

        A request of more items than a minute has begins when nothing else is charged, and the
        caller then waits for longer.

        Raises:
            RateLimited: the caller may not send so many for now.
            StoreError: the database did not answer.
        """
        if not self._per_minute or not items:
            return
        account, now = self._account(caller), self._clock()
        if account.until > now and account.items >= items:
            account.items -= items
            return
        if now < account.refused_until and items >= account.refused_items:
            raise self._refusal(account.refused_until - now)
        returned, account.items = account.items, 0
        block = max(items, self._per_minute // _BLOCKS)
        lease = await self.callers.lease(
            caller, self._per_minute, least=items, most=block, returned=returned
        )
        now = self._clock()
        if not lease.items:
            account.refused_items, account.refused_until = items, now + lease.seconds
            raise self._refusal(lease.seconds)
        account.items += lease.items - items
        account.until = now + _BLOCK_SECONDS

    async def take_more(self, caller: str, items: int) -> None:
        """Charge the caller for further items of a request that has begun, whatever it owes then.

        Raises:
            StoreError: the database did not answer.
        """
        if not self._per_minute or not items:
            return
        account = self._account(caller)
        if account.items >= items:
            account.items -= items
            return
        returned, account.items = account.items, 0
        await self.callers.lease(caller, self._per_minute, least=0, most=items, returned=returned)

    async def give_back(self, caller: str, items: int) -> None:
        """Charge the caller no longer for items that were taken; other processes may grant them.

        Raises:
            StoreError: the database did not answer.
        """
        if self._per_minute and items:
            self._account(caller).refused_until = 0.0
            await self.callers.lease(caller, self._per_minute, least=0, most=0, returned=items)

    def _account(self, caller: str) -> _Account:
        account = self._accounts.get(caller)
        if account is None:
            if len(self._accounts) >= _MOST_CALLERS:
                self._accounts.clear()  # costs each no more than the block that it holds
            account = self._accounts[caller] = _Account()
        return account

    def _refusal(self, seconds: float) -> RateLimited:
        after = max(1, math.ceil(seconds))
        return RateLimited(
            f"You have sent as many items as you may: {self._per_minute} a minute. Nothing of this "
            f"batch was done: send it again in {after} s.",
            retry_after_seconds=after,
        )


class Charge:
    """What one request has cost its caller so far. It costs nothing if its block refuses it."""

    __slots__ = ("_allowance", "_caller", "_items")

    def __init__(self, allowance: Allowance, caller: str) -> None:
        self._allowance = allowance
        self._caller = caller
        self._items = 0

    async def __aenter__(self) -> "Charge":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, RequestError):
            with suppress(StoreError):  # the bucket fills up again
                await self.give_back()

    async def add(self, items: int) -> None:
        """Charge for items. The first call decides whether the request may begin.

        Raises:
            RateLimited: the caller may not send so many for now.
            StoreError: the database did not answer.
        """
        take = self._allowance.take_more if self._items else self._allowance.take
        await take(self._caller, items)
        self._items += items

    async def give_back(self) -> None:
        """Charge for nothing: the request repeats an earlier one, or is refused.

        Raises:
            StoreError: the database did not answer.
        """
        items, self._items = self._items, 0
        await self._allowance.give_back(self._caller, items)
