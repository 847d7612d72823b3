"""A batch of products: what is sent, what it is to find, and what it must leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`inputs` is the list of the request, which the floor gets as well.

    `before`: the products that are put for it, each with `rows_each` rows of `stockUpdates`.
    `after`: at least these fields in the products that are there instead, by the products' names.
    `stats`: the counts that the server has to answer.
    """

    inputs: Sequence[Document]
    before: Sequence[Document] = field(default=())
    rows_each: int = 0
    after: Sequence[Document] = field(default=())
    stats: Document
