"""What 0.1.0 is asked to do: products, and batches with every outcome and many failures."""

import json
from typing import Any

from process import Document, graphql, rest

UNKNOWN = "f" * 24
HALF = "\ud83d"  # half of a surrogate pair, which JSON can hold and BSON cannot
LONG = 10**40
DAY_MS = 86_400_000
MOST = 2**31 - 1

PLAIN = 60  # products with a stock of 1000, and nothing special
SAMPLES = [10, 10, 10, 40, 36, 4, 120, 85, 24, 60, 18, 7]  # the stocks of the server's own

SUBMIT = "mutation($operation: BatchOperationInput!) { submitBatch(operation: $operation) { id } }"
_WHY = "fragment Why on ItemError { code message path retryable currentStock }"
_WHOLE = """fragment Whole on Product {
    id name price stock category discontinued createdAt updatedAt expiresAt }"""
_FAILED = "index productId error { ...Why } errors { ...Why }"
STOCK = f"""mutation($items: [StockUpdateInput!]!, $options: BatchStockOptions) {{
    batchUpdateStock(updates: $items, options: $options) {{
        __typename index productId success newStock error {{ ...Why }} }} }} {_WHY}"""
DISCONTINUE = f"""mutation($items: [ID!]!, $options: BatchDiscontinueOptions) {{
    batchDiscontinueProducts(productIds: $items, options: $options) {{
        outcome updated unchanged failed failures {{ {_FAILED} }} }} }} {_WHY}"""
CREATE = f"""mutation($items: [CreateProductInput!]!, $options: BatchCreateOptions) {{
    batchCreateProducts(products: $items, options: $options) {{
        outcome created {{ ...Whole }} failed {{ {_FAILED} }} stats {{ total created failed }}
    }} }} {_WHY} {_WHOLE}"""
UPDATE = f"""mutation($items: [UpdateProductInput!]!, $options: BatchUpdateOptions) {{
    batchUpdateProducts(updates: $items, options: $options) {{
        outcome updated {{ ...Whole }} notFound {{ index productId }} failed {{ {_FAILED} }}
        stats {{ total updated notFound failed }} }} }} {_WHY} {_WHOLE}"""
DELETE = f"""mutation($items: [DeleteProductInput!]!, $options: BatchDeleteOptions) {{
    batchDeleteProducts(deletes: $items, options: $options) {{
        outcome deleted {{ ...Whole }} deletedCount notFound {{ index productId }}
        failed {{ {_FAILED} }} stats {{ total deleted notFound failed cascaded }}
    }} }} {_WHY} {_WHOLE}"""

_NAMES = [
    "=1+1", '"quoted", with a comma', "two\nlines", "Ünï\u200bcode ☕", "n" * 200, "' apostrophe",
    "שלום", "-5", "000123", "null",
]  # fmt: skip


def product(number: int) -> str:
    """The id of one of our products."""
    return f"{0x100 + number:024x}"


def new(number: int, name: str, stock: Any = 1000, **fields: Any) -> Document:
    own = {"id": product(number), "name": name, "price": 100 + number, "stock": stock}
    return own | {"category": f"shelf {number % 3}"} | fields


PLAIN_PRODUCTS = [new(number, f"Cup {number}") for number in range(PLAIN)]
ODD_PRODUCTS = [new(100 + number, name, 50) for number, name in enumerate(_NAMES)]
DISCONTINUED = [new(120 + number, f"Old cup {number}", 0, discontinued=True) for number in range(3)]
EXPIRING = [new(130 + number, f"Bread {number}", 7) for number in range(3)]
EXPIRED = [new(140 + number, f"Stale bread {number}", 7) for number in range(3)]
EXTREME = [new(150, "Full", MOST, price=MOST), new(151, "Empty", 0, price=0)]
TO_GO = [new(160 + number, f"To go {number}", 3) for number in range(12)]


def update(number: int, quantity: Any, **fields: Any) -> Document:
    return {"productId": product(number), "quantity": quantity} | fields


