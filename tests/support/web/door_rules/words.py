"""Sentences that several rules expect, and reasons why a rule does not apply."""

from tests.support.web.door_cells import (
    BY_GET,
    READS,
    REST_CANCEL,
    WEBSOCKET,
    not_for,
    taken,
)

NO_BODY = not_for(BY_GET, "a GET has no body")
NO_HANDSHAKE_BODY = not_for((WEBSOCKET,), "a message is text, which no header describes")
JSON_ALONE = "the answer is JSON, whatever the client accepts"
NO_KEY = taken((*READS, REST_CANCEL, WEBSOCKET))  # these have no use for one
ONE_TYPE = "A body is application/json."
TYPES = (
    "A body is application/json, application/x-ndjson, application/ndjson, application/jsonl, "
    "text/csv, text/tab-separated-values, application/vnd.ms-excel, "
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet or multipart/form-data."
)
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
STOPPED = "The server stops. Nothing was done: send the request again, also to another one."
STOPPING = (
    "The server stops, and what has begun goes on to its end. With an idempotency key, send the "
    "request again: nothing is done twice. Without one, look at stockUpdates or batchOperations "
    "first."
)
TWICE = "has the name “c” twice in one object: send it once."
NAN = "is not JSON: NaN is no number in JSON."
UNSUPPORTED = "UNSUPPORTED_MEDIA_TYPE"
