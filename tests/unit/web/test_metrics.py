"""Export metrics to Prometheus."""

import tomllib

import pytest

import server
from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.update_stock.rules import Applied
from server.web.metrics import OTHER, Metrics
from tests.support.project import PROJECT
from tests.support.web.exposition import Sample, counted, family, samples


def applied(index: int) -> Applied:
    return Applied(index=index, product_id="p", key="p", quantity=1, new_stock=1)


def failed(index: int, code: ItemErrorCode) -> Failed:
    return Failed(
        index=index, product_id="p", errors=(ItemError(code=code, message="Broken.", path=()),)
    )


def items(operation: str, code: str) -> Sample:
    return ("stockbatch_items_total", (("code", code), ("operation", operation)))


def test_items_are_counted_by_mutation_and_code() -> None:
    metrics = Metrics()

    metrics.items_answered(
        "batchUpdateStock",
        [applied(0), applied(1), failed(2, ItemErrorCode.INTERNAL)],
    )
    metrics.items_answered("batchUpdateStock", [failed(0, ItemErrorCode.INTERNAL)])
    metrics.items_answered("batchDiscontinueProducts", [applied(0)])

    assert counted(metrics.exposition()) == {
        items("batchUpdateStock", "OK"): 2,
        items("batchUpdateStock", "INTERNAL"): 2,
        items("batchDiscontinueProducts", "OK"): 1,
    }


def test_the_time_of_a_chunk_is_measured() -> None:
    metrics = Metrics()

    metrics.chunk_done("batchUpdateStock", 0.3)
    metrics.chunk_done("batchUpdateStock", 0.5)

    told = samples(metrics.exposition())
    label = ("operation", "batchUpdateStock")
    assert told["stockbatch_chunk_seconds_count", (label,)] == 2
    assert told["stockbatch_chunk_seconds_sum", (label,)] == 0.8
    assert told["stockbatch_chunk_seconds_bucket", (("le", "0.25"), label)] == 0
    assert told["stockbatch_chunk_seconds_bucket", (("le", "0.5"), label)] == 2


def test_retries_are_counted_by_reason() -> None:
    metrics = Metrics()

    for reason in ("conflict", "conflict", "commit"):
        metrics.transaction_retried(reason)

    assert counted(metrics.exposition()) == {
        ("stockbatch_transaction_retries_total", (("reason", "conflict"),)): 2,
        ("stockbatch_transaction_retries_total", (("reason", "commit"),)): 1,
    }


def test_the_counters_of_two_servers_in_one_process_are_apart() -> None:
    first, second = Metrics(), Metrics()

    first.transaction_retried("commit")

    assert len(counted(first.exposition())) == 1
    assert counted(second.exposition()) == {}


def test_requests_are_measured_by_door_and_code() -> None:
    metrics = Metrics()

    metrics.request_answered("rest", "OK", 0.2)
    metrics.request_answered("rest", "OK", 0.4)
    metrics.request_answered("convex", "QUEUE_FULL", 0.001)
    metrics.request_answered("graphql", "CLIENT_LEFT", 0.001)

    told = metrics.exposition()
    assert family(told, "stockbatch_request_seconds_count") == {
        ("OK", "rest"): 2,
        ("QUEUE_FULL", "convex"): 1,
        ("CLIENT_LEFT", "graphql"): 1,
    }
    assert family(told, "stockbatch_request_seconds_sum")["OK", "rest"] == pytest.approx(0.6)
    assert family(told, "stockbatch_refusals_total") == {("QUEUE_FULL",): 1}


def test_the_number_of_codes_is_bounded() -> None:
    metrics = Metrics()

    for number in range(100):
        metrics.request_answered("graphql", f"CODE_{number}", 0.1)

    told = metrics.exposition()
    assert family(told, "stockbatch_request_seconds_count") == {(OTHER, "graphql"): 100}
    assert family(told, "stockbatch_refusals_total") == {(OTHER,): 100}


def test_a_lost_chunk_counts_as_an_attempt_and_as_a_lost_lease() -> None:
    metrics = Metrics()

    for end in ("done", "done", "lost"):
        metrics.chunk_attempt_ended(end)
    metrics.lease_taken_over()

    assert counted(metrics.exposition()) == {
        ("stockbatch_chunk_attempts_total", (("end", "done"),)): 2,
        ("stockbatch_chunk_attempts_total", (("end", "lost"),)): 1,
        ("stockbatch_leases_lost_total", ()): 1,
        ("stockbatch_leases_taken_over_total", ()): 1,
    }


def test_the_process_and_its_version_are_told() -> None:
    told = samples(Metrics().exposition())

    assert told["stockbatch_build_info", (("version", server.__version__),)] == 1
    assert told["process_resident_memory_bytes", ()] > 0


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))

    assert server.__version__ == project["project"]["version"]


def test_no_series_tells_when_another_one_began() -> None:
    metrics = Metrics()
    metrics.request_answered("graphql", "OK", 0.1)
    metrics.chunk_done("batchUpdateStock", 0.1)

    told = samples(metrics.exposition())

    assert [name for name, _ in told if name.endswith("_created")] == []
    assert "process_start_time_seconds" in {name for name, _ in told}
