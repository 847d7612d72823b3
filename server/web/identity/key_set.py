"""The keys of an issuer, kept and fetched again: one fetch at a time, which all who wait share.

docs/access.md says what callers see while the keys cannot be fetched.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, Final

import jwt

from server.domain.errors import IssuerUnavailable, Unauthenticated
from server.web.identity.key_source import ALGORITHMS, KeysById, KeySource, NoKeys

FRESH_SECONDS: Final = 600.0  # after which a set is fetched again, while its keys go on
KEPT_SECONDS: Final = 24 * 3600.0  # after which the keys of a silent issuer are not taken any more
PAUSE_SECONDS: Final = 10.0  # from one fetch to the next, however many unknown keys come
_FIRST_PAUSE_SECONDS: Final = 1.0  # after a fetch that failed; then twice as long each time

log = logging.getLogger(__name__)


class KeySet:
    """The JWK Set of an issuer.

    Nobody waits for it but who has a token with an unknown key, and then only until it is known
    that the set cannot be fetched.
    """

    algorithms: Sequence[str] = ALGORITHMS

    def __init__(self, source: KeySource, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._keys: KeysById = {}
        self._fetched_at, self._next_at = -math.inf, 0.0
        self._fetching: asyncio.Task[None] | None = None
        self._fault: str | None = None  # of the last fetch, if it failed
        self._silent_since = 0.0
        self._failures = self._refused = 0

    async def of(self, token: str) -> Any:
        """Return the key that a token is signed with; wait for it if it may be a new one.

        Raises:
            Unauthenticated: the issuer does not publish it.
            IssuerUnavailable: the issuer's keys cannot be fetched.
        """
        key_id = _key_id(token)
        if not self._has(key_id) and self._fault is None:
            fetching = self._begin()
            if fetching is not None:
                await asyncio.wait({fetching})  # others wait for it, too: it is not cancelled
        return self._key(key_id)

    def at_hand(self, token: str) -> Any:
        """Return the key that a token is signed with, without waiting.

        Raises:
            Unauthenticated: the issuer does not publish it.
            IssuerUnavailable: the issuer's keys cannot be fetched.
        """
        return self._key(_key_id(token))

    def tend(self) -> None:
        """Begin to fetch the set if that is due: it is old, or could not be fetched before."""
        if self._fault is not None or self._age() >= FRESH_SECONDS:
            self._begin()

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    def _key(self, key_id: str | None) -> Any:
        self.tend()
        if self._has(key_id):
            return self._keys[key_id]
        if self._fault is None and self._age() < KEPT_SECONDS:
            raise Unauthenticated(
                "The token is signed with a key that its issuer does not publish."
            )
        self._refused += 1
        raise IssuerUnavailable(
            f"The issuer's key {self._fault or 'address has not answered yet'} (JWT_JWKS): the "
            "token cannot be checked. Nothing was done: try again later.",
            retry_after_seconds=max(1, math.ceil(self._next_at - self._clock())),
        )

    def _has(self, key_id: str | None) -> bool:
        return key_id in self._keys and self._age() < KEPT_SECONDS

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _begin(self) -> asyncio.Task[None] | None:
        """Return the fetch that is under way, or a new one; None if it is too early for that."""
        if self._fetching is None and self._clock() >= self._next_at:
            self._fetching = asyncio.create_task(self._fetch(), context=Context())  # of nobody
        return self._fetching

    async def _fetch(self) -> None:
        began = self._clock()
        try:
            keys = await self._source.fetch()
        except NoKeys as error:
            self._note_failure(error, began)
        else:
            self._note_success(keys)
        finally:
            self._fetching = None

    def _note_failure(self, error: NoKeys, began: float) -> None:
        if self._fault is None:
            self._silent_since, self._refused = began, 0
            log.error(
                "The keys of the issuer cannot be fetched from %s: %s", self._source.shown, error
            )
        pause = min(_FIRST_PAUSE_SECONDS * 2**self._failures, PAUSE_SECONDS)
        self._failures = min(self._failures + 1, 10)
        self._fault, self._next_at = error.seen, self._clock() + pause

    def _note_success(self, keys: KeysById) -> None:
        now = self._clock()
        if self._fault is not None:
            log.warning(
                "The keys of the issuer can be fetched again after %.1f s",
                now - self._silent_since,
                extra={"refused": self._refused},
            )
        self._keys, self._fetched_at, self._next_at = keys, now, now + PAUSE_SECONDS
        self._fault, self._failures = None, 0


def _key_id(token: str) -> str | None:
    try:
        key_id: str | None = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise Unauthenticated("The token is no JSON Web Token.") from error
    return key_id
