"""What is said of a whole batch: the options of a JSON body, or the parameters of a stream."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from server.batch.create import CreateProducts
from server.batch.delete import DeleteProducts
from server.batch.discontinue import Discontinue
from server.batch.operation import StoredOperation
from server.batch.price import UpdatePrice
from server.batch.stock import UpdateStock
from server.batch.update import UpdateProducts
from server.domain.batch_operation import BatchOperationType
from server.domain.errors import BadInput
from server.domain.expiry import LONGEST_EXPIRY_MS
from server.domain.options import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE, BatchOptions
from server.domain.price import new_price
from server.domain.text import shown
from server.domain.whole_number import not_whole, whole_number
from server.rest.csv_rows import flag_or_text, number_or_text
from server.rest.kind import Kind


class Options:
    """Reads `sent`, and collects in `faults` all that is wrong with it. Null is as if left out."""

    def __init__(self, kind: Kind, sent: Mapping[str, Any], faults: list[str]) -> None:
        self._kind, self._sent, self._faults = kind, sent, faults

    def operation(self) -> StoredOperation:
        """With faults it means nothing."""
        match self._kind.type:
            case BatchOperationType.UPDATE_STOCK:
                return UpdateStock()
            case BatchOperationType.DISCONTINUE_PRODUCTS:
                return Discontinue()
            case BatchOperationType.UPDATE_PRICE:
                return UpdatePrice(self._new_price())
            case BatchOperationType.CREATE_PRODUCTS:
                return CreateProducts(self._expire_in())
            case BatchOperationType.UPDATE_PRODUCTS:
                return UpdateProducts(self._expire_in())
            case BatchOperationType.DELETE_PRODUCTS:
                return DeleteProducts(self._cascade())

    def batch(self) -> BatchOptions:
        size = self._whole("batchSize", MAX_BATCH_SIZE, f"Leave it out for {DEFAULT_BATCH_SIZE}")
        return BatchOptions(batch_size=size or DEFAULT_BATCH_SIZE)

    def _new_price(self) -> int:
        price = self._sent.get("newPrice")
        if price is None:
            self._faults.append("newPrice is missing: give the new price in whole cents.")
            return 0
        try:
            return new_price(price)
        except BadInput as error:
            self._faults.append(str(error))
            return 0

    def _expire_in(self) -> timedelta | None:
        whole = self._whole("expireIn", LONGEST_EXPIRY_MS, "It is in milliseconds")
        return timedelta(milliseconds=whole) if whole else None

    def _cascade(self) -> bool:
        cascade = self._sent.get("cascadeDelete")
        if not isinstance(cascade, bool | None):
            self._faults.append("cascadeDelete is neither true nor false.")
        return cascade is True

    def _whole(self, name: str, most: int, hint: str) -> int | None:
        value = self._sent.get(name)
        if value is None:
            return None
        whole = whole_number(value, least=1, most=most)
        if whole is None:
            self._faults.append(f"{name} {not_whole(value, least=1, most=most)}. {hint}.")
        return whole


_READERS: Mapping[str, Callable[[str], Any]] = {"cascadeDelete": flag_or_text}


def from_query(kind: Kind, query: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """The parameters as the values that a JSON body would have."""
    known = ", ".join(sorted(kind.options))
    faults += [
        f"There is no parameter {shown(name)}: there may be {known}."
        for name in query
        if name not in kind.options
    ]
    return {name: _READERS.get(name, number_or_text)(text) for name, text in query.items() if text}
