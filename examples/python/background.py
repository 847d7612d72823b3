"""Background batches followed to their end: one by subscription, and one by polling."""

import asyncio

from connection import Connection
from stockbatch_client import (
    BatchOperationInput,
    BatchOperationStatus,
    CreateProductInput,
    Progress,
    StockUpdateInput,
    UpdateStockBatch,
)

CUPS = 40
PAGE = 3  # failed results
POLL_SECONDS = 0.2
ENDED = {
    BatchOperationStatus.COMPLETED,
    BatchOperationStatus.FAILED,
    BatchOperationStatus.CANCELLED,
}


async def main() -> None:
    async with Connection() as client:
        made = await client.create_products(
            [
                CreateProductInput(name=f"Cup {number}", price=450, stock=10, category="cups")
                for number in range(CUPS)
            ]
        )
        cups = [product.id for product in made.created]

        batch = await submit(client, cups)
        print(f"Submitted {batch.total_items} items; the subscription tells:")
        async for now in client.batch_progress(batch.id):  # it ends when the batch has ended
            show(now)
        await show_failed(client, batch.id)

        batch = await submit(client, cups)
        print(f"Submitted {batch.total_items} items; polling tells:")
        await poll(client, batch.id)


async def submit(client: Connection, cups: list[str]) -> Progress:
    """One of each cup is sold, and of each eighth one a hundred, which are not there."""
    updates = [
        StockUpdateInput(product_id=id_, quantity=-100 if place % 8 == 0 else -1)
        for place, id_ in enumerate(cups)
    ]
    batch = UpdateStockBatch(updates=updates, batch_size=10)
    return await client.submit_batch(BatchOperationInput(update_stock=batch))


async def poll(client: Connection, batch_id: str) -> None:
    while batch := await client.batch(batch_id):
        show(batch)
        if batch.status in ENDED:
            return
        await asyncio.sleep(POLL_SECONDS)


async def show_failed(client: Connection, batch_id: str) -> None:
    after: str | None = None
    while batch := await client.failed_results(batch_id, PAGE, after):
        print("A page of failed results:")
        for edge in batch.results.edges:
            if error := edge.node.error:
                print(f"  item {edge.node.index}: {error.code.value}")
        if not batch.results.page_info.has_next_page:
            return
        after = batch.results.page_info.end_cursor


def show(batch: Progress) -> None:
    counts = f"{batch.success_count} succeeded, {batch.failure_count} failed"
    print(f"  {batch.status.value} {batch.processed_items}/{batch.total_items}: {counts}")


asyncio.run(main())
