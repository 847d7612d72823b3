"""What the long texts of one caller do to a stranger's text, which is shorter.

    python -m tests.proofs.long_texts [--scale 0.1] [--against ../before]

Sixteen connections of one caller send texts of queries that take a third of a second to read.
Meanwhile a stranger, from another address, sends a text that the server does not know: one of 600
characters, and GraphiQL's introspection. Ends with status 1 if the stranger is refused, or waits
for longer than the goal and the noise of a machine explain.
"""

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from graphql import get_introspection_query

from tests.proofs.server import PROJECT, Server

CALLER, STRANGER = "127.0.0.1", "127.0.0.2"
CONNECTIONS = 16
PAUSE_SECONDS = 0.05
GOAL = 250.0  # ms for half of the stranger's requests: the loop and two threads share one CPU
NOISE = 2  # a busy machine is given as many times the goal
ITEM = '{productId: "0123456789abcdef01234567", quantity: 1}'
# It has nearly as many tokens as a text may have, and a fault that is found at its end.
DEAR = (
    f"mutation {{ batchUpdateStock(updates: [{' '.join([ITEM] * 1_650)}]) "
    "{ success newStock nothing } }"
)
TEXTS: Mapping[str, str] = {
    "a text of 600 characters": f"{{ __typename #{'x' * 560}\n }}",
    "GraphiQL's introspection": get_introspection_query(),
}


def ask(connection: http.client.HTTPConnection, text: str) -> int:
    """Return the status of the answer to a query."""
    body = json.dumps({"query": text})
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


@contextmanager
def crowd(port: int, connections: int) -> Iterator[Callable[[], int]]:
    """Send dear texts until the block ends; yield what counts the answers."""
    ends, answers = threading.Event(), [0] * connections

    def repeat(number: int) -> None:
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=60, source_address=(CALLER, 0)
        )
        while not ends.is_set():
            ask(connection, DEAR)
            answers[number] += 1

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sum(answers)
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def waits(port: int, text: str, seconds: float) -> tuple[Sequence[float], int]:
    """Return for how long the stranger waited each time, in ms, and how often it was refused."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=60, source_address=(STRANGER, 0)
    )
    times, refused, until = [], 0, time.monotonic() + seconds
    while time.monotonic() < until or not times:
        began = time.perf_counter()
        status = ask(connection, f"# {began}\n{text}")  # so that the server does not know it
        times.append((time.perf_counter() - began) * 1000)
        refused += status != http.client.OK
        time.sleep(PAUSE_SECONDS)
    return sorted(times), refused


def prove(name: str, checkout: Path, scale: float) -> Iterator[str]:
    """Print a table, and yield what is wrong."""
    print(f"\n{name}\n\n| the stranger sends | beside | half wait at most | longest | refused |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(checkout, Path(folder))
        try:
            for connections in (0, CONNECTIONS):
                with crowd(server.port, connections) as answers:
                    for what, text in TEXTS.items():
                        before = answers()
                        times, refused = waits(server.port, text, max(10 * scale, 2))
                        middle = statistics.median(times)
                        print(
                            f"| {what} | {connections} connections, {answers() - before} answers | "
                            f"{middle:.0f} ms | {times[-1]:.0f} ms | {refused} of {len(times)} |",
                            flush=True,
                        )
                        if refused or middle > GOAL * NOISE:
                            yield f"{what}: {refused} refused, {middle:.0f} ms; the goal is {GOAL}"
        finally:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--against", type=Path, help="another checkout to measure first")
    given = parser.parse_args()
    if given.against:
        list(prove("before", given.against, given.scale))
    faults = [*prove("now", PROJECT, given.scale)]
    print("\n".join(["", *faults]) if faults else "\nThe stranger does not wait for the others.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
