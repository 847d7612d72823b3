"""HTTP as far as the measurements need it."""

import pytest

from bench.load.http import Answer, answer_in, request

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a": 1}'


def test_an_answer_is_read_when_its_last_byte_has_come() -> None:
    so_far = [answer_in(ANSWER[:end]) for end in range(len(ANSWER) + 1)]

    assert so_far == [None] * len(ANSWER) + [Answer(200, b'{"a": 1}')]


@pytest.mark.parametrize(
    "received", [ANSWER.replace(b"Content-Length: 8", b"Other: 8"), b"SSH-2.0\r\n\r\n"]
)
def test_what_is_no_answer_with_a_length_is_refused(received: bytes) -> None:
    with pytest.raises(ValueError, match="with a Content-Length"):
        answer_in(received)


def test_a_request_says_how_long_its_body_is() -> None:
    head, _, body = request("POST", "/graphql", b"{}").partition(b"\r\n\r\n")

    assert head.startswith(b"POST /graphql HTTP/1.1\r\n")
    assert b"Content-Length: 2" in head.splitlines()
    assert body == b"{}"
