"""The log: one line per event, as text for people or as JSON for programs."""

import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal

from typing_extensions import override

from server.domain.log_fields import current_log_fields
from server.domain.request_id import current_request_id

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_REQUEST_ID: Final = "request_id"

LogFormat = Literal["text", "json"]


class LineFormatter(logging.Formatter):
    """Writes `2026-01-31T12:00:00.000Z WARNING server.jobs.worker A sentence items=3`.

    The trace of an exception follows on lines of its own.
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        fields = [f"{name}={value!r}" for name, value in _fields(record)]
        line = " ".join([_time(record), record.levelname, record.name, record.getMessage()])
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return " ".join([line, *fields]) + trace


class JsonFormatter(logging.Formatter):
    """Writes one JSON object per line: `time`, `level`, `logger`, `message`, and the fields.

    `exception` is the trace of an exception. The line is in ASCII.
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line = {**dict(_fields(record)), **line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return json.dumps(line, default=str, allow_nan=False)
        except (ValueError, TypeError):  # a number that JSON lacks, or an object within itself
            return json.dumps({str(name): str(value) for name, value in line.items()})


class CurrentFields(logging.Filter):
    """Adds the id of the current request, and that of the current batch, to each record."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        request_id = current_request_id()
        if request_id is not None and not hasattr(record, _REQUEST_ID):
            setattr(record, _REQUEST_ID, request_id)
        for name, value in current_log_fields().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def configure_logging(level: str, log_format: LogFormat = "text") -> None:
    """Send every record of `level` and above to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else LineFormatter())
    handler.addFilter(CurrentFields())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    warnings.filterwarnings("ignore", module="openpyxl")  # about what is in the files of callers
    # Addresses with passwords, headers and commands are in what these log; uvicorn tells of each of
    # its ports what `serve` and `worker` tell once.
    for library in ("pymongo", "httpx", "httpcore", "urllib3", "uvicorn"):
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLogger().level))


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in vars(record).items() if name not in _STANDARD)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
