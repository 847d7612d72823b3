"""A progress bar on standard error: how much is done, how fast, and the time that is left."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text
from typing_extensions import override


class _Rate(ProgressColumn):
    """Shows how many items end in a second."""

    @override
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "-/s", style="progress.data.speed")


class Bar:
    """A bar that moves; `total` is what it counts up to."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def move(self, completed: int, total: int, failed: int = 0) -> None:
        """Show how far it is."""
        note = f"[red]{failed:,} failed[/red]" if failed else ""
        self._progress.update(self._task, completed=completed, total=total, note=note)


@contextmanager
def items_bar(what: str) -> Iterator[Bar]:
    """Show a bar of items until the block ends."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(progress, progress.add_task(what, total=None, note=""))


@contextmanager
def bytes_bar(what: str) -> Iterator[Bar]:
    """Show a bar of bytes until the block ends; then it is gone."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress, progress.add_task(what, total=None, note=""))
