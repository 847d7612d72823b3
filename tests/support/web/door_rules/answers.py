"""Methods, and what a client accepts."""

from dataclasses import replace

from tests.support.web.door_cells import (
    CONVEX,
    GRAPHQL_GET,
    GRAPHQL_POST,
    REST_BODIES,
    REST_CHANGES,
    REST_FILES,
    REST_LEDGER,
    REST_LIST,
    REST_PRODUCTS,
    REST_PROGRESS,
    REST_READS,
    REST_RESULTS,
    WEBSOCKET,
    Rule,
    accepting,
    cells,
    header,
    method,
    not_for,
    refused,
    taken,
)
from tests.support.web.door_rules.words import (
    JSON_ALONE,
)

RULES: dict[str, Rule] = {
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
                (*REST_BODIES, *REST_CHANGES, *CONVEX),
                allow="POST",
            ),
            refused(
                405,
                "METHOD_NOT_ALLOWED",
                "PUT is not possible here: send GET.",
                REST_READS,
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
                (*REST_BODIES, *REST_CHANGES, *CONVEX),
                allow="POST",
            ),
            not_for([GRAPHQL_POST], "GraphQL by GET is a door of its own"),
            not_for(REST_READS, "they are read by GET"),
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
                "Results are application/x-ndjson (?format=ndjson), text/csv (?format=csv) or a "
                "spreadsheet (?format=xlsx).",
                [REST_RESULTS],
            ),
            refused(
                406,
                "NOT_ACCEPTABLE",
                "An export is application/x-ndjson (?format=ndjson) or text/csv (?format=csv).",
                (REST_PRODUCTS, REST_LEDGER),
            ),
            not_for((*REST_BODIES, *REST_CHANGES, REST_PROGRESS, REST_LIST, *CONVEX), JSON_ALONE),
            not_for((WEBSOCKET,), "an answer is a message, which no header describes"),
        ),
        header("accept", "text/html"),
    ),
    "several headers Accept are one list": Rule(
        cells(
            taken((GRAPHQL_POST, GRAPHQL_GET, *REST_FILES)),
            not_for((*REST_BODIES, *REST_CHANGES, REST_PROGRESS, REST_LIST, *CONVEX), JSON_ALONE),
            not_for((WEBSOCKET,), "an answer is a message, which no header describes"),
        ),
        accepting,
    ),
}
