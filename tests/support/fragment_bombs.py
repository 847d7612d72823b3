"""Short documents that stand for billions of fields once their fragments are written out."""

_NOBODY = '"' + "f" * 24 + '"'


def bombs(levels: int) -> dict[str, str]:
    """Return one document of each sort, in which each of `levels` fragments doubles the next."""
    twice, page, progress = "NEXT NEXT", "ProductConnection", f"batchProgress(id: {_NOBODY})"
    product = '{ __type(name: "Product") { ...F0 } } '
    in_products = "{ products { ...F0 } } "
    return {
        "fragments": in_products + _chain(levels, page, twice, "totalCount"),
        "inline fragments": in_products
        + _chain(levels, page, "... { NEXT } ... on ProductConnection { NEXT }", "totalCount"),
        "directives": in_products
        + _chain(levels, page, "NEXT @include(if: true) NEXT @skip(if: false)", "totalCount"),
        "an alias in the last fragment": in_products + _chain(levels, page, twice, "x: totalCount"),
        "aliases in each fragment": product
        + _chain(levels, "__Type", "a: ofType { NEXT } b: ofType { NEXT }", "name"),
        "fields of introspection": product
        + _chain(levels, "__Type", "ofType { NEXT } ofType { NEXT }", "name"),
        "a cycle": in_products + _chain(levels, page, twice, "...F0 ...F0"),
        "the query's root": "{ ...F0 } " + _chain(levels, "Query", twice, "__typename"),
        "the mutation's root": "mutation { ...F0 } "
        + _chain(levels, "Mutation", twice, "batchDiscontinueProducts(productIds: []) { failed }"),
        "a mutation's answer": "mutation { batchDiscontinueProducts(productIds: []) { ...F0 } } "
        + _chain(levels, "BatchDiscontinueResult", twice, "failed"),
        "the subscription's root": "subscription { ...F0 } "
        + _chain(levels, "Subscription", twice, f"{progress} {{ id }}"),
        "a subscription's answer": f"subscription {{ {progress} {{ ...F0 }} }} "
        + _chain(levels, "BatchOperation", twice, "id"),
    }


def circles(fragments: int) -> str:
    """Return a short document with very many circles: each fragment spreads all that are before it.

    The last one is defined first, so that a reader finds few of them from there.
    """
    names = range(fragments)
    bodies = {
        name: " ".join(f"...F{other}" for other in names if other <= name + 1 and other != name)
        for name in names
    }
    defined = " ".join(
        f"fragment F{name} on Query {{ {bodies[name]} }}" for name in reversed(names)
    )
    return f"{{ ...F{fragments * 2 // 3} }} {defined}"


def _chain(levels: int, on_type: str, body: str, last: str) -> str:
    """Return fragments F0, F1, … of `body`, in which NEXT spreads the following one."""
    bodies = [body.replace("NEXT", f"...F{level + 1}") for level in range(levels)] + [last]
    return " ".join(
        f"fragment F{level} on {on_type} {{ {body} }}" for level, body in enumerate(bodies)
    )
