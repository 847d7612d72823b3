"""Generate examples/python as its README says, check it with mypy, and run it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.processes.client_examples import (
    PYTHON,
    python_copy,
    run_python,
    without_progress,
)
from tests.support.processes.client_examples import PYTHON_PRINTS as PRINTS
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.slow


APPLIED = "UpdateStockBatchUpdateStockStockUpdateApplied"
FAILED = "UpdateStockBatchUpdateStockStockUpdateFailed"
NEVER = 'Argument 1 to "assert_never" has incompatible type "{}"; expected "Never"  [arg-type]'
NOT_NARROWED = """\
from connection import Connection

async def main(client: Connection) -> None:
    for result in await client.update_stock([]):
        print(result.{field})
"""
BRANCH_FORGOTTEN = """\
from typing import assert_never
from connection import Connection
from stockbatch_client import {type}

async def main(client: Connection) -> None:
    for result in await client.update_stock([]):
        match result:
            case {type}():
                print(result.product_id)
            case _:
                assert_never(result)
"""
TWO_OPERATIONS_AT_ONCE = """\
import asyncio
from connection import Connection
from stockbatch_client import (
    BatchOperationInput,
    DiscontinueProductsBatch,
    GraphQLClientGraphQLMultiError,
    UpdatePriceBatch,
)

async def main() -> None:
    async with Connection() as client:
        two = BatchOperationInput(
            update_price=UpdatePriceBatch(product_ids=["f" * 24], new_price=1),
            discontinue_products=DiscontinueProductsBatch(product_ids=["f" * 24]),
        )
        try:
            await client.submit_batch(two)
        except GraphQLClientGraphQLMultiError as refusal:
            print([error.extensions for error in refusal.errors])

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder, in a copy of the project, with the client generated."""
    return python_copy(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with closing(ServerProcess(folder / "data", folder / "server.log", {})) as started:
        yield started.wait_until_ready()


def test_the_programs_and_the_generated_client_pass_mypy_strict(example: Path) -> None:
    files = [*example.glob("*.py"), *(example / "stockbatch_client").glob("*.py")]

    assert run(example, "-m", "mypy") == f"Success: no issues found in {len(files)} source files\n"


@pytest.mark.parametrize(
    ("program", "line", "error"),
    [
        (
            NOT_NARROWED.format(field="new_stock"),
            5,
            f'Item "{FAILED}" of "{APPLIED} | {FAILED}" has no attribute "new_stock"  [union-attr]',
        ),
        (
            NOT_NARROWED.format(field="error"),
            5,
            f'Item "{APPLIED}" of "{APPLIED} | {FAILED}" has no attribute "error"  [union-attr]',
        ),
        (BRANCH_FORGOTTEN.format(type="Applied"), 11, NEVER.format(FAILED)),
        (BRANCH_FORGOTTEN.format(type="Failed"), 11, NEVER.format(APPLIED)),
        (
            'from stockbatch_client import StockUpdateInput\nStockUpdateInput(product_id="a")\n',
            2,
            'Missing named argument "quantity" for "StockUpdateInput"  [call-arg]',
        ),
        (
            "def untyped(): ...\n",
            1,
            "Function is missing a return type annotation  [no-untyped-def]",
        ),
    ],
    ids=["new_stock", "error", "no Failed", "no Applied", "an argument is missing", "strict"],
)
def test_mypy_refuses_a_wrong_program(example: Path, program: str, line: int, error: str) -> None:
    (example / "planted.py").write_text(program, encoding="utf-8")
    try:
        output = run(example, "-m", "mypy", "planted.py", status=1)
    finally:
        (example / "planted.py").unlink()

    assert [one for one in output.splitlines() if ": note: " not in one] == [
        f"planted.py:{line}: error: {error}",
        "Found 1 error in 1 file (checked 1 source file)",
    ]


@pytest.mark.parametrize(
    ("program", "output"),
    [
        ("stock.py", PRINTS["stock"]),
        ("products.py", PRINTS["products"]),
        ("retry.py", PRINTS["retry"]),
    ],
)
def test_a_program_says_the_same_each_time(
    example: Path, server: ServerProcess, program: str, output: str
) -> None:
    assert [run(example, program, server=server) for _ in range(2)] == [output, output]


def test_background_batches_are_followed_to_their_end(example: Path, server: ServerProcess) -> None:
    for _ in range(2):
        printed = run(example, "background.py", server=server)

        assert without_progress(printed) == PRINTS["background"]


def test_a_refusal_reaches_the_program_with_its_code(example: Path, server: ServerProcess) -> None:
    (example / "two.py").write_text(TWO_OPERATIONS_AT_ONCE, encoding="utf-8")

    assert run(example, "two.py", server=server) == "[{'code': 'BAD_INPUT'}]\n"


def test_the_readme_shows_what_is_printed() -> None:
    assert f"```\n{PRINTS['retry']}```\n" in (PYTHON / "README.md").read_text(encoding="utf-8")


def run(folder: Path, *arguments: str, server: ServerProcess | None = None, status: int = 0) -> str:
    """What the example's Python prints; it must end with `status`, and without a complaint."""
    url = f"{server.url}/graphql" if server else ""
    return run_python(folder, *arguments, url=url, status=status)


NO_BATCH = """\
import asyncio
from connection import Connection
from stockbatch_client import GraphQLClientGraphQLMultiError

async def main() -> None:
    async with Connection() as client:
        try:
            async for _ in client.batch_progress("f" * 24):
                pass
        except GraphQLClientGraphQLMultiError as refusal:
            print(refusal, [error.extensions for error in refusal.errors])

asyncio.run(main())
"""


def test_a_subscription_to_no_batch_is_refused(example: Path, server: ServerProcess) -> None:
    (example / "no_batch.py").write_text(NO_BATCH, encoding="utf-8")

    assert run(example, "no_batch.py", server=server) == (
        "There is no batch ffffffffffffffffffffffff. [{'code': 'BAD_INPUT'}]\n"
    )
