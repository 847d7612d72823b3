"""What the page loads from us: `built/`, if `make web` has made it, and `static/`."""

from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from typing_extensions import override

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
    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers.update(self._headers)
        return response


def routes(built: Path = BUILT) -> list[BaseRoute]:
    """Below the folder that the page calls `graphiql/`."""
    # For a year: a file with other content has another name.
    kept = "public, max-age=31536000, immutable"
    return [
        *([Mount("/built", _Files(built, cache_control=kept))] if built.is_dir() else []),
        Mount("/", _Files(_STATIC, cache_control="no-cache")),
    ]