STOCK_ITEMS = [
    update(0, 5), update(0, -3), update(1, 0), update(2, 7.0), update(3, -0.0),
    update(4, 1, expectedStock=1000), update(4, 1, expectedStock=1), update(5, -5000),
    update(150, 1), update(120, 1), update(6, 1.5), update(6, 2**40),
    {"productId": UNKNOWN, "quantity": 1}, {"productId": "no id", "quantity": 1},
    {"productId": "", "quantity": 1}, {"productId": product(7).upper(), "quantity": 2},
]  # fmt: skip
ODD_STOCK_ITEMS = [  # as REST takes them
    *STOCK_ITEMS,
    update(8, LONG), update(8, -LONG), update(8, "5"), update(8, None), update(8, True),
    update(8, [1, [2]]), update(8, {"a": 1}), update(8, 1e308), update(8, 1, expectedStock="x"),
    update(8, 1, expectedStock=LONG), {"quantity": 3}, {"productId": product(9)}, {},
    {"productId": HALF, "quantity": 1}, {"productId": f"id {HALF} ☕", "quantity": HALF},
    {"productId": 5, "quantity": 1}, {"productId": LONG, "quantity": 1},
    {"productId": None, "quantity": 1}, {"productId": ["a"], "quantity": 1},
    {"productId": "x" * 3000, "quantity": 1}, update(9, 2**63), update(9, 3),
]  # fmt: skip
CREATED_ITEMS: list[Any] = [
    new(200, "New 0", 4), new(201, "New 1", 4, discontinued=False), new(0, "Taken"),
    new(202, "", 1), new(203, "Bad price", price=-1), new(204, "Bad stock", 1.5),
    new(205, "Both", -1, price=2**31), {**new(206, "Bad id"), "id": "no id"},
    {key: value for key, value in new(0, "Own id", 2).items() if key != "id"},
]  # fmt: skip
ODD_CREATED_ITEMS = [
    *CREATED_ITEMS[2:],
    new(210, f"Half {HALF}"), new(211, 5), new(212, "Words", "many"), new(213, "Long", LONG),
    new(214, "List", [1]), new(215, "Flag", True), {}, new(216, "No category", category=None),
    new(217, "Odd flag", discontinued="maybe"), new(218, "Fine", 9),
]  # fmt: skip
UPDATED_ITEMS: list[Any] = [
    {"productId": product(10), "data": {"name": "Renamed", "price": 7}},
    {"productId": product(10), "data": {"category": "=shelf"}},
    {"productId": product(11), "data": {}},
    {"productId": product(11), "data": {"price": -1, "name": ""}},
    {"productId": product(120), "data": {"price": 1}},
    {"productId": UNKNOWN, "data": {"price": 1}},
    {"productId": "no id", "data": {"price": 1}},
]
ODD_UPDATED_ITEMS = [
    *UPDATED_ITEMS,
    {"productId": product(12), "data": {"name": HALF}},
    {"productId": product(12), "data": {"price": LONG, "category": ["a"]}},
    {"productId": HALF, "data": {"price": 5}},
    {"productId": product(12), "data": 5},
    {"productId": product(12)},
    {"productId": product(12), "data": {"name": "Twelve"}},
]
DISCONTINUED_ITEMS = [product(13), product(120), product(13), UNKNOWN, "no id"]


def deleted_items(first: int) -> list[Any]:
    return [
        {"productId": product(first)},
        {"productId": product(first), "cascadeDelete": False},
        {"productId": product(0)},
        {"productId": product(first + 1), "cascadeDelete": True},
        {"productId": UNKNOWN},
        {"productId": "no id"},
    ]


def _many(kind: str, items: str, sent: list[Any], **options: Any) -> Document:
    """A batch as `submitBatch` takes it."""
    return graphql(SUBMIT, {"operation": {kind: {items: sent, **options}}})


def completed_batches() -> dict[str, Document]:
    """The submissions of all kinds: by GraphQL, and by REST what only REST takes."""
    ids = [product(number) for number in (14, 15, 16, 17, 18, 19, 120)] + [UNKNOWN, "no id"]
    lines = "".join(json.dumps(item) + "\n" for item in ODD_STOCK_ITEMS)
    table = "productId,quantity,expectedStock\n" + "".join(
        f"{product(number)},{quantity},\n"
        for number, quantity in enumerate(["1", "-0.0", "1.5", "two"])
    )
    return {
        "stock": _many("updateStock", "updates", STOCK_ITEMS, batchSize=3),
        "discontinue": _many("discontinueProducts", "productIds", DISCONTINUED_ITEMS, batchSize=2),
        "price": _many("updatePrice", "productIds", ids, newPrice=1500, batchSize=4),
        "create": _many("createProducts", "products", CREATED_ITEMS, batchSize=2),
        "create that expires": _many(
            "createProducts", "products", [new(220, "Milk", 2)], expireIn=100 * DAY_MS
        ),
        "update": _many("updateProducts", "updates", UPDATED_ITEMS, expireIn=200 * DAY_MS),
        "delete": _many("deleteProducts", "deletes", deleted_items(160), batchSize=1),
        "delete all": _many(
            "deleteProducts", "deletes", [{"productId": product(162)}], cascadeDelete=True
        ),
        "stock by JSON": rest(
            "batch-update-stock",
            json.dumps({"updates": ODD_STOCK_ITEMS, "batchSize": 4}),
            "application/json",
        ),
        "stock by NDJSON": rest("batch-update-stock?batchSize=7", lines, "application/x-ndjson"),
        "stock by CSV": rest("batch-update-stock?batchSize=2", table, "text/csv"),
        "discontinue by REST": rest(
            "batch-discontinue-products",
            json.dumps({"productIds": [HALF, "x", product(0x3F00), ""]}),
            "application/json",
        ),
        "create by REST": rest(
            "batch-create-products",
            json.dumps({"products": ODD_CREATED_ITEMS, "batchSize": 3}),
            "application/json",
        ),
        "update by REST": rest(
            "batch-update-products", json.dumps({"updates": ODD_UPDATED_ITEMS}), "application/json"
        ),
        "delete by REST": rest(
            "batch-delete-products",
            json.dumps({"deletes": [{"productId": HALF}, {"productId": product(163)}, {}]}),
            "application/json",
        ),
    }


