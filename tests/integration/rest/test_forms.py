"""Send a file in a form, as browsers and curl do."""

from typing import Any

import httpx
import pytest

from tests.support.shop import UNKNOWN_ID, Shop
from tests.support.web.rest_calls import assert_nothing_is_stored, refusal, stored

pytestmark = pytest.mark.either_driver

ROWS = f"productId\n{UNKNOWN_ID}\n".encode()
FORM = "multipart/form-data; boundary=b"
FIELD = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
END = b"\r\n--b--\r\n"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'


async def send(shop: Shop, path: str = "discontinue-products", **fields: Any) -> httpx.Response:
    async with shop.http() as client:
        return await client.post(f"/api/batches/batch-{path}", **fields)


async def test_fields_before_the_file_are_parameters(shop: Shop) -> None:
    response = await send(
        shop, "update-price", data={"newPrice": "5"}, files={"file": ("a.csv", ROWS)}
    )

    assert stored(shop, response)["settings"] == {"newPrice": 5}


async def test_a_field_that_is_a_parameter_of_the_url_too_is_refused(shop: Shop) -> None:
    response = await send(
        shop, "update-price?newPrice=4", data={"newPrice": "5"}, files={"file": ("a.csv", ROWS)}
    )

    (reason,) = refusal(response)["reasons"]
    assert reason == "The parameter “newPrice” is there 2 times: send it once."


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_the_pieces_in_which_a_form_comes_make_no_difference(shop: Shop, size: int) -> None:
    body = PART + ROWS + END

    async def pieces() -> Any:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    response = await send(shop, content=pieces(), headers={"Content-Type": FORM})

    assert stored(shop, response)["totalItems"] == 1


@pytest.mark.parametrize(
    ("content_type", "body", "told"),
    [
        ("multipart/form-data", b"", "The header Content-Type has no boundary"),
        (FORM, b"", "The form has no file"),
        (FORM, b"nonsense", "The form cannot be read"),
        (FORM, FIELD + b"1" + END, "The form has no file"),
        (FORM, PART + ROWS, "The form ends before its last boundary."),
        (FORM, PART + ROWS + b"\r\n" + PART + ROWS + END, "The form has several files"),
        (FORM, PART + ROWS + b"\r\n" + FIELD + b"1" + END, "The field “x” stands behind the file"),
        (FORM, FIELD + b"1" * 2000, "The field “x” is too long."),
    ],
)
async def test_a_form_that_is_wrong_is_refused(
    shop: Shop, content_type: str, body: bytes, told: str
) -> None:
    response = await send(shop, content=body, headers={"Content-Type": content_type})

    assert response.status_code == 400
    assert refusal(response)["message"].startswith(told)
    assert_nothing_is_stored(shop)
