"""Fetch the page over HTTP, and read its policy."""

import re

import httpx


def get(address: str, **headers: str) -> httpx.Response:
    """Fetch an address as a browser asks for a page."""
    with httpx.Client(trust_env=False) as client:
        return client.get(address, headers={"accept": "text/html"} | headers)


def policy(page: httpx.Response) -> dict[str, list[str]]:
    """Return the sources of each directive, with the nonce as NONCE."""
    text = re.sub(r"'nonce-[\w-]{22}'", "NONCE", page.headers["content-security-policy"])
    return {name: sources for name, *sources in map(str.split, text.split("; "))}
