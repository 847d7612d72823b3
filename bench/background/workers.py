"""A large batch on two workers, one of which is killed; and a small one that comes behind it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bson import ObjectId

from bench import database
from bench.background.client import body_of, progress, submit
from bench.background.ledger import check_exactness
from bench.process import peak_bytes
from bench.server import Server, environment_of, serving
from bench.setting import Setting

LARGE, SMALL = 100_000, 100
KILLED_AT = 30_000  # items done
_SHOWN_SECONDS = 1.0  # between two lines of progress


def measure_workers(setting: Setting) -> None:
    """The server runs no batches itself."""
    driver, folder = setting.servers[0].driver, setting.folder / "workers"
    with (
        serving(driver, setting.uri, database.NAME, folder, WORKER_ENABLED="false") as server,
        _worker(setting, folder, 1) as first,
        _worker(setting, folder, 2) as second,
    ):
        _kill_one(setting, server, first, second)
        _small_behind_large(setting, server)


def _kill_one(
    setting: Setting,
    server: Server,
    first: "subprocess.Popen[bytes]",
    second: "subprocess.Popen[bytes]",
) -> None:
    print(f"\n## {LARGE} stock updates on two workers; one is killed at {KILLED_AT}\n")
    print("What a subscriber is told, from when the batch is accepted:\n")
    with closing(server.caller()) as caller:
        started = time.perf_counter()
        batch_id = submit(caller, body_of(list(setting.opening), LARGE))
    accepted = time.perf_counter()
    peak, shown, told = 0, 0.0, 0
    for seen in progress(server, batch_id):
        told += 1
        seconds = time.perf_counter() - accepted
        if first.poll() is None and seen["processedItems"] >= KILLED_AT:
            peak = peak_bytes(first.pid)
            first.kill()
            first.wait()
            print(f"* {seconds:5.1f} s: a worker is killed")
        if seconds - shown >= _SHOWN_SECONDS or seen["status"] not in ("PENDING", "PROCESSING"):
            shown = seconds
            print(f"* {seconds:5.1f} s: {seen['status']} {seen['processedItems']}", flush=True)
    ended = time.perf_counter()
    check_exactness(setting, batch_id)
    peaks = f"{peak / 2**20:.0f} and {peak_bytes(second.pid) / 2**20:.0f} MiB"
    print(
        f"\n{told} messages. Accepted after {accepted - started:.1f} s, ended after "
        f"{ended - accepted:.1f} s more. Peak memory: server {peak_bytes(server.pid) / 2**20:.0f} "
        f"MiB, workers {peaks}. Every item applied once or reported failed, and in the ledger so."
    )


def _small_behind_large(setting: Setting, server: Server) -> None:
    """It is in the queue behind the large one, which one worker runs alone."""
    ids = list(setting.opening)
    with closing(server.caller()) as caller:
        large = submit(caller, body_of(ids, LARGE))
        for seen in progress(server, large):
            if seen["processedItems"]:
                break
        small = submit(caller, body_of(ids, SMALL))
        last = list(progress(server, small))[-1]
        for _ in progress(server, large):
            pass
    for batch_id in (small, large):
        check_exactness(setting, batch_id)
    times = _times(setting, small)
    print(
        f"\nA batch of {SMALL} that was submitted behind one of {LARGE}: {last['status']}, begun "
        f"{times[0]:.2f} s after its submission and ended after {times[1]:.2f} s."
    )


def _times(setting: Setting, batch_id: str) -> tuple[float, float]:
    """Seconds from the submission to the begin and to the end."""
    found: Any = setting.client[database.NAME]["batchOperations"].find_one(
        {"_id": ObjectId(batch_id)}
    )
    begun, ended = (
        found["startedAt"] - found["createdAt"],
        found["completedAt"] - found["createdAt"],
    )
    return begun.total_seconds(), ended.total_seconds()


@contextmanager
def _worker(setting: Setting, folder: Path, number: int) -> Iterator["subprocess.Popen[bytes]"]:
    folder.mkdir(exist_ok=True)
    environment = environment_of(setting.servers[0].driver, setting.uri, database.NAME)
    with (folder / f"worker-{number}.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "worker"],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
