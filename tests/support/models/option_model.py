"""Implement create, update and delete a second time, with all options, over dictionaries.

This follows the text of the rules and not the code, to be compared with it.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from tests.support.models.product_ids import MAX, is_id

Operation = Literal["create", "update", "delete"]
Json = dict[str, Any]
Error = tuple[str, tuple[str, ...]]  # code, and where in the item

DEFAULTS: Json = {
    "atomic": True,
    "continueOnError": False,
    "returnPartialResults": False,
    "validateBeforeWrite": True,
    "returnDeletedItems": False,
    "cascadeDelete": False,
    "expireIn": None,
    "dryRun": False,
}
ROLLED_BACK: Error = ("ROLLED_BACK", ())
NOT_ATTEMPTED: Error = ("NOT_ATTEMPTED", ())
NOT_FOUND: Error = ("PRODUCT_NOT_FOUND", ("productId",))


@dataclass(frozen=True)
class Store:
    """Products and ledger rows by id; the values do not contain the ids."""

    products: dict[str, Json]
    rows: dict[str, Json]


@dataclass(frozen=True)
class Verdict:
    """The result of one item: the product, or what is wrong with the item."""

    product: Json = field(default_factory=dict)
    errors: Sequence[Error] = ()


def run(
    store: Store,
    operation: Operation,
    items: Sequence[Json],
    sent_options: Mapping[str, Any],
    now: datetime,
) -> tuple[Json, Store]:
    """Return the answer as GraphQL gives it, and what is stored afterwards.

    A new product whose id is the server's choice has the id "new" and its index.
    """
    options = DEFAULTS | {name: one for name, one in sent_options.items() if one is not None}
    after = deepcopy(store)
    verdicts = _verdicts(after, operation, items, options, now)
    if options["atomic"] and not options["continueOnError"] and any(v.errors for v in verdicts):
        after = store
        verdicts = [v if v.errors else Verdict(errors=[ROLLED_BACK]) for v in verdicts]
    answer = _answer(operation, items, options, verdicts)
    if operation == "delete":
        answer["stats"]["cascaded"] = len(store.rows) - len(after.rows)
    return answer, store if options["dryRun"] else after


def _verdicts(
    store: Store, operation: Operation, items: Sequence[Json], options: Json, now: datetime
) -> list[Verdict]:
    """Decide each item in turn; `store` changes with every item that succeeds."""
    bad = [FIELD_ERRORS[operation](item) for item in items]
    stops = not options["atomic"] and not options["continueOnError"]
    checks_first = options["validateBeforeWrite"] and operation != "delete"
    if stops and checks_first and any(bad):
        return [Verdict(errors=errors or [NOT_ATTEMPTED]) for errors in bad]
    verdicts: list[Verdict] = []
    for index, (item, errors) in enumerate(zip(items, bad, strict=True)):
        if stops and any(verdict.errors for verdict in verdicts):
            verdicts.append(Verdict(errors=[NOT_ATTEMPTED]))
        elif errors:
            verdicts.append(Verdict(errors=errors))
        else:
            verdict = STEPS[operation](store, item, options, now)
            if verdict.product.get("id") == "new":
                verdict = _numbered(store, verdict, index)
            verdicts.append(verdict)
    return verdicts


def _numbered(store: Store, verdict: Verdict, index: int) -> Verdict:
    store.products[f"new {index}"] = store.products.pop("new")
    return replace(verdict, product=verdict.product | {"id": f"new {index}"})


def _create(store: Store, item: Json, options: Json, now: datetime) -> Verdict:
    one = (item.get("id") or "new").lower()
    if _is_there(store, one, now):
        return Verdict(errors=[("DUPLICATE_KEY", ("id",))])
    if one in store.products:
        _remove(store, one)
    store.products[one] = {
        "name": item["name"].strip(),
        "price": int(item["price"]),
        "stock": int(item["stock"]),
        "category": item["category"].strip(),
        "discontinued": item.get("discontinued", False),
        "createdAt": now,
        "updatedAt": now,
        **_expiry(options, now),
    }
    return Verdict(product=_body(store, one))


def _update(store: Store, item: Json, options: Json, now: datetime) -> Verdict:
    one, data = item["productId"].lower(), item["data"]
    if not _is_there(store, one, now):
        return Verdict(errors=[NOT_FOUND])
    product = store.products[one]
    if product["discontinued"]:
        return Verdict(errors=[("PRODUCT_DISCONTINUED", ("productId",))])
    product |= {name: data[name].strip() for name in ("name", "category") if name in data}
    if "price" in data:
        product["price"] = int(data["price"])
    product |= {"updatedAt": now, **_expiry(options, now)}
    return Verdict(product=_body(store, one))


def _delete(store: Store, item: Json, options: Json, now: datetime) -> Verdict:
    one = item["productId"].lower()
    if not _is_there(store, one, now):
        return Verdict(errors=[NOT_FOUND])
    cascade = options["cascadeDelete"] or item.get("cascadeDelete")
    if _rows_of(store, one) and not cascade:
        return Verdict(errors=[("HAS_STOCK_UPDATES", ("productId",))])
    product = _body(store, one)
    _remove(store, one)
    return Verdict(product=product)


STEPS: dict[Operation, Callable[[Store, Json, Json, datetime], Verdict]] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
}


def _is_there(store: Store, one: str, now: datetime) -> bool:
    product = store.products.get(one)
    return product is not None and not ("expiresAt" in product and product["expiresAt"] <= now)


def _rows_of(store: Store, one: str) -> list[str]:
    return [row_id for row_id, row in store.rows.items() if row["productId"] == one]


def _remove(store: Store, one: str) -> None:
    del store.products[one]
    for row_id in _rows_of(store, one):
        del store.rows[row_id]


def _expiry(options: Json, now: datetime) -> Json:
    after = options["expireIn"]
    return {} if after is None else {"expiresAt": now + timedelta(milliseconds=after)}


def _body(store: Store, one: str) -> Json:
    return {"id": one, "expiresAt": None, **store.products[one]}


def _errors_in_new(item: Json) -> list[Error]:
    errors: list[Error] = []
    if item.get("id") is not None and not is_id(item["id"]):
        errors.append(("INVALID_PRODUCT_ID", ("id",)))
    errors += _errors_in_fields(item)
    if item.get("discontinued") and _is_whole(item["stock"]) and item["stock"] != 0:
        errors.append(("INVALID_FIELD", ("discontinued",)))
    return errors


def _errors_in_patch(item: Json) -> list[Error]:
    errors = _errors_in_id(item)
    if not item["data"]:
        errors.append(("INVALID_FIELD", ("data",)))
    return errors + [(code, ("data", *path)) for code, path in _errors_in_fields(item["data"])]


def _errors_in_id(item: Json) -> list[Error]:
    return [] if is_id(item["productId"]) else [("INVALID_PRODUCT_ID", ("productId",))]


FIELD_ERRORS: dict[Operation, Callable[[Json], list[Error]]] = {
    "create": _errors_in_new,
    "update": _errors_in_patch,
    "delete": _errors_in_id,
}


def _errors_in_fields(fields: Json) -> list[Error]:
    """Check the fields that were sent, in the order in which the schema has them."""
    rules: dict[str, Callable[[Any], bool]] = {
        "name": lambda name: name is not None and 1 <= len(name.strip()) <= 200,
        "price": _is_whole,
        "stock": _is_whole,
        "category": lambda name: name is not None and 1 <= len(name.strip()) <= 100,
    }
    return [
        ("INVALID_FIELD", (name,))
        for name, holds in rules.items()
        if name in fields and not holds(fields[name])
    ]


def _is_whole(number: float | None) -> bool:
    return number is not None and 0 <= number <= MAX and number == int(number)


def _answer(
    operation: Operation, items: Sequence[Json], options: Json, verdicts: Sequence[Verdict]
) -> Json:
    products = [verdict.product for verdict in verdicts if not verdict.errors]
    missing, failed = [], []
    for index, (item, verdict) in enumerate(zip(items, verdicts, strict=True)):
        place = {
            "index": index,
            "productId": item.get("id" if operation == "create" else "productId"),
        }
        if verdict.errors == [NOT_FOUND]:
            missing.append(place)
        elif verdict.errors:
            failed.append(place | {"errors": list(verdict.errors)})
    outcome = "ALL" if len(products) == len(items) else "PARTIAL" if products else "NONE"
    shown = outcome != "PARTIAL" or options["returnPartialResults"]
    if operation == "delete":
        shown = shown and options["returnDeletedItems"]
    done = f"{operation}d"
    stats = {"total": len(items), done: len(products), "failed": len(failed)}
    answer: Json = {"outcome": outcome, done: products if shown else [], "failed": failed}
    if operation != "create":
        answer["notFound"] = missing
        stats["notFound"] = len(missing)
    if operation == "delete":
        answer["deletedCount"] = len(products)
    return answer | {"stats": stats}
