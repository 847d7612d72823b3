"""What can be seen of the database: whether it can be used, what it lacks, and what waits."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Final

from server.batches.stored.queue_watch import QueueWatch
from server.cli.doctor.finding import Finding, ok, warning, wrong
from server.domain.errors import StartupError, StoreError
from server.kinds.registry import KINDS
from server.mongo.batches.queue import ChunkQueue
from server.mongo.batches.workers import Workers
from server.mongo.collections import is_new
from server.mongo.connection.data_folder import is_in_use, running_uri
from server.mongo.connection.deployment import require_transactions
from server.mongo.connection.driver import Driver, connect
from server.mongo.connection.errors import translated
from server.mongo.inspection import State, inspect
from server.settings import Settings

_OLDEST_VERSION: Final = 6  # of MongoDB: lists of results need it
_SKEW_SECONDS, _LARGE_SKEW_SECONDS = 1.0, 5.0
_NEARLY_FULL, _FULL = 0.85, 0.95
_MOST_NAMED: Final = 5

Clock = Callable[[], float]


async def database(settings: Settings, clock: Clock = time.time) -> AsyncIterator[Finding]:
    """Yield what there is to say of the database, as far as one can get."""
    uri = settings.mongodb_uri
    if uri is None:
        if not is_in_use(settings.data_dir):
            yield ok("Database", f"No server runs on DATA_DIR {settings.data_dir}, so it rests.")
            return
        uri = running_uri(settings.data_dir)
    try:
        driver = connect("pymongo", uri)
    except Exception as error:  # noqa: BLE001 - the driver's own, which may quote the password
        cure = "Write it as mongodb://user:password@host:port/?replicaSet=rs0, percent-encoded."
        yield wrong("Database", f"MONGODB_URI is not an address ({type(error).__name__}).", cure)
        return
    try:
        await require_transactions(driver, uri)
        async for finding in _of_driver(driver, settings, clock):
            yield finding
    except StartupError as error:
        yield wrong("Database", str(error))
    except StoreError as error:
        cure = "Look at its log, and whether the user of MONGODB_URI may read and write it."
        yield wrong("Database", f"It fails: {error}.", cure)
    finally:
        await driver.close()


async def _of_driver(driver: Driver, settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    admin = driver.client.admin
    with translated():
        version = (await admin.command("buildInfo"))["version"]
        began = clock()
        hello = await admin.command("hello")
        now = (began + clock()) / 2
    if int(version.partition(".")[0]) < _OLDEST_VERSION:
        cure = f"Upgrade it to MongoDB {_OLDEST_VERSION}.0 or newer."
        yield wrong("Database", f"It is MongoDB {version}, which is too old.", cure)
    elif not hello.get("isWritablePrimary"):
        yield wrong("Database", "No primary takes writes.", "Look at rs.status() in mongosh.")
    else:
        yield ok("Database", f"MongoDB {version} answers, and can do transactions.")
    yield _skew(hello, now)
    yield await _room(driver, settings)
    yield await _collections(driver, settings)
    yield await _queue(driver, settings)


def _skew(hello: dict[str, Any], now: float) -> Finding:
    seconds = abs(_utc(hello["localTime"]).timestamp() - now)
    sentence = f"The clocks of the database and of this machine differ by {seconds:.1f} s."
    cure = "Let both machines set their clocks by NTP (timedatectl set-ntp true)."
    if seconds > _LARGE_SKEW_SECONDS:
        return wrong("Clock", sentence, cure)
    return warning("Clock", sentence, cure) if seconds > _SKEW_SECONDS else ok("Clock", sentence)


async def _room(driver: Driver, settings: Settings) -> Finding:
    with translated():
        stats = await driver.client[settings.mongodb_database].command("dbStats")
    total = stats.get("fsTotalSize")
    if not total:
        return ok("Database's disk", "The database does not tell how full its disk is.")
    share = stats["fsUsedSize"] / total
    sentence = f"The disk of the database is {share:.0%} full."
    cure = "Give it more room, or lower BATCH_RETENTION_DAYS."
    if share > _FULL:
        return wrong("Database's disk", sentence, cure)
    if share > _NEARLY_FULL:
        return warning("Database's disk", sentence, cure)
    return ok("Database's disk", sentence)


async def _collections(driver: Driver, settings: Settings) -> Finding:
    handle = driver.client[settings.mongodb_database]
    if await is_new(handle):
        return ok("Collections", f"{handle.name} is new: the first server prepares it.")
    found = [one for one in await inspect(handle, list(KINDS)) if one.state.is_wrong]
    if not found:
        return ok("Collections", "Validators and indexes are as this version needs them.")
    named = [f"{one.collection} {one.name} ({one.state.value})" for one in found[:_MOST_NAMED]]
    more = f", and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    has_odd_index = any(
        one.state is State.DIFFERENT and not one.name.startswith("(") for one in found
    )
    cure = "Run `stockbatch indexes --create`, or start a server of this version."
    if has_odd_index:
        cure = f"Drop the different indexes in mongosh. Then: {cure[0].lower()}{cure[1:]}"
    return wrong("Collections", f"The database lacks: {', '.join(named)}{more}.", cure)


async def _queue(driver: Driver, settings: Settings) -> Finding:
    name = settings.mongodb_database
    queue = ChunkQueue(driver, name, kinds=list(KINDS))
    state = await QueueWatch(queue, Workers(driver.client[name])).state()
    start = "Start a worker (`stockbatch worker`), or a server with WORKER_ENABLED=true."
    if state.warning:
        return wrong("Workers", f"{state.warning[0].upper()}{state.warning[1:]}.", start)
    if not state.workers and not settings.worker_enabled:
        sentence = "WORKER_ENABLED is false, and no worker has been seen."
        return warning("Workers", sentence, start)
    depth = f"{state.depth.waiting} wait, {state.depth.running} run"
    return ok("Workers", f"Workers that live: {state.workers}. Chunks: {depth}.")


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
