"""Lend the tests' own databases: each is empty and as it was made."""

from collections.abc import AsyncIterator, Callable

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from server.mongo.connection.driver import Driver, connect
from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.databases import Databases, Document

CHANGES: dict[str, Callable[[Database[Document]], object]] = {
    "an index more": lambda database: database["products"].create_index("price"),
    "an index less": lambda database: database["products"].drop_index("name_1__id_1"),
    "a collection more": lambda database: database.create_collection("more"),
    "a collection less": lambda database: database.drop_collection("products"),
    "no validator": lambda database: database.command("collMod", "products", validator={}),
    "validation off": lambda database: database.command(
        "collMod", "products", validationLevel="off"
    ),
}


@pytest.fixture
async def driver(mongod: EmbeddedMongod) -> AsyncIterator[Driver]:
    opened = connect("pymongo", mongod.uri)
    yield opened
    await opened.close()


async def test_a_database_is_lent_again_without_what_was_in_it(
    mongod: EmbeddedMongod, driver: Driver
) -> None:
    with MongoClient[Document](mongod.uri) as admin:
        databases = Databases(admin)
        name = await databases.lend(driver)
        collections = admin[name].list_collection_names()
        for one in collections:
            admin[name].command("insert", one, documents=[{}], bypassDocumentValidation=True)
        databases.take_back(name)

        assert await databases.lend(driver) == name

        counts = {one: admin[name][one].count_documents({}) for one in collections}
        assert counts == dict.fromkeys(collections, 0)
        assert len(counts) == 9
        admin.drop_database(name)


async def test_nobody_gets_a_database_that_somebody_has(
    mongod: EmbeddedMongod, driver: Driver
) -> None:
    with MongoClient[Document](mongod.uri) as admin:
        databases = Databases(admin)

        names = [await databases.lend(driver) for _ in range(2)]

        assert len(set(names)) == 2
        for one in names:
            admin.drop_database(one)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_database_that_was_changed_is_not_lent_again(
    mongod: EmbeddedMongod, driver: Driver, change: Callable[[Database[Document]], object]
) -> None:
    with MongoClient[Document](mongod.uri) as admin:
        databases = Databases(admin)
        name = await databases.lend(driver)
        change(admin[name])
        databases.take_back(name)

        other = await databases.lend(driver)

        assert other != name
        assert name not in admin.list_database_names()
        admin.drop_database(other)
