"""The console's page: a few lines of HTML, which load the modules."""

import hashlib
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.web.console.files import ConsoleFiles
from server.web.graphiql.policy import policy

_NO_MODULES = ("loading.js",)  # a script that runs before them
_PAGE = Path(__file__).with_name("page.html")


class ConsolePage:
    """The page of `/`. It has no data: what it shows, it asks the API for, as its reader."""

    def __init__(self, files: ConsoleFiles, *, has_graphiql: bool) -> None:
        """`has_graphiql`: the page links to it."""
        modules = [
            path for path in files.by_path if path.endswith(".js") and path not in _NO_MODULES
        ]
        preloads = "\n    ".join(
            f'<link rel="modulepreload" href="console/{files.version}/{path}" />'
            for path in modules
        )
        page = Template(_PAGE.read_text(encoding="utf-8")).substitute(
            version=files.version,
            preloads=preloads,
            graphiql="graphql" if has_graphiql else "",
        )
        self._page = page.encode()
        self._etag = f'"{hashlib.sha256(self._page).hexdigest()[:16]}"'

    async def response(self, request: Request) -> Response:
        """Return the page, with a content security policy for the host that was asked."""
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": policy(host=request.headers.get("host", "")),
            "ETag": self._etag,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if self._etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(self._page, headers=headers)
