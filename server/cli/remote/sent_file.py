"""A file that is sent: its bytes as they are, its media type, and its idempotency key."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from click import UsageError

from server.cli.remote.answers import CommandFailed

_PIECE_BYTES: Final = 256 * 1024
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".txt": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    ".xlsx": _XLSX,
}
_RESULT_FORMATS: Final[Mapping[str, str]] = {"application/x-ndjson": "ndjson", _XLSX: "xlsx"}


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file with one of the known suffixes."""

    path: Path

    @property
    def media_type(self) -> str:
        """Return what the suffix says that the file is; the server finds out the rest.

        Raises:
            UsageError: the suffix says nothing.
        """
        found = _MEDIA_TYPES.get(self.path.suffix.lower())
        if found is None:
            known = ", ".join(_MEDIA_TYPES)
            raise UsageError(f"{self.path.name} ends with none of {known}: rename it.")
        return found

    @property
    def result_format(self) -> str:
        """Return the format of results that can be sent again like this file."""
        found = _RESULT_FORMATS.get(self.media_type)
        return found or ("ndjson" if self.media_type == "application/json" else "csv")

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return self.path.stat().st_size

    def key(self, kind: str, parameters: Mapping[str, str]) -> str:
        """Return the same idempotency key for the same content, kind and parameters.

        Raises:
            CommandFailed: the file cannot be read.
        """
        digest = hashlib.sha256()
        for part in (kind, *(text for one in sorted(parameters.items()) for text in one)):
            digest.update(f"{len(part)}:{part}".encode())
        for piece in self.pieces():
            digest.update(piece)
        return f"file-{digest.hexdigest()}"

    def pieces(self, read: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
        """Yield the bytes, and call `read` with how many there were so far.

        Raises:
            CommandFailed: the file cannot be read.
        """
        so_far = 0
        try:
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    so_far += len(piece)
                    yield piece
                    read(so_far)
        except OSError as error:
            raise CommandFailed(f"Cannot read {self.path}: {error.strerror}.") from error
