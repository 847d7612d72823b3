"""Products created, updated and deleted, each time with items that fail and others that go on."""

import asyncio

from connection import Connection
from stockbatch_client import (
    BatchCreateOptions,
    BatchDeleteOptions,
    BatchUpdateOptions,
    CreateProductInput,
    DeleteProductInput,
    Item,
    Missing,
    ProductPatch,
    Refused,
    StockUpdateInput,
    UpdateProductInput,
)

NOBODY = "f" * 24  # the id of no product


async def main() -> None:
    async with Connection() as client:
        created = await client.create_products(
            [
                CreateProductInput(name="Sencha", price=1290, stock=25, category="tea"),
                CreateProductInput(name="Matcha", price=-1, stock=10, category="tea"),
                CreateProductInput(name="Oolong", price=1490, stock=30, category="tea"),
            ],
            BatchCreateOptions(continue_on_error=True, return_partial_results=True),
        )
        print(f"Created: {created.outcome.value}")
        show(created.created, [], created.failed)
        sencha, oolong = created.created

        updated = await client.update_products(
            [
                UpdateProductInput(product_id=sencha.id, data=ProductPatch(price=1190)),
                UpdateProductInput(product_id=NOBODY, data=ProductPatch(price=1190)),
                UpdateProductInput(product_id=oolong.id, data=ProductPatch(name=" ")),
            ],
            BatchUpdateOptions(continue_on_error=True, return_partial_results=True),
        )
        print(f"Updated: {updated.outcome.value}")
        show(updated.updated, updated.not_found, updated.failed)

        # A product that has stock updates is not deleted, unless they are to go with it.
        await client.update_stock([StockUpdateInput(product_id=oolong.id, quantity=1)])
        options = BatchDeleteOptions(
            continue_on_error=True, return_partial_results=True, return_deleted_items=True
        )
        deleted = await client.delete_products(
            [DeleteProductInput(product_id=id_) for id_ in (sencha.id, NOBODY, oolong.id)], options
        )
        print(f"Deleted: {deleted.outcome.value}")
        show(deleted.deleted, deleted.not_found, deleted.failed)

        deleted = await client.delete_products(
            [DeleteProductInput(product_id=oolong.id, cascade_delete=True)], options
        )
        print(f"Deleted: {deleted.outcome.value}")
        show(deleted.deleted, deleted.not_found, deleted.failed)


def show(products: list[Item], not_found: list[Missing], failed: list[Refused]) -> None:
    for product in products:
        print(f"  {product.name}, {product.price} cents, {product.stock} in stock")
    for missing in not_found:
        print(f"  item {missing.index}: not found")
    for item in failed:
        print(f"  item {item.index}: {item.error.code.value} at {'.'.join(item.error.path)}")


asyncio.run(main())
