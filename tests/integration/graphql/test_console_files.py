"""Fetch the console's page and its files, as a browser does."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from server.web.console.files import STATIC, ConsoleFiles
from tests.support.shop import Shop

pytestmark = pytest.mark.either_driver

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",  # and no nonce: there is no style element
    "connect-src": "'self' ws://test wss://test",
    "worker-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


async def page_of(shop: Shop) -> httpx.Response:
    async with shop.http() as client:
        return await client.get("/", headers={"host": "test"})


async def test_the_page_may_load_nothing_but_its_own_files(shop: Shop) -> None:
    page = await page_of(shop)

    sent = page.headers["content-security-policy"].split("; ")
    assert dict(rule.split(" ", 1) for rule in sent) == POLICY
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "https:" not in page.text
    assert not re.search(r"<style|<script(?![^>]* src=)| on[a-z]+=| style=", page.text)


async def test_a_browser_asks_again_for_the_page_and_never_for_its_files(shop: Shop) -> None:
    page = await page_of(shop)
    addresses = re.findall(r'(?:href|src)="(console/[^"]+)"', page.text)

    async with shop.http() as client:
        again = await client.get("/", headers={"if-none-match": page.headers["etag"]})
        files = [await client.get(f"/{address}") for address in addresses]

    assert (page.headers["cache-control"], again.status_code) == ("no-cache", 304)
    assert again.content == b""
    assert len(files) > 20
    for file in files:
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["x-content-type-options"] == "nosniff"
        assert (
            file.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        )
        assert file.headers["content-type"].startswith(("text/javascript", "text/css", "image/svg"))


async def test_every_module_is_loaded_before_it_is_asked_for(shop: Shop) -> None:
    page = (await page_of(shop)).text

    preloaded = set(re.findall(r'rel="modulepreload" href="console/[0-9a-f]+/([^"]+)"', page))
    modules = {
        path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")
    } - {"loading.js"}  # fmt: skip
    assert preloaded == modules


async def test_a_file_goes_compressed_to_those_who_take_that(shop: Shop) -> None:
    files = ConsoleFiles()
    address = f"/console/{files.version}/console.css"

    async with shop.http() as client:
        small = await client.get(address, headers={"accept-encoding": "gzip"})
        plain = await client.get(address, headers={"accept-encoding": "identity"})

    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert small.content == plain.content == (STATIC / "console.css").read_bytes()
    assert int(small.headers["content-length"]) < 0.5 * len(plain.content)
    assert "Accept-Encoding" in small.headers["vary"]
    assert gzip.decompress(files.by_path["console.css"].compressed) == plain.content


@pytest.mark.parametrize(
    "path",
    [
        "",
        "console.css",
        "0000/console.css",
        "{version}/page.html",
        "{version}/vendor/preact.d.ts",
        "{version}/..%2fpage.py",
    ],
)
async def test_other_files_are_not_there(shop: Shop, path: str) -> None:
    async with shop.http() as client:
        response = await client.get("/console/" + path.format(version=ConsoleFiles().version))

    assert response.status_code == 404


def test_other_content_has_other_addresses(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = ConsoleFiles(tmp_path).version
    (tmp_path / "a.js").write_text("2")

    assert ConsoleFiles(tmp_path).version != first
    assert re.fullmatch("[0-9a-f]{16}", first)
