"""`stockbatch indexes`: compare the database's validators and indexes with those needed."""

import click

from server.cli.machine import database
from server.kinds.registry import KINDS
from server.mongo.collections import ensure_collections
from server.mongo.connection.driver import Driver
from server.mongo.inspection import inspect
from server.settings import Settings


@click.command(help="List validators and indexes; exit status 1 if one is missing or different.")
@click.option("--create", is_flag=True, help="Create what is missing, as a start does.")
def indexes(create: bool) -> int:
    """Print a line for each, and return 0 if all are as needed."""

    async def compare(settings: Settings, driver: Driver) -> int:
        handle = driver.client[settings.mongodb_database]
        if create:
            await ensure_collections(handle, list(KINDS))
        found = await inspect(handle, list(KINDS))
        width = max(len(one.collection) for one in found)
        for one in found:
            click.echo(f"{one.collection:{width}}  {one.state.value:12}  {one.name}")
        wrong = sum(one.state.is_wrong for one in found)
        if wrong:
            click.echo(f"{wrong} are missing or different: say --create, or start a server.")
        return int(wrong > 0)

    return database.run(compare)
