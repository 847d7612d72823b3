"""A stockbatch 0.1.0 as a process, a receiver for its prices, and exchanges with it."""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

Document = dict[str, Any]


class Server:
    """`python -m server` of the checkout."""

    def __init__(self, checkout: Path, folder: Path, **settings: str) -> None:
        log = folder / "server.log"
        environment = {"PATH": os.environ["PATH"], "PORT": "0", "EXPIRY_SWEEP_SECONDS": "86400"}
        with log.open("ab") as stderr:
            self._from = stderr.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server"],
                cwd=checkout,
                env=environment | settings,
                stderr=stderr,
            )
        atexit.register(self._process.kill)
        self._log = log
        self.client = httpx.Client(
            base_url=until(self._url, "a server"), trust_env=False, timeout=120
        )

    def _url(self) -> str | None:
        log = self._log.read_text()[self._from :]
        if self._process.poll() is not None:
            raise SystemExit(log)
        found = re.search(r"Ready: (http://\S+)/graphql", log)
        return found.group(1) if found else None

    def kill(self) -> None:
        """With -9."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    def graphql(self, query: str, **variables: Any) -> Any:
        """The one field of the answer, which has no errors."""
        exchange = self.send(graphql(query, variables))
        answer = json.loads(exchange["answer"])
        if "errors" in answer:
            raise SystemExit(f"{query}\n{answer['errors']}")
        (value,) = answer["data"].values()
        return value

    def send(self, request: Mapping[str, Any]) -> Document:
        """The request with its answer."""
        answer = self.client.request(
            request["method"],
            request["path"],
            headers=request["headers"],
            content=request["sent"],
        )
        return {**request, "status": answer.status_code, "answer": answer.text}


def graphql(query: str, variables: Mapping[str, Any], key: str | None = None) -> Document:
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    sent = json.dumps({"query": query, "variables": variables})
    return {"method": "POST", "path": "/graphql", "headers": headers, "sent": sent}


def rest(path: str, sent: str, media_type: str, key: str | None = None) -> Document:
    headers = {"Content-Type": media_type} | ({"Idempotency-Key": key} if key else {})
    return {"method": "POST", "path": f"/api/batches/{path}", "headers": headers, "sent": sent}


def get(path: str) -> Document:
    return {"method": "GET", "path": path, "headers": {}, "sent": None}


def until(found: Callable[[], Any], what: str, seconds: float = 180) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return answer


class Receiver(ThreadingHTTPServer):
    """Gives every third price a txId, refuses every third for good, and fails at the others.

    With `hangs_from` it takes every price up to that index, and answers no other one.
    """

    daemon_threads = True

    def __init__(self, hangs_from: int | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Price)
        self.hangs_from = hangs_from
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/prices"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has hung up."""


class _Price(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        index = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["index"]
        hangs_from = self.server.hangs_from
        if hangs_from is not None and index >= hangs_from:
            time.sleep(600)
        body = json.dumps({"txId": f"=tx-{index}"}).encode()
        self.send_response(200 if hangs_from is not None else (200, 400, 503)[index % 3])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be silent."""
