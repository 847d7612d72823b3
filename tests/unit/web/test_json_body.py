"""Read the items of a body of JSON."""

from server.web.rest.json_body import items_of
from server.web.rest.kind import BY_PATH, MOST_UNKNOWN


def test_of_very_many_unknown_keys_the_first_are_named() -> None:
    faults: list[str] = []

    items_of(BY_PATH["batch-update-stock"], {f"n{number}": 1 for number in range(10_000)}, faults)

    named = [fault for fault in faults if fault.startswith("There is no key “n")]
    assert len(named) == MOST_UNKNOWN
    assert "There are 9995 more unknown keys." in faults
