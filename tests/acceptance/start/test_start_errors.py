"""Start a server that cannot start: it says why and what to do, and leaves nothing running."""

import os
import socket
from pathlib import Path
from typing import Protocol

import pytest

from tests.acceptance.conftest import Launch
from tests.support.processes.foreign_mongod import foreign_mongod, path_with_mongod
from tests.support.processes.process_table import processes_in
from tests.support.processes.server_process import ServerProcess


class Refusal(Protocol):
    """Return the sentences, `count` of them, that a server prints when it refuses to start."""

    def __call__(
        self, data_dir: Path | None = None, *, count: int = 1, **settings: str | Path
    ) -> list[str]: ...


@pytest.fixture
def refusal(launch: Launch, data_dir: Path) -> Refusal:
    def refusal_(
        folder: Path | None = None, *, count: int = 1, **settings: str | Path
    ) -> list[str]:
        before = processes_in(folder or data_dir)
        server = launch(folder, **settings)

        status = server.wait()

        sentences = server.log.splitlines()
        assert len(sentences) == count, server.log
        assert sentences[0].startswith("stockbatch: ")
        assert status == 1
        assert processes_in(folder or data_dir) == before
        return sentences

    return refusal_


def assert_says(sentence: str, *words: str) -> None:
    assert [one for one in words if one not in sentence] == [], sentence


