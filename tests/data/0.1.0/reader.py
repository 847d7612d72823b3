"""Ask a server of 0.1.0 for everything that it holds."""

import json
from typing import Any

from process import Document, Server, get, graphql
from workload import UNKNOWN, product

ALL_BATCHES = "query { batchOperations(first: 100) { edges { node { id } } } }"
_NODE = """id operationType status outcome totalItems processedItems successCount failureCount
    createdBy createdAt startedAt completedAt error retryOf
    publication { pending published failed }"""
_PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"
_PRODUCTS = f"""query($filter: ProductFilter, $order: ProductOrder, $after: String) {{
    products(filter: $filter, orderBy: $order, first: 17, after: $after) {{
        edges {{ cursor node {{ id name price stock category discontinued createdAt updatedAt
            expiresAt }} }} {_PAGE} }} }}"""
_ROWS = f"""query($filter: StockUpdateFilter, $after: String) {{
    stockUpdates(filter: $filter, first: 100, after: $after) {{
        edges {{ cursor node {{ id productId quantity timestamp status error code reason newStock
            batchId }} }} {_PAGE} }} }}"""
_BATCHES = f"""query($filter: BatchOperationFilter, $after: String) {{
    batchOperations(filter: $filter, first: 9, after: $after) {{
        edges {{ cursor node {{ {_NODE} }} }} {_PAGE} }} }}"""
_BATCH = f"query($id: ID!) {{ batchOperation(id: $id) {{ {_NODE} }} }}"
_MEASURED = """query($id: ID!) { batchOperation(id: $id) { alerts { kind message } metrics {
    durationMs avgTimePerItemMs successRate failureRate itemsPerSecond } } }"""
_RESULTS = f"""query($id: ID!, $success: Boolean, $after: String) {{ batchOperation(id: $id) {{
    results(first: 8, success: $success, after: $after) {{
        edges {{ cursor node {{ index productId success message newStock txId publicationError
            error {{ code message path retryable currentStock }} }} }} {_PAGE} }} }} }}"""


class Reader:
    """Asks for everything, page by page, and keeps the answers."""

    def __init__(self, server: Server, reads: list[Document]) -> None:
        self._server, self._reads = server, reads

    def everything(self) -> None:
        orders = ["CREATED", "NAME", "STOCK"]
        for order in (f"{one}_{way}" for one in orders for way in ("ASC", "DESC")):
            self._pages(_PRODUCTS, order=order)
        for where in [
            {}, {"category": "shelf 1"}, {"discontinued": True}, {"stockAtLeast": 1000},
            {"stockAtMost": 50}, {"namePrefix": "Cup 1"},
            {"ids": [product(1), UNKNOWN, product(3)]},
        ]:  # fmt: skip
            self._pages(_PRODUCTS, filter=where)
        for status in (None, "PENDING", "APPLIED", "FAILED"):
            self._pages(_ROWS, filter={"status": status} if status else {})
        self._pages(_ROWS, filter={"productId": product(0)})
        self._pages(_BATCHES)
        for status in ("PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"):
            self._pages(_BATCHES, filter={"status": status})
        self._pages(_BATCHES, filter={"operationType": "UPDATE_PRICE"})
        for batch in self._server.graphql(ALL_BATCHES)["edges"]:
            self._batch(batch["node"]["id"])

    def _batch(self, batch_id: str) -> None:
        batch = self._keep(graphql(_BATCH, {"id": batch_id}), batch_id)["data"]["batchOperation"]
        if batch["completedAt"]:  # otherwise it is measured up to now
            self._keep(graphql(_MEASURED, {"id": batch_id}), batch_id)
        self._pages(_ROWS, batch_id, filter={"batchId": batch_id})
        for success in (None, True, False):
            self._pages(_RESULTS, batch_id, id=batch_id, success=success)
        self._keep(get(f"/api/batches/{batch_id}"), batch_id)
        for form in ("ndjson", "csv"):
            for which in ("", "&success=true", "&success=false"):
                self._keep(get(f"/api/batches/{batch_id}/results?format={form}{which}"), batch_id)

    def _pages(self, query: str, batch_id: str | None = None, **variables: Any) -> None:
        after = None
        while True:
            answer = self._keep(graphql(query, variables | {"after": after}), batch_id)["data"]
            (page,) = answer.values()
            page = page.get("results", page)
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return

    def _keep(self, request: Document, batch_id: str | None = None) -> Any:
        exchange = self._server.send(request)
        self._reads.append(exchange | {"batch": batch_id})
        answer = exchange["answer"]
        if exchange["status"] != 200 or '"errors"' in answer[:9]:
            raise SystemExit(f"{request}\n{answer}")
        return json.loads(answer) if request["path"] == "/graphql" else answer
