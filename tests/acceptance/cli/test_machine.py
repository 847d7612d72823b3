"""Commands on this machine: help, version, completion, samples and indexes."""

import subprocess
import sys
from pathlib import Path

import pytest

from server import __version__
from server.settings import Settings
from tests.acceptance.cli.conftest import stocks
from tests.acceptance.conftest import Serve
from tests.support.processes.command_line import stockbatch
from tests.support.processes.program import environment
from tests.support.project import PROJECT


def test_the_version() -> None:
    assert stockbatch("--version").stdout == f"stockbatch, version {__version__}\n"


def test_help_has_every_command_and_every_setting() -> None:
    told = stockbatch("--help").stdout

    for command in ("serve", "worker", "import", "doctor", "completion"):
        assert f"\n  {command} " in told
    for name, field in Settings.model_fields.items():
        assert f"\n  {name.upper()} " in told
        if field.default is not None and not isinstance(field.default, bool):
            assert str(field.default) in told


def test_a_wrong_command_is_said() -> None:
    answer = stockbatch("wach")

    assert answer.returncode == 2
    assert "No such command 'wach'" in answer.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes(shell: str) -> None:
    script = stockbatch("completion", shell)

    assert script.returncode == 0
    assert "_STOCKBATCH_COMPLETE" in script.stdout


@pytest.mark.parametrize(
    ("words", "word", "expected"),
    [
        ("stockbatch wa", "1", ["watch"]),
        ("stockbatch import --kind update-s", "3", ["update-stock"]),
        ("stockbatch keys ", "2", ["add", "list"]),
        ("stockbatch batches --js", "2", ["--json"]),
    ],
)
def test_completion_knows_commands_and_options(words: str, word: str, expected: list[str]) -> None:
    settings = {
        "_STOCKBATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": word,
    }

    told = stockbatch(**settings).stdout

    assert [line.partition(",")[2] for line in told.splitlines()] == expected


def test_a_client_imports_neither_a_driver_nor_graphql() -> None:
    program = (
        "import sys; from server.cli.main import main; main(['batches', '--help']);"
        "print(sorted({'motor', 'pymongo', 'strawberry', 'graphql', 'uvicorn'} & set(sys.modules)))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.splitlines()[-1] == "[]"


def test_samples_are_put_back_beside_a_server_and_without_one(serve: Serve, data_dir: Path) -> None:
    server = serve()
    at_first = stocks(server)
    update = (
        "mutation($id: ID!) { batchUpdateStock(updates: [{productId: $id, quantity: 5}])"
        " { success } }"
    )
    create = (
        "mutation { batchCreateProducts(products: "
        '[{name: "Cup", price: 1, stock: 3, category: "x"}])'
        " { outcome } }"
    )
    delete = "mutation($id: ID!) { batchDeleteProducts(deletes: [{productId: $id}]) { outcome } }"
    server.graphql(update, id=f"{1:024x}")
    server.graphql(create)
    server.graphql(delete, id=f"{2:024x}")

    unsure = stockbatch("samples", "reset", DATA_DIR=data_dir)
    unchanged = stocks(server)
    beside = stockbatch("samples", "reset", "--yes", DATA_DIR=data_dir)

    assert unsure.returncode == 130
    assert "get their first stock again" in unsure.stderr
    assert unchanged["1"] == 15
    assert "2" not in unchanged
    assert beside.returncode == 0, beside.stderr
    both = server.graphql("{ products { totalCount } stockUpdates { totalCount } }")
    assert both == {"products": {"totalCount": 13}, "stockUpdates": {"totalCount": 0}}
    assert at_first.items() <= stocks(server).items()

    server.graphql(delete, id=f"{2:024x}")
    assert server.stop() == 0
    alone = stockbatch("samples", "reset", "--yes", DATA_DIR=data_dir)
    assert alone.returncode == 0, alone.stderr
    assert at_first.items() <= stocks(serve()).items()


def test_indexes_are_compared_and_created(serve: Serve, data_dir: Path) -> None:
    server = serve()
    with server.mongo() as mongo:
        database = mongo["stockbatch"]
        database["products"].drop_index("name_1__id_1")
        database["products"].create_index("price")
        database.command("collMod", "stockUpdates", validator={})

        compared = stockbatch("indexes", DATA_DIR=data_dir)
        mended = stockbatch("indexes", "--create", DATA_DIR=data_dir)

        assert compared.returncode == 1
        lines = [" ".join(line.split()) for line in compared.stdout.splitlines()]
        assert "products missing name_1__id_1" in lines
        assert "products added by you price_1" in lines
        assert "stockUpdates missing (validator)" in lines
        assert lines[-1].startswith("2 are missing or different: say --create")
        assert mended.returncode == 0, mended.stdout
        assert "name_1__id_1" in database["products"].index_information()
        assert "price_1" in database["products"].index_information()
