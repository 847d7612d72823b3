"""What a run leaves behind: JSON, tables and plots."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from bench.options import RESULTS
from bench.report import docs, plots
from bench.report.figure import Panel, figure
from bench.report.markdown import table_lines
from bench.report.results import Results, Summary
from tests.support.project import PROJECT
from tests.unit.bench.results import results

LATEST = RESULTS / "latest.json"
SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> Xml.Element:
    return Xml.fromstring(text)  # noqa: S314 - it is our own


def test_a_ratio_is_taken_in_each_round_and_not_of_the_medians() -> None:
    line = results().sections[0].lines[0]  # type: ignore[index]

    assert line.values["server"] == Summary(median=0.5, least=0.5, most=0.75, rounds=3)
    assert line.ratios["server ÷ floor"] == Summary(median=2.0, least=1.0, most=3.0, rounds=3)


def test_results_are_the_same_when_they_have_been_written_and_read(tmp_path: Path) -> None:
    results().write(tmp_path / "latest.json")

    assert Results.read(tmp_path / "latest.json") == results()


def test_a_table_shows_the_median_its_spread_and_the_ratio_to_the_floor() -> None:
    lines = list(table_lines(results().sections[0]))

    assert lines[5:] == [
        "| kind | batch | items | floor | server |",
        "|---|---|---|---|---|",
        "| stock | −20…20 | 1 | 250 ms (250–500) | 500 ms (500–750) **2.00 ×** |",
        "| stock | −20…20 | 1000 | 40.0 ms | 20.0 ms **0.50 ×** |",
        "| stock | all 5 | 1000 | 40.0 ms |  |",
    ]


def test_the_tables_of_a_page_are_replaced_and_the_rest_is_left_alone() -> None:
    page = f"# Performance\n\n{docs.BEGIN}\nold figures\n{docs.END}\n\n## What is slow\n"

    once = docs.with_figures(page, results())

    assert once.startswith(f"# Performance\n\n{docs.BEGIN}\n\n`python -m bench`, 2026-11-27.\n")
    assert once.endswith(f" |\n\n{docs.END}\n\n## What is slow\n")
    assert "### Storms" in once
    assert f"](../bench/results/{plots.RATES})" in once
    assert "old figures" not in once
    assert docs.with_figures(once, results()) == once


def test_the_documents_show_the_run_that_is_kept() -> None:
    assert LATEST.exists(), "no run is kept in bench/results: run make bench"
    page = (PROJECT / "docs" / "performance.md").read_text()

    assert docs.with_figures(page, Results.read(LATEST)) == page, "run python -m bench docs"


def test_a_page_without_both_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="must have the marks"):
        docs.with_figures(f"{docs.END}\n{docs.BEGIN}\n", results())


def test_the_plots_are_svg_with_a_line_for_each_side(tmp_path: Path) -> None:
    plots.write(results(), tmp_path)

    drawn = {
        file.name: len(parsed(file.read_text()).findall(f".//{SVG}g/{SVG}polyline"))
        for file in tmp_path.iterdir()
    }
    assert drawn == {plots.TIME_PER_ITEM: 2, plots.RATES: 2, plots.TAILS: 2}


def test_nothing_is_drawn_of_what_was_not_measured(tmp_path: Path) -> None:
    measured = results()

    plots.write(Results("2026-11-27", "", [], [measured.sections[1]]), tmp_path)

    assert {file.name for file in tmp_path.iterdir()} == {plots.RATES, plots.TAILS}


def test_points_lie_where_their_values_are() -> None:
    lines = {"a": [(1.0, 0.1), (10.0, 1.0), (100.0, 10.0)], "b & c": [(1.0, 10.0)]}

    drawn = parsed(figure([Panel("T", "x", "y", lines, log=True)], [*lines]))

    straight, _ = drawn.findall(f".//{SVG}g/{SVG}polyline")
    places = [tuple(map(float, pair.split(","))) for pair in straight.attrib["points"].split()]
    (left, bottom), (middle_x, middle_y), (right, top) = places
    assert (middle_x, middle_y) == pytest.approx(((left + right) / 2, (bottom + top) / 2), abs=0.1)
    assert bottom > top
    assert "b & c" in [text.text for text in drawn.iter(f"{SVG}text")]


def test_a_line_has_the_same_colour_in_every_figure() -> None:
    names = ["floor", "server"]
    panel = Panel("T", "x", "y", {"server": [(1.0, 1.0), (2.0, 2.0)]})
    both = Panel("T", "x", "y", {name: [(1.0, 1.0), (2.0, 2.0)] for name in names})

    strokes = [
        [line.attrib["stroke"] for line in parsed(figure([one], names)).iter(f"{SVG}polyline")]
        for one in (panel, both)
    ]

    assert set(strokes[0]) == {strokes[1][1]}
    assert strokes[1][0] != strokes[1][1]
