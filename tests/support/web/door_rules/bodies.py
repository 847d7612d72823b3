"""What a body must be."""

from dataclasses import replace

from tests.support.web.door_cells import (
    BODIES,
    CONVEX,
    GRAPHQL_POST,
    IN_JSON,
    REST_CHANGES,
    REST_CSV,
    REST_JSON,
    REST_NDJSON,
    WEBSOCKET,
    Rule,
    body,
    cells,
    closed,
    not_for,
    refused,
    taken,
)
from tests.support.web.door_rules.words import (
    NAN,
    NO_BODY,
    TWICE,
)
from tests.support.web.doors import Reply

RULES: dict[str, Rule] = {
    "there is a body": Rule(
        cells(
            refused(
                400, "BAD_INPUT", "The body is not JSON: Expecting value at character 1.", IN_JSON
            ),
            refused(
                400,
                "BAD_INPUT",
                "updates is empty: a batch has one item or more.",
                (REST_NDJSON, REST_CSV),
            ),
            closed("The message is not JSON: Expecting value at character 1."),
            NO_BODY,
        ),
        body(lambda _: b""),
    ),
    "nothing is done with a body that breaks off": Rule(
        cells(
            {door: Reply(status=0) for door in BODIES},
            NO_BODY,
            not_for((WEBSOCKET,), "a message that breaks off does not leave uvicorn"),
        ),
        lambda _door, sent: replace(sent, breaks_off=True),
    ),
    "a body is UTF-8": Rule(
        cells(
            refused(400, "BAD_INPUT", "The body is not UTF-8: byte 1 of it is 0xff.", IN_JSON),
            refused(400, "BAD_INPUT", "Line 1 is not UTF-8: byte 1 of it is 0xff.", [REST_NDJSON]),
            refused(
                400,
                "BAD_INPUT",
                "Line 1 has the unknown column “ÿproductId”: did you mean productId? Rename it, "
                "or say what it is: columns=ÿproductId:productId, or columns=ÿproductId: to "
                "ignore it.",
                [REST_CSV],
            ),
            NO_BODY,
            not_for((WEBSOCKET,), "a message that is not UTF-8 does not leave uvicorn"),
        ),
        body(lambda content: b"\xff" + content),
    ),
    "a body may begin with a byte order mark": Rule(
        cells(taken(BODIES), NO_BODY, not_for((WEBSOCKET,), "a message is text and not bytes")),
        body(lambda content: b"\xef\xbb\xbf" + content),
    ),
    "a body is a JSON object": Rule(
        cells(
            refused(400, "BAD_INPUT", "The body is not a JSON object.", IN_JSON),
            refused(400, "BAD_INPUT", "Line 1 is not a JSON object.", [REST_NDJSON]),
            closed("The message is not a JSON object."),
            NO_BODY,
            not_for([REST_CSV], "CSV is not JSON"),
        ),
        body(lambda _: b"[]"),
    ),
    "JSON is not nested without end": Rule(
        cells(
            refused(400, "BAD_INPUT", "The body is nested too deeply.", IN_JSON),
            refused(400, "BAD_INPUT", "Line 1 is nested too deeply.", [REST_NDJSON]),
            closed("The message is nested too deeply."),
            NO_BODY,
            not_for([REST_CSV], "CSV is not JSON"),
        ),
        body(lambda _: b"[" * 4000),
    ),
    "a name stands once in an object": Rule(
        cells(
            refused(400, "BAD_INPUT", f"The body {TWICE}", IN_JSON),
            refused(400, "BAD_INPUT", f"Line 1 {TWICE}", [REST_NDJSON]),
            closed(f"The message {TWICE}"),
            NO_BODY,
            not_for([REST_CSV], "CSV is not JSON"),
        ),
        body(lambda _: b'{"a": 1, "b": {"c": 1, "c": 2}}'),
    ),
    "NaN is no number": Rule(
        cells(
            refused(400, "BAD_INPUT", f"The body {NAN}", IN_JSON),
            refused(400, "BAD_INPUT", f"Line 1 {NAN}", [REST_NDJSON]),
            closed(f"The message {NAN}"),
            NO_BODY,
            not_for([REST_CSV], "a cell that is no number is a text, and fails its item"),
        ),
        body(lambda _: b'{"a": NaN}'),
    ),
    "a body has no more bytes than the server takes": Rule(
        cells(
            refused(
                413,
                "REQUEST_TOO_LARGE",
                "The request is larger than 4096 bytes: send less.",
                (GRAPHQL_POST, *REST_CHANGES, *CONVEX),
            ),
            refused(
                413,
                "REQUEST_TOO_LARGE",
                "The request is larger than 4096 bytes: send less, or NDJSON or CSV, which may be "
                "far longer.",
                [REST_JSON],
            ),
            NO_BODY,
            not_for((REST_NDJSON, REST_CSV), "a stream has limits of its own"),
            not_for((WEBSOCKET,), "uvicorn limits a message to 16 MiB"),
        ),
        body(lambda content: content + b" " * 4096),
    ),
}
