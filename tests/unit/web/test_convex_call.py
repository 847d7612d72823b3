"""Call a function of Convex."""

import threading
from typing import Any
from unittest.mock import patch

import pytest

from server.web.convex import call as calls
from server.web.convex.function import function_at
from tests.support.compiled.scripted import Scripted


@pytest.mark.parametrize(("size", "beside"), [(1_000, False), (300_000, True)])
async def test_many_arguments_are_decoded_in_a_thread(size: int, beside: bool) -> None:
    function = function_at("batchUpdateStock", "mutation")
    threads: list[threading.Thread] = []
    decode = calls._decoded

    def noted(arguments: Any) -> dict[str, Any]:
        threads.append(threading.current_thread())
        return decode(arguments)

    with patch.object(calls, "_decoded", noted):
        await calls.call(function, {"updates": []}, Scripted().context(), size=size)

    (thread,) = threads
    assert (thread is not threading.current_thread()) == beside
