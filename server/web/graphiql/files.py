"""The files that the page loads: `built/`, if `make web` has made it, and `static/`."""

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
    """Serve the files of a folder, with the same headers for each."""

    def __init__(self, directory: Path, *, cache_control: str) -> None:
        super().__init__(directory=directory)
        self._headers = {
            "Cache-Control": cache_control,
            # The policy of a web worker is that of its own file: it may load nothing.
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
        }

    @override
    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Hide the compressed files: they are sent only in place of the others."""
        return ("", None) if path.endswith(".gz") else super().lookup_path(path)

    @override
    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the file: its `.gz` if there is one and the client accepts gzip."""
        compressed = Path(f"{full_path}.gz")
        headers = dict(self._headers)
        if compressed.is_file():
            headers["Vary"] = "Accept-Encoding"
            if quality(qualities(Headers(scope=scope).get("accept-encoding", "")), ["gzip"]):
                full_path, stat_result = (
                    compressed,
                    compressed.stat(),
                )  # and so with an ETag of its own
                headers["Content-Encoding"] = "gzip"
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(headers)
        return response


def routes(built: Path = BUILT) -> list[BaseRoute]:
    """Return the routes below the folder that the page calls `graphiql/`."""
    # A year: a file with other content has another name.
    for_a_year = "public, max-age=31536000, immutable"
    return [
        *([Mount("/built", _Files(built, cache_control=for_a_year))] if built.is_dir() else []),
        Mount("/", _Files(_STATIC, cache_control="no-cache")),
    ]
