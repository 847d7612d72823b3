"""The kind `deleteProducts`, which `batchDeleteProducts` runs while the caller waits."""

from server.kinds.delete_products.effects import DeleteProducts
from server.kinds.delete_products.rules import ARGUMENT, Deleted
from server.kinds.item_field import PRODUCT_ID, Cell, ItemField
from server.kinds.kind import BatchKind
from server.kinds.kind_option import CASCADE_DELETE, CASCADE_DELETE_OPTION
from server.kinds.outcome_form import PRODUCT, OutcomeForm, plain, wording

DELETED = OutcomeForm(
    outcome=Deleted,
    stored_as="deleted",
    fields={"product": PRODUCT} | plain("cascaded"),
    message=wording("Deleted"),
)

DELETE_PRODUCTS = BatchKind(
    name="deleteProducts",
    mutation="batchDeleteProducts",
    argument=ARGUMENT,
    title="product deletion",
    description="Deletes many products.",
    fields=(PRODUCT_ID, ItemField(name=CASCADE_DELETE, cell=Cell.FLAG)),
    options=(CASCADE_DELETE_OPTION,),
    outcomes=(DELETED,),
    effects=lambda settings, _origin: DeleteProducts(settings.get(CASCADE_DELETE, False)),
)
