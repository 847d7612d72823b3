"""What the use cases fail with, and what each door makes of it."""

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
    CONVEX_MUTATION,
    CONVEX_QUERY,
    GRAPHQL_GET,
    GRAPHQL_POST,
    KEY,
    KEYED,
    READS,
    REST_CANCEL,
    REST_READS,
    SUBMISSIONS,
    WEBSOCKET,
    Rule,
    cells,
    failed,
    header,
    not_for,
    refused,
)
from tests.support.web.door_rules.words import (
    STOPPED,
    STOPPING,
    UNKNOWN,
    UNREACHABLE,
    WITH_KEY,
)
from tests.support.web.doors import Reply

RULES: dict[str, Rule] = {
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
            refused(429, "RATE_LIMITED", "Why.", (*SUBMISSIONS, CONVEX_MUTATION), retry_after="60"),
            {
                GRAPHQL_POST: Reply(
                    status=429,
                    code="RATE_LIMITED",
                    message="Why.",
                    retry_after="60",
                    retry_after_seconds=60,
                ),
                WEBSOCKET: Reply(
                    status=0, code="RATE_LIMITED", message="Why.", retry_after_seconds=60
                ),
            },
            not_for((*READS, REST_CANCEL), "only items that are sent are counted"),
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
            failed(503, "UNAVAILABLE", UNKNOWN, (*READS, REST_CANCEL, WEBSOCKET), retry_after="1"),
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
            refused(
                503,
                "UNAVAILABLE",
                STOPPING,
                (GRAPHQL_POST, CONVEX_MUTATION, *SUBMISSIONS, REST_CANCEL),
            ),
            refused(
                503,
                "UNAVAILABLE",
                STOPPED,
                (GRAPHQL_GET, CONVEX_QUERY, *REST_READS),
                retry_after="1",
            ),
            not_for((WEBSOCKET,), "its operations end, and then it is closed"),
        ),
        stops=True,
    ),
}
