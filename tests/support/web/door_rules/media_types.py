"""What the headers must say of a body."""

from tests.support.web.door_cells import (
    BODIES,
    CONVEX,
    ENCODING,
    GRAPHQL_POST,
    REST_BODIES,
    REST_CHANGES,
    REST_CSV,
    TYPE,
    Rule,
    cells,
    header,
    media_type,
    refused,
    taken,
    two_media_types,
)
from tests.support.web.door_rules.words import (
    AS_IT_IS,
    NO_BODY,
    NO_HANDSHAKE_BODY,
    ONE_TYPE,
    TYPES,
    UNSUPPORTED,
)

IN_UTF_8 = tuple(door for door in BODIES if door is not REST_CSV)

RULES: dict[str, Rule] = {
    "a body has a media type that the door knows": Rule(
        cells(
            refused(415, UNSUPPORTED, ONE_TYPE, (GRAPHQL_POST, *REST_CHANGES, *CONVEX)),
            refused(415, UNSUPPORTED, TYPES, REST_BODIES),
            NO_BODY,
            NO_HANDSHAKE_BODY,
        ),
        header(TYPE, "text/plain"),
    ),
    "a body has a media type": Rule(
        cells(
            refused(415, UNSUPPORTED, ONE_TYPE, (GRAPHQL_POST, *REST_CHANGES, *CONVEX)),
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
    "there is no other charset, unless it is a table's": Rule(
        cells(
            refused(415, UNSUPPORTED, "A body is in UTF-8.", IN_UTF_8),
            taken([REST_CSV]),
            NO_BODY,
            NO_HANDSHAKE_BODY,
        ),
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
}
