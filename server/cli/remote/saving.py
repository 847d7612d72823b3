"""Write what a server sends into a file, or to standard output."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from server.cli.remote.answers import CommandFailed


def save(pieces: Iterable[bytes], output: Path | None) -> None:
    """Write the pieces to standard output, or into a file that appears when it is whole.

    Raises:
        CommandFailed: the file cannot be written.
    """
    if output is None:
        stdout = sys.stdout.buffer
        stdout.writelines(pieces)
        stdout.flush()
        return
    try:
        with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}-", delete=False) as part:
            try:
                for piece in pieces:
                    part.write(piece)
                part.flush()
                Path(part.name).chmod(0o666 & ~_umask())
                Path(part.name).replace(output)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CommandFailed(f"Cannot write {output}: {error.strerror}.") from error


def free_name(beside: Path, suffix: str) -> Path:
    """Return a name for the failed rows of a file that no file has yet."""
    first = beside.with_name(f"{beside.stem}.failed{suffix}")
    number = 2
    found = first
    while found.exists():  # it may have been mended, and not been sent yet
        found = first.with_name(f"{beside.stem}.failed-{number}{suffix}")
        number += 1
    return found


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
