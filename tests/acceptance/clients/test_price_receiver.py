"""Run examples/price_receiver.py as a process, as its docstring says."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx
import pytest

from examples.price_receiver import tx_id
from tests.support.project import PROJECT

PRICE = {"batchId": "b" * 24, "index": 0, "productId": "a" * 24, "newPrice": 1500}


def test_a_price_that_comes_twice_is_taken_once_and_answered_the_same() -> None:
    with receiver() as (url, process), httpx.Client(trust_env=False) as client:
        answers = [
            client.post(url, json=PRICE, headers={"Idempotency-Key": key})
            for key in ("one", "two", "one")
        ]
        printed = [line_of(process.stdout) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.json() for answer in answers] == [
        {"txId": tx_id(key)} for key in ("one", "two", "one")
    ]
    product = f"{'a' * 24} 1500"
    assert printed == [f"taken  one  {product}", f"taken  two  {product}", "again  one"]


def test_it_fails_as_often_as_it_is_told_to() -> None:
    with receiver("--fail", "1") as (url, _), httpx.Client(trust_env=False) as client:
        answer = client.post(url, json=PRICE, headers={"Idempotency-Key": "one"})

    assert answer.status_code == 503


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"5", b'{"productId": "a"}', b"\xff"])
def test_what_is_no_price_is_refused(body: bytes) -> None:
    with receiver() as (url, _), httpx.Client(trust_env=False) as client:
        answer = client.post(url, content=body, headers={"Idempotency-Key": "one"})

    assert answer.status_code == 400


def test_a_price_without_a_key_is_refused() -> None:
    with receiver() as (url, _), httpx.Client(trust_env=False) as client:
        assert client.post(url, json=PRICE).status_code == 400


def test_it_stops_when_it_is_told_to() -> None:
    with receiver() as (_, process):
        process.send_signal(signal.SIGINT)

        assert line_of(process.stdout) == "Stopped."
        assert process.wait(30) == 0


@contextmanager
def receiver(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the receiver; give its address, once it listens, and its process."""
    command = [sys.executable, "examples/price_receiver.py", "--port", "0", *options]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield line_of(process.stdout).removeprefix("PUBLISH_URL="), process
        finally:
            process.kill()


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().rstrip("\n")
