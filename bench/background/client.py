"""Submitting batches, and watching them as a subscriber does."""

import json
from collections.abc import Iterator
from typing import Any

from websockets.sync.client import connect

from bench.answer import result_of
from bench.server import Caller, Server

_SUBMIT = """
mutation Submit($updates: [StockUpdateInput!]!) {
  submitBatch(operation: {updateStock: {updates: $updates}}) { id }
}
"""
_PROGRESS = """
subscription Progress($id: ID!) {
  batchProgress(id: $id) { status processedItems successCount failureCount startedAt createdAt }
}
"""
_QUIET_SECONDS = 90.0  # a subscriber that hears nothing for so long has been forgotten


def body_of(ids: list[str], size: int) -> bytes:
    """A request for that many stock updates, over all products in turn; every hundredth fails."""
    updates = [
        {"productId": ids[place % len(ids)], "quantity": -2_000_000_000 if place % 100 == 99 else 1}
        for place in range(size)
    ]
    return json.dumps({"query": _SUBMIT, "variables": {"updates": updates}}).encode()


def submit(caller: Caller, body: bytes) -> str:
    """The id of the batch."""
    batch_id: str = result_of(caller.post(body), "submitBatch")["id"]
    return batch_id


def progress(server: Server, batch_id: str) -> Iterator[dict[str, Any]]:
    """What a subscriber is told, until the batch has ended."""
    with connect(
        f"ws://{server.host}:{server.port}/graphql", subprotocols=["graphql-transport-ws"]
    ) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        payload = {"query": _PROGRESS, "variables": {"id": batch_id}}
        socket.recv(timeout=_QUIET_SECONDS)
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        while True:
            message = json.loads(socket.recv(timeout=_QUIET_SECONDS))
            if message["type"] == "complete":
                return
            if message["type"] == "next":
                yield message["payload"]["data"]["batchProgress"]
