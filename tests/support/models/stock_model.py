"""Implement stock updates and discontinuations a second time, over a dictionary and a list.

This follows the text of the rules and not the code, to be compared with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.models.product_ids import MAX, is_id

Answer = tuple[str, int | None]  # ("OK", new stock) or (error code, current stock)
Row = tuple[str, int, str, str, int | None, str | None]


@dataclass
class Model:
    """The products and the ledger; `stocks` is None for a discontinued product."""

    stocks: dict[str, int | None] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def update(
        self,
        updates: Sequence[tuple[str, float, int | None]],
        *,
        atomic: bool,
        dry_run: bool,
    ) -> list[Answer]:
        after = dict(self.stocks)
        answers = [self._update_one(after, *update) for update in updates]
        if atomic and any(code != "OK" for code, _ in answers):
            after = self.stocks
            answers = [a if a[0] != "OK" else ("ROLLED_BACK", None) for a in answers]
        if not dry_run:
            self.stocks = dict(after)
            for (sent, quantity, _), answer in zip(updates, answers, strict=True):
                if is_id(sent):
                    self.rows.append(_row(sent.lower(), quantity, answer))
        return answers

    def discontinue(self, ids: Sequence[str], *, atomic: bool, dry_run: bool) -> list[str]:
        after, rows, answers = dict(self.stocks), [], []
        for sent in ids:
            one = sent.lower()
            if not is_id(sent):
                answers.append("INVALID_PRODUCT_ID")
            elif one not in after:
                answers.append("PRODUCT_NOT_FOUND")
            elif after[one] is None:
                answers.append("unchanged")
            else:
                rows.append((one, -(after[one] or 0), "applied", "discontinued", 0, None))
                after[one] = None
                answers.append("updated")
        if atomic and not {"updated", "unchanged"} >= set(answers):
            return [a if a.isupper() else "ROLLED_BACK" for a in answers]
        if not dry_run:
            self.stocks = after
            self.rows += rows
        return answers

    def _update_one(
        self, stocks: dict[str, int | None], sent: str, quantity: float, expected: int | None
    ) -> Answer:
        one = sent.lower()
        if not is_id(sent):
            return "INVALID_PRODUCT_ID", None
        if not _is_quantity(quantity):
            return "INVALID_QUANTITY", None
        if one not in stocks:
            return "PRODUCT_NOT_FOUND", None
        stock = stocks[one]
        if stock is None:
            return "PRODUCT_DISCONTINUED", None
        if expected is not None and expected != stock:
            return "STALE_STOCK", stock
        if stock + quantity < 0:
            return "INSUFFICIENT_STOCK", stock
        if stock + quantity > MAX:
            return "STOCK_LIMIT_EXCEEDED", stock
        stocks[one] = stock + int(quantity)
        return "OK", stocks[one]


def _row(one: str, quantity: float, answer: Answer) -> Row:
    recorded = int(quantity) if _is_quantity(quantity) else 0
    code, number = answer
    if code == "OK":
        return (one, recorded, "applied", "adjustment", number, None)
    return (one, recorded, "failed", "adjustment", None, code)


def _is_quantity(number: float) -> bool:
    return -MAX <= number <= MAX and number == int(number)
