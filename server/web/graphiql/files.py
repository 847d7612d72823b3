"""What the page loads from us: `built/`, if `make web` has made it, and `static/`."""

import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope
from typing_extensions import override

from server.web.accept import qualities, quality

BUILT = Path(__file__).with_name("built")
_STATIC = Path(__file__).with_name("static")


class _Files(StaticFiles):
    """The files of a folder, with the same headers for each."""

    def __init__(self, directory: Path, *, cache_control: str) -> None:
        super().__init__(directory=directory)
        self._headers = {
            "Cache-Control": cache_control,
            # A worker has the policy of its own file: it computes, and reaches nothing.
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
        }

    @override
    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The compressed ones are there only in place of the others."""
        return ("", None) if path.endswith(".gz") else super().lookup_path(path)

    @override
    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Compressed, if the build has written that as well and the client takes it."""
        compressed = Path(f"{full_path}.gz")
        headers = dict(self._headers)
        if compressed.is_file():
            headers["Vary"] = "Accept-Encoding"
            if quality(qualities(Headers(scope=scope).get("accept-encoding", "")), ["gzip"]):
                full_path, stat_result = compressed, compressed.stat()  # so with an ETag of its own
                headers["Content-Encoding"] = "gzip"
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(headers)
        return response


def routes(built: Path = BUILT) -> list[BaseRoute]:
    """Below the folder that the page calls `graphiql/`."""
    # For a year: a file with other content has another name.
    kept = "public, max-age=31536000, immutable"
    return [
        *([Mount("/built", _Files(built, cache_control=kept))] if built.is_dir() else []),
        Mount("/", _Files(_STATIC, cache_control="no-cache")),
    ]
