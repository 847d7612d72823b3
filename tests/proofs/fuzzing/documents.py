"""GraphQL documents, and ways to break them."""

import re
from collections.abc import Callable
from random import Random

_ERROR = "{ code message path retryable currentStock }"
_ITEM = f"{{ index productId error {_ERROR} errors {_ERROR} }}"
_PRODUCT = "{ id name price stock category discontinued createdAt updatedAt expiresAt }"
_BATCH = (
    "{ id status operationType totalItems processedItems successCount failureCount createdAt"
    " results(first: 50) { edges { node { index productId success error { code message } } }"
    " pageInfo { hasNextPage } } }"
)
_PAGE = "pageInfo { hasNextPage endCursor }"


def _batch(kind: str, name: str, items: str, options: str, fields: str) -> str:
    return (
        f"mutation ($%s: [{kind}!]!, $options: {options}, $idempotencyKey: String) {{ {name}"
        f"(%s: $%s, options: $options, idempotencyKey: $idempotencyKey) {{ {fields} }} }}"
    ) % (items, items, items)


def _by_id(name: str) -> str:
    return f"mutation ($id: ID!) {{ {name}(id: $id) {_BATCH} }}"


MUTATIONS = {
    "batchUpdateStock": _batch(
        "StockUpdateInput", "batchUpdateStock", "updates", "BatchStockOptions",
        f"__typename index productId success newStock error {_ERROR}",
    ),
    "batchDiscontinueProducts": _batch(
        "ID", "batchDiscontinueProducts", "productIds", "BatchDiscontinueOptions",
        "updated unchanged failed",
    ),
    "batchCreateProducts": _batch(
        "CreateProductInput", "batchCreateProducts", "products", "BatchCreateOptions",
        f"outcome created {_PRODUCT} failed {_ITEM} stats {{ total created failed }}",
    ),
    "batchUpdateProducts": _batch(
        "UpdateProductInput", "batchUpdateProducts", "updates", "BatchUpdateOptions",
        f"outcome updated {_PRODUCT} failed {_ITEM} notFound {{ index productId }}",
    ),
    "batchDeleteProducts": _batch(
        "DeleteProductInput", "batchDeleteProducts", "deletes", "BatchDeleteOptions",
        f"outcome deleted {_PRODUCT} deletedCount failed {_ITEM}",
    ),
    "submitBatch": (
        "mutation ($operation: BatchOperationInput!, $idempotencyKey: String) { submitBatch"
        f"(operation: $operation, idempotencyKey: $idempotencyKey) {_BATCH} }}"
    ),
    "cancelBatch": _by_id("cancelBatch"),
    "retryBatch": _by_id("retryBatch"),
    "retryPublication": _by_id("retryPublication"),
}  # fmt: skip
QUERIES = {
    "product": f"query ($id: ID!) {{ product(id: $id) {_PRODUCT} }}",
    "products": (
        "query Q($filter: ProductFilter, $first: Int, $after: String) { products(filter: $filter,"
        f" first: $first, after: $after) {{ edges {{ cursor node {_PRODUCT} }} {_PAGE} }} }}"
    ),
    "stockUpdates": (
        "query ($filter: StockUpdateFilter, $first: Int) { stockUpdates(filter: $filter,"
        f" first: $first) {{ edges {{ node {{ id quantity product {{ id }} }} }} {_PAGE} }} }}"
    ),
    "batchOperation": f"query ($id: ID!) {{ batchOperation(id: $id) {_BATCH} }}",
    "batchOperations": (
        f"query ($first: Int) {{ batchOperations(first: $first) {{ edges {{ node {_BATCH} }} }} }}"
    ),
}
_TOKEN = re.compile(r'"[^"]*"|\w+|\.\.\.|[^\s\w]')
_ODD_TOKENS = [
    "{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "...", "&", "|", "=", '"', '"""', "'", "\\",
    "#", "\ufeff", "\x00", "\x7f", "\u202e", "é", "null", "true", "on", "fragment", "query",
    "subscription", "mutation", "-", "-0", "1e400", "0x1", "00", "1.", "9" * 5_000, "$undefined",
    "@skip(if: true)", "@include(if: $x)", "@skip", "@deprecated", "@oneOf", "@a@a", "__typename",
    '"\\ud800"', '"\\u{110000}"', '"' + "x" * 20_000 + '"', "[" * 300, "{a" * 300, "\r", ",,,,",
]  # fmt: skip
_INTROSPECTION = [
    "{ __schema { types { name fields { name type { name ofType { name } } } } } }",
    '{ __type(name: "Product") { name fields { name } } }',
    "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "{ __typename @skip(if: true) }",
]


def mutated(text: str, random: Random) -> str:
    """Return `text` with one thing changed."""
    change: Callable[[str, Random], str] = random.choice(_CHANGES)
    return change(text, random)


def _cut(text: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


def _tokens(text: str, random: Random) -> str:
    """Drop, double, swap or replace a token."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        return "{"
    place = random.randrange(len(tokens))
    other = random.randrange(len(tokens))
    match random.randrange(5):
        case 0:
            del tokens[place]
        case 1:
            tokens.insert(place, tokens[place])
        case 2:
            tokens[place], tokens[other] = tokens[other], tokens[place]
        case 3:
            tokens[place] = random.choice(_ODD_TOKENS)
        case _:
            tokens.insert(place, random.choice(_ODD_TOKENS))
    return " ".join(tokens)


def _aliases(text: str, random: Random) -> str:
    """Select the fields of the operation several times under other names."""
    head, brace, rest = text.partition("{")
    body, _, _ = rest.rpartition("}")
    times = random.choice([2, 3, 20, 200])
    copies = " ".join(f"a{number}: {body.strip()}" for number in range(times))
    return f"{head}{brace}{copies[:400_000]}}}"


def _fragments(text: str, random: Random) -> str:
    """Select a fragment that is there, that is not, that is twice, or that goes in a circle."""
    spread = text.rpartition("}")[0] + " ...F }"
    return random.choice(
        [
            spread,
            f"{spread} fragment F on Query {{ __typename }}",
            f"{spread} fragment F on Mutation {{ __typename ...F }}",
            f"{spread} fragment F on Mutation {{ ...G }} fragment G on Mutation {{ ...F }}",
            f"{spread} fragment F on Query {{ a }} fragment F on Query {{ __typename }}",
            f"{text} fragment Unused on Product {{ id }}",
            text.rpartition("}")[0] + " ... on Product { id } ... { __typename } }",
        ]
    )


def _surroundings(text: str, random: Random) -> str:
    return random.choice(
        [
            "\n" * 5_000 + text, "\ufeff" + text, f"# {text}", f"# é\r{text}", text + "\x00",
            f"{text} {text}", f"query A {{ __typename }} {text}", '"""doc""" ' + text, " ",
            text.replace(" ", "\r"), text.replace("(", " @skip(if: false) (", 1), text * 30,
            text.replace("mutation", "subscription").replace("query", "subscription"),
            text.replace("mutation", "query"), text.replace("!", ""), text.replace("$", "$ "),
        ]
    )  # fmt: skip


def _introspection(_text: str, random: Random) -> str:
    return random.choice(_INTROSPECTION)


_CHANGES = [
    _cut, _tokens, _tokens, _tokens, _aliases, _fragments, _surroundings, _introspection,
]  # fmt: skip
