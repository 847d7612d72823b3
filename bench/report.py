"""The head of the report, in Markdown."""

from collections.abc import Sequence

from bench.transactions import CHUNK


def head(machine: str, drivers: Sequence[str], seed: int) -> str:
    return f"""# Batches over HTTP against plain PyMongo

* {machine}
* Server: `python -m server`, a process for each driver ({", ".join(drivers)}). One request in
  chunks of {CHUNK}. Timed from sending the body to the last byte of the answer.
* Floor: a synchronous PyMongo program that trusts its input. Per {CHUNK} items one transaction, one
  after the other.
* All on one mongod, on the same collections with their indexes and validators, taking turns: every
  batch (random, seed {seed}) is done by each side, another one first each time.
* Times are medians (least–most). A ratio is server ÷ floor within one turn, and shown in the same
  way: below 1 the server is faster.
* All that is verified is verified outside the timed part."""
