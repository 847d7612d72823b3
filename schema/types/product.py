from datetime import datetime

import strawberry


@strawberry.type(description="A product.")
class Product:
    id: strawberry.ID = strawberry.field(description="24 hexadecimal characters.")
    name: str = strawberry.field(description="What it is called.")
    price: int = strawberry.field(description="In whole cents.")
    stock: int = strawberry.field(description="How many there are; never negative.")
    category: str = strawberry.field(description="What it is listed under.")
    discontinued: bool = strawberry.field(
        description="Whether it is out of the range: then its stock is 0 and it takes no updates."
    )
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    expires_at: datetime | None = strawberry.field(
        description="When it disappears by itself; null for never."
    )
