"""Find out whether a commit took effect, although what it left may be deleted meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Any

from bson import ObjectId

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.create_products.rules import Created
from server.kinds.delete_products.rules import Deleted
from server.kinds.update_products.rules import Updated
from server.kinds.update_stock.rules import Applied
from tests.support.shop import Shop
from tests.support.web.exposition import family

LOST = {"code": 64, "errmsg": "waiting for replication timed out"}


def deny_the_commit(shop: Shop, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let a commit take effect, lose its answer, and have the next answer deny it."""

    def act_once(name: str) -> None:
        if name == "commitTransaction":
            shop.commands.on_end = lambda _name: None
            meanwhile()
            shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)

    shop.commands.on_end = act_once
    shop.fail("commitTransaction", mode={"times": 1}, writeConcernError=LOST)


def delete_as_another_server_would(shop: Shop, product_id: str) -> None:
    """Delete a product with all its rows, and leave the mark of such a transaction."""
    key = ObjectId(product_id)
    shop.stock_updates.delete_many({"productId": key})
    shop.products.delete_one({"_id": key})
    shop.marks.insert_one({"createdAt": datetime.now(UTC), "deleted": [key]})


def put_as_another_server_would(shop: Shop, product_id: str) -> None:
    now = datetime.now(UTC)
    fields = {"name": "Theirs", "price": 1, "stock": 1, "category": "x", "discontinued": False}
    shop.products.insert_one(
        {"_id": ObjectId(product_id), "createdAt": now, "updatedAt": now} | fields
    )


async def test_an_update_in_doubt_is_recognised_by_its_mark(shop: Shop) -> None:
    (known,) = await shop.put(10)
    deny_the_commit(shop)

    (outcome,) = await shop.patch((known, {"price": 7}))

    assert isinstance(outcome, Updated)
    assert shop.commands.names.count("update") == 1
    assert shop.products.find_one()["updatedAt"] == outcome.product.updated_at


async def test_a_deletion_in_doubt_is_recognised_by_its_mark(shop: Shop) -> None:
    (known,) = await shop.put(10)
    await shop.update([(known, 5)])
    deny_the_commit(shop)

    (outcome,) = await shop.delete(known, cascade=True)

    assert isinstance(outcome, Deleted)
    assert (outcome.product.stock, outcome.cascaded) == (15, 1)
    assert (shop.stocks(), shop.rows()) == ({}, [])


async def test_a_creation_in_doubt_is_recognised_by_its_product(shop: Shop) -> None:
    deny_the_commit(shop)

    (outcome,) = await shop.create({"stock": 4})

    assert isinstance(outcome, Created)
    assert shop.stocks() == {outcome.product.id: 4}
    assert list(shop.marks.find()) == []


async def test_an_id_that_somebody_else_brings_meanwhile_is_no_evidence(shop: Shop) -> None:
    """The commit never arrives, and another caller takes the id: ours was not created."""
    own = "a" * 24
    waiting = Thread(target=lambda: put_as_another_server_would(shop, own))
    ends: list[str] = []

    def act(name: str) -> None:
        ends.append(name)
        if ends.count("commitTransaction") == 1 and not waiting.ident:
            waiting.start()  # it waits for our transaction, which still holds the id
        if ends.count("commitTransaction") == 2:  # the driver has sent it again by itself
            shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)
        if name == "abortTransaction":
            shop.commands.on_end = lambda _name: None
            waiting.join(10)  # our transaction has been ended, and the other one is through

    shop.commands.on_end = act
    with shop.failing("commitTransaction", mode={"times": 2}, closeConnection=True):
        (outcome,) = await shop.create({"own_id": own, "name": "Ours"})

    assert isinstance(outcome, Failed)
    assert outcome.error.code is ItemErrorCode.DUPLICATE_KEY
    assert [one["name"] for one in shop.products.find()] == ["Theirs"]


