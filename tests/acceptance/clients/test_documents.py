"""Everything that the documents let a reader try, in turn and on one data folder."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Serve
from tests.support.curl import Request
from tests.support.examples import Program, as_text, parse
from tests.support.pages import DOCUMENTS, README, assert_it_shows_what_happens, text_of
from tests.support.processes.client_examples import (
    PYTHON_PRINTS,
    TYPESCRIPT_PRINTS,
    python_copy,
    run_in,
    run_python,
    typescript_copy,
    without_progress,
)
from tests.support.processes.node_tool import run_node
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.processes.worker_process import WorkerProcess
from tests.support.project import PROJECT as ROOT

CONVEX = ROOT / "examples" / "convex"
SWEEP_SECONDS = "0.1"
_ID = re.compile(r"\b[0-9a-f]{24}\b")


class ServerStage:
    """A server without a worker. A worker runs beside it whenever there is work to do."""

    def __init__(self, server: ServerProcess, logs: Path) -> None:
        self._server = server
        self._logs = logs
        self._moment: datetime | None = None

    async def send(self, request: Request) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            return await client.send(request.built(self._server.url))

    async def set_clock(self, moment: datetime) -> None:
        """Let the time go by since the clock was last set: what expires does so earlier."""
        passed = moment - (self._moment or moment)
        self._moment = moment
        if not passed:
            return
        milliseconds = passed / timedelta(milliseconds=1)
        with self._server.mongo() as client:
            client["stockbatch"]["products"].update_many(
                {"expiresAt": {"$exists": True}},
                [{"$set": {"expiresAt": {"$subtract": ["$expiresAt", milliseconds]}}}],
            )

    async def sweep(self) -> None:
        with self._server.mongo() as client:
            products = client["stockbatch"]["products"]
            now = datetime.now(UTC)
            until(lambda: products.find_one({"expiresAt": {"$lte": now}}) is None, "the sweep")

    async def work(self) -> None:
        with working(self._server, self._logs), self._server.mongo() as client:
            batches = client["stockbatch"]["batchOperations"]
            unfinished = {"status": {"$in": ["pending", "processing"]}}
            until(lambda: batches.find_one(unfinished) is None, "the work")


@contextmanager
def working(server: ServerProcess, logs: Path) -> Iterator[None]:
    """A worker on the server's database."""
    worker = WorkerProcess(logs / "worker.log", {"DATA_DIR": server.data_dir}, forked=True)
    try:
        worker.wait_until_ready()
        yield
        assert worker.stop() == 0
    finally:
        worker.close()


def ids_hidden(printed: str) -> str:
    return _ID.sub("<id>", printed)


async def assert_the_first_screen_works(server: ServerProcess, logs: Path) -> None:
    first = parse(text_of(README)).examples[0]

    response = await ServerStage(server, logs).send(first.request)

    assert as_text(first.answer_of(response)) == as_text(first.answer)


async def test_the_samples_are_back_after_the_data_folder_was_removed(
    serve: Serve, data_dir: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        server = serve(data_dir)
        await assert_the_first_screen_works(server, tmp_path)
        assert server.stop() == 0
        shutil.rmtree(data_dir)


@pytest.mark.node
@pytest.mark.timeout(400)  # seconds: it starts Node and Python some twenty times
async def test_programs_and_documents_work_one_after_the_other_on_one_data_folder(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(WORKER_ENABLED="false", EXPIRY_SWEEP_SECONDS=SWEEP_SECONDS)
    programs = small_programs(server.url, tmp_path)
    clients = client_programs(server.url, tmp_path)

    await assert_it_shows_what_happens(README, ServerStage(server, tmp_path), any_time=True)
    with working(server, tmp_path):
        printed = {name: ids_hidden(run()) for name, run in programs.items()}
    for name in DOCUMENTS[1:]:
        await assert_it_shows_what_happens(name, ServerStage(server, tmp_path), any_time=True)
    with working(server, tmp_path):
        again = {name: ids_hidden(run()) for name, run in programs.items()}
        by_clients = {name: ids_hidden(run()) for name, run in clients.items()}

    assert again == printed
    assert printed["poll_batch.js"] == "Final: 3 succeeded, 1 failed"
    expected = {f"{name}.ts": text for name, text in TYPESCRIPT_PRINTS.items()} | {
        f"{name}.py": text for name, text in PYTHON_PRINTS.items()
    }
    assert by_clients == {name: ids_hidden(text) for name, text in expected.items()}


@pytest.mark.node
def test_a_program_in_a_document_prints_what_stands_there(serve: Serve, tmp_path: Path) -> None:
    programs = programs_in_documents(serve().url, tmp_path)

    printed = {name: run() for name, run in programs.items()}

    shown = {name: program.output for name, program in documented_programs().items()}
    assert list(shown) == ["docs/convex.md, line 6"]
    assert printed == shown


def documented_programs() -> dict[str, Program]:
    """Return every block of JavaScript in the documents, by its place."""
    return {
        f"{name}, line {program.line}": program
        for name in DOCUMENTS
        for program in parse(text_of(name)).programs
    }


def programs_in_documents(url: str, folder: Path) -> dict[str, Callable[[], str]]:
    """Return the programs of `documented_programs`, each made to call the server at `url`."""
    (folder / "node_modules").symlink_to(CONVEX / "node_modules")
    programs: dict[str, Callable[[], str]] = {}
    for place, program in documented_programs().items():
        file = folder / f"{program.line}.mjs"
        file.write_text(program.source.replace("http://127.0.0.1:8000", url), "utf-8")
        programs[place] = partial(run_node, CONVEX, [str(file)])
    return programs


def small_programs(url: str, folder: Path) -> dict[str, Callable[[], str]]:
    """Return the programs that need no generated code: each returns what it prints."""

    def poll_batch() -> str:
        printed = run_node(CONVEX, [str(ROOT / "examples" / "poll_batch.js"), url])
        return printed.splitlines()[-1]  # how often it polls depends on the machine

    programs = programs_in_documents(url, folder) | {"poll_batch.js": poll_batch}
    for file in ("seed-1.js", "tour.js"):
        programs[file] = partial(run_node, CONVEX, [file], CONVEX_URL=url)
    return programs


def client_programs(url: str, folder: Path) -> dict[str, Callable[[], str]]:
    """Return the programs of the generated clients: each returns what it prints."""
    typescript = typescript_copy(folder / "typescript")
    python = python_copy(folder / "python")
    address = f"{url}/graphql"

    def in_typescript(name: str) -> str:
        ended = run_in(typescript, "npm", "run", "--silent", name, STOCKBATCH_URL=address)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def in_python(name: str) -> str:
        return without_progress(run_python(python, f"{name}.py", url=address))

    return {f"{name}.ts": partial(in_typescript, name) for name in TYPESCRIPT_PRINTS} | {
        f"{name}.py": partial(in_python, name) for name in PYTHON_PRINTS
    }
