"""What can be seen without a database: settings, callers, the port, the disk, the binary."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

import httpx

from server.bootstrap.doors import identity_settings
from server.cli.doctor.finding import Finding, ok, warning, wrong
from server.cli.serving.listening import listening
from server.domain.errors import StartupError
from server.domain.loopback import is_loopback
from server.mongo.connection.binary import find_mongod, why_it_stopped
from server.settings import Settings, doubtful_variables
from server.tracing.configured import wrong_variables
from server.web.identity.api_keys import read_keys
from server.web.identity.configured import authentication_of
from server.web.identity.key_source import KeySource, NoKeys

_MIB: Final = 1024**2
_NEEDED_BYTES: Final = 512 * _MIB  # a new embedded database preallocates 300 MB
_NEARLY_FULL: Final = 0.95
_SOON_SECONDS: Final = 7 * 24 * 3600
_PROBE_SECONDS: Final = 3.0


def variables() -> Iterator[Finding]:
    """Yield what is doubtful about the environment."""
    found = [
        warning("Settings", str(one), f"Rename {one.name}, or ignore this if it is not ours.")
        for one in doubtful_variables()
    ]
    cure = "Set it right, or unset it. Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is traced."
    found += [wrong("Settings", one, cure) for one in wrong_variables(os.environ)]
    yield from found or [ok("Settings", "They can be read.")]


def callers(settings: Settings, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Yield whether somebody may call, and who should not."""
    try:
        authentication_of(identity_settings(settings))
        keys = read_keys(settings.api_keys_file) if settings.api_keys_file else []
    except StartupError as error:
        yield wrong("Callers", str(error))
        return
    if settings.auth == "none" and not is_loopback(settings.host):
        cure = "Make keys with `stockbatch keys add`, set API_KEYS_FILE, and unset AUTH."
        yield warning("Callers", f"Everybody who reaches {settings.host} may do everything.", cure)
        return
    if settings.api_keys_file is None:
        yield ok("Callers", "There are no API keys to look at.")
        return
    add = f"Make one: stockbatch keys add NAME --role ROLE --file {settings.api_keys_file}"
    ends = {key.name: key.expires.timestamp() for key in keys if key.expires}
    over = [name for name, end in ends.items() if end <= now()]
    soon = [name for name, end in ends.items() if now() < end <= now() + _SOON_SECONDS]
    if len(over) == len(keys) and settings.jwt_jwks is None and settings.jwt_secret is None:
        sentence = "All API keys have expired" if keys else "There is no API key"
        yield wrong("Callers", f"{sentence} in {settings.api_keys_file}: nobody may call.", add)
        return
    if over:
        yield warning("Callers", f"These API keys have expired: {', '.join(over)}.", add)
    if soon:
        yield warning("Callers", f"These API keys expire within a week: {', '.join(soon)}.", add)
    if not over and not soon:
        yield ok("Callers", f"{len(keys)} API keys may call.")


async def issuer(settings: Settings) -> AsyncIterator[Finding]:
    """Yield whether the keys of the issuer of tokens can be fetched, if they are at a URL."""
    source = KeySource(settings.jwt_jwks or "")
    if not source.is_remote:
        return
    try:
        keys = await source.fetch()
    except NoKeys as error:
        yield warning(
            "Issuer",
            f"The keys of the issuer of tokens cannot be fetched from {source.shown}: {error}.",
            "Start it, or mend JWT_JWKS. Until then no token can be checked by a new server.",
        )
    else:
        yield ok("Issuer", f"Keys that {source.shown} publishes: {len(keys)}.")


def port(settings: Settings) -> Iterator[Finding]:
    """Yield whether the server can listen, or does already."""
    try:
        with listening(settings.host, settings.port):
            yield ok("Port", f"{settings.host} port {settings.port} is free.")
    except StartupError as error:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
        url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        answer = _readiness(url)
        if answer is None:
            yield wrong("Port", str(error))
        elif reason := answer.get("reason"):
            cure = "Look at what is wrong below, and at its log."
            yield wrong(
                "Port", f"A stockbatch server runs at {url}, and is not ready: {reason}.", cure
            )
        else:
            yield ok("Port", f"A stockbatch server runs at {url}, and is ready.")


def _readiness(url: str) -> dict[str, str] | None:
    """Return what `/readyz` of a stockbatch server says; None if none is there."""
    try:
        with httpx.Client(base_url=url, timeout=_PROBE_SECONDS, trust_env=False) as client:
            if "stockbatch_" not in client.get("/metrics").text:
                return None
            answer = json.loads(client.get("/readyz").text)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def disk(settings: Settings) -> Iterator[Finding]:
    """Yield whether the disk of the data folder has room for the embedded database."""
    folder = _existing(settings.data_dir.absolute())
    used = shutil.disk_usage(folder)
    free = f"{used.free // _MIB:,} MiB of the disk of {settings.data_dir} are free"
    cure = "Free some, or set DATA_DIR to another disk."
    if used.free < _NEEDED_BYTES:
        yield wrong("Disk", f"Only {free}.", cure)
    elif used.free < (1 - _NEARLY_FULL) * used.total:
        yield warning("Disk", f"Only {free}.", cure)
    else:
        yield ok("Disk", f"{free}.")


def binary(settings: Settings) -> Iterator[Finding]:
    """Yield whether the embedded database's program runs here."""
    try:
        mongod = find_mongod()
        ended = subprocess.run(  # noqa: S603 - the program that the server would run
            [mongod, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=30,
        )
    except (StartupError, OSError, subprocess.TimeoutExpired) as error:
        yield wrong("Embedded database", str(error))
        return
    if ended.returncode:
        sentence = why_it_stopped(ended.stdout + ended.stderr, settings.data_dir)
        yield wrong("Embedded database", sentence)
    else:
        yield ok("Embedded database", f"{ended.stdout.splitlines()[0]} runs here.")


def publication(settings: Settings) -> Iterator[Finding]:
    """Yield whether the receiver of prices answers, if there is one."""
    if settings.publish_url is None:
        return
    address = httpx.URL(settings.publish_url)
    try:
        with httpx.Client(timeout=_PROBE_SECONDS) as client:
            client.head(address)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield warning(
            "Publication",
            f"The receiver of prices at {address.host} does not answer: {error}.",
            "Start it, or mend PUBLISH_URL. Until then prices change and are not published.",
        )
    else:
        yield ok("Publication", f"The receiver of prices at {address.host} answers.")


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that there is."""
    return folder if folder.exists() else _existing(folder.parent)
