"""How an outcome is stored, shown and worded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from server.domain.item_result import ItemResult
from server.domain.outcome import Outcome
from server.domain.product import canonical_id
from server.mongo.connection.document import Document
from server.mongo.products.documents import from_product, to_product


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How the value of a field is stored, and restored."""

    store: Callable[[Any], Any]
    restore: Callable[[Any], Any]


AS_IT_IS = Codec(store=lambda value: value, restore=lambda stored: stored)
PRODUCT = Codec(store=from_product, restore=to_product)


@dataclass(frozen=True, kw_only=True)
class OutcomeForm:
    """One way in which an item of a kind can succeed.

    `stored_as` is its name in `batchChunks.outcomes`, and `fields` says which of its fields are
    stored beside it. `message` words it for the caller. `old_stock` and `new_stock` are the stocks
    before and after it, and `product_id` is the id that the caller sees; None if it is the one that
    was sent. `published` returns what a receiver is sent of it, as JSON; None if the kind publishes
    nothing.
    """

    outcome: type[Any]
    stored_as: str
    message: Callable[[Any, ItemResult], str]
    fields: Mapping[str, Codec]
    old_stock: Callable[[Any], int] | None = None
    new_stock: Callable[[Any], int] | None = None
    product_id: Callable[[Any], str] | None = None
    published: Callable[[Any], Mapping[str, Any]] | None = None

    def to_document(self, outcome: Outcome) -> Document:
        """Return the fields to store, without those that all outcomes have."""
        stored: Document = {"kind": self.stored_as}
        for name, codec in self.fields.items():
            stored[_camel_case(name)] = codec.store(getattr(outcome, name))
        return stored

    def to_outcome(self, index: int, product_id: str | None, document: Mapping[str, Any]) -> Any:
        """Return the outcome that the document holds."""
        values = {
            name: codec.restore(document[_camel_case(name)]) for name, codec in self.fields.items()
        }
        if self._has_key:
            values["key"] = canonical_id(product_id or "") or ""
        return self.outcome(index=index, product_id=product_id, **values)

    @cached_property
    def _has_key(self) -> bool:
        return "key" in self.outcome.__struct_fields__


def wording(text: str) -> Callable[[Any, ItemResult], str]:
    """Return a message that is the same for every item."""
    return lambda _outcome, _result: text


def plain(*names: str) -> dict[str, Codec]:
    """Return the codecs of fields that are stored as they are."""
    return dict.fromkeys(names, AS_IT_IS)


@cache
def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
