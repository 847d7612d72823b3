"""Ask `/healthz` again and again until standard input ends: `python -m bench.load.pulse HOST PORT`.

Print "beating" after the first answer, and at the end the longest gap between two answers.
"""

import select
import sys

from bench.load.http import Connection, request

PAUSE_SECONDS = 0.005


def main() -> int:
    """Return 0 if every answer was right."""
    connection = Connection((sys.argv[1], int(sys.argv[2])))
    message = request("GET", "/healthz")
    longest = 0.0
    _beat(connection, message)
    print("beating", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        longest = max(longest, PAUSE_SECONDS + _beat(connection, message))
    print(longest, flush=True)
    return 0


def _beat(connection: Connection, message: bytes) -> float:
    """Return the seconds that the answer took."""
    seconds, answer = connection.exchange(message)
    if answer.status != 200:
        raise SystemExit(f"/healthz answered {answer.status}: {answer.body[:500]!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
