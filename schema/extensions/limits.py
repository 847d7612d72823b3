"""Limits on the text of a request. A text over a limit is refused before any field is resolved."""

from strawberry.extensions import AddValidationRules, MaxTokensLimiter

from schema.extensions.alias_limit import alias_rule

_TOKENS = 200_000  # a batch of 10 000 items written out in the query has about 80 000
_ALIASES = 15  # each can stand for a mutation with a whole batch

# One rule object for all requests: the validation cache has the rules in its key.
_ALIAS_RULE = alias_rule(_ALIASES)


def token_limit() -> MaxTokensLimiter:
    """Return an extension that refuses a text with too many tokens."""
    return MaxTokensLimiter(max_token_count=_TOKENS)


def alias_limit() -> AddValidationRules:
    """Return an extension that refuses a document with too many aliases."""
    return AddValidationRules([_ALIAS_RULE])
