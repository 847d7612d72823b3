"""`stockbatch doctor` on deployments that are really broken: each is told apart, with its cure."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.cli.doctor.database import database
from server.cli.doctor.finding import Level
from server.domain.caller import Role
from server.settings import Settings
from server.web.identity.api_keys import ApiKey, hash_of, new_key
from tests.acceptance.conftest import Serve
from tests.support.processes.command_line import forked_stockbatch
from tests.support.processes.foreign_mongod import foreign_mongod, path_with_mongod
from tests.support.web.issuer import RULES, SigningKey, issuing

Finding = dict[str, Any]


def diagnosis(**settings: str | Path) -> list[Finding]:
    """Return what is wrong or doubtful, and check the exit status."""
    answer = forked_stockbatch("doctor", "--json", **settings)
    assert answer.stderr == ""
    found: list[Finding] = json.loads(answer.stdout)
    is_wrong = any(one["level"] == "wrong" for one in found)
    assert answer.returncode == int(is_wrong)
    return [one for one in found if one["level"] != "ok"]


def only(found: list[Finding], subject: str, *words: str, level: str = "wrong") -> None:
    """Check that one thing was found, and that it is told with these words."""
    assert [(one["level"], one["subject"]) for one in found] == [(level, subject)], found
    told = f"{found[0]['sentence']} {found[0]['cure'] or ''}"
    for word in words:
        assert word in told


@pytest.fixture
def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return str(one.getsockname()[1])


@pytest.fixture
def settings(data_dir: Path) -> dict[str, str | Path]:
    return {"DATA_DIR": data_dir, "PORT": "0"}  # any: a free one may be taken meanwhile


def test_a_deployment_that_is_well(
    serve: Serve, settings: dict[str, str | Path], free_port: str
) -> None:
    settings |= {"PORT": free_port}
    at_rest = forked_stockbatch("doctor", **settings)
    server = serve(PORT=settings["PORT"])
    running = forked_stockbatch("doctor", **settings)

    assert at_rest.returncode == running.returncode == 0, running.stdout
    assert at_rest.stdout.splitlines()[-1] == "0 things are wrong."
    assert f"A stockbatch server runs at {server.url}, and is ready." in running.stdout
    assert "Validators and indexes are as this version needs them." in running.stdout


def test_wrong_and_misspelt_settings(settings: dict[str, str | Path]) -> None:
    misspelt = {"WORKER_CHUNK": "3", "QUEUE_SECONDS": "-1"}

    found = diagnosis(**settings, **misspelt)
    doubtful = diagnosis(**settings, LOG_LEVELS="3")

    assert [one["subject"] for one in found] == ["Settings", "Settings"]
    assert "QUEUE_SECONDS is wrong" in found[0]["sentence"]
    assert "did you mean WORKER_CHUNKS?" in found[1]["sentence"]
    assert "stockbatch --help" in found[1]["cure"]
    only(doubtful, "Settings", "did you mean LOG_LEVEL?", "Rename", level="warning")


def test_a_port_that_another_program_has(settings: dict[str, str | Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = diagnosis(**settings | {"PORT": str(taken.getsockname()[1])})

    only(found, "Port", "Address already in use", "Set PORT", "stop the program")


def test_nobody_may_call(settings: dict[str, str | Path], tmp_path: Path) -> None:
    file = tmp_path / "keys.jsonl"
    public = {**settings, "HOST": "0.0.0.0"}  # noqa: S104

    only(diagnosis(**public), "Callers", "nothing says who may", "API_KEYS_FILE")
    only(diagnosis(**settings, API_KEYS_FILE=file), "Callers", "cannot be read", str(file))
    file.write_text("not json\n")
    only(diagnosis(**settings, API_KEYS_FILE=file), "Callers", "Line 1 of", "keys add")
    file.write_text("")
    only(diagnosis(**settings, API_KEYS_FILE=file), "Callers", "There is no API key", "keys add")
    ends = datetime.now(UTC) - timedelta(seconds=1)
    file.write_text(key_line("old", ends))
    only(diagnosis(**settings, API_KEYS_FILE=file), "Callers", "have expired", "nobody may call")
    file.write_text(key_line("old", ends) + key_line("new", None))
    one_left = diagnosis(**settings, API_KEYS_FILE=file)
    only(one_left, "Callers", "expired: old.", level="warning")
    everybody = diagnosis(**public, AUTH="none")
    only(everybody, "Callers", "Everybody", "keys add", level="warning")


def key_line(name: str, expires: datetime | None) -> str:
    key = ApiKey(name=name, role=Role.VIEWER, hash=hash_of(new_key()), expires=expires)
    return key.line() + "\n"


def test_a_library_that_the_embedded_database_lacks(
    settings: dict[str, str | Path], tmp_path: Path
) -> None:
    output = "mongod: error while loading shared libraries: libcurl.so.4: cannot open"
    path = path_with_mongod(tmp_path / "bin", output, 127, os.environ["PATH"])

    found = diagnosis(**settings, PATH=path)

    only(found, "Embedded database", "library libcurl.so.4", "apt-get install libcurl4")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    command = [mount, "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this system does not let root mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_full(settings: dict[str, str | Path], small_disk: Path) -> None:
    found = diagnosis(**{**settings, "DATA_DIR": small_disk / "data"})

    only(found, "Disk", "Only 64 MiB of the disk", "Free some, or set DATA_DIR")


def test_a_database_that_cannot_be_used(settings: dict[str, str | Path], tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        uri = f"mongodb://ann:hunter2@127.0.0.1:{silent.getsockname()[1]}"
        away = diagnosis(**settings, MONGODB_URI=uri)
    with foreign_mongod(tmp_path / "alone") as uri:
        standalone = diagnosis(**settings, MONGODB_URI=uri)
    with foreign_mongod(tmp_path / "new", "--replSet", "rs0") as uri:
        uninitiated = diagnosis(**settings, MONGODB_URI=f"{uri}/?directConnection=true")
    malformed = diagnosis(**settings, MONGODB_URI="mongodb://ann:x/hunter2@db/")

    only(away, "Database", "No MongoDB answers", "Start it")
    only(standalone, "Database", "standalone server", "--replSet rs0")
    only(uninitiated, "Database", "never initiated", "rs.initiate()")
    only(malformed, "Database", "MONGODB_URI is not an address", "percent-encoded")
    assert "hunter2" not in json.dumps([*away, *malformed])


def test_a_database_of_another_version(
    serve: Serve, data_dir: Path, settings: dict[str, str | Path]
) -> None:
    server = serve()
    with server.mongo() as mongo:
        handle = mongo["stockbatch"]
        handle["products"].drop_index("name_1__id_1")
        lacking = diagnosis(**settings)
        handle["products"].create_index([("name", 1), ("_id", 1)], sparse=True)
        differing = diagnosis(**settings)
        handle["products"].drop_index("name_1__id_1")
        handle.command("collMod", "products", validator={"$jsonSchema": {"required": ["name"]}})
        old = diagnosis(**settings)
        assert forked_stockbatch("indexes", "--create", **settings).returncode == 0

        assert diagnosis(**settings) == []

    only(lacking, "Collections", "products name_1__id_1 (missing)", "indexes --create")
    only(differing, "Collections", "products name_1__id_1 (different)", "Drop the different")
    only(old, "Collections", "products (validator) (different)", "indexes --create")


def test_work_that_nobody_does(serve: Serve, settings: dict[str, str | Path]) -> None:
    server = serve(WORKER_ENABLED="false")
    server.graphql(
        "mutation { submitBatch(operation: {updateStock: {updates: "
        f'[{{productId: "{1:024x}", quantity: 1}}]}}}}) {{ id }} }}'
    )
    idle = diagnosis(**settings, WORKER_ENABLED="false")
    with server.mongo() as mongo:
        past = datetime.now(UTC) - timedelta(minutes=5)
        chunks = mongo["stockbatch"]["batchChunks"]
        chunks.update_many({}, {"$set": {"due": past, "readyAt": past}})

        found = diagnosis(**settings)

    only(idle, "Workers", "no worker has been seen", "stockbatch worker", level="warning")
    only(found, "Workers", "chunks wait: 1", "stockbatch worker", "WORKER_ENABLED=true")


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, Level.OK), (3, Level.WARNING), (-60, Level.WRONG)]
)
async def test_clocks_that_differ(serve: Serve, data_dir: Path, seconds: int, level: Level) -> None:
    serve()

    found = [
        one
        async for one in database(Settings(data_dir=data_dir), lambda: time.time() + seconds)
        if one.subject == "Clock"
    ]

    assert [one.level for one in found] == [level]
    assert (found[0].cure is None) == (level is Level.OK)
    if seconds:
        assert f"differ by {abs(seconds)}." in found[0].sentence


def test_wrong_variables_of_opentelemetry(settings: dict[str, str | Path]) -> None:
    wrong = {"OTEL_BSP_SCHEDULE_DELAY": "0", "OTEL_EXPORTER_OTLP_HEADERS": "hunter2"}

    found = diagnosis(**settings, **wrong, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    untraced = diagnosis(**settings, **wrong)

    assert [(one["level"], one["subject"]) for one in found] == [("wrong", "Settings")] * 2
    assert "OTEL_BSP_SCHEDULE_DELAY is wrong: '0'" in str(found)
    assert "hunter2" not in str(found)
    assert untraced == []


async def test_an_issuer_whose_keys_cannot_be_fetched(settings: dict[str, str | Path]) -> None:
    tokens = {"JWT_ISSUER": RULES.issuer, "JWT_AUDIENCE": RULES.audience}
    async with issuing(SigningKey("key")) as issuer:
        well = await asyncio.to_thread(diagnosis, **settings, **tokens, JWT_JWKS=issuer.url)
        await issuer.turn("fails")
        found = await asyncio.to_thread(diagnosis, **settings, **tokens, JWT_JWKS=issuer.url)

    assert well == []
    where = f"from http://127.0.0.1:{issuer.port}: it answered with status 500."
    only(found, "Issuer", where, "JWT_JWKS", level="warning")
    assert "secret" not in str(found)


def test_a_receiver_of_prices_that_does_not_answer(settings: dict[str, str | Path]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/prices"
        found = diagnosis(**settings, PUBLISH_URL=url)

    only(found, "Publication", "does not answer", "PUBLISH_URL", level="warning")
