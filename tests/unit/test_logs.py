"""Write a log line: a sentence for people, then fields for programs."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from server.cli.logs import LineFormatter, configure_logging

NOON = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC).timestamp()


def line(message: str, *arguments: object, **fields: object) -> str:
    record = logging.LogRecord(
        "server.batch.engine", logging.WARNING, "engine.py", 7, message, arguments, None
    )
    record.created = NOON
    vars(record).update(fields)
    return LineFormatter().format(record)


def test_a_line_has_time_level_logger_and_sentence() -> None:
    assert line("A chunk of %s failed", "batchUpdateStock") == (
        "2026-01-31T12:00:00.250Z WARNING server.batch.engine A chunk of batchUpdateStock failed"
    )


def test_fields_follow_the_sentence_in_the_order_given() -> None:
    assert line("Failed", items=3, error_id="ab c") == (
        "2026-01-31T12:00:00.250Z WARNING server.batch.engine Failed items=3 error_id='ab c'"
    )


def test_text_in_a_field_cannot_begin_a_line_of_its_own() -> None:
    assert "\n" not in line("Failed", product_id="a\nFORGED")


def test_an_error_is_told_with_its_trace() -> None:
    with pytest.raises(LookupError) as raised:
        {}["no such thing"]

    error = raised.value
    told = line("Failed", exc_info=(type(error), error, error.__traceback__), items=1)

    first, *trace = told.splitlines()
    assert first == "2026-01-31T12:00:00.250Z WARNING server.batch.engine Failed items=1"
    assert trace[0] == "Traceback (most recent call last):"
    assert trace[-1] == "KeyError: 'no such thing'"


@pytest.fixture
def _root_logger_restored() -> Iterator[None]:
    root, driver = logging.getLogger(), logging.getLogger("pymongo")
    before = root.handlers[:], root.level, driver.level
    root.handlers = []  # configure_logging closes those that it finds
    yield
    root.handlers, root.level, driver.level = before


@pytest.mark.usefixtures("_root_logger_restored")
def test_the_log_goes_to_standard_error_from_its_level_upwards(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("WARNING")

    logging.getLogger("server.test").info("too quiet")
    logging.getLogger("server.test").error("loud enough", extra={"items": 2})

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("Z ERROR server.test loud enough items=2\n")
    assert captured.err.count("\n") == 1


@pytest.mark.usefixtures("_root_logger_restored")
@pytest.mark.parametrize(
    ("level", "of_the_driver"), [("DEBUG", "WARNING"), ("INFO", "WARNING"), ("ERROR", "ERROR")]
)
def test_the_driver_logs_no_command_whatever_the_level(level: str, of_the_driver: str) -> None:
    configure_logging(level)

    assert logging.getLevelName(logging.getLogger("pymongo").level) == of_the_driver
