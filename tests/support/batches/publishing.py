"""Open a shop that publishes prices to a receiver on loopback, which answers as a test says."""

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from examples.price_receiver import PriceReceiver
from server.assembly import Sizes
from server.jobs.publisher import Publisher
from server.mongo.connection.driver import DriverName
from tests.support.shop import Shop, open_shop

SUBMIT = "mutation($operation: BatchOperationInput!) { submitBatch(operation: $operation) { id } }"
RESULTS = """query($id: ID!) { batchOperation(id: $id) { results(first: 1000) { edges { node {
    productId success message txId error { code message } publicationError } } } } }"""
PROGRESS = """query($id: ID!) { batchOperation(id: $id) {
    status successCount failureCount publication { pending published failed } } }"""


class Receiver(PriceReceiver):
    """A receiver whose `answer` gives the status for a price; it notes what it received."""

    def __init__(self) -> None:
        super().__init__(0)
        self.answer: Callable[[dict[str, Any]], int] = lambda _price: 200
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.most_at_once: Counter[int] = Counter()  # by index, and of all as -1
        self._under_way: Counter[int] = Counter()
        self._counting = threading.Lock()

    def receive(self, key: str, price: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self._counting:
            self.received.append((key, price))
            for which in (price["index"], -1):
                self._under_way[which] += 1
                self.most_at_once[which] = max(self.most_at_once[which], self._under_way[which])
        status = self.answer(price)
        with self._counting:
            self._under_way.subtract([price["index"], -1])
        return super().receive(key, price) if status == 200 else (status, {})

    def tries(self) -> Counter[int]:
        """Return how often each item was received, by its index."""
        return Counter(price["index"] for _, price in self.received)

    def keys(self, index: int) -> list[str]:
        """Return the idempotency keys with which this item was received."""
        return [key for key, price in self.received if price["index"] == index]

    def handle_error(self, *_: object) -> None:
        """Ignore clients that have hung up."""


@dataclass
class Publishing:
    shop: Shop
    receiver: Receiver
    client: httpx.AsyncClient

    async def submit(self, ids: Sequence[str], *, batch_size: int = 500) -> str:
        """Submit a batch that sets the price to 1500; return its id."""
        prices = {"productIds": ids, "newPrice": 1500, "batchSize": batch_size}
        submitted = await self.shop.ask(SUBMIT, operation={"updatePrice": prices})
        batch_id: str = submitted["id"]
        return batch_id

    async def updated(self, ids: Sequence[str], *, batch_size: int = 500) -> str:
        """Submit such a batch and run it to its end; nothing is published yet."""
        batch_id = await self.submit(ids, batch_size=batch_size)
        while await self.shop.assembly.worker.run_once():
            pass
        return batch_id

    async def publish(self) -> None:
        """Publish all prices that wait for it."""
        publisher = self.publisher()
        while await publisher.run_once():
            pass

    def publisher(self, client: httpx.AsyncClient | None = None) -> Publisher:
        """Return a publisher that hardly waits between tries."""
        publications, url = self.shop.assembly.publications, self.receiver.url
        return Publisher(publications, url, client or self.client, longest_wait_seconds=0.01)

    async def results(self, batch_id: str) -> list[dict[str, Any]]:
        batch = await self.shop.ask(RESULTS, id=batch_id)
        return [edge["node"] for edge in batch["results"]["edges"]]

    async def progress(self, batch_id: str) -> tuple[int, int, int] | None:
        """Return how many prices are pending, published, and failed."""
        told = (await self.shop.ask(PROGRESS, id=batch_id))["publication"]
        return told and (told["pending"], told["published"], told["failed"])

    def expire_leases(self) -> None:
        """End the publishers' leases, as if their holders had been gone for long."""
        lapsed = [{"$set": {"publisher.expiresAt": {"$subtract": ["$$NOW", 1_000]}}}]
        self.chunks.update_many({"publisher": {"$exists": True}}, lapsed)

    @property
    def chunks(self) -> Any:
        return self.shop.admin[self.shop.database]["batchChunks"]


@asynccontextmanager
async def open_publishing(
    uri: str, driver_name: DriverName, *, publishes: bool = True, sizes: Sizes | None = None
) -> AsyncIterator[Publishing]:
    async with open_shop(uri, driver_name, publishes=publishes, sizes=sizes) as shop:
        with receiving() as receiver:
            async with patient_client() as client:
                yield Publishing(shop, receiver, client)


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        serving = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            serving.join()


def patient_client(timeout_seconds: float = 30.0) -> httpx.AsyncClient:
    """Return a client without a limit on concurrent requests, and without a proxy."""
    return httpx.AsyncClient(timeout=timeout_seconds, trust_env=False)
