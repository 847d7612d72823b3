"""What a server tells administrators of itself: its versions, and its settings without secrets."""

import ast
import inspect
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import Any, Final

from pydantic import SecretStr

from server import __version__
from server.domain.system_state import Library, ServerFacts, SettingState
from server.mongo.connection.deployment import shown
from server.settings import Settings

_LIBRARIES: Final = (
    "strawberry-graphql", "graphql-core", "starlette", "uvicorn",
    "motor", "pymongo", "msgspec", "pydantic",
)  # fmt: skip
_ADDRESSES: Final = {"mongodb_uri", "publish_url", "jwt_jwks"}  # they may hold a password
HIDDEN: Final = "(hidden)"


def server_facts(settings: Settings, started_at: datetime) -> ServerFacts:
    """Return what does not change while the server runs."""
    return ServerFacts(
        version=__version__,
        python=platform.python_version(),
        libraries=_libraries(),
        process=f"{socket.gethostname()}:{os.getpid()}",
        started_at=started_at,
        has_embedded_database=settings.mongodb_uri is None,
        settings=partial(settings_in_force, settings),
    )


def settings_in_force(settings: Settings) -> Sequence[SettingState]:
    """Return all settings in their order, with secrets hidden."""
    texts = meanings()
    return [
        SettingState(
            name=name.upper(),
            value=_text(name, getattr(settings, name)),
            meaning=texts[name],
            is_default=getattr(settings, name) == field.default,
        )
        for name, field in Settings.model_fields.items()
    ]


def meanings() -> Mapping[str, str]:
    """Return the text below each field in the source of `Settings`."""
    (definition,) = ast.parse(inspect.getsource(Settings)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    found = {}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = text
    return found


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    return shown(str(value)) if name in _ADDRESSES else str(value)


def _libraries() -> Sequence[Library]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(Library(name=name, version=version(name)))
        except PackageNotFoundError:  # a driver that is not chosen may be absent
            continue
    return found
