"""The kind `updatePrice`, whose successes are published (seed 3)."""

from server.domain.item_result import ItemResult
from server.kinds.item_field import PRODUCT_ID, Cell
from server.kinds.kind import BatchKind
from server.kinds.kind_option import KindOption
from server.kinds.outcome_form import OutcomeForm, plain
from server.kinds.update_price.effects import UpdatePrice
from server.kinds.update_price.rules import ARGUMENT, NEW_PRICE, Priced, check_new_price


def _message(priced: Priced, result: ItemResult) -> str:
    """Return what a caller reads of a changed price.

    As in seed 3, the item succeeded even if its price could not be published.
    """
    if result.publication and result.publication.error is not None:
        return "Price updated (not published)"
    is_pending = result.is_published and not result.publication
    updated = f"Price updated to {priced.price}"
    return f"{updated} (publication pending)" if is_pending else updated


PRICED = OutcomeForm(
    outcome=Priced,
    stored_as="priced",
    fields=plain("price"),
    message=_message,
    published=lambda priced: {"productId": priced.key, "newPrice": priced.price},
)

UPDATE_PRICE = BatchKind(
    name="updatePrice",
    mutation="updatePrice",
    argument=ARGUMENT,
    title="price update",
    description="Gives many products one new price.",
    fields=(PRODUCT_ID,),
    options=(
        KindOption(
            name=NEW_PRICE,
            cell=Cell.NUMBER,
            check=check_new_price,
            required=f"{NEW_PRICE} is missing: give the new price in whole cents.",
        ),
    ),
    outcomes=(PRICED,),
    effects=lambda settings, _origin: UpdatePrice(settings[NEW_PRICE]),
)
