"""The kind `createProducts`, which `batchCreateProducts` runs while the caller waits."""

from server.domain.expiry import expiry_of
from server.kinds.create_products.effects import CreateProducts
from server.kinds.create_products.rules import ARGUMENT, Created
from server.kinds.item_field import Cell, ItemField
from server.kinds.kind import BatchKind
from server.kinds.kind_option import EXPIRE_IN_OPTION
from server.kinds.outcome_form import PRODUCT, OutcomeForm, plain, wording

CREATED = OutcomeForm(
    outcome=Created,
    stored_as="created",
    fields={"product": PRODUCT} | plain("replaces"),
    product_id=lambda created: created.product.id,
    message=wording("Created"),
)

CREATE_PRODUCTS = BatchKind(
    name="createProducts",
    mutation="batchCreateProducts",
    argument=ARGUMENT,
    title="product creation",
    description="Creates many products.",
    fields=(
        ItemField(name="id"),
        ItemField(name="name", is_column_required=True),
        ItemField(name="price", cell=Cell.NUMBER, is_column_required=True),
        ItemField(name="stock", cell=Cell.NUMBER, is_column_required=True),
        ItemField(name="category", is_column_required=True),
        ItemField(name="discontinued", cell=Cell.FLAG),
    ),
    options=(EXPIRE_IN_OPTION,),
    outcomes=(CREATED,),
    effects=lambda settings, _origin: CreateProducts(expiry_of(settings)),
)
