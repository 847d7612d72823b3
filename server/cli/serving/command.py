"""`stockbatch serve` and `stockbatch worker`."""

import asyncio
import logging

import click
import uvloop

from server.cli.serving.logs import configure_logging
from server.cli.serving.serve import serve as serve_
from server.cli.serving.stop_signal import Job, run_until_done
from server.cli.serving.worker import work
from server.domain.errors import StartupError
from server.settings import doubtful_variables, read_settings

log = logging.getLogger(__name__)


@click.command(help="Serve GraphQL, REST and Convex over HTTP, until a signal comes.")
def serve() -> int:
    """Serve, and return the exit status."""
    return _run(serve_)


@click.command(help="Only run background batches, beside a server and on its database.")
def worker() -> int:
    """Work, and return the exit status."""
    return _run(work)


def _run(job: Job) -> int:
    """Run the job with the settings of the environment, and return its exit status."""
    settings = read_settings()
    configure_logging(settings.log_level, settings.log_format)
    for variable in doubtful_variables():
        log.warning("%s The variable is ignored.", variable)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run_until_done(settings, job))
    except StartupError as error:
        if settings.log_format != "json":
            raise
        log.critical("%s", error)
        return 1
