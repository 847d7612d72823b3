"""Export metrics to Prometheus."""

from prometheus_client.parser import text_string_to_metric_families

from server.domain.item_error import ItemError, ItemErrorCode
from server.domain.outcome import Failed
from server.kinds.update_stock.rules import Applied
from server.web.metrics import Metrics

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(metrics: Metrics) -> dict[Sample, float]:
    """Return every sample but the times of creation."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


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

    counted = {
        key: value for key, value in samples(metrics).items() if key[0] == "stockbatch_items_total"
    }
    assert counted == {
        items("batchUpdateStock", "OK"): 2,
        items("batchUpdateStock", "INTERNAL"): 2,
        items("batchDiscontinueProducts", "OK"): 1,
    }


def test_the_time_of_a_chunk_is_measured() -> None:
    metrics = Metrics()

    metrics.chunk_done("batchUpdateStock", 0.3)
    metrics.chunk_done("batchUpdateStock", 0.5)

    told = samples(metrics)
    label = ("operation", "batchUpdateStock")
    assert told["stockbatch_chunk_seconds_count", (label,)] == 2
    assert told["stockbatch_chunk_seconds_sum", (label,)] == 0.8
    assert told["stockbatch_chunk_seconds_bucket", (("le", "0.25"), label)] == 0
    assert told["stockbatch_chunk_seconds_bucket", (("le", "0.5"), label)] == 2


def test_retries_are_counted_by_reason() -> None:
    metrics = Metrics()

    for reason in ("conflict", "conflict", "commit"):
        metrics.transaction_retried(reason)

    assert samples(metrics) == {
        ("stockbatch_transaction_retries_total", (("reason", "conflict"),)): 2,
        ("stockbatch_transaction_retries_total", (("reason", "commit"),)): 1,
    }


def test_the_counters_of_two_servers_in_one_process_are_apart() -> None:
    first, second = Metrics(), Metrics()

    first.transaction_retried("commit")

    assert len(samples(first)) == 1
    assert samples(second) == {}
