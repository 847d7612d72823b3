"""Warn when nobody runs what waits."""

import pytest

from server.domain.queue_state import SILENT_SECONDS, QueueDepth, QueueState


@pytest.mark.parametrize(
    ("workers", "running", "oldest_seconds", "warns"),
    [
        (0, 0, SILENT_SECONDS, True),
        (0, 0, SILENT_SECONDS - 1, False),
        (0, 1, 3600, False),
        (1, 0, 3600, False),
        (0, 0, 0, False),
    ],
)
def test_a_warning_needs_an_old_chunk_and_no_sign_of_life(
    workers: int, running: int, oldest_seconds: float, warns: bool
) -> None:
    depth = QueueDepth(waiting=12, running=running, oldest_seconds=oldest_seconds)

    warning = QueueState(depth=depth, workers=workers).warning

    expected = "no worker has been seen for 30 s, and chunks wait: 12"
    assert warning == (expected if warns else None)
