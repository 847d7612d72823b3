"""Look for poison in the outcomes of a batch and in the log."""

import re
from collections.abc import Sequence

import pytest

from server.domain.item_error import ItemErrorCode
from server.domain.outcome import Failed, Outcome

INTERNAL = re.compile(r"This item could not be processed; it changed nothing. \(Error (\w{32})\)")


def assert_masked(
    outcomes: Sequence[Outcome],
    poison: Sequence[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Check that the items at `poison`, and no others, are INTERNAL, with causes in the log."""
    internal = {
        one.index: one.error
        for one in outcomes
        if isinstance(one, Failed) and one.error.code is ItemErrorCode.INTERNAL
    }
    assert list(internal) == list(poison)
    assert not any(error.retryable for error in internal.values())
    told = {index: INTERNAL.fullmatch(error.message) for index, error in internal.items()}
    logged = {
        vars(record)["first_index"]: (vars(record)["error_id"], record.exc_info)
        for record in caplog.records
        if hasattr(record, "error_id")
    }
    assert sorted(logged) == sorted(poison)
    for index, match in told.items():
        assert match is not None
        assert match.group(1) == logged[index][0]
        assert logged[index][1] is not None