def test_a_port_that_is_taken(refusal: Refusal, data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        (sentence,) = refusal(PORT=port)

    assert_says(sentence, f"127.0.0.1 port {port}", "Address already in use", "Set PORT")
    assert not data_dir.exists()


def test_a_data_folder_that_another_server_uses(refusal: Refusal, running: ServerProcess) -> None:
    (sentence,) = refusal(running.data_dir)

    assert_says(sentence, "Another stockbatch server", str(running.data_dir), "set DATA_DIR")
    assert running.graphql("{ products { totalCount } }") == {"products": {"totalCount": 12}}


def test_a_data_folder_that_is_a_file(refusal: Refusal, data_dir: Path) -> None:
    data_dir.write_text("mine")

    (sentence,) = refusal()

    assert_says(sentence, str(data_dir), "Not a directory", "set DATA_DIR")
    assert data_dir.read_text() == "mine"


def test_wrong_settings_are_named_all_at_once(refusal: Refusal, data_dir: Path) -> None:
    sentences = refusal(
        count=4,
        PORT="abc",
        MAX_BATCH_ITEMS="0",
        MONGODB_URI="postgres://ann:hunter2@db/",
        MONGODB_DATABASE="a.b",
    )

    port, uri, database, items = sorted(sentences, key=_place_of_setting)
    assert_says(port, "PORT", "'abc'", "integer")
    assert_says(items, "MAX_BATCH_ITEMS", "'0'", "greater than or equal to 1")
    assert_says(database, "MONGODB_DATABASE", "'a.b'", "none of the characters")
    assert_says(uri, "MONGODB_URI", "must begin with mongodb://")
    assert "hunter2" not in "".join(sentences)
    assert not data_dir.exists()


def test_wrong_variables_of_opentelemetry_are_named_all_at_once(
    refusal: Refusal, data_dir: Path
) -> None:
    limit, headers, batch = refusal(
        count=3,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="-1",
        OTEL_EXPORTER_OTLP_HEADERS="Bearer hunter2",
        OTEL_BSP_MAX_QUEUE_SIZE="many",
    )

    sentences = (limit, headers, batch)
    assert_says(
        "".join(sentences), "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT is wrong: '-1': must be a whole"
    )
    assert_says("".join(sentences), "OTEL_BSP_MAX_QUEUE_SIZE is wrong: 'many': must be a whole")
    assert_says("".join(sentences), "OTEL_EXPORTER_OTLP_HEADERS is wrong: the value, which may be")
    assert "hunter2" not in "".join(sentences)
    assert not data_dir.exists()


def test_a_misspelt_setting_is_named_with_the_right_one(refusal: Refusal, data_dir: Path) -> None:
    first, second = refusal(count=2, PORT="abc", WORKER_CHUNK="3")

    assert_says(first, "PORT", "'abc'", "integer")
    assert second == "There is no setting WORKER_CHUNK: did you mean WORKER_CHUNKS?"
    assert not data_dir.exists()


def test_a_variable_that_may_be_another_programs_is_only_logged(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = launch(PORT=str(taken.getsockname()[1]), LOG_LEVELS="3")

        assert server.wait() == 1

    warning, refusal = server.log.splitlines()
    assert warning.endswith(
        " WARNING server.cli.serving.command There is no setting LOG_LEVELS: did you mean "
        "LOG_LEVEL? The variable is ignored."
    )
    assert_says(refusal, "Address already in use")


def _place_of_setting(sentence: str) -> int:
    names = ["PORT", "MONGODB_URI", "MONGODB_DATABASE", "MAX_BATCH_ITEMS"]
    return next(place for place, name in enumerate(names) if f"setting {name} " in sentence)


def test_a_wrong_address_of_a_database_is_shown_without_its_password(refusal: Refusal) -> None:
    wrong = {
        "a password that is not quoted": "mongodb://ann:x/hunter2@db/",
        "no host": "mongodb://ann:hunter2",
    }

    said = {what: refusal(MONGODB_URI=uri)[0] for what, uri in wrong.items()}

    assert [what for what in wrong if "MONGODB_URI" not in said[what]] == []
    assert [what for what in wrong if "hunter2" in said[what]] == []


def test_a_database_where_nothing_answers(refusal: Refusal) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        host = f"127.0.0.1:{silent.getsockname()[1]}"

        (sentence,) = refusal(MONGODB_URI=f"mongodb://ann:hunter2@{host}/?tls=false")

    assert_says(sentence, f"No MongoDB answers at mongodb://ann@{host}", "Connection refused")
    assert_says(sentence, "unset MONGODB_URI")
    assert "hunter2" not in sentence


def test_a_standalone_database(refusal: Refusal, tmp_path: Path) -> None:
    with foreign_mongod(tmp_path / "own") as uri:
        (sentence,) = refusal(MONGODB_URI=uri)

    assert_says(sentence, uri, "standalone", "need a replica set")
    assert_says(sentence, "--replSet", "rs.initiate()", "unset MONGODB_URI")


def test_a_replica_set_that_was_never_initiated(refusal: Refusal, tmp_path: Path) -> None:
    with foreign_mongod(tmp_path / "own", "--replSet", "rs0") as uri:
        (sentence,) = refusal(MONGODB_URI=f"{uri}/?directConnection=true")

    assert_says(sentence, uri, "rs.initiate()")


_NO_LIBRARY = (
    "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: "
    "No such file or directory"
)
_DISK_FULL = (
    '{"t":{"$date":"2026-01-31T12:00:00.000+00:00"},"s":"E",  "c":"WT",       "id":22435,   "ctx":'
    '"initandlisten","msg":"WiredTiger error message","attr":{"error":28,"message":{"msg":"int '
    '__posix_file_write(WT_FILE_HANDLE*)","error_str":"No space left on device","error_code":28}}}'
)


@pytest.mark.parametrize(
    ("output", "status", "words"),
    [
        (_NO_LIBRARY, 127, ["library libcurl.so.4", "apt-get install libcurl4", "MONGODB_URI"]),
        (_DISK_FULL, 14, ["The disk of {data_dir} is full", "free some space", "DATA_DIR"]),
    ],
    ids=["a library is missing", "the disk is full"],
)
def test_a_mongod_that_does_not_run(
    refusal: Refusal, tmp_path: Path, data_dir: Path, output: str, status: int, words: list[str]
) -> None:
    (sentence,) = refusal(
        PATH=path_with_mongod(tmp_path / "bin", output, status, os.environ["PATH"])
    )

    assert_says(sentence, *(word.format(data_dir=data_dir) for word in words))
    assert (data_dir / "mongod.log").read_text() == f"{output}\n"
