"""Copies of examples/typescript and examples/python with their clients, and what they print."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.processes.node_tool import node
from tests.support.processes.program import environment
from tests.support.project import PROJECT as ROOT

TYPESCRIPT = ROOT / "examples" / "typescript"
PYTHON = ROOT / "examples" / "python"
INTERPRETER = PYTHON / ".venv" / "bin" / "python"
_NOT_SOURCES = shutil.ignore_patterns(".venv", "stockbatch_client", ".mypy_cache", "__pycache__")
# Ids are shown as <id>, and progress is left out.
TYPESCRIPT_PRINTS = {
    "stock": """\
add 5 to 10: applied, the stock is 15
add -11 to 10: failed, INSUFFICIENT_STOCK: The stock is 10: 11 cannot be taken from it.
add -3 to 10: applied, the stock is 7
""",
    "products": """\
2 of 3 created: PARTIAL
  Oolong 100 g, 30 in stock
  Sencha 100 g, 20 in stock
  INVALID_FIELD at products.2.price: The price 12.5 is not a whole number. It is in whole cents: \
did you mean 1250?
  INVALID_FIELD at products.2.stock: The stock -1 is out of range: it may be from 0 to 2147483647.
1 of 3 updated: PARTIAL
  Oolong 100 g, 1390 cents
  not found at updates.2
  INVALID_FIELD at updates.1.data.name: The name is blank: it must have 1 to 200 characters.
1 of 3 deleted: PARTIAL
  Oolong 100 g
  not found at deletes.2
  HAS_STOCK_UPDATES at deletes.1.productId: \
The product <id> has 1 stock update: set cascadeDelete to delete them with it.
""",
    "background": f"""\
200 stock updates, followed by subscription:
  COMPLETED, PARTIAL: 150 succeeded, 50 failed
  a page of 20: INSUFFICIENT_STOCK at {" ".join(map(str, range(0, 80, 4)))}
  a page of 20: INSUFFICIENT_STOCK at {" ".join(map(str, range(80, 160, 4)))}
  a page of 10: INSUFFICIENT_STOCK at {" ".join(map(str, range(160, 200, 4)))}
201 prices, followed by polling:
  COMPLETED, PARTIAL: 200 succeeded, 1 failed
  a page of 1: PRODUCT_NOT_FOUND at 200
""",
    "retry": """\
Attempt 1: TypeError: fetch failed
Attempt 2: answered
  new stock: 7
  idempotentReplay: true
  in stock: 7, rows in stockUpdates: 1
Other content, same key: IDEMPOTENCY_KEY_REUSED
  in stock: 7, rows in stockUpdates: 1
""",
}

PYTHON_PRINTS = {
    "stock": """\
0: the stock is now 15
1: INSUFFICIENT_STOCK (2 there): The stock is 2: 3 cannot be taken from it.
2: INVALID_QUANTITY: The quantity 0.5 is not a whole number.
3: PRODUCT_NOT_FOUND: There is no product ffffffffffffffffffffffff.
4: the stock is now 14
""",
    "products": """\
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
""",
    "background": """\
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
""",
    "retry": """\
First attempt: no answer. Was it applied?
Second attempt: the stock is now 15.
It is the first one's answer: True
The stock went from 10 to 15.
Its updates: [5]
Something else with that key: ['IDEMPOTENCY_KEY_REUSED']
""",
}
Ended = subprocess.CompletedProcess[str]


def typescript_copy(root: Path) -> Path:
    """Copy the example and the schema below `root`; return the example's folder."""
    node(TYPESCRIPT)
    shutil.copytree(ROOT / "schema", root / "schema", ignore=shutil.ignore_patterns("*.py"))
    copy = root / "examples" / "typescript"
    shutil.copytree(TYPESCRIPT, copy, ignore=shutil.ignore_patterns("node_modules", "generated"))
    (copy / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    generated = run_in(copy, "npm", "run", "--silent", "generate")
    assert generated.returncode == 0, generated.stdout + generated.stderr
    return copy


def python_copy(root: Path) -> Path:
    """Copy the example and the schema below `root`; return the example's folder."""
    if not INTERPRETER.exists():
        pytest.fail("This test needs examples/python/.venv: run `make clients`.", pytrace=False)
    (root / "schema").mkdir(parents=True)
    shutil.copy(ROOT / "schema" / "schema.graphql", root / "schema")
    copy = shutil.copytree(PYTHON, root / "examples" / "python", ignore=_NOT_SOURCES)
    run_python(copy, "-m", "ariadne_codegen")
    return copy


def run_in(folder: Path, *command: str, **variables: str) -> Ended:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def run_python(folder: Path, *arguments: str, url: str = "", status: int = 0) -> str:
    """Return what the example's Python prints; it must end with `status`, and no complaint."""
    here = "127.0.0.1,localhost"  # is never behind a proxy
    ended = subprocess.run(
        [INTERPRETER, *arguments],
        cwd=folder,
        env=environment(STOCKBATCH_URL=url, NO_PROXY=here, no_proxy=here),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.stderr, ended.returncode) == ("", status), ended.stdout
    return ended.stdout


def without_progress(printed: str) -> str:
    """Leave out the lines about a batch that has not ended: how many there are differs."""
    lines = printed.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("  PENDING ", "  PROCESSING ")))
