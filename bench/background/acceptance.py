"""How long it takes until a batch is stored for good, against inserting the same documents."""

import time
from contextlib import closing
from statistics import median
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from bench import database
from bench.background.client import body_of, submit
from bench.server import serving
from bench.setting import Setting
from bench.table import header, row

SIZES = [100, 10_000, 100_000]
TURNS = 5


def measure_acceptance(setting: Setting) -> None:
    """No worker runs; each turn stores the batch once by the server and once by PyMongo."""
    print(f"\n## Time to accept a batch of stock updates (median of {TURNS})\n")
    print(header(["items", "server", "insert_many of the same documents", "ratio"]), flush=True)
    driver, folder = setting.servers[0].driver, setting.folder / "acceptance"
    store = setting.client[database.NAME]
    with (
        serving(driver, setting.uri, database.NAME, folder, WORKER_ENABLED="false") as server,
        closing(server.caller()) as caller,
    ):
        for size in SIZES:
            body = body_of(list(setting.opening), size)
            ours, floor = [], []
            for _ in range(TURNS):
                caller.renew()
                started = time.perf_counter()
                batch_id = submit(caller, body)
                ours.append(time.perf_counter() - started)
                floor.append(_insert_again(setting.client, batch_id))
                for name in ("stockUpdates", "batchChunks", "batchOperations"):
                    store[name].delete_many({})
            ratios = [one / other for one, other in zip(ours, floor, strict=True)]
            cells = [f"{median(ours) * 1000:.0f} ms", f"{median(floor) * 1000:.0f} ms"]
            told = f"**{median(ratios):.2f}** ({min(ratios):.2f}–{max(ratios):.2f})"
            print(row([f"{size}", *cells, told]), flush=True)


def _insert_again(client: MongoClient[dict[str, Any]], batch_id: str) -> float:
    """Seconds that plain PyMongo takes for what the server has stored, as another batch."""
    store, one, other = client[database.NAME], ObjectId(batch_id), ObjectId()
    batch = [document | {"_id": other} for document in store["batchOperations"].find({"_id": one})]
    chunks = [
        document | {"_id": {"batch": other, "index": document["index"]}, "batchId": other}
        for document in store["batchChunks"].find({"batchId": one})
    ]
    rows = [
        document | {"_id": ObjectId(), "batchId": other}
        for document in store["stockUpdates"].find({"batchId": one})
    ]
    started = time.perf_counter()
    for name, documents in (
        ("batchOperations", batch), ("batchChunks", chunks), ("stockUpdates", rows),
    ):  # fmt: skip
        majority = store[name].with_options(write_concern=WriteConcern("majority"))
        majority.insert_many(documents)
    return time.perf_counter() - started
