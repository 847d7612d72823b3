"""Submit batches by GraphQL, as a client does."""

from typing import Any

from tests.support.shop import Shop

SUBMIT = "mutation ($operation: BatchOperationInput!) { submitBatch(operation: $operation) { id } }"


async def submit(shop: Shop, **operation: Any) -> str:
    """Submit a batch of the one kind that is named; return its id."""
    batch = await shop.ask(SUBMIT, operation=operation)
    return str(batch["id"])


async def discontinue(shop: Shop, *ids: str, size: int = 500) -> str:
    """Submit a batch that discontinues products, `size` in each chunk; return its id."""
    return await submit(shop, discontinueProducts={"productIds": ids, "batchSize": size})
