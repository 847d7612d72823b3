"""The command line: `python -m server [serve | worker | schema]`."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import uvloop

from server.cli.logs import configure_logging
from server.cli.print_schema import print_schema
from server.cli.serve import serve
from server.cli.stop_signal import run_until_done
from server.cli.worker import work
from server.domain.errors import StartupError
from server.settings import doubtful_variables, read_settings

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status, which is 0 if it did what it is for."""
    parsed = _parser().parse_args(arguments)
    log_format = "text"
    try:
        if parsed.command == "schema":
            return print_schema(parsed.file)
        settings = read_settings()
        log_format = settings.log_format
        configure_logging(settings.log_level, log_format)
        for variable in doubtful_variables():
            log.warning("%s The variable is ignored.", variable)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            job = work if parsed.command == "worker" else serve
            return runner.run(run_until_done(settings, job))
    except StartupError as error:
        if log_format == "json":
            log.critical("%s", error)
        else:
            print(f"stockbatch: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="stockbatch")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve GraphQL over HTTP (the default)")
    commands.add_parser("worker", help="only run background batches, beside a server")
    sdl = commands.add_parser("schema", help="print the GraphQL schema, or write it to a file")
    sdl.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the file to write it to")
    return parser
