"""The idempotency key, in a header and beside the items."""

from tests.support.web.door_cells import (
    CONVEX_MUTATION,
    GRAPHQL_POST,
    KEY,
    KEYED,
    SUBMISSIONS,
    Rule,
    cells,
    failed,
    header,
    not_for,
    taken,
    twice,
)
from tests.support.web.door_rules.words import (
    BAD_KEY,
    NO_KEY,
    UNQUOTED,
)

RULES: dict[str, Rule] = {
    "the same key gets the first answer again": Rule(
        cells(taken(KEYED, is_replay=True), NO_KEY), twice
    ),
    "there is one header Idempotency-Key": Rule(
        cells(
            failed(
                400,
                "BAD_INPUT",
                "There are several headers Idempotency-Key: send one.",
                KEYED,
            ),
            NO_KEY,
        ),
        header(KEY, "a", "b"),
    ),
    "there is one header Idempotency-Key also if both are equal": Rule(
        cells(
            failed(400, "BAD_INPUT", "There are several headers Idempotency-Key: send one.", KEYED),
            NO_KEY,
        ),
        header(KEY, "a", "a"),
    ),
    "a key may be in quotes, as the draft of the IETF has it": Rule(
        cells(taken(KEYED), NO_KEY),
        lambda door, sent: sent.with_header(KEY, f'"a \\"quoted\\" key of {door.name}"'),
    ),
    "a key that begins with a quote ends with one": Rule(
        cells(failed(400, "BAD_INPUT", UNQUOTED, KEYED), NO_KEY), header(KEY, '"a')
    ),
    "a key is not empty": Rule(
        cells(failed(400, "BAD_INPUT", BAD_KEY, KEYED), NO_KEY), header(KEY, "")
    ),
    "a key is not white space": Rule(
        cells(failed(400, "BAD_INPUT", BAD_KEY, KEYED), NO_KEY), header(KEY, " \t ")
    ),
    "a key has 200 characters at most": Rule(
        cells(failed(400, "BAD_INPUT", BAD_KEY, KEYED), NO_KEY), header(KEY, "k" * 201)
    ),
    "a key is printable ASCII": Rule(
        cells(failed(400, "BAD_INPUT", BAD_KEY, KEYED), NO_KEY), header(KEY, "käse")
    ),
    "header and argument are the same key": Rule(
        cells(
            failed(
                400,
                "BAD_INPUT",
                "idempotencyKey and the header Idempotency-Key are different: send one of them.",
                (GRAPHQL_POST, CONVEX_MUTATION),
            ),
            not_for(SUBMISSIONS, "REST has a key in the header alone"),
            NO_KEY,
        ),
        header(KEY, "another"),
        argument="key",
    ),
}
