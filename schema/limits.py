"""Limits on the text of a request: what is refused before any work is done for it."""

from strawberry.extensions import AddValidationRules, MaxTokensLimiter

from schema.alias_limit import alias_rule

_TOKENS = 200_000  # a batch of 10 000 items written out in the query has about 80 000
_ALIASES = 15  # each can stand for a mutation with a whole batch

_rule = alias_rule(_ALIASES)  # once: validated queries are kept by their rules


def token_limit() -> MaxTokensLimiter:
    return MaxTokensLimiter(max_token_count=_TOKENS)


def alias_limit() -> AddValidationRules:
    return AddValidationRules([_rule])
