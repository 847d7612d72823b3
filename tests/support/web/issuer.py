"""An issuer of tokens on a real port, which answers, hangs, fails, lies or is not there at all."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from server.web.identity.key_set import KeySet
from server.web.identity.key_source import KeySource
from server.web.identity.tokens import TokenRules, Tokens

RULES = TokenRules(issuer="https://issuer.example", audience="stockbatch", skew_seconds=0)
AWAY = ("hangs", "drips", "refuses", "fails", "lies", "is empty", "is huge", "redirects")
_HEAD = "HTTP/1.1 {}\r\ncontent-type: application/json\r\nconnection: close\r\n"


@dataclass(frozen=True)
class SigningKey:
    """A key of the issuer."""

    id: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def jwk(self) -> dict[str, Any]:
        """Return the public key as a key set has it."""
        found: dict[str, Any] = json.loads(
            jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key())
        )
        return found | {"kid": self.id, "alg": "ES256", "use": "sig"}

    def token(self, *, seconds: float = 3600, role: str = "admin") -> str:
        """Return a token that is valid for so long."""
        claims = {
            "iss": RULES.issuer,
            "aud": RULES.audience,
            "sub": "ann",
            "exp": time.time() + seconds,
            "roles": [role],
        }
        return jwt.encode(claims, self.private, algorithm="ES256", headers={"kid": self.id})


@dataclass
class Issuer:
    """What is published, and how. `asked` counts the requests that came."""

    keys: list[SigningKey]
    mode: str = "answers"
    asked: int = 0
    port: int = 0
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://user:secret@127.0.0.1:{self.port}/jwks?token=secret"

    async def turn(self, mode: str) -> None:
        """Behave like this from now on."""
        self.mode = mode
        if mode == "refuses":
            await self._close()
        elif self._server is None:
            await self._open()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self.mode == "hangs":
                await reader.read()
            elif self.mode == "drips":
                writer.write(_HEAD.format("200 OK").encode() + b"\r\n")
                while not reader.at_eof():
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            else:
                writer.write(self._whole())
                await writer.drain()
        writer.close()

    def _whole(self) -> bytes:
        published = json.dumps({"keys": [key.jwk for key in self.keys]})
        status, body = {
            "answers": ("200 OK", published),
            "fails": ("500 Internal Server Error", published),
            "redirects": ("302 Found\r\nlocation: /elsewhere", published),
            "lies": ("200 OK", '{"keys": [{"kty": "EC", "crv": 5, "kid": []}, 7]}'),
            "is empty": ("200 OK", '{"keys": []}'),
            "is huge": ("200 OK", " " * 300_000 + published),
        }[self.mode]
        return f"{_HEAD.format(status)}content-length: {len(body)}\r\n\r\n{body}".encode()


@asynccontextmanager
async def issuing(*keys: SigningKey) -> AsyncIterator[Issuer]:
    """Listen on loopback during the block."""
    issuer = Issuer([*keys])
    await issuer.turn("answers")
    try:
        yield issuer
    finally:
        await issuer.turn("refuses")


class StoppedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def tokens_of(
    issuer: Issuer, clock: StoppedClock, *, seconds: float = 30
) -> AsyncIterator[Tokens]:
    """Take the tokens of an issuer during the block; a fetch of its keys may last for `seconds`."""
    found = Tokens(KeySet(KeySource(issuer.url, seconds), clock=clock), RULES)
    try:
        yield found
    finally:
        await found.close()
