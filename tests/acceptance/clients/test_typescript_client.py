"""Generate and compile examples/typescript as a reader does, and run it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes.client_examples import TYPESCRIPT, Ended, run_in, typescript_copy
from tests.support.processes.client_examples import TYPESCRIPT_PRINTS as PRINTS
from tests.support.processes.server_process import ServerProcess

pytestmark = pytest.mark.node


IMPORTS = """\
import { execute } from './execute.ts';
import type { UpdateStockMutation } from './generated/graphql.ts';
import { LedgerDocument, SubmitDocument, UpdateStockDocument } from './generated/graphql.ts';
type Result = UpdateStockMutation['batchUpdateStock'][number];
export const used = [execute, LedgerDocument, SubmitDocument, UpdateStockDocument];
export type Used = Result;
"""
RIGHT = """\
export function narrowed(result: Result): number {
  switch (result.__typename) {
    case 'StockUpdateApplied': return result.newStock;
    case 'StockUpdateFailed': return result.error.message.length;
    default: return result satisfies never;
  }
}
export const results = await execute(UpdateStockDocument, {
  updates: [{ productId: 'a', quantity: 1 }],
});
export const first: Result | undefined = results.batchUpdateStock[0];
"""
# Each is wrong in one place, and `tsc` says so with this code.
WRONG = {
    "the stock before narrowing": ("TS2339", "export const f = (it: Result) => it.newStock;"),
    "the error before narrowing": ("TS2339", "export const f = (it: Result) => it.error.code;"),
    "the error of what was applied": ("TS2339", """
        export const f = (it: Result) => it.__typename === 'StockUpdateApplied' && it.error;
    """),
    "a case that is forgotten": ("TS2366", """
        export function f(it: Result): number {
          switch (it.__typename) {
            case 'StockUpdateApplied': return it.newStock;
          }
        }
    """),
    "a case that is not never": ("TS2345", """
        declare function unreachable(it: never): never;
        export const f = (it: Result): number =>
          it.__typename === 'StockUpdateApplied' ? it.newStock : unreachable(it);
    """),
    "a kind that there is not": ("TS2367", """
        export const f = (it: Result) => it.__typename === 'StockUpdateGone';
    """),
    "an error code that there is not": ("TS2367", """
        export const f = (it: Result) => 'error' in it && it.error.code === 'SOLD_OUT';
    """),
    "a field that was not asked for": ("TS2339", "export const f = (it: Result) => it.productId;"),
    "an item that need not be there": ("TS2322", "export const f = (a: Result[]): Result => a[0];"),
    "a product that need not be there": ("TS2339", """
        export const { stock } = (await execute(LedgerDocument, { id: 'a' })).product;
    """),
    "a variable that is missing": ("TS2741", "await execute(LedgerDocument, {});"),
    "an id that is a number": ("TS2322", "await execute(LedgerDocument, { id: 1 });"),
    "a field that is not in the input": ("TS2353", """
        const productId = 'a';
        await execute(UpdateStockDocument, { updates: [{ productId, quantity: 1, colour: 1 }] });
    """),
    "a batch of two operations": ("TS2322", """
        const [updatePrice, deleteProducts] = [{ productIds: ['a'], newPrice: 1 }, { deletes: [] }];
        await execute(SubmitDocument, { operation: { updatePrice, deleteProducts } });
    """),
    "a parameter without a type": ("TS7006", "export const f = (it) => it;"),
}  # fmt: skip


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example beside a copy of the schema, with its code generated."""
    return typescript_copy(tmp_path_factory.mktemp("typescript"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start one server for all programs, which make their own products."""
    folder = tmp_path_factory.mktemp("server")
    process = ServerProcess(folder / "data", folder / "server.log", {})
    try:
        yield process.wait_until_ready()
    finally:
        process.close()


@pytest.fixture(scope="module")
def complaints(example: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return the error codes that `tsc` gives each planted file, by the file's name."""
    folder = tmp_path_factory.mktemp("planted") / "typescript"
    shutil.copytree(example, folder, symlinks=True)
    planted = {"right": RIGHT} | {name: code for name, (_, code) in WRONG.items()}
    for name, code in planted.items():
        (folder / "src" / file_name(name)).write_text(IMPORTS + code, encoding="utf-8")

    ended = run_in(folder, "node_modules/.bin/tsc", "--noEmit", "--pretty", "false")

    assert ended.returncode != 0
    found: dict[str, list[str]] = {}
    complaint = re.compile(r"^src/(\S+)\(\d+,\d+\): error (TS\d+):", re.MULTILINE)
    for path, code in complaint.findall(ended.stdout):
        found.setdefault(path, []).append(code)
    return found


def test_what_is_generated_and_written_is_strictly_typed(example: Path) -> None:
    checked = npm(example, "check")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    options = json.loads(run_in(example, "node_modules/.bin/tsc", "--showConfig").stdout)
    assert options["compilerOptions"]["strict"] is True
    assert "skipLibCheck" not in options["compilerOptions"]


def test_the_right_code_compiles_and_only_the_planted_files_do_not(
    complaints: dict[str, list[str]],
) -> None:
    assert set(complaints) == {file_name(name) for name in WRONG}


@pytest.mark.parametrize("name", WRONG)
def test_code_that_is_wrong_does_not_compile(complaints: dict[str, list[str]], name: str) -> None:
    assert complaints[file_name(name)] == [WRONG[name][0]]


def test_nothing_is_cast_or_any() -> None:
    sources = [TYPESCRIPT / "codegen.ts", *(TYPESCRIPT / "src").glob("*.ts")]
    texts = [path.read_text(encoding="utf-8") for path in sources]

    assert len(texts) > 5
    assert [text for text in texts if "@ts-" in text] == []
    evasion = re.compile(r"\bany\b|\bas (?!const\b)|[\w)\]]!(?!=)")
    assert [found for text in texts for found in evasion.findall(bare(text))] == []


@pytest.mark.parametrize("program", ["stock", "products", "retry"])
def test_a_program_says_what_happened_each_time(
    example: Path, server: ServerProcess, program: str
) -> None:
    for _ in range(2):
        ended = npm(example, program, server)

        assert ended.stderr == ""
        assert ended.returncode == 0
        assert re.sub(r"\b[0-9a-f]{24}\b", "<id>", ended.stdout) == PRINTS[program]


def test_a_background_batch_is_followed_to_its_end_in_both_ways(
    example: Path, server: ServerProcess
) -> None:
    for _ in range(2):
        ended = npm(example, "background", server)

        assert ended.returncode == 0, ended.stderr
        assert ended.stdout == PRINTS["background"]
        for total in (200, 201):
            progress = re.findall(rf"^… ([A-Z]+) (\d+)/{total}$", ended.stderr, re.MULTILINE)
            assert progress[-1] == ("COMPLETED", str(total))
            counts = [int(count) for _, count in progress]
            assert counts == sorted(counts)


def test_the_repeated_call_leaves_one_row(example: Path, server: ServerProcess) -> None:
    before = rows(server)

    assert npm(example, "retry", server).stdout == PRINTS["retry"]

    assert rows(server) == before + 1


def test_a_program_without_a_server_fails(example: Path) -> None:
    ended = run_in(example, "npm", "run", "--silent", "stock", STOCKBATCH_URL="http://127.0.0.1:2")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "connect ECONNREFUSED 127.0.0.1:2" in ended.stderr


def test_the_lock_names_no_host() -> None:
    lock = (TYPESCRIPT / "package-lock.json").read_text(encoding="utf-8")

    assert "://" not in lock
    assert '"resolved"' not in lock


def test_its_readme_shows_what_is_printed() -> None:
    assert PRINTS["retry"] in (TYPESCRIPT / "README.md").read_text(encoding="utf-8")


def npm(folder: Path, script: str, server: ServerProcess | None = None) -> Ended:
    """Run a script by `npm run`, and return how it ended."""
    url = {} if server is None else {"STOCKBATCH_URL": f"{server.url}/graphql"}
    return run_in(folder, "npm", "run", "--silent", script, **url)


def rows(server: ServerProcess) -> int:
    """Return the number of rows in the ledger."""
    count: int = server.graphql("{ stockUpdates { totalCount } }")["stockUpdates"]["totalCount"]
    return count


def file_name(name: str) -> str:
    return f"planted_{name.replace(' ', '_')}.ts"


def bare(code: str) -> str:
    """Strip imports, comments and documents, which may all say "as", "any" and "!"."""
    return re.sub(
        r"^import .*?;$|/\*.*?\*/|//(?!127)[^\n]*|graphql\(`.*?`\)",
        "",
        code,
        flags=re.DOTALL | re.MULTILINE,
    )
