"""The console's files: plain modules and one style sheet, which a browser keeps for good.

They stand below a folder whose name is a hash of all their content. So their addresses change when
any of them does, and modules that import each other by relative addresses stay together.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from server.web.accept import qualities, quality

STATIC: Final = Path(__file__).with_name("static")
_MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HASH_CHARACTERS: Final = 16
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",  # a year
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class File:
    """A file of the console, as it is sent."""

    media_type: str
    content: bytes

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, compresslevel=9, mtime=0)


class ConsoleFiles:
    """The files, read once: there are some dozens, and 150 KB in all."""

    def __init__(self, folder: Path = STATIC) -> None:
        self.by_path: Mapping[str, File] = {
            path.relative_to(folder).as_posix(): File(_MEDIA_TYPES[path.suffix], path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.suffix in _MEDIA_TYPES
        }
        digest = hashlib.sha256()
        for path, file in self.by_path.items():
            digest.update(f"{path}\0{len(file.content)}\0".encode() + file.content)
        self.version = digest.hexdigest()[:_HASH_CHARACTERS]

    def router(self) -> Router:
        """Return what answers below the folder that the page calls `console/`."""
        return Router([Route("/{version}/{path:path}", self._file)], redirect_slashes=False)

    async def _file(self, request: Request) -> Response:
        file = self.by_path.get(request.path_params["path"])
        if file is None or request.path_params["version"] != self.version:
            raise HTTPException(404)
        takes_gzip = qualities(request.headers.get("accept-encoding", ""))
        if quality(takes_gzip, ["gzip"]):
            headers = {**_HEADERS, "Content-Encoding": "gzip"}
            return Response(file.compressed, headers=headers, media_type=file.media_type)
        return Response(file.content, headers=_HEADERS, media_type=file.media_type)
