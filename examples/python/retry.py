"""A call whose connection is cut before its answer comes, and that is sent again."""

import asyncio
from uuid import uuid4

import httpx

from connection import URL, Connection
from cut import cut_once
from stockbatch_client import (
    Applied,
    CreateProductInput,
    GraphQLClientGraphQLMultiError,
    StockUpdateInput,
)


async def main() -> None:
    async with Connection() as client:
        made = await client.create_products(
            [CreateProductInput(name="Whisk", price=1750, stock=10, category="tools")]
        )
        (whisk,) = made.created
        delivery = [StockUpdateInput(product_id=whisk.id, quantity=5)]
        key = str(uuid4())  # one for what is to be done, however often it is sent

        async with cut_once(URL) as address, Connection(address) as far:
            try:
                await far.update_stock(delivery, key)
            except httpx.TransportError:
                print("First attempt: no answer. Was it applied?")

            for result in await far.update_stock(delivery, key):
                if isinstance(result, Applied):
                    print(f"Second attempt: the stock is now {result.new_stock}.")
            print(f"It is the first one's answer: {far.extensions.get('idempotentReplay', False)}")

        if now := await client.product(whisk.id):
            print(f"The stock went from {whisk.stock} to {now.stock}.")
        updates = await client.stock_updates(whisk.id, since=whisk.created_at)
        print(f"Its updates: {[edge.node.quantity for edge in updates.edges]}")

        try:
            await client.update_stock([StockUpdateInput(product_id=whisk.id, quantity=6)], key)
        except GraphQLClientGraphQLMultiError as refusal:
            codes = [(error.extensions or {}).get("code") for error in refusal.errors]
            print(f"Something else with that key: {codes}")


asyncio.run(main())
