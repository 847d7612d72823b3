"""The command line: `python -m server [serve | worker | keys | schema]`."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import uvloop

from server.cli import keys
from server.cli.logs import configure_logging
from server.cli.print_schema import print_schema
from server.cli.serve import serve
from server.cli.stop_signal import run_until_done
from server.cli.worker import work
from server.domain.caller import Role
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
        if parsed.command == "keys":
            return _keys(parsed)
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


def _keys(parsed: argparse.Namespace) -> int:
    file = keys.key_file(parsed.file, read_settings().api_keys_file)
    if parsed.action == "list":
        return keys.show(file)
    return keys.add(file, parsed.name, Role(parsed.role), parsed.expires)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="stockbatch")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve GraphQL over HTTP (the default)")
    commands.add_parser("worker", help="only run background batches, beside a server")
    sdl = commands.add_parser("schema", help="print the GraphQL schema, or write it to a file")
    sdl.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the file to write it to")
    _add_keys(commands.add_parser("keys", help="make API keys, or list them"))
    return parser


def _add_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    add = actions.add_parser("add", help="make a key, and write its hash into the file")
    add.add_argument("name", metavar="NAME", help="who calls with it; batches are createdBy NAME")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--expires", type=keys.moment, metavar="TIME", help="such as 2027-01-31")
    for action in (add, actions.add_parser("list", help="list the keys in the file")):
        action.add_argument("--file", type=Path, metavar="FILE", help="default: API_KEYS_FILE")
