"""The kind `discontinueProducts`, which `batchDiscontinueProducts` runs while the caller waits."""

from server.kinds.discontinue_products.effects import DiscontinueProducts
from server.kinds.discontinue_products.rules import ARGUMENT, Discontinued, Unchanged
from server.kinds.item_field import PRODUCT_ID
from server.kinds.kind import BatchKind
from server.kinds.outcome_form import OutcomeForm, plain, wording

DISCONTINUED = OutcomeForm(
    outcome=Discontinued,
    stored_as="discontinued",
    fields=plain("stock"),
    old_stock=lambda discontinued: discontinued.stock,
    new_stock=lambda _discontinued: 0,
    message=wording("Discontinued"),
)
UNCHANGED = OutcomeForm(
    outcome=Unchanged,
    stored_as="unchanged",
    fields={},
    message=wording("Was discontinued already"),
)

DISCONTINUE_PRODUCTS = BatchKind(
    name="discontinueProducts",
    mutation="batchDiscontinueProducts",
    argument=ARGUMENT,
    title="product discontinuation",
    description="Discontinues many products and sets their stock to 0.",
    fields=(PRODUCT_ID,),
    outcomes=(DISCONTINUED, UNCHANGED),
    effects=lambda _settings, origin: DiscontinueProducts(origin),
)
