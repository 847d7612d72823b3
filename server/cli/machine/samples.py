"""`stockbatch samples reset`: put the twelve sample products back as they were."""

import click

from server.cli.machine import database
from server.domain.clock import utc_now
from server.kinds.registry import KINDS
from server.mongo.collections import ensure_collections
from server.mongo.connection.driver import Driver
from server.mongo.products import samples as sample_products
from server.mongo.transaction import Transaction, TransactionRunner
from server.settings import Settings, read_settings


@click.group(help="The twelve products of an empty embedded database.")
def samples() -> None:
    """Do nothing: the action does."""


@samples.command(help="Put the twelve samples back as they were, without their stock updates.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> int:
    """Reset them in one transaction, and return 0."""
    where = database.name_of(read_settings())
    question = (
        f"The samples of {where} get their first stock again, and their stock updates are deleted. "
        "All else stays. Go on?"
    )
    database.confirm(question, is_sure=yes)
    return database.run(_reset)


async def _reset(settings: Settings, driver: Driver) -> int:
    await ensure_collections(driver.client[settings.mongodb_database], list(KINDS))
    runner = TransactionRunner(driver, settings.mongodb_database)
    now = utc_now()
    wanted = sample_products.samples(now)
    ids = [sample.id for sample in wanted]

    async def body(transaction: Transaction) -> None:
        await transaction.ledger.delete_of(await transaction.ledger.counts(ids))
        await transaction.products.delete([*await transaction.products.expiries(ids)])
        await transaction.products.insert(wanted)

    await runner.run(body)
    click.echo(f"The {len(wanted)} samples are as they were at first.")
    return 0
