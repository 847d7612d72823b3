"""The engine alone, without GraphQL and HTTP around it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvloop

from bench.answer import WrongAnswer
from bench.stock.batch import Batch
from schema.context import Services
from server.batches.engine.engine import Engine
from server.batches.engine.limits import Batches, Limits
from server.bootstrap import utc_now
from server.domain.options import BatchOptions
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.kinds.update_stock.rules import Applied, StockItem, StockOutcome, stock_item
from server.mongo.connection.driver import DriverName, connect
from server.mongo.products.ledger_reads import LedgerReads
from server.mongo.products.product_reads import ProductReads
from server.mongo.transaction import TransactionRunner
from server.settings import read_settings
from server.web.metrics import Metrics


class InProcess:
    """It answers when the batch has committed. What it is given is parsed already."""

    def __init__(self, runner: asyncio.Runner, services: Services) -> None:
        self._runner = runner
        self._services = services

    def engine(self, items: list[StockItem]) -> Sequence[StockOutcome]:
        """The use case that the mutation calls, on items that are checked already."""
        return self._runner.run(
            self._services.engine.run(UPDATE_STOCK.work(), items, BatchOptions())
        )


def stock_items(batch: Batch) -> list[StockItem]:
    return [stock_item(index, *item) for index, item in enumerate(batch.items)]


def engine_stocks(outcomes: Sequence[StockOutcome]) -> list[int]:
    """The new stock of every item.

    Raises:
        WrongAnswer: an item failed.
    """
    stocks = [outcome.new_stock for outcome in outcomes if isinstance(outcome, Applied)]
    if len(stocks) != len(outcomes):
        raise WrongAnswer(f"{len(outcomes) - len(stocks)} of {len(outcomes)} items failed")
    return stocks


@contextmanager
def in_process(driver_name: DriverName, uri: str, database: str) -> Iterator[InProcess]:
    """The parts, wired with the settings that the server has, on an event loop as the server's."""
    settings, metrics = read_settings(), Metrics()
    driver = connect(driver_name, uri)
    transactions = TransactionRunner(
        driver,
        database,
        deadline_seconds=settings.transaction_seconds,
        on_retry=metrics.transaction_retried,
    )
    engine = Engine(
        transactions, metrics, clock=utc_now, concurrent_chunks=settings.concurrent_chunks
    )
    services = Services(
        batches=Batches(engine, Limits(items=settings.max_batch_items)),
        catalog=ProductReads(driver.client[database], utc_now),
        ledger=LedgerReads(driver.client[database]),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield InProcess(runner, services)
        runner.run(driver.close())
