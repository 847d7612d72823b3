"""JSON Web Tokens: what makes one valid, where the keys come from, and which role it gives."""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.domain.caller import Caller, Role
from server.domain.errors import IssuerUnavailable, StartupError, Unauthenticated
from server.web.identity.key_set import KeySet
from server.web.identity.key_source import KeySource, require_key_set
from server.web.identity.tokens import SharedSecret, TokenRules, Tokens

SECRET = "s" * 32
RULES = TokenRules(issuer="https://issuer.example", audience="stockbatch", skew_seconds=30)
RSA, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a valid token; those that are None are left out."""
    whole = {
        "iss": RULES.issuer,
        "aud": RULES.audience,
        "sub": "ann",
        "exp": int(time.time()) + 60,
        "roles": ["operator"],
    }
    return {name: value for name, value in (whole | changed).items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", **changed: Any) -> str:
    key_id = {"RS256": "r", "ES256": "e"}.get(algorithm)
    headers = {"kid": key_id} if key_id else None
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=headers)


def signed_with_a_public_key() -> str:
    """Return a token whose secret is the public key: PyJWT itself would not make one."""
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "kid": "r", "typ": "JWT"}, claims()]
    text = b".".join(base64url(json.dumps(part).encode()) for part in parts)
    return b".".join([text, base64url(hmac.digest(public, text, "sha256"))]).decode()


def base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def by_secret(rules: TokenRules = RULES) -> Tokens:
    return Tokens(SharedSecret(SECRET), rules)


def jwk(key: Any, key_id: str, algorithm: str) -> Mapping[str, Any]:
    kinds: dict[str, Any] = {
        "RS256": jwt.algorithms.RSAAlgorithm,
        "ES256": jwt.algorithms.ECAlgorithm,
    }
    found: dict[str, Any] = json.loads(kinds[algorithm].to_jwk(key.public_key()))
    return found | {"kid": key_id, "alg": algorithm, "use": "sig"}


@pytest.fixture
def key_set(tmp_path: Path) -> Path:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [jwk(RSA, "r", "RS256"), jwk(EC, "e", "ES256")]}))
    return file


async def test_a_token_stands_for_its_issuer_and_subject() -> None:
    expires = int(time.time()) + 60

    caller = await by_secret().caller_of(signed(exp=expires))

    assert caller == Caller(
        name="https://issuer.example|ann", role=Role.OPERATOR, expires_at=expires + 30
    )


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
async def test_a_key_set_signs_with_public_keys(key_set: Path, key: Any, algorithm: str) -> None:
    tokens = Tokens(KeySet(KeySource(str(key_set))), RULES)

    assert (await tokens.caller_of(signed(key, algorithm))).role is Role.OPERATOR


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"exp": 1}, "Signature has expired"),
        ({"exp": None}, 'Token is missing the "exp" claim'),
        ({"iss": "https://other.example"}, "Invalid issuer"),
        ({"aud": "other"}, "Audience doesn't match"),
        ({"sub": None}, 'Token is missing the "sub" claim'),
        ({"nbf": int(time.time()) + 3600}, "The token is not yet valid (nbf)"),
    ],
)
async def test_a_token_must_say_all_that_is_needed(changed: Any, reason: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await by_secret().caller_of(signed(**changed))

    assert str(refused.value) == f"The token is not valid: {reason}."


async def test_clocks_may_differ_a_little() -> None:
    await by_secret().caller_of(signed(exp=int(time.time()) - 20))
    with pytest.raises(Unauthenticated):
        await by_secret().caller_of(signed(exp=int(time.time()) - 40))


@pytest.mark.parametrize("token", ["x", "a.b.c", "", "é" * 9])
async def test_what_is_no_token_is_refused(token: str, key_set: Path) -> None:
    for tokens in (by_secret(), Tokens(KeySet(KeySource(str(key_set))), RULES)):
        with pytest.raises(Unauthenticated):
            await tokens.caller_of(token)


async def test_the_signature_counts(key_set: Path) -> None:
    by_set = Tokens(KeySet(KeySource(str(key_set))), RULES)
    forged = [
        signed("x" * 32),  # another secret
        signed(OTHER, "RS256"),  # another key under the same id
        jwt.encode(claims(), None, algorithm="none"),
        signed_with_a_public_key(),
    ]

    for token in forged:
        with pytest.raises(Unauthenticated):
            await by_set.caller_of(token)
        with pytest.raises(Unauthenticated):
            await by_secret().caller_of(token)


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["viewer", "admin", "operator"], Role.ADMIN),
        ("viewer", Role.VIEWER),
        (["editor"], None),
        ([], None),
        (None, None),
        ({"admin": True}, None),
        (7, None),
    ],
)
async def test_the_highest_role_that_is_ours_counts(roles: Any, role: Role | None) -> None:
    assert (await by_secret().caller_of(signed(roles=roles))).role is role


async def test_the_roles_may_be_inside_another_claim() -> None:
    rules = TokenRules(
        issuer=RULES.issuer, audience=RULES.audience, roles_claim="realm_access.roles"
    )

    token = signed(realm_access={"roles": ["viewer"]})

    assert (await by_secret(rules).caller_of(token)).role is Role.VIEWER


async def test_a_key_that_the_set_gets_later_is_found_after_a_pause(tmp_path: Path) -> None:
    now = 0.0
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [jwk(EC, "e", "ES256")]}))
    tokens = Tokens(KeySet(KeySource(str(file)), clock=lambda: now), RULES)
    await tokens.caller_of(signed(EC, "ES256"))
    file.write_text(json.dumps({"keys": [jwk(RSA, "r", "RS256")]}))

    now = 9.0
    with pytest.raises(Unauthenticated, match="a key that its issuer does not publish"):
        await tokens.caller_of(signed(RSA, "RS256"))
    now = 10.0
    await tokens.caller_of(signed(RSA, "RS256"))
    with pytest.raises(Unauthenticated):  # the issuer has taken it back
        await tokens.caller_of(signed(EC, "ES256"))


async def test_keys_go_on_while_their_issuer_does_not_answer(key_set: Path) -> None:
    now = 0.0
    tokens = Tokens(KeySet(KeySource(str(key_set)), clock=lambda: now), RULES)
    await tokens.caller_of(signed(RSA, "RS256"))
    key_set.unlink()  # noqa: ASYNC240 - of a test
    now = 10_000.0

    await tokens.caller_of(signed(RSA, "RS256"))
    await tokens.close()


async def test_without_any_keys_nobody_can_be_told(tmp_path: Path) -> None:
    tokens = Tokens(KeySet(KeySource(str(tmp_path / "absent"))), RULES)

    with pytest.raises(IssuerUnavailable) as refused:
        await tokens.caller_of(signed(RSA, "RS256"))

    assert str(refused.value) == (
        "The issuer's key file cannot be read (JWT_JWKS): the token cannot be checked. Nothing was "
        "done: try again later."
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://", "it has no host"), ("https://issuer.example:port/", "Invalid port: 'port'")],
)
def test_a_wrong_address_is_named_at_the_start(address: str, reason: str) -> None:
    with pytest.raises(StartupError) as refused:
        require_key_set(address)

    assert str(refused.value) == f"The address in JWT_JWKS is wrong: {reason}."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory."),
        ("{", "cannot be read: Expecting property name"),
        ("[]", "cannot be read: the key set is no JSON object."),
        (
            json.dumps({"keys": [jwk(RSA, "r", "RS256") | {"use": "enc"}]}),
            "cannot be read: the key set has no key for RS256 or ES256.",
        ),
    ],
)
def test_a_wrong_key_set_is_named_at_the_start(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(StartupError) as refused:
        require_key_set(str(file))

    assert str(refused.value).startswith(f"The key set JWT_JWKS {file} {reason}")
