"""Where an issuer publishes its keys: a JWK Set (RFC 7517) in a file, or at a URL."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import jwt

from server.domain.errors import StartupError, StockbatchError, cut

ALGORITHMS: Final = ("RS256", "ES256")
FETCH_SECONDS: Final = 5.0  # for a whole set, however slowly its bytes come
_LARGEST_SET: Final = 256 * 1024  # bytes
_LONGEST_REASON: Final = 200  # characters: PyJWT quotes whole keys

KeysById = Mapping[str | None, Any]


class NoKeys(StockbatchError):
    """The keys could not be fetched. The message is for the log, and `seen` for callers.

    Neither has the address, which may hold a secret.
    """

    def __init__(self, message: str, seen: str) -> None:
        super().__init__(message)
        self.seen = seen


@dataclass(frozen=True, slots=True)
class KeySource:
    """The place of a key set, as JWT_JWKS has it. `seconds` is how long a fetch may take."""

    place: str
    seconds: float = FETCH_SECONDS

    @property
    def is_remote(self) -> bool:
        """Return whether the place is a URL."""
        return self.place.startswith(("http://", "https://"))

    @property
    def shown(self) -> str:
        """Return the place as the log may show it: of a URL no user, path or query."""
        if not self.is_remote:
            return self.place
        url = httpx.URL(self.place)
        return f"{url.scheme}://{url.netloc.decode()}"

    async def fetch(self) -> KeysById:
        """Return the keys of the set that sign, by their ids.

        Raises:
            NoKeys: the set does not come in time, or is none.
        """
        try:
            async with asyncio.timeout(self.seconds):
                content = await (self._downloaded() if self.is_remote else self._read())
            return keys_in(content)
        except (httpx.TransportError, OSError) as error:
            seen = "address does not answer" if self.is_remote else "file cannot be read"
            raise NoKeys(self._reason(error), seen) from error
        except Exception as error:  # whatever an issuer sends, and PyJWT makes of it
            seen = "address answers without keys" if self.is_remote else "file has no keys"
            raise NoKeys(self._reason(error), seen) from error

    async def _read(self) -> bytes:
        return await asyncio.to_thread(Path(self.place).read_bytes)

    async def _downloaded(self) -> bytes:
        verify = await asyncio.to_thread(httpx.create_ssl_context)  # it reads a large file
        async with (
            httpx.AsyncClient(timeout=None, verify=verify, follow_redirects=False) as client,  # noqa: S113 - `fetch` has one
            client.stream("GET", self.place) as response,
        ):
            response.raise_for_status()
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > _LARGEST_SET:
                    raise ValueError(f"the key set is larger than {_LARGEST_SET} bytes")
            return bytes(content)

    def _reason(self, error: Exception) -> str:
        match error:
            case TimeoutError():
                return f"there was no whole answer in {self.seconds:g} s"
            case httpx.HTTPStatusError():  # its message has the address
                return f"it answered with status {error.response.status_code}"
            case OSError():
                return f"{error.strerror}"
        return cut(f"{type(error).__name__}: {error}", _LONGEST_REASON)


def keys_in(content: bytes) -> KeysById:
    """Return the keys of a set that sign, by their ids.

    Raises:
        ValueError: it is no key set, or has no such key.
        PyJWTError: the same.
    """
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the key set is no JSON object")  # noqa: TRY004 - all faults are one kind
    keys = jwt.PyJWKSet.from_dict(found).keys
    signing = [key for key in keys if key.public_key_use in (None, "sig")]
    by_id = {key.key_id: key for key in signing if key.algorithm_name in ALGORITHMS}
    if not by_id:
        raise ValueError(f"the key set has no key for {' or '.join(ALGORITHMS)}")
    return by_id


def require_key_set(place: str) -> None:
    """Check that a key set in a file can be read, and that the URL of another one has a host.

    What is at a URL is fetched when the server runs: the issuer may start later.

    Raises:
        StartupError: it cannot be used; the message says why.
    """
    source = KeySource(place)
    if source.is_remote:
        try:
            host = httpx.URL(place).host
        except httpx.InvalidURL as error:
            raise StartupError(f"The address in JWT_JWKS is wrong: {error}.") from error
        if not host:
            raise StartupError("The address in JWT_JWKS is wrong: it has no host.")
        return
    try:
        keys_in(Path(place).read_bytes())
    except (OSError, ValueError, jwt.PyJWTError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StartupError(f"The key set JWT_JWKS {place} cannot be read: {reason}.") from error
