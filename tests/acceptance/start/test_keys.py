"""Make a key, start a server with it, and call."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.program import environment
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "api-keys.jsonl"


def keys(*arguments: str | Path, **settings: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m server keys`."""
    command = [sys.executable, "-m", "server", "keys", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=PROJECT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )


def added(file: Path, name: str, role: str, *more: str) -> str:
    """Make a key, which is the last line that is printed, and return it."""
    made = keys("add", name, "--role", role, *more, "--file", file)
    assert (made.returncode, made.stderr) == (0, "")
    return made.stdout.splitlines()[-1]


def asked(server: ServerProcess, key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    query = {"query": "{ products { totalCount } }"}
    return httpx.post(f"{server.url}/graphql", json=query, headers=headers, trust_env=False)


def test_a_key_opens_a_server_until_it_is_removed(serve: Serve, file: Path) -> None:
    viewer, admin = added(file, "shop", "viewer"), added(file, "ops", "admin")
    server = serve(API_KEYS_FILE=file)

    assert asked(server).status_code == 401
    assert asked(server, viewer).json() == {"data": {"products": {"totalCount": 12}}}

    file.write_text("".join(line + "\n" for line in file.read_text().splitlines() if "ops" in line))
    until = time.monotonic() + 20
    while asked(server, viewer).status_code == 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert asked(server, viewer).status_code == 401
    assert asked(server, admin).status_code == 200
    assert viewer not in server.log
    assert admin not in server.log


def test_keys_are_listed_without_what_opens(file: Path) -> None:
    added(file, "shop", "viewer")
    added(file, "till", "operator", "--expires", "2099-01-31")

    listed = keys("list", API_KEYS_FILE=file)

    assert listed.stdout == "shop\tviewer\t\ntill\toperator\t2099-01-31T00:00:00+00:00\n"


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["add", "a b", "--role", "viewer"], 1, "A key cannot have the name 'a b'"),
        (["add", "taken", "--role", "viewer"], 1, "There is a key taken in"),
        (["add", "new", "--role", "root"], 2, "'root' is not one of 'viewer', 'operator', 'admin'"),
        (["add", "new", "--role", "viewer", "--expires", "2001-01-01"], 2, "is in the past"),
        (["add", "new"], 2, "--role"),
        ([], 2, "Usage: "),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    file: Path, arguments: list[str], status: int, sentence: str
) -> None:
    added(file, "taken", "viewer")
    before = file.read_text()

    refused = keys(*arguments, API_KEYS_FILE=file)

    assert refused.returncode == status
    assert sentence in refused.stderr
    assert file.read_text() == before


def test_no_file_is_no_guess() -> None:
    refused = keys("add", "shop", "--role", "viewer")

    assert refused.returncode == 1
    assert refused.stderr == (
        "stockbatch: No file of API keys is named: set API_KEYS_FILE, or say --file FILE.\n"
    )


def test_a_server_for_others_without_callers_does_not_start(launch_refused: str) -> None:
    assert launch_refused.startswith("stockbatch: HOST=0.0.0.0 lets others reach the server, and ")


@pytest.fixture
def launch_refused(tmp_path: Path) -> str:
    command = [sys.executable, "-m", "server"]
    settings = environment(HOST="0.0.0.0", PORT="0", DATA_DIR=tmp_path / "data")  # noqa: S104
    ended = subprocess.run(
        command, cwd=PROJECT, env=settings, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert not (tmp_path / "data").exists()
    return ended.stderr


def test_a_server_for_others_starts_if_everybody_may(serve: Serve) -> None:
    server = serve(HOST="0.0.0.0", AUTH="none")  # noqa: S104

    port = server.url.rpartition(":")[2]
    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
    assert answer.status_code == 200
