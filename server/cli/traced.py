"""What a process traces, and the ids of its traces in the log."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

from server.domain.tracing import Tracer
from server.tracing.configured import tracing


class TraceIds(logging.Filter):
    """Adds the ids of the current trace and span to each record."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self._tracer = tracer

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        ids = self._tracer.ids()
        if ids is not None:
            record.trace_id, record.span_id = ids
        return True


@contextmanager
def traced(service: str) -> Iterator[Tracer]:
    """Yield the tracer that the environment asks for, and add its ids to the lines of the log."""
    with tracing(os.environ, service) as tracer:
        added = TraceIds(tracer)
        handlers = logging.getLogger().handlers if tracer.is_on else []
        for handler in handlers:
            handler.addFilter(added)
        try:
            yield tracer
        finally:
            for handler in handlers:
                handler.removeFilter(added)
