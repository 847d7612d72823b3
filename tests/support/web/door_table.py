"""One table of every door and every rule that a request must obey.

A cell is the exact answer where the rule holds, or the reason why it does not apply. Two rules are
not here because no door meets them: several headers Content-Length, and a body of another length
than it says, end in the HTTP parser of uvicorn.
"""

from dataclasses import replace

from server.domain.errors import (
    BatchTooLarge,
    CommitUnknown,
    DatabaseUnavailable,
    KeyInUse,
    KeyReused,
    Overloaded,
    QueueFull,
    RateLimited,
    WriteConflict,
)
from tests.support.web.door_cells import (
    BODIES,
    BY_GET,
    CONVEX,
    CONVEX_MUTATION,
    ENCODING,
    GRAPHQL_GET,
    GRAPHQL_POST,
    IN_JSON,
    KEY,
    KEYED,
    READS,
    REST_BODIES,
    REST_CSV,
    REST_JSON,
    REST_NDJSON,
    REST_PROGRESS,
    REST_RESULTS,
    TYPE,
    WEBSOCKET,
    Rule,
    accepting,
    body,
    cells,
    closed,
    failed,
    header,
    media_type,
    method,
    not_for,
    refused,
    taken,
    twice,
    two_media_types,
)
from tests.support.web.doors import Door, Reply

NO_BODY = not_for(BY_GET, "a GET has no body")
NO_HANDSHAKE_BODY = not_for((WEBSOCKET,), "a message is text, which no header describes")
JSON_ALONE = "the answer is JSON, whatever the client accepts"
NO_KEY = taken((*READS, WEBSOCKET))  # a read has no use for one, nor has a handshake
ONE_TYPE = "A body is application/json."
TYPES = "A body is application/json, application/x-ndjson or text/csv."
AS_IT_IS = "A body is sent as it is, without a Content-Encoding."
BAD_KEY = "The header Idempotency-Key must be 1 to 200 printable ASCII characters."
UNQUOTED = (
    "The header Idempotency-Key begins with a quote, so it must be a text in quotes, with a "
    "backslash before each quote and each backslash in it."
)
UNREACHABLE = "The database cannot be reached just now; try again later."
UNKNOWN = (
    "The database did not say whether this took effect: look before you send it again. "
    "With an idempotency key, a request can be sent again without doing anything twice."
)
WITH_KEY = (
    "The request could not be answered just now. Send it again with the same idempotency key: what "
    "is missing is done then, and nothing is done twice."
)
STOPPING = (
    "The server stops, and what has begun goes on to its end. With an idempotency key, send the "
    "request again: nothing is done twice. Without one, look at stockUpdates or batchOperations "
    "first."
)
TWICE = "has the name “c” twice in one object: send it once."
NAN = "is not JSON: NaN is no number in JSON."
UNSUPPORTED = "UNSUPPORTED_MEDIA_TYPE"

