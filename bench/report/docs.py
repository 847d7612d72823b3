"""The figures in docs/performance.md, between two marks."""

from pathlib import Path

from bench.report.markdown import head_lines, table_lines
from bench.report.plots import TITLES
from bench.report.results import Results

BEGIN, END = "<!-- figures: begin, written by `python -m bench docs` -->", "<!-- figures: end -->"


def write(results: Results, page: Path) -> None:
    """Put the tables of the results in the place of those that the page has."""
    page.write_text(with_figures(page.read_text(), results))


def with_figures(page: str, results: Results) -> str:
    """Return the page with these tables.

    Raises:
        ValueError: the page has not both marks, in their order.
    """
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"The page must have the marks {BEGIN} and {END}")
    lines = [*head_lines(results.date, results.command, results.facts)]
    for file, title in TITLES.items():
        lines += ["", f"![{title}](../bench/results/{file})"]
    for section in results.sections:
        lines += table_lines(section, "###")
    return "\n".join([before + BEGIN, "", *lines, "", END + after])
