"""Fail one command of the database, and compare what the caller is told with what is stored.

`closeConnection` answers nothing; the numbers are error codes of MongoDB: interrupted by a
change of state (11602), not the primary (10107), shutting down (91), write conflict (112), no
such transaction (251), the majority does not confirm (64), time limit (50).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.mongo.connection.outage import Outage
from server.mongo.connection.patience import Patience, patient
from tests.support.shop import Shop

COMMANDS = ("insert", "update", "find", "aggregate", "commitTransaction", "abortTransaction")
FAULTS = ("closeConnection", 11602, 10107, 91, 112, 251, 64, 50)
MODES: Mapping[str, Any] = {"once": {"times": 1}, "thrice": {"times": 3}, "always": "alwaysOn"}

PATIENCE_SECONDS = 3.0  # the request's; the driver takes 0.5 s to come back to a server
RETRY_SECONDS = 1.0  # of those, for running and committing again
OVERTIME_SECONDS = 1.5  # for the test itself, on a busy machine

_UPDATE = """
mutation ($updates: [StockUpdateInput!]!, $options: BatchStockOptions) {
  batchUpdateStock(updates: $updates, options: $options) {
    success error { code retryable message }
  }
}
"""
_DELETE = """
mutation ($deletes: [DeleteProductInput!]!) {
  batchDeleteProducts(deletes: $deletes, options: { cascadeDelete: true }) {
    deletedCount failed { error { code retryable message } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault: `command` fails in this way, so often."""

    command: str
    fault: str | int
    mode: str

    def __str__(self) -> str:
        return f"{self.command}-{self.fault}-{self.mode}"

    @property
    def data(self) -> Mapping[str, Any]:
        """Return how the fail point fails. A commit can take effect and not be confirmed."""
        if self.fault == "closeConnection":
            return {"closeConnection": True}
        if self.fault == 64 and self.command.endswith("Transaction"):
            return {"writeConcernError": {"code": 64, "errmsg": "no majority confirms"}}
        return {"errorCode": self.fault}


CELLS = [Cell(*cell) for cell in ((c, f, m) for c in COMMANDS for f in FAULTS for m in MODES)]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a cell.

    `told` is the answer: done, not done, or not known, with the code and `retryable`. `stored` is
    what the database holds: done or not done. `later` is what the same request did once the
    database was well again, if it could be sent again.
    """

    cell: Cell
    told: str
    stored: str
    later: str
    seconds: float

    @property
    def fault(self) -> str | None:
        """Return what must not be; None if all is well."""
        word = self.told.split(",")[0]
        if word == "not known":
            if self.cell.command != "commitTransaction" or self.cell.mode != "always":
                return "the outcome can be known, and is not told"
        elif word != self.stored:
            return f"told {self.told}, and {self.stored}"
        if "retryable" in self.told and self.later != "done":
            return f"could be sent again, and that was {self.later}"
        if self.seconds > PATIENCE_SECONDS + OVERTIME_SECONDS:
            return f"took {self.seconds:.1f} s"
        return None


async def verdict(shop: Shop, cell: Cell) -> Verdict:
    """Send a request under the fault, look at what is stored, and send it again if that may be."""
    ids = await _prepared(shop, cell)
    opening = shop.stocks()
    began = time.monotonic()
    with shop.failing(cell.command, mode=MODES[cell.mode], **cell.data):
        told = await _sent(shop, cell, ids)
        seconds = time.monotonic() - began
    await shop.engine.drain()
    shop.admin.admin.command("killAllSessions", [])  # what was never aborted ends now
    stored = _stored(shop, cell, ids, opening)
    later = ""
    if "retryable" in told:
        later = (await _sent(shop, cell, ids)).split(",")[0]
        assert _stored(shop, cell, ids, opening) == later
    return Verdict(cell, told, stored, later, seconds)


async def _prepared(shop: Shop, cell: Cell) -> list[str]:
    """Put two products; those that are deleted have rows in the ledger."""
    ids = await shop.put(10, 10)
    if cell.command == "aggregate":
        await shop.update([(one, 5) for one in ids])
    return ids


async def _sent(shop: Shop, cell: Cell, ids: list[str]) -> str:
    """Send the request, and return what its caller is told."""
    with patient(Patience(PATIENCE_SECONDS, Outage())):
        if cell.command == "aggregate":
            answer = await shop.graphql(_DELETE, {"deletes": [{"productId": one} for one in ids]})
            result = answer["data"]["batchDeleteProducts"]
            deleted = [{"success": True}] * result["deletedCount"]
            results = deleted + [{"success": False, **one} for one in result["failed"]]
        else:
            updates = [
                {"productId": one, "quantity": n} for one, n in zip(ids, (5, -3), strict=True)
            ]
            options = {"dryRun": cell.command == "abortTransaction"}
            answer = await shop.graphql(_UPDATE, {"updates": updates, "options": options})
            results = answer["data"]["batchUpdateStock"]
    assert "errors" not in answer
    tellings = {_telling(result) for result in results}
    assert len(tellings) == 1, f"the items of one transaction are told {tellings}"
    return tellings.pop()


def _telling(result: Mapping[str, Any]) -> str:
    if result["success"]:
        return "done"
    error = result["error"]
    if "not known" in error["message"]:
        assert (error["code"], error["retryable"]) == ("UNAVAILABLE", False)
        return f"not known, {error['code']}"
    again = ", retryable" if error["retryable"] else ""
    return f"not done, {error['code']}{again}"


def _stored(shop: Shop, cell: Cell, ids: list[str], opening: Mapping[str, int]) -> str:
    """Return whether the database holds the whole effect or nothing of it; fail on a part."""
    stocks = shop.stocks()
    rows = [(str(row["productId"]), row["quantity"]) for row in shop.rows(status="applied")]
    own = [quantity for one, quantity in rows if one in ids]
    if cell.command == "aggregate":
        assert (len(own), len(set(ids) & set(stocks))) in ((2, 2), (0, 0))
        return "not done" if own else "done"
    stocks = {one: stocks[one] for one in ids}
    if cell.command == "abortTransaction":  # a dry run is done if nothing is
        assert (own, stocks) == ([], {one: opening[one] for one in ids})
        return "done"
    done = {one: opening[one] + n for one, n in zip(ids, (5, -3), strict=True)}
    assert (sorted(own), stocks) in (
        ([-3, 5], done),
        ([], {one: opening[one] for one in ids}),
    )
    return "done" if own else "not done"
