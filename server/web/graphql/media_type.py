"""The two media types of a GraphQL answer, and which one a client prefers.

With `RESPONSE` the status says whether a request was executed at all; with `JSON`, the older one,
every request that is well-formed is answered 200.
"""

from server.web.accept import qualities, quality

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
_WIDER = ("application/*", "*/*")


def preferred(accept: str | None) -> str | None:
    """None if the client takes neither. Who does not name `RESPONSE` may not know it: `JSON`."""
    named = qualities(accept or "*/*")
    response, json = quality(named, (RESPONSE, *_WIDER)), quality(named, (JSON, *_WIDER))
    if response and response >= json and RESPONSE in named:
        return RESPONSE
    if json:
        return JSON
    return RESPONSE if response else None
