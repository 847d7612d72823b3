"""A mongod that is not set up for transactions."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_plus

from server.mongo.connection.binary import find_mongod
from tests.support.processes.process_table import until


@contextmanager
def foreign_mongod(folder: Path, *arguments: str) -> Iterator[str]:
    """Start a foreign mongod, and give its address."""
    (folder / "db").mkdir(parents=True)
    private = ("--bind_ip", "./m.sock", "--nounixsocket", "--networkMessageCompressors", "disabled")
    with subprocess.Popen(
        [find_mongod(), "--dbpath", "db", *private, *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            until((folder / "m.sock").exists, "a mongod")
            yield f"mongodb://{quote_plus(str(folder / 'm.sock'))}"
        finally:
            process.kill()


def path_with_mongod(folder: Path, output: str, status: int, before: str) -> str:
    """Return a PATH whose first `mongod` prints `output` and ends; `before` is the rest of it."""
    folder.mkdir()
    script = folder / "mongod"
    script.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{output}\nEND\nexit {status}\n")
    script.chmod(0o755)
    return f"{folder}:{before}"
