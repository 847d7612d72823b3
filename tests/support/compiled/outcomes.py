"""Random outcomes of each kind, and now and then one that its GraphQL type does not allow."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from server.domain.errors import BadInput, DatabaseUnavailable, KeyReused
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.domain.product import Product
from server.kinds.create_products.rules import Created
from server.kinds.delete_products.rules import Deleted
from server.kinds.discontinue_products.rules import Discontinued, Unchanged
from server.kinds.update_products.rules import Updated
from server.kinds.update_stock.rules import Applied

_STRANGE = st.sampled_from(
    [None, True, 2**31, -(2**31) - 1, 1.0, 1.5, "", "7", 7, [], ValueError("x")]
)


@st.composite
def _sometimes_strange(draw: st.DrawFn, value: st.SearchStrategy[Any]) -> Any:
    return draw(value if draw(st.integers(0, 40)) < 40 else _STRANGE)


_int = _sometimes_strange(st.sampled_from([0, 1, 2**31 - 1, -(2**31)]))
_text = _sometimes_strange(st.sampled_from(["a", "", "ü\ud83d", "5" * 24]))
_bool = _sometimes_strange(st.booleans())
_moment = _sometimes_strange(
    st.sampled_from(
        [
            datetime(2026, 1, 2, 3, 4, 5, 678999, UTC),
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ]
    )
)
_errors = st.builds(
    ItemError,
    code=_sometimes_strange(st.sampled_from(ItemErrorCode)),
    message=_text,
    path=st.lists(_text, max_size=3).map(tuple),
    retryable=_bool,
    current_stock=st.none() | _int,
)
_failed = st.builds(
    Failed,
    index=_int,
    product_id=st.none() | _text,
    errors=st.lists(_errors, min_size=1, max_size=3).map(tuple),
)
PRODUCTS = st.builds(
    Product,
    id=_text,
    name=_text,
    price=_int,
    stock=_int,
    category=_text,
    discontinued=_bool,
    created_at=_moment,
    updated_at=_moment,
    expires_at=st.none() | _moment,
)
_key = st.just("")
_of_kind: Mapping[str, st.SearchStrategy[Any]] = {
    "batchUpdateStock": st.builds(
        Applied, index=_int, product_id=_text, key=_key, quantity=st.just(1), new_stock=_int
    ),
    "batchDiscontinueProducts": st.one_of(
        st.builds(Discontinued, index=_int, product_id=_text, key=_key, stock=st.just(1)),
        st.builds(Unchanged, index=_int, product_id=_text),
    ),
    "batchCreateProducts": st.builds(
        Created, index=_int, product_id=_text, product=PRODUCTS, replaces=st.just(False)
    ),
    "batchUpdateProducts": st.builds(
        Updated, index=_int, product_id=_text, key=_key, product=PRODUCTS, patch=st.just({})
    ),
    "batchDeleteProducts": st.builds(
        Deleted, index=_int, product_id=_text, product=PRODUCTS, cascaded=st.just(1)
    ),
}
_ERRORS = st.sampled_from(
    [
        BadInput("no"),
        KeyReused("used"),
        DatabaseUnavailable("away"),
        RuntimeError("a bug"),
    ]
)


@st.composite
def outcomes(draw: st.DrawFn, field: str) -> Any:
    """Draw a list of outcomes for a root field, or, now and then, an error of the whole request."""
    if draw(st.integers(0, 15)) == 15:
        return draw(_ERRORS)
    if field == "products":
        return draw(st.lists(PRODUCTS, max_size=3))
    return draw(st.lists(_of_kind.get(field, _failed) | _failed, max_size=4))
