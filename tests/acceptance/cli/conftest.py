"""A server that other commands leave alone, and files to send to it."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.command_line import forked_stockbatch
from tests.support.processes.server_process import ServerProcess

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def server(serve: Serve) -> ServerProcess:
    return serve()


@pytest.fixture
def to_server(server: ServerProcess) -> Command:
    """Run a command against the server."""

    def run(*arguments: str | Path, **settings: str | Path) -> CompletedProcess[str]:
        return forked_stockbatch(*arguments, **({"STOCKBATCH_URL": server.url} | settings))

    return run


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of stock updates: a quantity for each of the samples, from the first on."""

    def write(*quantities: Any, name: str = "stock.csv") -> Path:
        file = tmp_path / name
        lines = [f"{place % 12 + 1:024x},{one}" for place, one in enumerate(quantities)]
        file.write_text("\n".join(["productId,quantity", *lines]) + "\n")
        return file

    return write


def stocks(server: ServerProcess) -> dict[str, int]:
    """Return the stocks of the samples by the last digit of their ids."""
    edges = server.graphql("{ products { edges { node { id stock } } } }")["products"]["edges"]
    return {edge["node"]["id"][-1]: edge["node"]["stock"] for edge in edges}
