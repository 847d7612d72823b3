"""Twelve products for an empty embedded database, so that the README's example works as pasted."""

from datetime import datetime

from server.domain.product import Product
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated
from server.mongo.products.documents import from_product

_SAMPLES = [  # name, price in cents, stock, category; README's example updates the first three
    ("Espresso beans 1 kg", 1890, 10, "coffee"),
    ("Filter paper no. 4", 390, 10, "coffee"),
    ("Hand grinder", 6450, 10, "coffee"),
    ("Green tea 250 g", 1240, 40, "tea"),
    ("Earl Grey 250 g", 1180, 36, "tea"),
    ("Cast-iron teapot", 5900, 4, "tea"),
    ("Oat biscuits", 320, 120, "pantry"),
    ("Dark chocolate 70 %", 450, 85, "pantry"),
    ("Wildflower honey", 890, 24, "pantry"),
    ("Stoneware cup", 1450, 60, "tableware"),
    ("Milk jug 0.5 l", 2190, 18, "tableware"),
    ("Cake stand", 3990, 7, "tableware"),
]


async def put_samples(database: Database, now: datetime) -> bool:
    """Insert the samples with ids 1 to 12, and return True; False if there are products already."""
    with translated():
        if await database["products"].find_one({}, projection={"_id": 1}):
            return False
        await database["products"].insert_many([from_product(sample) for sample in samples(now)])
        return True


def samples(now: datetime) -> list[Product]:
    """Return the samples as they are when they are new."""
    return [
        Product(
            id=f"{number:024x}",
            name=name,
            price=price,
            stock=stock,
            category=category,
            discontinued=False,
            created_at=now,
            updated_at=now,
        )
        for number, (name, price, stock, category) in enumerate(_SAMPLES, start=1)
    ]