async def test_a_stock_update_whose_row_is_deleted_meanwhile_is_not_denied(shop: Shop) -> None:
    """It did take effect; to deny that would send its caller looking for a fault in the data."""
    (known,) = await shop.put(10)
    deny_the_commit(shop, meanwhile=lambda: delete_as_another_server_would(shop, known))

    (outcome,) = await shop.update([(known, 5)])

    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.error.retryable) == (ItemErrorCode.UNAVAILABLE, False)
    assert "not known" in outcome.error.message
    assert (shop.stocks(), shop.rows()) == ({}, [])


async def test_a_created_product_that_is_deleted_meanwhile_is_not_created_again(
    shop: Shop,
) -> None:
    def delete_it() -> None:
        (created,) = shop.stocks()
        delete_as_another_server_would(shop, created)

    deny_the_commit(shop, meanwhile=delete_it)

    (outcome,) = await shop.create({})

    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.error.retryable) == (ItemErrorCode.UNAVAILABLE, False)
    assert shop.stocks() == {}


async def test_the_deletion_of_another_product_raises_no_doubt(shop: Shop) -> None:
    """A commit that never arrived is looked up, is found to have no effect, and is run again."""
    known, other = await shop.put(10, 10)
    await shop.delete(other)
    ends: list[str] = []

    def deny_the_third(name: str) -> None:
        ends.extend([name] if name == "commitTransaction" else [])
        if len(ends) == 2:  # the driver has sent it again by itself
            shop.commands.on_end = lambda _name: None
            shop.fail("commitTransaction", mode={"times": 1}, errorCode=251)

    shop.commands.on_end = deny_the_third
    with shop.failing("commitTransaction", mode={"times": 2}, closeConnection=True):
        outcomes = await shop.update([(known, 5)])

    assert [one.new_stock for one in outcomes if isinstance(one, Applied)] == [15]
    assert shop.commands.names.count("commitTransaction") == 5  # one of them the deletion's
    assert shop.stocks() == {known: 15}
    assert len(shop.rows()) == 1


async def test_a_mark_names_the_products_that_its_transaction_deleted(shop: Shop) -> None:
    kept, *gone = await shop.put(1, 2, 3)

    await shop.patch((kept, {"price": 7}))
    await shop.delete(*gone)

    updated, deleted = shop.marks.find().sort("_id")
    assert set(updated) == {"_id", "createdAt"}
    assert {str(one) for one in deleted["deleted"]} == set(gone)


async def test_what_inserts_documents_or_changes_nothing_leaves_no_mark(shop: Shop) -> None:
    (known,) = await shop.put(10)

    await shop.create({}, {})
    await shop.update([(known, 5)])
    await shop.patch((known, {"price": 7}), dry_run=True)
    await shop.delete("f" * 24)
    await shop.discontinue([known])

    assert list(shop.marks.find()) == []


async def test_a_product_that_takes_an_expired_ones_id_is_recognised_by_a_mark(
    shop: Shop,
) -> None:
    """Its own document would be there in any case: the expired one has the same id."""
    own = "a" * 24
    noon: Any = datetime(2026, 1, 31, 12, tzinfo=UTC)
    shop.clock.stand_at(noon)
    await shop.put(3, id=own, expires_at=noon, name="Old")
    deny_the_commit(shop)

    (outcome,) = await shop.create({"own_id": own, "name": "New"})

    assert isinstance(outcome, Created)
    assert shop.products.find_one()["name"] == "New"
    (mark,) = shop.marks.find()
    assert mark["deleted"] == [ObjectId(own)]


async def test_a_commit_in_doubt_is_counted_by_what_was_found(shop: Shop) -> None:
    (known,) = await shop.put(10)
    for price in (6, 7):
        deny_the_commit(shop)
        await shop.patch((known, {"price": price}))
    with shop.failing("commitTransaction", mode={"times": 1}, errorCode=2):
        await shop.patch((known, {"price": 8}))

    found = family(shop.metrics.exposition(), "stockbatch_commits_in_doubt_total")

    assert found == {("applied",): 2, ("not_applied",): 1}
