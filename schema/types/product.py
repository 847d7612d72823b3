from collections.abc import Awaitable, Callable
from datetime import datetime

import strawberry

from server.domain.field_check import LONGEST_CATEGORY, LONGEST_NAME
from server.domain.whole_number import MAX_INT


@strawberry.type(description="A product and its stock. An expired product is not shown any more.")
class Product:
    id: strawberry.ID = strawberry.field(
        description="Id of the product: 24 hexadecimal characters."
    )
    name: str = strawberry.field(
        description=f"Name of the product, 1 to {LONGEST_NAME} characters."
    )
    price: int = strawberry.field(description=f"Price in whole cents, 0 to {MAX_INT}.")
    stock: int = strawberry.field(description=f"Stock in pieces, 0 to {MAX_INT}.")
    category: str = strawberry.field(
        description=f"Category of the product, 1 to {LONGEST_CATEGORY} characters."
    )
    discontinued: bool = strawberry.field(
        description="Whether the product is discontinued: then its stock is 0 and it accepts no updates."
    )
    created_at: datetime = strawberry.field(description="When the product was created.")
    updated_at: datetime = strawberry.field(
        description="When the product was last changed, including its stock."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the product expires and disappears; null if it does not expire."
    )


LoadProduct = Callable[[str], Awaitable[Product | None]]  # by its id, in any spelling
