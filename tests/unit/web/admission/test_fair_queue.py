"""Give each caller a fair share of the work."""

from hypothesis import given
from hypothesis import strategies as st

from server.web.admission.fair_queue import FairQueue


def order(queue: FairQueue[str]) -> list[str]:
    found = []
    while (place := queue.next()) is not None:
        found.append(place.value)
    return found


def test_requests_of_one_caller_go_in_their_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for name in ("a", "b", "c"):
        queue.join("one", 10, name)

    assert order(queue) == ["a", "b", "c"]


def test_a_flood_of_one_caller_does_not_hold_up_another() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(100):
        queue.join("flood", 10, f"flood {number}")
    queue.join("other", 10, "other 0")
    queue.join("other", 10, "other 1")

    first = order(queue)[:4]

    assert first == ["flood 0", "other 0", "flood 1", "other 1"]


def test_a_share_is_one_of_work_and_not_of_requests() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(3):
        queue.join("large", 1000, f"large {number}")
    for number in range(30):
        queue.join("small", 100, f"small {number}")

    found = order(queue)

    assert found.index("small 9") < found.index("large 1") < found.index("small 11")


def test_a_caller_who_was_away_has_saved_nothing_up() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(50):
        queue.join("steady", 10, f"steady {number}")
    for _ in range(40):
        queue.next()
    for number in range(10):
        queue.join("late", 10, f"late {number}")

    found = order(queue)

    assert found[:4] in (
        ["steady 40", "late 0", "steady 41", "late 1"],
        ["late 0", "steady 40", "late 1", "steady 41"],
    )


def test_who_has_left_is_passed_over() -> None:
    queue: FairQueue[str] = FairQueue()
    places = [queue.join("one", 10, name) for name in ("a", "b", "c")]
    queue.leave(places[1])
    queue.leave(places[1])

    assert (len(queue), queue.work) == (2, 20)
    assert order(queue) == ["a", "c"]
    assert (len(queue), queue.work) == (0, 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.booleans())))
def test_nobody_is_lost(requests: list[tuple[str, int, bool]]) -> None:
    queue: FairQueue[str] = FairQueue()
    places = [queue.join(caller, work, str(n)) for n, (caller, work, _) in enumerate(requests)]
    for place, (_, _, leaves) in zip(places, requests, strict=True):
        if leaves:
            queue.leave(place)

    assert queue.work == sum(work for _, work, leaves in requests if not leaves)
    expected = {str(n) for n, (_, _, leaves) in enumerate(requests) if not leaves}
    assert set(order(queue)) == expected


def test_who_may_not_begin_is_passed_over_and_keeps_its_place() -> None:
    queue: FairQueue[str] = FairQueue()
    for name in ("a", "b"):
        queue.join("barred", 10, name)
    queue.join("free", 10, "c")

    place = queue.next(lambda caller: caller == "free")

    assert place is not None
    assert place.value == "c"
    assert queue.next(lambda caller: caller == "free") is None
    assert len(queue) == 2
    assert order(queue) == ["a", "b"]


def test_the_work_before_a_newcomer_is_that_of_those_who_go_first() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(10):
        queue.join("flood", 100, "")

    assert queue.work_before("flood") == 1000
    assert queue.work_before("other") == 100
