"""Measure how much memory the process has taken."""

import os

import psutil

from server.jobs.memory import Memory


def test_a_process_is_over_a_limit_that_is_less_than_what_it_has() -> None:
    resident_mb = psutil.Process(os.getpid()).memory_info().rss // 1024**2

    assert Memory(resident_mb // 2).is_over_its_limit()


def test_a_process_is_below_a_limit_that_is_more_than_what_it_has() -> None:
    assert not Memory(1024**2).is_over_its_limit()


def test_it_looks_anew_each_time() -> None:
    resident_mb = psutil.Process(os.getpid()).memory_info().rss // 1024**2
    memory = Memory(resident_mb + 150)
    assert not memory.is_over_its_limit()

    ballast = bytearray(b"x") * (300 * 1024**2)

    assert memory.is_over_its_limit()
    del ballast
    assert not memory.is_over_its_limit()
