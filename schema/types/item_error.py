import strawberry

from server.domain.errors import LONGEST_SHOWN
from server.domain.item_error import ItemErrorCode

LONG_IDS = (
    f"A text of more than {LONGEST_SHOWN} characters, which is no id, is shown without its middle: `index` tells which item "
    "it was."
)


@strawberry.type(description="A reason why one item of a batch failed.")
class ItemError:
    code: ItemErrorCode = strawberry.field(description="Code of the reason, for programs.")
    message: str = strawberry.field(
        description="The reason in words, for people: what is wrong, and with what."
    )
    path: list[str] = strawberry.field(
        description='Position of the invalid value in the arguments, such as `["updates", "3", "quantity"]`.'
    )
    retryable: bool = strawberry.field(
        description="Whether the same item, sent again unchanged, can succeed."
    )
    current_stock: int | None = strawberry.field(
        description="Stock of the product when the item failed, in pieces, if that is why it failed; null otherwise."
    )


@strawberry.type(description="An item that failed and changed nothing.")
class FailedItem:
    index: int = strawberry.field(description="Position of the item in the request, from 0.")
    product_id: strawberry.ID | None = strawberry.field(
        description=f"Id of the product as it was sent; null if none was sent, such as for a product to create. {LONG_IDS}"
    )
    error: ItemError = strawberry.field(
        description="First reason why the item failed, as in `errors`."
    )
    errors: list[ItemError] = strawberry.field(description="All reasons why the item failed.")


@strawberry.type(
    description="An item that failed because its product does not exist. It changed nothing."
)
class NotFoundItem:
    index: int = strawberry.field(description="Position of the item in the request, from 0.")
    product_id: strawberry.ID = strawberry.field(
        description=f"Id of the product as it was sent. {LONG_IDS}"
    )
