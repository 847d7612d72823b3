"""Open the engine on a database of its own, and call it as a client does."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from pymongo import MongoClient

from schema.context import Services
from server.assembly import Assembly, Sizes, assemble
from server.batches.engine.engine import Engine
from server.batches.engine.limits import Limits
from server.domain.listing import PageRequest, StockUpdateFilter
from server.domain.options import BatchOptions
from server.domain.stock_update import StockUpdate
from server.domain.tracing import UNTRACED, Tracer
from server.kinds.create_products.declaration import CREATE_PRODUCTS
from server.kinds.create_products.rules import CreateOutcome, create_item
from server.kinds.delete_products.declaration import DELETE_PRODUCTS
from server.kinds.delete_products.rules import DeleteOutcome, delete_item
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.discontinue_products.rules import DiscontinueOutcome, discontinue_item
from server.kinds.update_products.declaration import UPDATE_PRODUCTS
from server.kinds.update_products.rules import SentPatch, UpdateOutcome, update_item
from server.kinds.update_stock.declaration import UPDATE_STOCK
from server.kinds.update_stock.rules import StockOutcome, stock_item
from server.mongo.connection.command_spans import CommandSpans
from server.mongo.connection.deployment import is_writable
from server.mongo.connection.driver import Driver, DriverName, connect
from server.mongo.transaction import TransactionRunner
from server.running import server_facts
from server.settings import Settings
from server.web.app import make_app
from server.web.convex.view import Convex
from server.web.graphql.view import GraphQLView
from server.web.metrics import Metrics
from server.web.rest.view import Rest
from tests.support.clock import Clock
from tests.support.command_log import CommandLog
from tests.support.databases import databases_of
from tests.support.fail_points import FailPoints
from tests.support.shop_store import ShopStore

MAX_REQUEST_BYTES = 32 * 1024**2
UNKNOWN_ID = "f" * 24
CUP: dict[str, Any] = {
    "own_id": None,
    "name": "Cup",
    "price": 100,
    "stock": 10,
    "category": "tableware",
    "discontinued": False,
}


@dataclass
class Shop(ShopStore, FailPoints):
    """The engine with its services, a log of its commands, and a view of its database."""

    driver: Driver
    database: str
    commands: CommandLog
    admin: MongoClient[dict[str, Any]]
    runner: TransactionRunner
    assembly: Assembly
    clock: Clock
    metrics: Metrics = field(default_factory=Metrics)
    tracer: Tracer = UNTRACED

    @property
    def engine(self) -> Engine:
        return self.assembly.engine

    @property
    def services(self) -> Services:
        return self.assembly.services

    async def update(
        self, updates: Sequence[tuple[str, float] | tuple[str, float, int]], **options: Any
    ) -> Sequence[StockOutcome]:
        """Run `batchUpdateStock` of (id, quantity) or (id, quantity, expected stock)."""
        items = [stock_item(index, *update) for index, update in enumerate(updates)]
        return await self.services.engine.run(UPDATE_STOCK.work(), items, BatchOptions(**options))

    async def ledger(self, **where: Any) -> list[StockUpdate]:
        """Return the rows of the ledger as callers see them, up to 1000."""
        page = await self.services.ledger.page(StockUpdateFilter(**where), PageRequest(first=1000))
        return list(page.items)

    async def statuses(self) -> list[str]:
        """Return the status of each row as callers see it."""
        return [row.status.value for row in await self.ledger()]

    async def discontinue(self, ids: Sequence[str], **options: Any) -> Sequence[DiscontinueOutcome]:
        items = [discontinue_item(index, product_id) for index, product_id in enumerate(ids)]
        return await self.services.engine.run(
            DISCONTINUE_PRODUCTS.work(), items, BatchOptions(**options)
        )

    async def create(
        self,
        *products: Mapping[str, Any],
        expire_in: timedelta | None = None,
        **options: Any,
    ) -> Sequence[CreateOutcome]:
        """Run `batchCreateProducts` of fields that differ from those of an ordinary cup."""
        items = [create_item(index, **CUP | fields) for index, fields in enumerate(products)]
        operation = CREATE_PRODUCTS.work(_expiry_settings(expire_in))
        return await self.services.engine.run(operation, items, BatchOptions(**options))

    async def patch(
        self,
        *patches: tuple[str, SentPatch],
        expire_in: timedelta | None = None,
        **options: Any,
    ) -> Sequence[UpdateOutcome]:
        """Run `batchUpdateProducts` of (id, patch)."""
        items = [update_item(index, *patch) for index, patch in enumerate(patches)]
        operation = UPDATE_PRODUCTS.work(_expiry_settings(expire_in))
        return await self.services.engine.run(operation, items, BatchOptions(**options))

    async def delete(
        self, *ids: str, cascade: bool = False, **options: Any
    ) -> Sequence[DeleteOutcome]:
        items = [delete_item(index, one, cascade=cascade) for index, one in enumerate(ids)]
        return await self.services.engine.run(
            DELETE_PRODUCTS.work(), items, BatchOptions(**options)
        )

    async def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the answer of `/graphql`, through the whole application but no socket."""
        async with self.http() as client:
            response = await client.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, query: str, **variables: Any) -> Any:
        """Return the only field that `query` asks for, of an answer without errors."""
        answer = await self.post_query(query, **variables)
        assert "errors" not in answer
        (value,) = answer["data"].values()
        return value

    async def post_query(self, query: str, **variables: Any) -> dict[str, Any]:
        """Do as `graphql`, with variables that need not be Unicode."""
        response = await self.post(json.dumps({"query": query, "variables": variables}))
        answer: dict[str, Any] = response.json()
        return answer

    async def post(self, body: str | bytes) -> httpx.Response:
        """Return what `/graphql` answers to `body`, which is sent as it is."""
        async with self.http() as client:
            return await client.post(
                "/graphql", content=body, headers={"content-type": "application/json"}
            )

    def http(self) -> httpx.AsyncClient:
        async def why_not_ready() -> str | None:
            return None if await is_writable(self.driver) else "no primary of the database answers"

        view = GraphQLView(self.services, max_request_bytes=MAX_REQUEST_BYTES)
        rest = Rest(self.services, max_request_bytes=MAX_REQUEST_BYTES)
        convex = Convex(self.services, max_request_bytes=MAX_REQUEST_BYTES)
        app = make_app(view, self.metrics, why_not_ready, rest, convex, ["*"])
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    def retries(self, reason: str) -> int:
        """Return how often a transaction ran or committed again because of `reason`."""
        (line,) = [
            line
            for line in self.metrics.exposition().decode().splitlines()
            if line.startswith(f'stockbatch_transaction_retries_total{{reason="{reason}"}}')
        ] or ["0"]
        return int(float(line.split()[-1]))


