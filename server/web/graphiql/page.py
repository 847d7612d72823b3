"""The page: GraphiQL with our tabs, from our own files if `make web` has built them."""

import json
import logging
import re
import secrets
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.web.graphiql.files import BUILT
from server.web.graphiql.policy import policy

_HERE = Path(__file__).parent
_TABS = ("update-stock", "discontinue", "background", "products")  # from left to right
_TAB = Template('<script id="$name" type="text/plain">\n$text</script>')  # data: nothing runs it
_LOADING_ELSEWHERE = (
    "This server has no files of GraphiQL, so it loads from unpkg.com. To have it without the "
    "internet, run <code>make web</code> and start the server again. The console at "
    '<a href="./">/</a> needs neither. GraphQL is taken at this address by POST.'
)
_log = logging.getLogger(__name__)


class Page:
    """GraphiQL's page. Each request gets the same, except for the nonce of its style elements.

    Without the files in `built`, the page loads an older GraphiQL from the public CDN.
    """

    def __init__(self, built: Path = BUILT) -> None:
        manifest = built / "manifest.json"  # the last file that a build writes
        if manifest.is_file():
            names = json.loads(manifest.read_text(encoding="utf-8"))
            self._head, self._loading = _template("built.html").substitute(names), "Loading …"
        else:
            self._head, self._loading = _read("cdn.html"), _LOADING_ELSEWHERE
            _log.info("GraphiQL comes from unpkg.com: with `make web` it comes from this server")
        self._scripts = re.findall(r'src="(https:[^"]+)"', self._head)
        self._styles = re.findall(r'href="(https:[^"]+)"', self._head)
        self._page = _template("page.html")
        texts = {name: _read(f"tabs/{name}.graphql") for name in _TABS}
        self._tabs = "\n".join(_TAB.substitute(name=name, text=texts[name]) for name in texts)

    def response(self, request: Request) -> Response:
        """Return the page, with a content security policy for the host that was asked."""
        nonce = secrets.token_urlsafe(16)
        rules = policy(
            host=request.headers.get("host", ""),
            nonce=nonce,
            scripts=self._scripts,
            styles=self._styles,
        )
        content = self._page.substitute(
            nonce=nonce, head=self._head, loading=self._loading, tabs=self._tabs
        )
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": rules,
            "Referrer-Policy": "same-origin",
            "Vary": "Accept",  # a client that accepts no HTML gets JSON here
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(content, headers=headers)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _template(name: str) -> Template:
    return Template(_read(name))
