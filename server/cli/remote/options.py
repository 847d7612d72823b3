"""The options that every command against a server has."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
import msgspec

from server.cli.remote.client import Client

Command = Callable[..., int]

_DEFAULT_URL = "http://127.0.0.1:8000"


def with_server(command: Command) -> Command:
    """Give a command the options of a server, and a client of it as its first argument."""

    @click.option(
        "--url",
        envvar="STOCKBATCH_URL",
        default=_DEFAULT_URL,
        show_default=True,
        show_envvar=True,
        help="Address of the server.",
    )
    @click.option(
        "--api-key",
        envvar="STOCKBATCH_API_KEY",
        show_envvar=True,
        help="Your key; others on this machine can see it here, but not in the environment.",
    )
    @wraps(command)
    def called(*arguments: Any, url: str, api_key: str | None, **options: Any) -> int:
        with Client(url, api_key) as client:
            return command(client, *arguments, **options)

    return called


def json_option(command: Command) -> Command:
    """Give a command the flag `--json`, with which standard output is for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        command
    )


def print_json(value: Any) -> None:
    """Print a value as a line of JSON."""
    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))


def say(sentence: str) -> None:
    """Tell people something on standard error."""
    click.echo(sentence, err=True)


def is_terminal() -> bool:
    """Return whether standard error is a terminal, on which a progress bar can move."""
    return sys.stderr.isatty()
