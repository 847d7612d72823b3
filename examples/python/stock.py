"""A stock batch in which items fail, and the two kinds of answers told apart by their types."""

import asyncio
from typing import assert_never

from connection import Connection
from stockbatch_client import Applied, CreateProductInput, Failed, StockUpdateInput


async def main() -> None:
    async with Connection() as client:
        made = await client.create_products(
            [
                CreateProductInput(name="Green tea", price=890, stock=10, category="tea"),
                CreateProductInput(name="Teapot", price=3490, stock=2, category="tools"),
            ]
        )
        tea, teapot = made.created

        results = await client.update_stock(
            [
                StockUpdateInput(product_id=tea.id, quantity=5),
                StockUpdateInput(product_id=teapot.id, quantity=-3),
                StockUpdateInput(product_id=tea.id, quantity=0.5),
                StockUpdateInput(product_id="f" * 24, quantity=1),
                StockUpdateInput(product_id=tea.id, quantity=-1),
            ]
        )

        for index, result in enumerate(results):
            match result:
                case Applied():
                    print(f"{index}: the stock is now {result.new_stock}")
                case Failed(error=error):
                    there = "" if error.current_stock is None else f" ({error.current_stock} there)"
                    print(f"{index}: {error.code.value}{there}: {error.message}")
                case _:
                    assert_never(result)


asyncio.run(main())
