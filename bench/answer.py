"""What a server answered, and that it may be wrong."""

import json
from typing import Any


class WrongAnswer(Exception):
    """What was measured did not do its work, so its time means nothing."""


def result_of(answer: bytes, mutation: str) -> Any:
    """What the mutation returned.

    Raises:
        WrongAnswer: the request failed.
    """
    told = json.loads(answer)
    if told.get("errors") or not told.get("data"):
        raise WrongAnswer(f"The request failed: {answer[:500]!r}")
    return told["data"][mutation]
