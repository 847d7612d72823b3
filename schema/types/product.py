from datetime import datetime

import strawberry

from server.domain.field_check import LONGEST_CATEGORY, LONGEST_NAME
from server.domain.whole_number import MAX_INT


@strawberry.type(description="A product and its stock. One that has expired is not shown any more.")
class Product:
    id: strawberry.ID = strawberry.field(description="24 hexadecimal characters.")
    name: str = strawberry.field(description=f"What it is called, 1 to {LONGEST_NAME} characters.")
    price: int = strawberry.field(description=f"In whole cents, 0 to {MAX_INT}.")
    stock: int = strawberry.field(description=f"How many pieces there are, 0 to {MAX_INT}.")
    category: str = strawberry.field(
        description=f"What it is listed under, 1 to {LONGEST_CATEGORY} characters."
    )
    discontinued: bool = strawberry.field(
        description="Whether it is out of the range: then its stock is 0 and it takes no updates."
    )
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(
        description="When it, its stock included, was last changed."
    )
    expires_at: datetime | None = strawberry.field(
        description="When it disappears by itself; null for never."
    )
