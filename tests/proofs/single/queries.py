"""Short texts that cost much, and long ones."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.proofs.single.exchange import attempt, request
from tests.proofs.single.row import Attempt, Row
from tests.support.fragment_bombs import bombs, circles

_PRODUCT = "edges { cursor node { id name price stock category createdAt updatedAt } }"


def nested(names: int, batches: int, results: int = 1) -> str:
    """Return a query for lists in lists, under several names."""
    page = (
        f"batchOperations(first:{batches}){{edges{{node{{results(first:{results})"
        "{edges{node{index}}}}}}"
    )
    return f"{{{' '.join(f'a{n}:{page}' for n in range(names))}}}"


def products(names: int, size: int = 1000) -> str:
    """Return a query for whole products, under several names."""
    return (
        f"{{ {' '.join(f'a{n}: products(first: {size}) {{ {_PRODUCT} }}' for n in range(names))} }}"
    )


def query(text: str, variables: Any = None) -> Attempt:
    """Return a request over HTTP."""
    sent = {"query": text} if variables is None else {"query": text, "variables": variables}
    return attempt(request("/graphql", json.dumps(sent).encode()))


def rows() -> Sequence[Row]:
    """Return the rows of GraphQL."""
    return [
        *_short(),
        *_siblings(),
        *_lists(),
        _row("190 000 fields", lambda: f"{{ {'f ' * 190_000} }}"),
        _row("60 000 unknown fields", lambda: f"{{ {_numbered('f{}', 60_000)} }}"),
        _row("490 KB of quotes that are not closed", lambda: 'mutation "' + '\\"' * 240_000),
        _row("490 KB of long texts that are not closed", lambda: _block_texts(98_000)),
        _row("2 000 unknown fields", lambda: f"{{ {_numbered('f{}', 1_999)} }}"),
    ]


def _short() -> list[Row]:
    return [
        _row(f"{sort} that double, 30 levels", lambda sort=sort: bombs(30)[sort])  # type: ignore[misc]
        for sort in ("fragments", "aliases in each fragment", "fields of introspection")
    ]


def _siblings() -> list[Row]:
    twins = " ".join(f"fragment T on Query {{ {'f ' * 200} }}" for _ in range(190))
    return [
        _row("15 000 tokens of aliases", lambda: f"{{ {_numbered('a{}: __typename', 4_999)} }}"),
        _row("60 000 tokens of aliases", lambda: f"{{ {_numbered('a{}: __typename', 20_000)} }}"),
        _row("7 500 times one field", lambda: f"{{ {'product(id: 1) { id } ' * 1_360} }}"),
        _row("20 000 pairs of fields", lambda: f"{{ {'__typename ' * 200} }}"),
        _row("20 000 pairs of objects", lambda: f"{{ {'products { totalCount } ' * 140} }}"),
        _row("4 900 nested inline fragments", lambda: _nested_inline(4_900)),
        _row("150 nested inline fragments", lambda: _nested_inline(150)),
        _row("4 900 inline fragments", lambda: f"{{ {'... { __typename } ' * 3_700} }}"),
        _row("2 400 directives", lambda: f"{{ __typename {'@include(if: true) ' * 2_400} }}"),
        _row("190 fragments, each with each", lambda: _fragments(190)),
        _row("1 500 fragments, each with each", lambda: _fragments(1_500)),
        _row("190 fragments of one name", lambda: f"{{ ...T }} {twins}"),
        _row("24 fragments in circles", lambda: circles(24), long=True),
    ]


def _lists() -> list[Row]:
    return [
        _row("lists in lists, 15 names", lambda: nested(15, 1000), long=True),
        _row("lists in lists, of the highest cost", lambda: nested(1, 1000, 8)),
        _row("15 pages of 1 000 products", lambda: products(15)),
        _row("one page of 1 000 products", lambda: products(1)),
        _row("introspection, 15 names", lambda: _introspection(15)),
        _row("introspection, 3 names", lambda: _introspection(3)),
    ]


def _row(name: str, text: Callable[[], str], *, long: bool = False) -> Row:
    return Row(name, lambda: query(text()), long)


def _numbered(pattern: str, count: int) -> str:
    return " ".join(pattern.format(number) for number in range(count))


def _nested_inline(levels: int) -> str:
    return f"{{ {'... { ' * levels} __typename {'} ' * levels} }}"


def _fragments(count: int) -> str:
    """Return fragments that are all spread in one place, where graphql-core compares each pair."""
    spread = " ".join(f"...F{number}" for number in range(count))
    defined = " ".join(f"fragment F{n} on Query {{ f{n}: __typename }}" for n in range(count))
    return f"{{ {spread} }} {defined}"


def _block_texts(count: int) -> str:
    escaped = '\\"""\n' * count
    return f'mutation """\n{escaped}'


def _introspection(names: int) -> str:
    types = "types { fields { type { fields { name args { name type { name } } } } } }"
    return f"{{ {' '.join(f'a{number}: __schema {{ {types} }}' for number in range(names))} }}"
