"""Start the processes of this package, and read what they report."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.batch import Batch, WrongAnswer

_FOLDER = Path(__file__).resolve().parents[2]
_SECONDS = 180.0


@dataclass(frozen=True)
class StormReport:
    """`seen` are product ids with their new stocks, of the answers that were parsed."""

    seconds: float
    cpu: float
    latencies: Sequence[float]
    seen: Sequence[tuple[str, int]]

    @property
    def rate(self) -> float:
        """Return the requests that were answered in a second."""
        return len(self.latencies) / self.seconds

    def latency(self, share: float) -> float:
        """Return the seconds within which this share of the requests was answered."""
        return sorted(self.latencies)[
            min(int(share * len(self.latencies)), len(self.latencies) - 1)
        ]


class Gap:
    """The longest time between two answers of `/healthz`, in seconds, once it has been measured."""

    seconds = 0.0


def storm(
    address: tuple[str, int], clients: Sequence[Sequence[Batch]], seconds: float
) -> StormReport:
    """Send stock updates from as many clients as there are lists of batches."""
    requests = [[_request(batch) for batch in batches] for batches in clients]
    plan = json.dumps({"address": address, "clients": requests, "seconds": seconds})
    command = [sys.executable, "-m", "bench.load.storm"]
    done = subprocess.run(
        command,
        cwd=_FOLDER,
        input=plan.encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise WrongAnswer(f"A storm failed: {done.stderr.decode()[-1000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    seen = [(product_id, stock) for product_id, stock in report["seen"]]
    return StormReport(report["seconds"], report["cpu"], report["latencies"], seen)


def _request(batch: Batch) -> dict[str, Any]:
    products = [item["productId"] for item in batch.items]
    return {"body": batch.body().decode(), "productIds": products}


@contextmanager
def pulse(address: tuple[str, int]) -> Iterator[Gap]:
    """Ask `/healthz` every few milliseconds meanwhile; the gap is known on leaving."""
    gap = Gap()
    host, port = address
    with subprocess.Popen(
        [sys.executable, "-m", "bench.load.pulse", host, str(port)],
        cwd=_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != b"beating\n":
                raise WrongAnswer("/healthz does not answer")
            yield gap
        finally:
            process.stdin.close()
        report = process.stdout.read()
        if process.wait(_SECONDS):
            raise WrongAnswer("/healthz did not answer all the time")
        gap.seconds = float(report)
