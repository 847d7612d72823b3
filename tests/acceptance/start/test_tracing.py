"""A server and a worker send their spans to a collector."""

from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.depot import Depot
from tests.support.processes.process_table import until
from tests.support.processes.server_process import ServerProcess
from tests.support.spans import PARENT, TRACE, TRACEPARENT
from tests.support.web.collector import Collector, collecting

UPDATE = (
    'mutation { batchUpdateStock(updates: [{productId: "000000000000000000000001", quantity: 1}])'
    " { newStock } }"
)


@pytest.fixture
def forked() -> bool:
    return False  # the exporter's thread begins with its process


def variables(collector: Collector, **more: str) -> dict[str, str]:
    address = f"http://127.0.0.1:{collector.port}"
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "100"} | more


def updated(server: ServerProcess) -> Any:
    headers = {"traceparent": TRACEPARENT}
    body = {"query": UPDATE}
    return httpx.post(f"{server.url}/graphql", json=body, headers=headers, trust_env=False).json()


def test_a_server_sends_its_spans(serve: Serve) -> None:
    with collecting() as collector:
        server = serve(**variables(collector))

        assert updated(server) == {"data": {"batchUpdateStock": [{"newStock": 11}]}}
        assert server.stop() == 0

    by_name = {span.name: span for span in collector.spans if span.trace_id.hex() == TRACE}
    request, chunk = by_name["request graphql"], by_name["chunk batchUpdateStock"]
    assert collector.paths == {"/v1/traces"}
    assert request.parent_span_id.hex() == PARENT
    assert chunk.parent_span_id == request.span_id
    assert by_name["update products"].parent_span_id == chunk.span_id
    assert {one["service.name"] for one in collector.resources} == {"stockbatch"}
    assert all("000000000000000000000001" not in str(span) for span in collector.spans)


def test_its_name_and_whether_it_traces_at_all_are_opentelemetry_s_variables(serve: Serve) -> None:
    with collecting() as collector:
        named = serve(**variables(collector, OTEL_SERVICE_NAME="till"))
        updated(named)
        assert named.stop() == 0
        count = len(collector.spans)
        silent = serve(**variables(collector, OTEL_SDK_DISABLED="true"))
        updated(silent)
        assert silent.stop() == 0

    assert {one["service.name"] for one in collector.resources} == {"till"}
    assert len(collector.spans) == count > 0


async def test_a_worker_sends_its_spans(depot: Depot) -> None:
    with collecting() as collector:
        worker = depot.worker(**variables(collector)).wait_until_ready()
        batch = await depot.stock_updates(4, products=4, batch_size=2)
        depot.until_ended(batch)
        assert worker.stop() == 0

    assert {"stored chunk updateStock", "chunk batchUpdateStock"} <= collector.names()
    assert {one["service.name"] for one in collector.resources} == {"stockbatch-worker"}


def test_a_collector_that_is_away_costs_no_request_and_one_line(serve: Serve) -> None:
    with collecting() as collector:
        collector.status = 400
        server = serve(**variables(collector))
        for _ in range(3):
            assert "data" in updated(server)
            until(lambda: "does not take spans" in server.log, "the line about the collector")
        assert server.stop() == 0

    assert server.log.count("collector does not take") == 1
    assert " opentelemetry" not in server.log
    assert " urllib3" not in server.log
