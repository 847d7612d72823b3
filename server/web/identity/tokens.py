"""JSON Web Tokens (RFC 7519) of an issuer, checked with its public keys or a shared secret.

The keys come from a JWK Set (RFC 7517), a file or a URL. A shared secret allows HS256 alone, and
public keys allow RS256 and ES256 alone: else a public key could be used as a secret.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import jwt

from server.domain.caller import Caller, Role
from server.domain.errors import DatabaseUnavailable, StartupError, Unauthenticated

_KEPT_SECONDS: Final = 600.0  # for which a key set is used before it is asked for again
_PAUSE_SECONDS: Final = 10.0  # between two requests for a set, however many unknown keys come
_FETCH_SECONDS: Final = 5.0
_LARGEST_SET: Final = 256 * 1024  # bytes
_ASYMMETRIC: Final = ("RS256", "ES256")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What a token must say. `roles_claim` is a path with dots, such as `realm_access.roles`."""

    issuer: str
    audience: str
    roles_claim: str = "roles"
    skew_seconds: float = 30


class Keys(Protocol):
    """The keys that sign tokens."""

    algorithms: Sequence[str]

    async def of(self, token: str) -> Any:
        """Return the key that a token is checked with.

        Raises:
            Unauthenticated: there is no such key.
            DatabaseUnavailable: the keys cannot be had just now.
        """
        ...


class SharedSecret:
    """One key that the issuer and this server share."""

    algorithms: Sequence[str] = ("HS256",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def of(self, token: str) -> Any:  # noqa: ARG002 - it is the same for all tokens
        return self._secret


class KeySet:
    """The JWK Set of an issuer, in a file or at a URL, which is asked for again from time to time.

    While the issuer does not answer, the keys of its last answer go on.
    """

    algorithms: Sequence[str] = _ASYMMETRIC

    def __init__(self, place: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._clock = clock
        self._keys: Mapping[str | None, Any] = {}
        self._fresh_until = -1.0
        self._next_ask = -1.0
        self._asking = asyncio.Lock()

    async def of(self, token: str) -> Any:
        key_id = _key_id(token)
        if self._clock() >= self._fresh_until or key_id not in self._keys:
            await self._ask()
        if key_id in self._keys:
            return self._keys[key_id]
        raise Unauthenticated("The token is signed with a key that its issuer does not publish.")

    async def _ask(self) -> None:
        async with self._asking:
            if self._clock() < self._next_ask:
                return
            self._next_ask = self._clock() + _PAUSE_SECONDS
            try:
                self._keys = _by_id(await self._content())
                self._fresh_until = self._clock() + _KEPT_SECONDS
            except (httpx.HTTPError, OSError, ValueError, jwt.PyJWTError) as error:
                log.warning("The keys of the issuer cannot be had: %s", _reason(error))
                if not self._keys:
                    raise DatabaseUnavailable("the keys of the issuer cannot be had") from error

    async def _content(self) -> bytes:
        if not self._place.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._place).read_bytes)
        async with (
            httpx.AsyncClient(timeout=_FETCH_SECONDS, follow_redirects=False) as client,
            client.stream("GET", self._place) as response,
        ):
            response.raise_for_status()
            content = b""
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > _LARGEST_SET:
                    raise ValueError(f"the key set is larger than {_LARGEST_SET} bytes")
            return content


def _reason(error: Exception) -> str:
    """Return what to log of an error: httpx names the whole address, which may hold a secret."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"the issuer answered with status {error.response.status_code}"
    return f"{type(error).__name__}: {error}"


def _by_id(content: bytes) -> Mapping[str | None, Any]:
    """Return the keys of a set that sign, by their ids."""
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the key set is no JSON object")  # noqa: TRY004 - all faults are one kind
    keys = jwt.PyJWKSet.from_dict(found).keys
    signing = [key for key in keys if key.public_key_use in (None, "sig")]
    return {key.key_id: key for key in signing if key.algorithm_name in _ASYMMETRIC}


def _key_id(token: str) -> str | None:
    try:
        key_id: str | None = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise Unauthenticated("The token is no JSON Web Token.") from error
    return key_id


class Tokens:
    """The tokens of one issuer."""

    def __init__(self, keys: Keys, rules: TokenRules) -> None:
        self._keys = keys
        self._rules = rules

    async def caller_of(self, token: str) -> Caller:
        """Return the caller that a token stands for: `issuer|subject`, with its highest role.

        Raises:
            Unauthenticated: the token is no valid one; the message says why.
            DatabaseUnavailable: the issuer's keys cannot be had just now.
        """
        rules, key = self._rules, await self._keys.of(token)
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=self._keys.algorithms,
                audience=rules.audience,
                issuer=rules.issuer,
                leeway=rules.skew_seconds,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"The token is not valid: {error}.") from error
        return Caller(
            name=f"{rules.issuer}|{claims['sub']}",
            role=_role(claims, rules.roles_claim),
            expires_at=claims["exp"] + rules.skew_seconds,
        )


def _role(claims: Mapping[str, Any], path: str) -> Role | None:
    """Return the highest role that a claim names; None if it names none of ours."""
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    roles = [role for role in Role if role.value in names]
    return roles[-1] if roles else None


def require_key_set(place: str) -> None:
    """Check that a key set in a file can be read; one at a URL is asked for when it is needed.

    Raises:
        StartupError: it cannot be read, or has no key that signs.
    """
    if place.startswith(("http://", "https://")):
        return
    try:
        keys = _by_id(Path(place).read_bytes())
    except (OSError, ValueError, jwt.PyJWTError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StartupError(f"The key set JWT_JWKS {place} cannot be read: {reason}.") from error
    if not keys:
        raise StartupError(f"The key set JWT_JWKS {place} has no key for RS256 or ES256.")
