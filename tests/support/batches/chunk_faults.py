"""Provide faults of the database for each step of a chunk, and kinds of batch to try them on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from server.domain.outcome import Outcome
from server.kinds.create_products.rules import Created, CreateOutcome
from server.kinds.delete_products.rules import Deleted, DeleteOutcome
from server.kinds.update_products.rules import Updated, UpdateOutcome
from server.mongo.products.documents import to_product
from tests.support.shop import Shop

COMMANDS = ("find", "update", "insert", "commitTransaction")


@dataclass(frozen=True)
class Fault:
    """A fail point: `command` fails `times` times, each time as `data` says."""

    name: str
    command: str
    times: int
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.command}-{self.name}"


ONCE = (
    ("NoSuchTransaction", 1, {"errorCode": 251}),
    ("WriteConflict-thrice", 3, {"errorCode": 112}),
    ("connection-closed", 1, {"closeConnection": True}),
    ("InterruptedAtShutdown", 1, {"errorCode": 11600}),
    ("ShutdownInProgress", 1, {"errorCode": 91}),
)
LOST = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
ON_COMMIT = (
    ("connection-closed-thrice", 3, {"closeConnection": True}),
    ("InterruptedAtShutdown-thrice", 3, {"errorCode": 11600}),
    ("ShutdownInProgress-thrice", 3, {"errorCode": 91}),
    ("write-concern-timeout", 1, LOST),
    ("write-concern-timeout-thrice", 3, LOST),
)
COMMIT_FAULTS = [Fault(name, "commitTransaction", *rest) for name, *rest in ONCE + ON_COMMIT]


@dataclass(frozen=True)
class Kind:
    """A kind of batch: `call` runs one chunk that changes all the products that it names."""

    name: str
    call: Callable[[Shop, Sequence[str]], Awaitable[Sequence[Outcome]]]

    def __str__(self) -> str:
        return self.name


async def create(shop: Shop, ids: Sequence[str]) -> Sequence[CreateOutcome]:
    return await shop.create(*({"own_id": one, "name": "New"} for one in ids), {"name": "New"})


async def patch(shop: Shop, ids: Sequence[str]) -> Sequence[UpdateOutcome]:
    return await shop.patch(*((one, {"name": "New"}) for one in ids))


async def delete(shop: Shop, ids: Sequence[str]) -> Sequence[DeleteOutcome]:
    return await shop.delete(*ids, cascade=True)


CREATE = Kind("create", create)
PATCH = Kind("update", patch)
DELETE = Kind("delete", delete)
KINDS = [CREATE, PATCH, DELETE]


async def open_for(shop: Shop, kind: Kind) -> list[str]:
    """Put two products to change, the first with a row in the ledger; or return two free ids."""
    if kind is CREATE:
        return [str(ObjectId()), str(ObjectId())]
    ids = await shop.put(10, 10)
    await shop.update([(ids[0], 5)])
    shop.commands.names.clear()
    return ids


def assert_done_once(
    shop: Shop, kind: Kind, ids: Sequence[str], outcomes: Sequence[Outcome]
) -> None:
    """Check that every item is answered as done, and that the store shows one transaction."""
    stored = {str(one["_id"]): to_product(one) for one in shop.products.find()}
    if kind is CREATE:
        told = [one.product for one in outcomes if isinstance(one, Created)]
        assert [one.id for one in told[:2]] == ids
        assert len(told) == 3
        assert {one.id: one for one in told} == stored
        assert shop.marks.count_documents({}) == 0
    elif kind is PATCH:
        told = [one.product for one in outcomes if isinstance(one, Updated)]
        assert [(one.id, one.name, one.stock) for one in told] == [
            (ids[0], "New", 15),
            (ids[1], "New", 10),
        ]
        assert {one.id: one for one in told} == stored
        assert shop.marks.count_documents({}) == 1
    else:
        deleted = [one for one in outcomes if isinstance(one, Deleted)]
        assert [(one.product_id, one.cascaded) for one in deleted] == [(ids[0], 1), (ids[1], 0)]
        assert (stored, shop.rows()) == ({}, [])
        assert shop.marks.count_documents({}) == 1
