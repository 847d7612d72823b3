#!/usr/bin/env python3
"""Receive published prices, to try out publication. Needs Python and nothing else:

    python examples/price_receiver.py --port 9000 --fail 0.2 --delay 0.1    in one terminal
    PUBLISH_URL=http://127.0.0.1:9000/prices make run                       in another one
    node examples/poll_batch.js http://127.0.0.1:8000                       in a third one

It prints each price that it accepts. `--fail` is the share of requests that it answers with 503,
and `--delay` is how many seconds it takes for each. A price that comes again with the same
Idempotency-Key is accepted once and gets the same answer both times.
"""

import argparse
import hashlib
import json
import random
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class PriceReceiver(ThreadingHTTPServer):
    def __init__(self, port: int, *, fail: float = 0.0, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._fail = fail
        self._delay = delay
        self._taken: set[str] = set()  # idempotency keys
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/prices"

    def receive(self, key: str, price: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of the answer."""
        time.sleep(self._delay)
        if random.random() < self._fail:  # noqa: S311 - no secret
            return 503, {"error": "Not now."}
        with self._lock:
            if key in self._taken:
                print(f"again  {key}", flush=True)
            else:
                self._taken.add(key)
                print(f"taken  {key}  {price['productId']} {price['newPrice']}", flush=True)
        return 200, {"txId": tx_id(key)}


def tx_id(key: str) -> str:
    """Return the id of a price: the same one for the same key."""
    return "0x" + hashlib.sha256(key.encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the connection stays open for the next price
    server: PriceReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key")
        try:
            price = json.loads(body)
            complete = key is not None and {"productId", "newPrice"} <= price.keys()
        except (ValueError, AttributeError):
            complete = False
        if complete:
            status, answer = self.server.receive(str(key), price)
        else:
            status, answer = 400, {"error": "Send an Idempotency-Key, and productId and newPrice."}
        sent = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """Print nothing: `receive` prints the prices."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Receive published prices.")
    parser.add_argument("--port", type=int, default=9000, help="0: any that is free")
    parser.add_argument("--fail", type=float, default=0.0, help="share of requests, 0 to 1")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds for each request")
    sent = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    with PriceReceiver(sent.port, fail=sent.fail, delay=sent.delay) as receiver:
        try:
            print(f"PUBLISH_URL={receiver.url}", flush=True)
            receiver.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
