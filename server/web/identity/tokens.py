"""JSON Web Tokens (RFC 7519) of an issuer, checked with its public keys or a shared secret.

A shared secret allows HS256 alone, and public keys allow RS256 and ES256 alone: else a public key
could be used as a secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from server.domain.caller import Caller, Role
from server.domain.errors import Unauthenticated


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What a token must say. `roles_claim` is a path with dots, such as `realm_access.roles`."""

    issuer: str
    audience: str
    roles_claim: str = "roles"
    skew_seconds: float = 30


class Keys(Protocol):
    """The keys that sign tokens."""

    @property
    def algorithms(self) -> Sequence[str]:
        """Return the algorithms that the keys are for."""
        ...

    async def of(self, token: str) -> Any:
        """Return the key that a token is checked with; wait for it if it may be a new one.

        Raises:
            Unauthenticated: there is no such key.
            IssuerUnavailable: the keys cannot be fetched just now.
        """
        ...

    def at_hand(self, token: str) -> Any:
        """Return the key that a token is checked with, without waiting; raise as `of` does."""
        ...

    def tend(self) -> None:
        """Begin to fetch the keys again if that is due."""
        ...

    async def close(self) -> None:
        """End what is under way."""
        ...


class SharedSecret:
    """One key that the issuer and this server share."""

    algorithms: Sequence[str] = ("HS256",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def of(self, token: str) -> Any:
        return self.at_hand(token)

    def at_hand(self, token: str) -> Any:  # noqa: ARG002 - it is the same for all tokens
        return self._secret

    def tend(self) -> None: ...

    async def close(self) -> None: ...


class Tokens:
    """The tokens of one issuer."""

    def __init__(self, keys: Keys, rules: TokenRules) -> None:
        self._keys = keys
        self._rules = rules

    async def caller_of(self, token: str) -> Caller:
        """Return the caller that a token stands for: `issuer|subject`, with its highest role.

        Raises:
            Unauthenticated: the token is no valid one; the message says why.
            IssuerUnavailable: the issuer's keys cannot be fetched just now.
        """
        return self._checked(token, await self._keys.of(token))

    def caller_at_once(self, token: str) -> Caller:
        """Return the caller that a token stands for, without waiting; raise as `caller_of` does."""
        return self._checked(token, self._keys.at_hand(token))

    def tend(self) -> None:
        """Begin to fetch the issuer's keys again if that is due."""
        self._keys.tend()

    async def close(self) -> None:
        """End what is under way."""
        await self._keys.close()

    def _checked(self, token: str, key: Any) -> Caller:
        rules = self._rules
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
