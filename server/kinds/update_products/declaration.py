"""The kind `updateProducts`, which `batchUpdateProducts` runs while the caller waits."""

from server.domain.expiry import expiry_of
from server.kinds.item_field import PRODUCT_ID, Cell, ItemField
from server.kinds.kind import BatchKind
from server.kinds.kind_option import EXPIRE_IN_OPTION
from server.kinds.outcome_form import PRODUCT, OutcomeForm, wording
from server.kinds.update_products.effects import UpdateProducts
from server.kinds.update_products.rules import ARGUMENT, DATA, Updated

UPDATED = OutcomeForm(
    outcome=Updated, stored_as="updated", fields={"product": PRODUCT}, message=wording("Updated")
)

UPDATE_PRODUCTS = BatchKind(
    name="updateProducts",
    mutation="batchUpdateProducts",
    argument=ARGUMENT,
    title="product update",
    description="Changes the name, price or category of many products.",
    fields=(
        PRODUCT_ID,
        ItemField(name="name", parent=DATA),
        ItemField(name="price", cell=Cell.NUMBER, parent=DATA),
        ItemField(name="category", parent=DATA),
    ),
    options=(EXPIRE_IN_OPTION,),
    outcomes=(UPDATED,),
    effects=lambda settings, _origin: UpdateProducts(expiry_of(settings)),
)
