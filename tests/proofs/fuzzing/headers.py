"""Odd headers and methods."""

from random import Random

from tests.proofs.fuzzing.wishes import Wish

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_VALUES = {
    "content-type": [
        "", "application/json", "Application/JSON; charset=UTF-8", "text/csv;charset=latin-1",
        "application/x-ndjson", "text/csv", "text/csv; header=absent", "text/plain", "*/*", ";",
        "application/json, application/json", "multipart/form-data; boundary=x",
        'application/json; charset="utf-8', "application/graphql", "\xff", "a" * 3_000,
    ],
    "accept": [
        "", "*/*", "text/html", "text/csv", "application/json", "image/png", "application/json;q=0",
        "application/graphql-response+json", "application/graphql-response+json;q=0.5, */*;q=nan",
        "application/json;q=1e400", ",,,", "text/*;q=0.9, text/csv;q=-1", "*", "\xe9", "a/b;" * 500,
    ],
    "idempotency-key": [
        "k", '"k"', '"k', "", " ", "a" * 200, "a" * 201, '"a\\"b"', "é", "\x7f", '"k"; v=1', "k, k",
        '"' + "q" * 200 + '"', "'k'", "\t",
    ],
    "content-encoding": ["gzip", "identity", "identity, identity", "br", "", "gzip, identity", "x"],
    "transfer-encoding": ["chunked"],
    "origin": ["null", "https://shop.example", "", "\xff"],
    "access-control-request-method": ["POST", "DELETE", ""],
    "range": ["bytes=0-1"],
    "if-none-match": ["*"],
    "cookie": ["a=b; c"],
    "x-forwarded-for": ["1.2.3.4"],
    "x" * 200: ["y" * 2_000],
}  # fmt: skip


def mutate(made: Wish, random: Random) -> None:
    """Change the method, or set, double or drop a header of `made`."""
    if random.random() < 0.1:
        made.method = random.choice(_METHODS)
        return
    name = random.choice([*_VALUES, "content-type", "accept", "idempotency-key"])
    value = random.choice(_VALUES[name])
    match random.randrange(4):
        case 0:
            made.headers.append((name, value))
        case 1 if made.headers:
            made.headers.pop()
        case 2:
            made.headers += [(f"x-{number}", "y") for number in range(random.choice([20, 101]))]
        case _:
            made.headers = [pair for pair in made.headers if pair[0] != name]
            made.headers.append((name.title(), value))
