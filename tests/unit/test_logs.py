"""Write a log line: a sentence for people, then fields for programs."""

import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from server.cli.main import main
from server.cli.serving.logs import JsonFormatter, LineFormatter, LogFormat, configure_logging
from server.domain.request_id import reset_request_id, set_request_id

NOON = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC).timestamp()


def line(message: str, *arguments: object, **fields: object) -> str:
    return LineFormatter().format(record_of(message, *arguments, **fields))


def json_line(message: str, *arguments: object, **fields: object) -> dict[str, object]:
    text = JsonFormatter().format(record_of(message, *arguments, **fields))
    assert "\n" not in text
    assert text.isascii()
    found: dict[str, object] = json.loads(text, parse_constant=pytest.fail)
    return found


def record_of(message: str, *arguments: object, **fields: object) -> logging.LogRecord:
    record = logging.LogRecord(
        "server.batch.engine", logging.WARNING, "engine.py", 7, message, arguments, None
    )
    record.created = NOON
    vars(record).update(fields)
    return record


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


def test_an_event_in_json_is_one_object_with_its_fields() -> None:
    assert json_line("A chunk of %s failed", "batchUpdateStock", items=3, path=["a", 1]) == {
        "time": "2026-01-31T12:00:00.250Z",
        "level": "WARNING",
        "logger": "server.batch.engine",
        "message": "A chunk of batchUpdateStock failed",
        "items": 3,
        "path": ["a", 1],
    }


def test_an_error_in_json_is_a_field() -> None:
    with pytest.raises(LookupError) as raised:
        {}["no such thing"]

    error = raised.value
    told = json_line("Failed\nFORGED", exc_info=(type(error), error, error.__traceback__))

    assert told["message"] == "Failed\nFORGED"
    assert str(told["exception"]).startswith("Traceback (most recent call last):\n")
    assert str(told["exception"]).endswith("KeyError: 'no such thing'")


def test_what_json_has_no_form_for_is_told_as_text() -> None:
    within_itself: list[object] = []
    within_itself.append(within_itself)

    assert json_line("Failed", at=NOON, of=ValueError("x"))["of"] == "x"
    assert json_line("Failed", ratio=float("nan"))["ratio"] == "nan"
    assert json_line("Failed", product="\ud800")["product"] == "\ud800"
    assert json_line("Failed", loop=within_itself)["loop"] == "[[...]]"
    assert json_line("Failed", keys={1: {(2, 3): 4}})["keys"] == "{1: {(2, 3): 4}}"


def test_a_field_does_not_stand_for_a_part_of_the_event() -> None:
    assert json_line("Failed", level="DEBUG", logger="x", time=0)["level"] == "WARNING"


@pytest.mark.usefixtures("_root_logger_restored")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_has_the_id_of_its_request(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat
) -> None:
    configure_logging("INFO", log_format)

    token = set_request_id("r-1")
    logging.getLogger("server.test").info("within")
    reset_request_id(token)
    logging.getLogger("server.test").info("outside")

    within, outside = capsys.readouterr().err.splitlines()
    assert ("r-1" in within, "request_id" in within) == (True, True)
    assert "request_id" not in outside


@pytest.mark.usefixtures("_root_logger_restored")
def test_a_start_that_fails_is_told_in_the_format_of_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    monkeypatch.setenv("HOST", "192.0.2.1")  # of no machine

    assert main(["serve"]) == 1

    (told,) = capsys.readouterr().err.splitlines()
    assert json.loads(told)["level"] == "CRITICAL"
    assert json.loads(told)["message"].startswith("Cannot listen on 192.0.2.1 port 8000: ")


@pytest.mark.usefixtures("_root_logger_restored")
def test_what_a_library_finds_in_the_file_of_a_caller_is_no_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure_logging("INFO")
        monkeypatch.setattr(warnings, "showwarning", lambda text, *_: told.append(str(text)))
        for module in ("openpyxl.worksheet._reader", "elsewhere"):
            warnings.warn_explicit(f"Told by {module}", UserWarning, "file", 1, module)

    assert told == ["Told by elsewhere"]
