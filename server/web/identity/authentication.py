"""From the header `Authorization` (RFC 6750) to the caller, for every door."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from server.domain.caller import ANONYMOUS, NOBODY, Caller
from server.domain.errors import IssuerUnavailable, RequestError, Unauthenticated
from server.web.identity.api_keys import PREFIX, ApiKeys
from server.web.identity.tokens import Tokens

HEADER: Final = "Authorization"
_SCHEME: Final = "bearer"
_LONGEST: Final = 16 * 1024  # characters; a server takes no longer header
_CHECK_SECONDS: Final = 2.0  # between two looks at whether a socket's credential still holds
_STATE: Final = "caller"

Ended = Callable[[RequestError], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Session:
    """A socket that stays open with the credential that opened it."""

    credential: str
    ended: Ended = field(compare=False)


class Authentication:
    """Tells callers apart. Without keys and tokens, everybody is `anonymous` and may do all."""

    def __init__(self, keys: ApiKeys | None = None, tokens: Tokens | None = None) -> None:
        self._keys = keys
        self._tokens = tokens
        self._sessions: dict[int, Session] = {}

    @property
    def is_on(self) -> bool:
        """Return whether callers must say who they are."""
        return self._keys is not None or self._tokens is not None

    async def identify(self, connection: HTTPConnection) -> Caller:
        """Return the caller of a request, and note it in the request's state.

        Raises:
            Unauthenticated: it has no valid credential; the message says why.
            IssuerUnavailable: the token cannot be checked just now.
        """
        caller = await self._caller_of(credential_of(connection.headers)) if self.is_on else None
        note_caller(connection, caller or ANONYMOUS)
        return caller or ANONYMOUS

    async def identify_socket(
        self, connection: HTTPConnection, greeting: Mapping[str, Any]
    ) -> tuple[Caller, str]:
        """Return the caller of a WebSocket, and its credential.

        Browsers cannot set headers, so the payload of `connection_init` may have it as
        `Authorization` or `authorization`, or in an object `headers`.

        Raises:
            Unauthenticated: it has no valid credential, or header and payload differ.
            IssuerUnavailable: the token cannot be checked just now.
        """
        if not self.is_on:
            note_caller(connection, ANONYMOUS)
            return ANONYMOUS, ""
        sent = _in_greeting(greeting)
        if HEADER in connection.headers:
            header = credential_of(connection.headers)
            if sent is not None and sent != header:
                raise Unauthenticated("The header and the greeting have different credentials.")
            sent = header
        if sent is None:
            raise Unauthenticated("Say who you are in connection_init: {Authorization: Bearer …}.")
        caller = await self._caller_of(sent)
        note_caller(connection, caller)
        return caller, sent

    async def _caller_of(self, credential: str) -> Caller:
        """Return the caller that a credential stands for.

        Raises:
            Unauthenticated: it stands for none, or not any more.
            IssuerUnavailable: the token cannot be checked just now.
        """
        if credential.startswith(PREFIX) or self._tokens is None:
            return _unexpired(self._caller_of_key(credential))
        return _unexpired(await self._tokens.caller_of(credential))

    def _caller_at_once(self, credential: str) -> Caller:
        """Return the caller that a credential stands for, without waiting for an issuer.

        Raises as `_caller_of` does.
        """
        if credential.startswith(PREFIX) or self._tokens is None:
            return _unexpired(self._caller_of_key(credential))
        return _unexpired(self._tokens.caller_at_once(credential))

    def _caller_of_key(self, key: str) -> Caller:
        caller = self._keys.caller_of(key) if self._keys else None
        if caller is None:
            raise Unauthenticated("There is no such API key.")
        return caller

    @contextmanager
    def watched(self, credential: str, ended: Ended) -> Iterator[None]:
        """Call `ended` with the error when the credential of a socket holds no longer."""
        if not self.is_on:  # nobody has one
            yield
            return
        session = Session(credential, ended)
        self._sessions[id(session)] = session
        try:
            yield
        finally:
            del self._sessions[id(session)]

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the credentials of all sockets from time to time, until the block ends.

        The keys of the issuer are fetched at once, and then before they are old.
        """
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            if self._tokens is not None:
                await self._tokens.close()

    async def _watch(self) -> None:
        while True:
            if self._tokens is not None:
                self._tokens.tend()
            await asyncio.sleep(_CHECK_SECONDS)
            await self.check_sessions()

    async def check_sessions(self) -> None:
        """End the sockets whose credentials hold no longer, or cannot be checked any more."""
        errors: dict[str, RequestError | None] = {}
        for session in list(self._sessions.values()):
            credential = session.credential
            if credential not in errors:
                errors[credential] = self._why_ended(credential)
            error = errors[credential]
            if error is not None:
                await session.ended(error)

    def _why_ended(self, credential: str) -> RequestError | None:
        try:
            self._caller_at_once(credential)
        except (Unauthenticated, IssuerUnavailable) as error:
            return error
        return None


def _unexpired(caller: Caller) -> Caller:
    if caller.expires_at is not None and caller.expires_at <= time.time():
        raise Unauthenticated("The API key or token has expired.")
    return caller


def credential_of(headers: Headers) -> str:
    """Return the credential of the header `Authorization`.

    Raises:
        Unauthenticated: there is none, there are several, or it is of another scheme.
    """
    sent = headers.getlist(HEADER)
    if not sent:
        raise Unauthenticated("Say who you are: send the header Authorization: Bearer …")
    if len(sent) > 1:
        raise Unauthenticated("There are several headers Authorization: send one.")
    return _credential(sent[0])


def _credential(sent: str) -> str:
    scheme, _, credential = sent.strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != _SCHEME or not credential or len(credential) > _LONGEST:
        raise Unauthenticated("The header Authorization must have the form: Bearer KEY-OR-TOKEN.")
    return credential


def _in_greeting(greeting: Mapping[str, Any]) -> str | None:
    """Return the credential of a greeting; None if it has none."""
    nested = greeting.get("headers")
    for place in (greeting, nested if isinstance(nested, Mapping) else {}):
        for name, value in place.items():
            if name.lower() == HEADER.lower() and isinstance(value, str):
                return _credential(value)
    return None


def note_caller(connection: HTTPConnection, caller: Caller) -> None:
    """Note in a connection who its caller is."""
    connection.scope.setdefault("state", {})[_STATE] = caller


def caller_of(connection: HTTPConnection) -> Caller:
    """Return the caller that was noted; a connection that was not identified has nobody."""
    caller: Caller = connection.scope.get("state", {}).get(_STATE, NOBODY)
    return caller


def account_of(connection: HTTPConnection) -> str:
    """Return under which name a caller has its share and its limits: its own, or its address."""
    caller = caller_of(connection)
    if caller is not NOBODY and caller is not ANONYMOUS:
        return caller.name
    client = connection.scope.get("client")  # `connection.client` makes a new value each time
    return client[0] if client else ""