def _is_long(item: Document) -> bool:
    """Whether a number of it has so many digits that 0.1.0 cut it."""
    return any(value in (LONG, -LONG) for value in item.values())


def keyed_requests() -> dict[str, Document]:
    """Requests with a key, each answered: mutations at once, and submissions."""
    floats = [update(21, 5.0), update(21, -0.0), update(21, 2.5)]
    ends = {"atomic": False, "continueOnError": False, "validateBeforeWrite": False, "batchSize": 2}
    return {
        "keyed stock": graphql(
            STOCK, {"items": STOCK_ITEMS, "options": {"batchSize": 2}}, "k-stock"
        ),
        "keyed floats": graphql(STOCK, {"items": floats}, "k-floats"),
        "keyed atomic stock": graphql(
            STOCK, {"items": STOCK_ITEMS[:7], "options": {"atomic": True}}, "k-atomic"
        ),
        "keyed dry run": graphql(
            STOCK, {"items": STOCK_ITEMS[:3], "options": {"dryRun": True}}, "k-dry"
        ),
        "keyed discontinue": graphql(
            DISCONTINUE, {"items": [product(22), UNKNOWN]}, "k-discontinue"
        ),
        "keyed create": graphql(
            CREATE,
            {
                "items": [new(230, "Keyed"), new(231, "Bad", -1)],
                "options": {
                    "continueOnError": True,
                    "returnPartialResults": True,
                    "expireIn": 300 * DAY_MS,
                },
            },
            "k-create",
        ),
        "keyed create refused": graphql(CREATE, {"items": CREATED_ITEMS}, "k-refused"),
        "keyed update": graphql(
            UPDATE,
            {
                "items": UPDATED_ITEMS,
                "options": {"continueOnError": True, "returnPartialResults": True},
            },
            "k-update",
        ),
        "keyed update that ends": graphql(
            UPDATE, {"items": [*UPDATED_ITEMS, *UPDATED_ITEMS], "options": ends}, "k-ends"
        ),
        "keyed delete": graphql(
            DELETE,
            {
                "items": deleted_items(164),
                "options": {
                    "continueOnError": True,
                    "returnPartialResults": True,
                    "returnDeletedItems": True,
                },
            },
            "k-delete",
        ),
        "keyed submission": graphql(
            SUBMIT, {"operation": {"updateStock": {"updates": STOCK_ITEMS}}}, "k-submit"
        ),
        "keyed price": graphql(
            SUBMIT,
            {"operation": {"updatePrice": {"productIds": [product(19)], "newPrice": 20.0}}},
            "k-price",
        ),
        "keyed JSON": rest(
            "batch-update-stock",
            json.dumps({"updates": [item for item in ODD_STOCK_ITEMS if not _is_long(item)]}),
            "application/json",
            "k-json",
        ),
        "keyed long number": rest(
            "batch-update-stock",
            json.dumps({"updates": [update(9, LONG)]}),
            "application/json",
            "k-long",
        ),
        "keyed CSV": rest(
            "batch-update-stock",
            f"productId,quantity\n{product(23)},5.0\n{product(23)},five\n",
            "text/csv",
            "k-csv",
        ),
    }


def opening_stocks() -> dict[str, int]:
    """The stock with which each product begins that some batch could change."""
    made = [*PLAIN_PRODUCTS, *ODD_PRODUCTS, *DISCONTINUED, *EXPIRING, *EXPIRED, *EXTREME, *TO_GO]
    ours = {one["id"]: one["stock"] for one in made}
    return ours | {f"{number:024x}": stock for number, stock in enumerate(SAMPLES, start=1)}
