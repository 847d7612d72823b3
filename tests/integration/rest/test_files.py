"""Send the files of `tests/files`, and compare what the server answers with `answers.json`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import PROJECT
from tests.support.shop import Shop
from tests.support.web.rest_results import lines

pytestmark = pytest.mark.either_driver

FILES = PROJECT / "tests" / "files"
CASES: list[dict[str, Any]] = json.loads((FILES / "answers.json").read_text(encoding="utf-8"))
PRODUCTS = [f"50000000000000000000000{number}" for number in (1, 2, 3)]


def _name(case: dict[str, Any]) -> str:
    return f"{case['sentence']}: {case['file']} {case['type']} {case['query']}".replace(" ", "-")


async def answer(shop: Shop, case: dict[str, Any]) -> dict[str, Any]:
    """Return what the server says of a file, and then of each of its items."""
    content, path = (
        (FILES / case["file"]).read_bytes(),
        f"batch-{case['operation']}?{case['query']}",
    )
    async with shop.http() as client:
        if case["type"] == "form":
            files = {"file": (Path(case["file"]).name, content)}
            response = await client.post(f"/api/batches/{path}", files=files)
        else:
            headers = {"Content-Type": case["type"]}
            response = await client.post(f"/api/batches/{path}", content=content, headers=headers)
    sent = response.json()
    if response.status_code != 201:
        return {"status": response.status_code, "refused": sent["error"]["message"]}
    while await shop.assembly.worker.run_once():
        pass
    items = [_told(line) for line in await lines(shop, sent["batchId"])]
    return {"file": sent["file"], "items": items[:3] + items[3:][-1:]}


def _told(line: dict[str, Any]) -> str:
    result = line["result"]
    words = [f"row {result['row']}:", line.get("name"), result.get("message") or result["error"]]
    return " ".join(word for word in words if word)


@pytest.mark.parametrize("case", CASES, ids=_name)
async def test_a_file_is_answered_as_the_table_says(shop: Shop, case: dict[str, Any]) -> None:
    for product in PRODUCTS:
        await shop.put(10, id=product)

    assert await answer(shop, case) == case["answer"]


async def test_a_refused_file_is_told_its_columns(shop: Shop) -> None:
    """So a page can ask which is which, and send the answer as `columns=`."""
    content = "Artikel;Menge;productId;result.row\n".encode("cp1252")
    async with shop.http() as client:
        response = await client.post(
            "/api/batches/batch-update-stock",
            content=content,
            headers={"Content-Type": "text/csv"},
        )

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BAD_INPUT")
    assert error["file"] == {
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ";",
        "quote": '"',
        "lineEnd": "LF",
        "columns": [
            {"name": "Artikel", "column": None},
            {"name": "Menge", "column": None},
            {"name": "productId", "column": "productId"},
        ],
        "ignoredColumns": [],
    }


def test_every_file_is_in_the_table() -> None:
    files = {str(one.relative_to(FILES)) for one in FILES.glob("*/*.*")}

    assert files == {case["file"] for case in CASES}
