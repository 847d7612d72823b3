"""A client of a server's REST routes: everything that the commands do, they do through it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from server import __version__
from server.cli.remote.answers import (
    Batch,
    BatchPage,
    RefusalBody,
    ServerAway,
    ServerRefused,
    Submission,
)
from server.domain.loopback import is_loopback

T = TypeVar("T")

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 600.0  # a stream of millions of rows is answered when all of it is stored
_HINTS = {
    "UNAUTHENTICATED": "Say --api-key KEY, or set STOCKBATCH_API_KEY.",
    "FORBIDDEN": "Ask who runs the server for a key with another role.",
    "QUEUE_FULL": "Nothing was stored: send it again later.",
    "OVERLOADED": "Nothing was stored: send it again later.",
}


class Client:
    """Calls the server at `url`. Use it as a context manager."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        """Raise a ServerAway if `url` is no address."""
        headers = {"User-Agent": f"stockbatch/{__version__}"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._url = url.rstrip("/")
        leads_here = is_loopback(_host_of(url))
        self._http = httpx.Client(
            base_url=self._url,
            headers=headers,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=not leads_here,  # by way of a proxy it would not
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def submit(
        self,
        kind: str,
        body: Iterator[bytes],
        media_type: str,
        *,
        parameters: Mapping[str, str],
        key: str | None = None,
    ) -> Submission:
        """Send a file as a batch of the kind, such as `update-stock`.

        Raises:
            ServerRefused: nothing is stored, or the key belongs to another request.
            ServerAway: whether it is stored is not known.
        """
        headers = {"Content-Type": media_type} | ({"Idempotency-Key": key} if key else {})
        with self._answered():
            response = self._http.post(
                f"/api/batches/batch-{kind}", params=parameters, headers=headers, content=body
            )
        submission = _value(response, Submission)
        replayed = "Idempotent-Replayed" in response.headers
        return msgspec.structs.replace(submission, replayed=replayed)

    def batch(self, batch_id: str) -> Batch:
        """Return the progress of a batch."""
        return self._get(f"/api/batches/{_in_path(batch_id)}", Batch, {"results": "false"})

    def batches(self, filters: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the batches that the caller sees, newest first."""
        after: str | None = ""
        while after is not None:
            sent = dict(filters) | ({"after": after} if after else {})
            page = self._get("/api/batches", BatchPage, sent)
            yield from page.batches
            after = page.next

    def cancel(self, batch_id: str) -> Batch:
        """Let no other chunk of the batch begin, and return its progress."""
        with self._answered():
            response = self._http.post(f"/api/batches/{_in_path(batch_id)}/cancel", json={})
        return _value(response, Batch)

    def retry(self, batch_id: str) -> Submission:
        """Submit what failed in the batch as a new one."""
        with self._answered():
            response = self._http.post(f"/api/batches/{_in_path(batch_id)}/retry", json={})
        return _value(response, Submission)

    @contextmanager
    def results(self, batch_id: str, parameters: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        """Yield the pieces of the file of a batch's results."""
        with self._file(f"/api/batches/{_in_path(batch_id)}/results", parameters) as pieces:
            yield pieces

    @contextmanager
    def export(self, what: str, parameters: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        """Yield the pieces of an export: `products` or `stock-updates`."""
        with self._file(f"/api/{what}", parameters) as pieces:
            yield pieces

    @contextmanager
    def _file(self, path: str, parameters: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        with (
            self._answered(),
            self._http.stream("GET", path, params=parameters) as response,
        ):
            if not response.is_success:
                response.read()
                raise _refusal(response)
            yield response.iter_bytes()

    def _get(self, path: str, type_: type[T], parameters: Mapping[str, str]) -> T:
        with self._answered():
            response = self._http.get(path, params=parameters)
        return _value(response, type_)

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Say what to do if no server answers, or it breaks off.

        Raises:
            ServerAway: instead of every error of the connection.
        """
        try:
            yield
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise ServerAway(
                f"No server answers at {self._url}: {reason}. Is it running there? Name another "
                "one with --url, or set STOCKBATCH_URL."
            ) from error


def _value(response: httpx.Response, type_: type[T]) -> T:
    if not response.is_success:
        raise _refusal(response)
    try:
        return msgspec.json.decode(response.content, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_stockbatch(response) from error


def _refusal(response: httpx.Response) -> ServerRefused:
    try:
        refusal = msgspec.json.decode(response.content, type=RefusalBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _no_stockbatch(response)
    hint = _HINTS.get(refusal.code)
    reasons = [*refusal.reasons, *([hint] if hint else [])]
    return ServerRefused(response.status_code, refusal.code, refusal.message, reasons)


def _no_stockbatch(response: httpx.Response) -> ServerRefused:
    return ServerRefused(
        response.status_code,
        f"HTTP {response.status_code}",
        f"{response.url.copy_with(query=None)} does not answer as a stockbatch server of this "
        "version does.",
    )


def _host_of(url: str) -> str:
    """Return the host of an address.

    Raises:
        ServerAway: it is no address.
    """
    try:
        httpx.URL(url)
        address = urlsplit(url)
        host = address.hostname if address.port != 0 else None
    except (ValueError, httpx.InvalidURL):
        host = None
    if not host or not url.startswith(("http://", "https://")):
        raise ServerAway(f"{url} is no address of a server: write it as http://HOST:PORT.")
    return host


def _in_path(batch_id: str) -> str:
    """Return an id as a part of a path; it may be any text that somebody has typed."""
    return quote(batch_id, safe="")
