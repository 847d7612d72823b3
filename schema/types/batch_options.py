import strawberry


@strawberry.type(
    description="The options that a stored batch runs with. Those that were not sent have their default."
)
class BatchOperationOptions:
    dry_run: bool = strawberry.field(
        description="Whether the batch is a preview that changes nothing."
    )
    atomic: bool = strawberry.field(
        description="Whether the whole batch is one transaction. False: one transaction per chunk."
    )
    continue_on_error: bool = strawberry.field(
        description="Whether the batch goes on when an item fails."
    )
    validate_before_write: bool = strawberry.field(
        description="Whether the fields of all items were checked before the first was written."
    )
    batch_size: int = strawberry.field(
        description="Number of items per chunk. Has no effect with `atomic`."
    )
    new_price: int | None = strawberry.field(
        description="New price of all the products, in whole cents; null if the kind of the batch has no such option."
    )
    expire_in: float | None = strawberry.field(
        description="Time until the products expire, in milliseconds; null if the batch sets no expiry."
    )
    cascade_delete: bool | None = strawberry.field(
        description="Whether the ledger rows of all deleted products are deleted with them; null if the batch deletes nothing."
    )
