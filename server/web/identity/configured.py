"""From settings to an `Authentication`, and what does not go together at start-up."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.domain.errors import StartupError
from server.domain.loopback import is_loopback
from server.web.identity.api_keys import ApiKeys
from server.web.identity.authentication import Authentication
from server.web.identity.key_set import KeySet
from server.web.identity.key_source import KeySource, require_key_set
from server.web.identity.tokens import Keys, SharedSecret, TokenRules, Tokens

_SHORTEST_SECRET: Final = 32  # bytes: RFC 7518, section 3.2


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """The settings that say who may call. `nobody` is `AUTH=none`: callers are not told apart."""

    host: str
    nobody: bool = False
    api_keys_file: Path | None = None
    jwks: str | None = None
    secret: str | None = None
    issuer: str | None = None
    audience: str | None = None
    roles_claim: str = "roles"
    skew_seconds: float = 30


def authentication_of(settings: IdentitySettings) -> Authentication:
    """Return what tells callers apart.

    Raises:
        StartupError: settings contradict each other, a file is wrong, or the server would listen
            for the whole network and take everybody.
    """
    keys = ApiKeys(settings.api_keys_file) if settings.api_keys_file else None
    tokens = _tokens(settings)
    is_on = keys is not None or tokens is not None
    if settings.nobody and is_on:
        raise StartupError(
            "AUTH=none lets everybody do everything, but API_KEYS_FILE, JWT_JWKS or JWT_SECRET is "
            "set too: remove one or the other."
        )
    if not is_on and not settings.nobody and not is_loopback(settings.host):
        raise StartupError(
            f"HOST={settings.host} lets others reach the server, and nothing says who may: make a "
            "key with `python -m server keys add NAME --role ROLE` and set API_KEYS_FILE, or set "
            "JWT_JWKS; or say AUTH=none if everybody may do everything."
        )
    return Authentication(keys, tokens)


def _tokens(settings: IdentitySettings) -> Tokens | None:
    if settings.jwks is None and settings.secret is None:
        if settings.issuer or settings.audience:
            raise StartupError(
                "JWT_ISSUER and JWT_AUDIENCE need the keys that tokens are signed with: set "
                "JWT_JWKS or JWT_SECRET."
            )
        return None
    if settings.jwks is not None and settings.secret is not None:
        raise StartupError("JWT_JWKS and JWT_SECRET are two kinds of keys: set one.")
    if not settings.issuer or not settings.audience:
        raise StartupError(
            "Tokens are taken from one issuer and for one audience: set JWT_ISSUER and "
            "JWT_AUDIENCE to what their claims iss and aud say."
        )
    rules = TokenRules(
        issuer=settings.issuer,
        audience=settings.audience,
        roles_claim=settings.roles_claim,
        skew_seconds=settings.skew_seconds,
    )
    return Tokens(_keys(settings.jwks, settings.secret), rules)


def _keys(jwks: str | None, secret: str | None) -> Keys:
    if jwks is not None:
        require_key_set(jwks)
        return KeySet(KeySource(jwks))
    if secret is None or len(secret.encode()) < _SHORTEST_SECRET:
        raise StartupError(
            f"JWT_SECRET is too short: HS256 needs {_SHORTEST_SECRET} bytes or more."
        )
    return SharedSecret(secret)