RULES: dict[str, Rule] = {
    "a well-formed request is taken": Rule(taken(Door)),
    # The body
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
            closed(),
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
            refused(
                400,
                "BAD_INPUT",
                "Line 1 is not UTF-8: byte 1 of it is 0xff.",
                (REST_NDJSON, REST_CSV),
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
            closed(),
            NO_BODY,
            not_for([REST_CSV], "CSV is not JSON"),
        ),
        body(lambda _: b"[]"),
    ),
    "JSON is not nested without end": Rule(
        cells(
            refused(400, "BAD_INPUT", "The body is nested too deeply.", IN_JSON),
            refused(400, "BAD_INPUT", "Line 1 is nested too deeply.", [REST_NDJSON]),
            closed(),
            NO_BODY,
            not_for([REST_CSV], "CSV is not JSON"),
        ),
        body(lambda _: b"[" * 4000),
    ),
    "a name stands once in an object": Rule(
        cells(
            refused(400, "BAD_INPUT", f"The body {TWICE}", IN_JSON),
            refused(400, "BAD_INPUT", f"Line 1 {TWICE}", [REST_NDJSON]),
            closed(),
            NO_BODY,
            not_for([REST_CSV], "CSV is not JSON"),
        ),
        body(lambda _: b'{"a": 1, "b": {"c": 1, "c": 2}}'),
    ),
    "NaN is no number": Rule(
        cells(
            refused(400, "BAD_INPUT", f"The body {NAN}", IN_JSON),
            refused(400, "BAD_INPUT", f"Line 1 {NAN}", [REST_NDJSON]),
            closed(),
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
                (GRAPHQL_POST, *CONVEX),
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
    # The headers that say what the body is
    "a body has a media type that the door knows": Rule(
        cells(
            refused(415, UNSUPPORTED, ONE_TYPE, (GRAPHQL_POST, *CONVEX)),
            refused(415, UNSUPPORTED, TYPES, REST_BODIES),
            NO_BODY,
            NO_HANDSHAKE_BODY,
        ),
        header(TYPE, "text/plain"),
    ),
    "a body has a media type": Rule(
        cells(
            refused(415, UNSUPPORTED, ONE_TYPE, (GRAPHQL_POST, *CONVEX)),
            refused(415, UNSUPPORTED, TYPES, REST_BODIES),
            NO_BODY,
            NO_HANDSHAKE_BODY,
        ),
        header(TYPE),
    ),
    "a media type may have capital letters": Rule(
        cells(taken(BODIES), NO_BODY, NO_HANDSHAKE_BODY), media_type("")
    ),
    "a charset may have quotes and capital letters": Rule(
        cells(taken(BODIES), NO_BODY, NO_HANDSHAKE_BODY), media_type('; Charset="UTF-8"')
    ),
    "a media type may end with a semicolon": Rule(
        cells(taken(BODIES), NO_BODY, NO_HANDSHAKE_BODY), media_type(" ; ")
    ),
    "there is no other charset": Rule(
        cells(refused(415, UNSUPPORTED, "A body is in UTF-8.", BODIES), NO_BODY, NO_HANDSHAKE_BODY),
        media_type("; charset=latin-1"),
    ),
    "there is one header Content-Type": Rule(
        cells(
            refused(415, UNSUPPORTED, "There are several headers Content-Type: send one.", BODIES),
            NO_BODY,
            NO_HANDSHAKE_BODY,
        ),
        two_media_types,
    ),
    "a body is not compressed": Rule(
        cells(refused(415, UNSUPPORTED, AS_IT_IS, BODIES), NO_BODY, NO_HANDSHAKE_BODY),
        header(ENCODING, "gzip"),
    ),
    "a body is not compressed by the second of two headers": Rule(
        cells(refused(415, UNSUPPORTED, AS_IT_IS, BODIES), NO_BODY, NO_HANDSHAKE_BODY),
        header(ENCODING, "identity", "gzip"),
    ),
    "an encoding that changes nothing may be named": Rule(
        cells(taken(BODIES), NO_BODY, NO_HANDSHAKE_BODY), header(ENCODING, "Identity")
    ),
    # The idempotency key
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
            not_for(REST_BODIES, "REST has a key in the header alone"),
            NO_KEY,
        ),
        header(KEY, "another"),
        argument="key",
    ),
    # Methods and answers
    "another method is refused": Rule(
        cells(
            refused(
                405,
                "METHOD_NOT_ALLOWED",
                "PUT is not possible here: send GET or POST.",
                (GRAPHQL_POST, GRAPHQL_GET),
                allow="GET, POST",
            ),
            refused(
                405,
                "METHOD_NOT_ALLOWED",
                "PUT is not possible here: send POST.",
                (*REST_BODIES, *CONVEX),
                allow="POST",
            ),
            refused(
                405,
                "METHOD_NOT_ALLOWED",
                "PUT is not possible here: send GET.",
                (REST_PROGRESS, REST_RESULTS),
                allow="GET, HEAD",
            ),
            not_for((WEBSOCKET,), "a handshake is a GET"),
        ),
        method("PUT"),
    ),
    "a GET changes nothing": Rule(
        cells(
            refused(
                405,
                "METHOD_NOT_ALLOWED",
                "mutations are not allowed when using GET",
                [GRAPHQL_GET],
                allow="POST",
            ),
            refused(
                405,
                "METHOD_NOT_ALLOWED",
                "GET is not possible here: send POST.",
                (*REST_BODIES, *CONVEX),
                allow="POST",
            ),
            not_for([GRAPHQL_POST], "GraphQL by GET is a door of its own"),
            not_for((REST_PROGRESS, REST_RESULTS), "they are read by GET"),
            not_for((WEBSOCKET,), "a handshake is a GET"),
        ),
        lambda door, sent: replace(
            sent, method="GET", query="query=mutation{__typename}" if door is GRAPHQL_GET else ""
        ),
    ),
    "a client that accepts no answer is told before anything is done": Rule(
        cells(
            refused(
                406,
                "NOT_ACCEPTABLE",
                "An answer is application/graphql-response+json or application/json: accept one of "
                "them.",
                (GRAPHQL_POST, GRAPHQL_GET),
            ),
            refused(
                406,
                "NOT_ACCEPTABLE",
                "Results are application/x-ndjson (?format=ndjson) or text/csv (?format=csv).",
                [REST_RESULTS],
            ),
            not_for((*REST_BODIES, REST_PROGRESS, *CONVEX), JSON_ALONE),
            not_for((WEBSOCKET,), "an answer is a message, which no header describes"),
        ),
        header("accept", "text/html"),
    ),
    "several headers Accept are one list": Rule(
        cells(
            taken((GRAPHQL_POST, GRAPHQL_GET, REST_RESULTS)),
            not_for((*REST_BODIES, REST_PROGRESS, *CONVEX), JSON_ALONE),
            not_for((WEBSOCKET,), "an answer is a message, which no header describes"),
        ),
        accepting,
    ),
    # What the use cases fail with
    "a batch may be too large": Rule(
        failed(413, "BATCH_TOO_LARGE", "Why."), fault=lambda: BatchTooLarge("Why.")
    ),
    "a key may belong to another request": Rule(
        failed(422, "IDEMPOTENCY_KEY_REUSED", "Why."), fault=lambda: KeyReused("Why.")
    ),
    "a key may be in use": Rule(
        failed(409, "IDEMPOTENCY_KEY_IN_USE", "Why.", retry_after="1"),
        fault=lambda: KeyInUse("Why."),
    ),
    "the queue may be full": Rule(
        failed(429, "QUEUE_FULL", "Why.", retry_after="5"), fault=lambda: QueueFull("Why.")
    ),
    "the server may have too much to do": Rule(
        failed(503, "OVERLOADED", "Why.", retry_after="1"), fault=lambda: Overloaded("Why.")
    ),
    "a caller may have used up its share": Rule(
        cells(
            refused(429, "RATE_LIMITED", "Why.", (*REST_BODIES, CONVEX_MUTATION), retry_after="60"),
            {
                GRAPHQL_POST: Reply(
                    status=429, code="RATE_LIMITED", message="Why.", retry_after="60"
                ),
                WEBSOCKET: Reply(status=0, code="RATE_LIMITED", message="Why."),
            },
            not_for(READS, "only what changes something is counted"),
        ),
        fault=lambda: RateLimited("Why."),
    ),
    "the database may be away": Rule(
        failed(503, "UNAVAILABLE", UNREACHABLE, retry_after="1"),
        fault=lambda: DatabaseUnavailable("secret"),
    ),
    "other writers may win until the deadline": Rule(
        failed(503, "UNAVAILABLE", UNREACHABLE, retry_after="1"),
        fault=lambda: WriteConflict("secret"),
    ),
    "a commit may be unknown": Rule(
        failed(503, "UNAVAILABLE", UNKNOWN, retry_after="1"), fault=lambda: CommitUnknown("secret")
    ),
    "a request with a key may be sent again": Rule(
        cells(
            failed(503, "UNAVAILABLE", WITH_KEY, KEYED, retry_after="1"),
            failed(503, "UNAVAILABLE", UNKNOWN, (*READS, WEBSOCKET), retry_after="1"),
        ),
        header(KEY, "key"),
        fault=lambda: CommitUnknown("secret"),
    ),
    "a fault of the server is masked": Rule(
        failed(500, "INTERNAL", "Internal error. (Error …)"),
        fault=lambda: ZeroDivisionError("secret"),
    ),
    "the server may stop": Rule(
        cells(
            refused(503, "UNAVAILABLE", STOPPING, (GRAPHQL_POST, GRAPHQL_GET, *CONVEX)),
            refused(
                503,
                "UNAVAILABLE",
                STOPPING,
                (*REST_BODIES, REST_PROGRESS, REST_RESULTS),
                retry_after="1",
            ),
            not_for((WEBSOCKET,), "uvicorn closes it"),
        ),
        stops=True,
    ),
}
