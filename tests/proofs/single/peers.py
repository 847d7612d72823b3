"""Peers that do not keep to the rules: heads without an end, bodies that stop, nobody who reads."""

import json
import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from pymongo import MongoClient

from tests.proofs.server import Server
from tests.proofs.single.exchange import Peer, attempt, request
from tests.proofs.single.queries import nested, products
from tests.proofs.single.row import Attempt, Row

_MB = 1_000_000
_LONGEST_HEAD = 400 * _MB
_PATIENCE_SECONDS = 25.0  # some are answered late, and may take TRANSFER_SECONDS
_QUIET_SECONDS = 1.0
_READS = ("find", "aggregate", "getMore", "count")


def rows() -> Sequence[Row]:
    """Return the rows of such peers."""
    return [
        Row("a header without an end", lambda: _endless(b"GET / HTTP/1.1\r\nx: ", b"x" * _MB)),
        Row(
            "headers without an end", lambda: _endless(b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 160_000)
        ),
        Row("a request line of 70 KB", lambda: attempt(_request_line(70_000))),
        Row("a request line of 15 KB", lambda: attempt(_request_line(15_000))),
        Row("hangs up: lists in lists, 15 names", lambda: _hang_up(nested(15, 1000)), long=True),
        Row("hangs up: lists in lists", lambda: _hang_up(nested(1, 1000, 8))),
        Row("hangs up: 15 pages of 1 000 products", lambda: _hang_up(products(15))),
        Row("20 bodies of 30 MB without their ends", lambda: _unfinished(20, 30 * _MB), long=True),
        Row("10 readers that do not read", lambda: _unread(10), long=True),
    ]


def _request_line(size: int) -> bytes:
    text = "{__typename}".ljust(size - 20, "#")
    return request(f"/graphql?query={text}", b"", method="GET").replace(b"#", b"%23", 1)


def _endless(begin: bytes, piece: bytes) -> Attempt:
    """Return the attempt to send `piece` again and again, until it is refused."""

    def send(server: Server) -> str:
        peer = Peer.of(server)
        sent = 0
        with peer.socket:
            refused = not peer.send(begin)
            while not refused and sent < _LONGEST_HEAD:
                refused = not peer.send(piece)
                sent += len(piece)
            answer = peer.answer() if refused else "taken"
        return f"{answer} after {sent // _MB} MB"

    return Attempt(len(begin) + len(piece), send)


def _hang_up(text: str) -> Attempt:
    """Return the attempt to hang up after 0.2 s; it says for how long the database then reads."""
    content = request("/graphql", json.dumps({"query": text}).encode())

    def send(server: Server) -> str:
        with MongoClient[dict[str, Any]](server.database_uri) as client:
            peer = Peer.of(server)
            peer.send(content)
            answered = bool(select.select([peer.socket], [], [], 0.2)[0])
            peer.socket.close()
            if answered:
                return "answered before 0.2 s"
            return f"reads for {_seconds_of_reads(client, peer.until):.1f} s more"

    return Attempt(len(content), send)


def _seconds_of_reads(client: MongoClient[dict[str, Any]], until: float) -> float:
    """Return after how long the database had done the last read."""
    began = last = time.monotonic()
    before = _reads(client)
    while time.monotonic() < min(until, last + _QUIET_SECONDS):
        time.sleep(0.02)
        now = _reads(client)
        if now > before:
            before, last = now, time.monotonic()
    return last - began


def _reads(client: MongoClient[dict[str, Any]]) -> int:
    commands = client.admin.command("serverStatus")["metrics"]["commands"]
    return sum(commands[name]["total"] for name in _READS)


def _unfinished(count: int, size: int) -> Attempt:
    """Return the attempt to send bodies that lack their last byte."""
    whole = request("/graphql", b'{"query":"' + b"x" * (size - 20) + b'"}        ')

    def send(server: Server) -> str:
        return _sent_away(server, count, lambda peer: peer.send(whole[:-1]))

    return Attempt(size * count, send, requests=count)


def _unread(count: int) -> Attempt:
    """Return the attempt to ask for 9 MB of products, and not to read them."""
    content = request("/graphql", json.dumps({"query": products(15)}).encode())
    content *= 3  # the system buffers the 3 MB of one answer

    def send(server: Server) -> str:
        return _sent_away(server, count, lambda peer: peer.send(content), reading=False)

    return Attempt(len(content) * count, send, requests=3 * count)


def _sent_away(
    server: Server, count: int, begin: Callable[[Peer], object], *, reading: bool = True
) -> str:
    """Return how many of the peers the server has sent away, and after how long."""
    with ExitStack() as open_sockets:
        peers = [Peer.of(server) for _ in range(count)]
        for peer in peers:
            open_sockets.enter_context(peer.socket)
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            begin(peer)
        began = time.monotonic()
        staying = peers
        while staying and time.monotonic() < began + _PATIENCE_SECONDS:
            time.sleep(0.1)
            staying = [peer for peer in staying if not _has_gone(peer, reading=reading)]
        seconds = time.monotonic() - began
    return f"{count - len(staying)} of {count} sent away in {seconds:.0f} s"


def _has_gone(peer: Peer, *, reading: bool) -> bool:
    """Return whether the server has answered or hung up; one that does not read sees a reset."""
    if reading:
        return bool(select.select([peer.socket], [], [], 0)[0])
    error = peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    waiting = select.poll()
    waiting.register(peer.socket, select.POLLERR | select.POLLHUP)
    return bool(error or waiting.poll(0))
