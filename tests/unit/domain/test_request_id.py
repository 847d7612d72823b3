"""Take the id of a request, or make one."""

import pytest

from server.domain.request_id import (
    context_of,
    current_request_id,
    joined,
    request_id_of,
    reset_request_id,
    set_request_id,
)


@pytest.mark.parametrize("sent", ["a", "A-b_1.2/3:4", "x" * 128, "~!", '"'])
def test_a_sane_id_is_taken(sent: str) -> None:
    assert request_id_of(sent) == sent


@pytest.mark.parametrize(
    "sent", [None, "", " ", "a b", "x" * 129, "a\n", "\na", "a\tb", "é", "\x7f", "a\x00"]
)
def test_for_any_other_one_is_made(sent: str | None) -> None:
    first, second = request_id_of(sent), request_id_of(sent)

    assert sent not in (first, second)
    assert first != second
    assert len(first) == len(second) == 32


def test_a_task_for_another_request_has_that_ones_id() -> None:
    token = set_request_id("mine")

    assert context_of("theirs").run(current_request_id) == "theirs"
    assert context_of(None).run(current_request_id) is None
    assert current_request_id() == "mine"
    reset_request_id(token)
    assert current_request_id() is None


def test_work_for_several_requests_has_the_ids_of_the_first_eight() -> None:
    assert joined([]) is None
    assert joined([None]) is None
    assert joined(["a", None, "b"]) == "a,b"
    assert joined("abcdefgh") == "a,b,c,d,e,f,g,h"
    assert joined("abcdefghi") == "a,b,c,d,e,f,g,h,…"