@asynccontextmanager
async def open_shop(
    uri: str,
    driver_name: DriverName,
    *,
    database: str = "",
    limits: Limits | None = None,
    sizes: Sizes | None = None,
    publishes: bool = False,
    tracer: Tracer = UNTRACED,
    runner: type[TransactionRunner] = TransactionRunner,
    **runner_options: Any,
) -> AsyncIterator[Shop]:
    """Open a shop on the deployment at `uri`, in its own database or that of another shop."""
    commands, metrics, clock = CommandLog(), Metrics(), Clock()
    spans = [CommandSpans(tracer.command)] if tracer.is_on else []
    driver = connect(driver_name, uri, listeners=[commands, *spans])
    sizes = sizes or Sizes(limits=limits or Limits())
    with databases_of(uri) as databases:
        name = database or await databases.lend(driver)
        runs = runner(
            driver,
            name,
            on_retry=metrics.transaction_retried,
            on_doubt=metrics.commit_in_doubt,
            **runner_options,
        )
        assembly = assemble(
            driver,
            name,
            runs,
            metrics,
            clock=clock,
            facts=server_facts(Settings(), clock()),
            sizes=sizes,
            publishes=publishes,
            tracer=tracer,
        )
        try:
            await driver.client.admin.command("ping")  # connects
            commands.names.clear()
            yield Shop(
                driver, name, commands, databases.admin, runs, assembly, clock, metrics, tracer
            )
        finally:
            await assembly.services.progress.close()
            await assembly.engine.drain()
            await driver.close()
            if not database:
                databases.take_back(name)


def _expiry_settings(expire_in: timedelta | None) -> dict[str, int]:
    return {} if expire_in is None else {"expireIn": expire_in // timedelta(milliseconds=1)}
