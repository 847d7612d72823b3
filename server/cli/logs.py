"""The log: one line per event, a sentence for people and then fields for programs."""

import logging
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class LineFormatter(logging.Formatter):
    """Writes `2026-01-31T12:00:00.000Z WARNING server.jobs.worker A sentence items=3`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = [
            f"{name}={value!r}" for name, value in vars(record).items() if name not in _STANDARD
        ]
        line = " ".join([self._time(record), record.levelname, record.name, record.getMessage()])
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return " ".join([line, *fields]) + trace

    def _time(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure_logging(level: str) -> None:
    """Send every record of `level` and above to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for library in ("pymongo", "httpx", "httpcore"):  # the last two log addresses with passwords
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLogger().level))
