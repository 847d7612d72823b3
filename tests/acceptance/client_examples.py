"""Copies of examples/typescript and examples/python, with the client of each generated."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.node_tool import ROOT, node
from tests.acceptance.program import environment

TYPESCRIPT = ROOT / "examples" / "typescript"
PYTHON = ROOT / "examples" / "python"
INTERPRETER = PYTHON / ".venv" / "bin" / "python"
_NOT_SOURCES = shutil.ignore_patterns(".venv", "stockbatch_client", ".mypy_cache", "__pycache__")
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
