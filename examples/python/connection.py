"""The generated client, connected to the server of the variable STOCKBATCH_URL."""

import os
from typing import Any

import httpx

from stockbatch_client import Client
from stockbatch_client.async_base_client import Response

URL = os.environ.get("STOCKBATCH_URL", "http://127.0.0.1:8000/graphql")
SECONDS = 60  # to wait for an answer; httpx waits for 5, and a large batch may take longer


class Connection(Client):
    """`async with Connection() as client:` calls and subscribes, and closes it in the end."""

    def __init__(self, url: str = URL) -> None:
        super().__init__(url=url, ws_url=url.replace("http", "ws", 1))
        self.http_client = httpx.AsyncClient(timeout=SECONDS)
        self.extensions: dict[str, Any] = {}  # of the last answer, beside its data

    def get_data(self, response: Response) -> dict[str, Any]:
        data = super().get_data(response)
        self.extensions = response.json().get("extensions", {})
        return data
