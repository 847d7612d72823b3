"""Tell errors over REST."""

import json
import logging
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from server.domain import errors
from server.domain.errors import StockbatchError
from server.web.error_answer import error_answer
from server.web.refusal import bad_input

STATUSES: dict[type[StockbatchError], tuple[int, str]] = {
    errors.BadInput: (400, "BAD_INPUT"),
    errors.Unauthenticated: (401, "UNAUTHENTICATED"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.BatchTooLarge: (413, "BATCH_TOO_LARGE"),
    errors.QueueFull: (429, "QUEUE_FULL"),
    errors.Overloaded: (503, "OVERLOADED"),
    errors.RateLimited: (429, "RATE_LIMITED"),
    errors.QueryTooExpensive: (400, "QUERY_TOO_EXPENSIVE"),
    errors.KeyReused: (422, "IDEMPOTENCY_KEY_REUSED"),
    errors.KeyInUse: (409, "IDEMPOTENCY_KEY_IN_USE"),
    errors.ServerStops: (503, "UNAVAILABLE"),
    errors.IssuerUnavailable: (503, "UNAVAILABLE"),
    errors.DatabaseUnavailable: (503, "UNAVAILABLE"),
    errors.WriteConflict: (503, "UNAVAILABLE"),
    errors.CommitUnknown: (503, "UNAVAILABLE"),
    errors.UnexpectedStoreError: (500, "INTERNAL"),
    errors.TooManyRows: (500, "INTERNAL"),
}


def told(error: Exception) -> tuple[int, dict[str, Any]]:
    answer = error_answer(error)
    body: dict[str, Any] = json.loads(bytes(answer.body))
    assert list(body) == ["error"]
    return answer.status_code, body["error"]


def all_below(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(all_below(one) for one in kind.__subclasses__()))


def test_every_error_of_a_request_has_a_status_of_its_own() -> None:
    requests = {one for one in all_below(errors.RequestError) if one.__module__ == errors.__name__}

    assert requests - {errors.RequestError} <= set(STATUSES)


@pytest.mark.parametrize(
    ("kind", "status", "code"), [(kind, *told) for kind, told in STATUSES.items()]
)
def test_an_error_has_its_status_and_code(
    kind: type[StockbatchError], status: int, code: str
) -> None:
    actual_status, error = told(kind("Why."))

    assert (actual_status, error["code"]) == (status, code)
    assert (error["message"] == "Why.") == issubclass(kind, errors.RequestError)


@pytest.mark.parametrize(
    "kind",
    [
        errors.QueueFull,
        errors.Overloaded,
        errors.RateLimited,
        errors.KeyInUse,
        errors.ServerStops,
        errors.IssuerUnavailable,
        errors.DatabaseUnavailable,
    ],
)
def test_what_may_work_later_says_when(kind: type[StockbatchError]) -> None:
    assert int(error_answer(kind("Why.")).headers["Retry-After"]) > 0


def test_a_batch_that_may_be_there_is_not_told_as_one_that_is_not() -> None:
    _, error = told(errors.CommitUnknown("secret"))

    assert error["message"].startswith("The database did not say whether this took effect: look ")


def test_our_own_fault_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    status, error = told(ZeroDivisionError("secret"))

    (record,) = caplog.records
    assert (status, record.levelno) == (500, logging.ERROR)
    assert error == {
        "code": "INTERNAL",
        "message": f"Internal error. (Error {error['errorId']})",
        "errorId": record.__dict__["error_id"],
    }
    assert record.exc_info is not None


def test_a_refusal_is_told_with_all_its_reasons() -> None:
    assert told(bad_input(["A.", "B."])) == (
        400,
        {
            "code": "BAD_INPUT",
            "message": "2 things are wrong with the request.",
            "reasons": ["A.", "B."],
        },
    )
    assert told(bad_input(["A."]))[1]["message"] == "A."


def test_a_reason_may_hold_what_no_utf_8_can() -> None:
    _, error = told(bad_input(["\ud800"]))

    assert error["message"] == "\ud800"


def test_a_path_that_there_is_not_is_told_in_the_same_form() -> None:
    told_ = {"code": "NOT_FOUND", "message": "There is nothing at this path."}
    assert told(HTTPException(404)) == (404, told_)
