"""What is written down of a command, and when a run replaces the results of the project."""

from pathlib import Path

import pytest

from bench import options
from bench.options import RESULTS, read_options
from bench.scale import FULL
from tests.support.project import PROJECT


@pytest.fixture(autouse=True)
def _default_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONGODB_DRIVER", raising=False)


def test_a_command_is_written_down_without_the_paths_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "is_installed", lambda: True)
    arguments = ["--against", str(PROJECT), "--drivers", "motor", "pymongo", "--repeats", "2"]

    read = read_options([*arguments, "--node", "--results", str(tmp_path)])

    assert read.command == (
        "python -m bench --against ../before --drivers motor pymongo --repeats 2 --node"
    )
    assert read.results == tmp_path


def test_only_a_full_run_replaces_the_results_of_the_project() -> None:
    assert read_options([]).results == RESULTS
    assert read_options(["--drivers", "pymongo"]).results == RESULTS
    for part in (["--quick"], ["--only", "storms"], ["--sizes", "1"]):
        assert read_options(part).results is None


def test_the_driver_is_that_of_the_environment_unless_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read_options([]).drivers == ["motor"]
    monkeypatch.setenv("MONGODB_DRIVER", "pymongo")
    assert read_options([]).drivers == ["pymongo"]
    assert read_options(["--drivers", "motor"]).drivers == ["motor"]


def test_node_is_measured_only_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(options, "is_installed", lambda: True)
    assert read_options(["--node"]).node

    monkeypatch.setattr(options, "is_installed", lambda: False)
    with pytest.raises(SystemExit):
        read_options(["--node"])
    assert "make bench-node" in capsys.readouterr().err


def test_the_rounds_that_are_asked_for_hold_for_every_table() -> None:
    scale = read_options(["--repeats", "2"]).scale

    assert (scale.limit.fewest, scale.limit.most, scale.rounds) == (2, 2, 2)
    assert (scale.storms.rounds, scale.pauses.rounds) == (2, 2)
    assert scale.storms.clients == FULL.storms.clients == [1, 4, 8, 16, 32]


@pytest.mark.parametrize(
    "arguments", [["--sizes", "10001"], ["--sizes", "0"], ["--against", "/nowhere"]]
)
def test_wrong_options_end_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(arguments)

    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err
