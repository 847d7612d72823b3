"""Generate examples/python as its README says, check it with mypy, and run it."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.processes.program import environment
from tests.support.processes.server_process import ServerProcess
from tests.support.project import PROJECT

pytestmark = pytest.mark.slow

EXAMPLE = PROJECT / "examples" / "python"
PYTHON = EXAMPLE / ".venv" / "bin" / "python"
NOT_SOURCES = shutil.ignore_patterns(".venv", "stockbatch_client", ".mypy_cache", "__pycache__")

STOCK = """\
0: the stock is now 15
1: INSUFFICIENT_STOCK (2 there): The stock is 2: 3 cannot be taken from it.
2: INVALID_QUANTITY: The quantity 0.5 is not a whole number.
3: PRODUCT_NOT_FOUND: There is no product ffffffffffffffffffffffff.
4: the stock is now 14
"""
PRODUCTS = """\
Created: PARTIAL
  Sencha, 1290 cents, 25 in stock
  Oolong, 1490 cents, 30 in stock
  item 1: INVALID_FIELD at products.1.price
Updated: PARTIAL
  Sencha, 1190 cents, 25 in stock
  item 1: not found
  item 2: INVALID_FIELD at updates.2.data.name
Deleted: PARTIAL
  Sencha, 1190 cents, 25 in stock
  item 1: not found
  item 2: HAS_STOCK_UPDATES at deletes.2.productId
Deleted: ALL
  Oolong, 1490 cents, 31 in stock
"""
BACKGROUND = """\
Submitted 40 items; the subscription tells:
  COMPLETED 40/40: 35 succeeded, 5 failed
A page of failed results:
  item 0: INSUFFICIENT_STOCK
  item 8: INSUFFICIENT_STOCK
  item 16: INSUFFICIENT_STOCK
A page of failed results:
  item 24: INSUFFICIENT_STOCK
  item 32: INSUFFICIENT_STOCK
Submitted 40 items; polling tells:
  COMPLETED 40/40: 35 succeeded, 5 failed
"""
RETRY = """\
First attempt: no answer. Was it applied?
Second attempt: the stock is now 15.
It is the first one's answer: True
The stock went from 10 to 15.
Its updates: [5]
Something else with that key: ['IDEMPOTENCY_KEY_REUSED']
"""

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
    """Copy the folder into a copy of the project, and generate the client."""
    if not PYTHON.exists():
        pytest.fail("This test needs examples/python/.venv: run `make clients`.", pytrace=False)
    project = tmp_path_factory.mktemp("project")
    (project / "schema").mkdir()
    shutil.copy(PROJECT / "schema" / "schema.graphql", project / "schema")
    folder = shutil.copytree(EXAMPLE, project / "examples" / "python", ignore=NOT_SOURCES)
    run(folder, "-m", "ariadne_codegen")
    return folder


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
    [("stock.py", STOCK), ("products.py", PRODUCTS), ("retry.py", RETRY)],
)
def test_a_program_says_the_same_each_time(
    example: Path, server: ServerProcess, program: str, output: str
) -> None:
    assert [run(example, program, server=server) for _ in range(2)] == [output, output]


def test_background_batches_are_followed_to_their_end(example: Path, server: ServerProcess) -> None:
    for _ in range(2):
        lines = run(example, "background.py", server=server).splitlines(keepends=True)
        under_way = [one for one in lines if one.startswith(("  PENDING ", "  PROCESSING "))]

        assert "".join(one for one in lines if one not in under_way) == BACKGROUND


def test_a_refusal_reaches_the_program_with_its_code(example: Path, server: ServerProcess) -> None:
    (example / "two.py").write_text(TWO_OPERATIONS_AT_ONCE, encoding="utf-8")

    assert run(example, "two.py", server=server) == "[{'code': 'BAD_INPUT'}]\n"


def test_the_readme_shows_what_is_printed() -> None:
    assert f"```\n{RETRY}```\n" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


def run(folder: Path, *arguments: str, server: ServerProcess | None = None, status: int = 0) -> str:
    """Return what the example's Python prints; it must exit with `status`, without a complaint."""
    here = "127.0.0.1,localhost"  # is never behind a proxy
    url = f"{server.url}/graphql" if server else ""
    ended = subprocess.run(
        [PYTHON, *arguments],
        cwd=folder,
        env=environment(STOCKBATCH_URL=url, NO_PROXY=here, no_proxy=here),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", status), ended.stdout
    return ended.stdout


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
