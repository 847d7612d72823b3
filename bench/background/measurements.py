"""All of them, in order."""

from bench.background.acceptance import measure_acceptance
from bench.background.workers import measure_workers
from bench.setting import Setting


def measure_background(setting: Setting) -> None:
    """How soon batches are accepted, and how two workers get on with them."""
    measure_acceptance(setting)
    measure_workers(setting)
