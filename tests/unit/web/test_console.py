"""What the console says of the API is what the API says of itself."""

import json
import re
from typing import Any

import pytest
from graphql import parse, validate

from schema import schema
from server.web.console.files import STATIC
from server.web.rest.kind import BY_PATH

QUERIES = (STATIC / "data" / "queries.js").read_text(encoding="utf-8")
KINDS = (STATIC / "data" / "kinds.js").read_text(encoding="utf-8")


def documents() -> dict[str, str]:
    """Return the documents of queries.js, with the fragments that they are made of."""
    found = dict(re.findall(r"(?ms)^(?:export )?const (\w+) = `(.*?)`;", QUERIES))
    return {
        name: re.sub(r"\$\{(\w+)\}", lambda part: found[part[1]], text)
        for name, text in found.items()
        if f"export const {name} " in QUERIES
    }


@pytest.mark.parametrize("name", documents())
def test_a_query_is_one_that_the_schema_has(name: str) -> None:
    assert validate(schema._schema, parse(documents()[name])) == []


def test_every_query_is_found() -> None:
    assert len(documents()) == QUERIES.count("export const") > 10


def columns_of(kind: str) -> list[dict[str, Any]]:
    """Return the columns of a kind, in JSON: keys get quotes, and the shared one is put in."""
    block = KINDS[KINDS.index(f'path: "{kind}"') :]
    text = re.search(r"columns: (\[.*?\]),\n", block, re.DOTALL)
    shared = re.search(r"const PRODUCT_ID = (\{.*?\});", KINDS)
    assert text
    assert shared
    objects = re.sub(r"\bPRODUCT_ID\b", shared[1], text[1])
    columns: list[dict[str, Any]] = json.loads(
        re.sub(r",(\s*[\]}])", r"\1", re.sub(r"(\w+): (?=[\"t])", r'"\1": ', objects))
    )
    return columns


@pytest.mark.parametrize("path", BY_PATH)
def test_the_columns_of_a_kind_are_those_that_a_file_may_have(path: str) -> None:
    kind = BY_PATH[path]

    columns = columns_of(kind.kind.path)

    assert [column["name"] for column in columns] == list(kind.columns)
    numbers = {name for name, cell in kind.columns.items() if cell.value == "number"}
    assert {one["name"] for one in columns if one.get("isNumber")} == numbers
    required = {one["name"] for one in columns if one.get("isRequired")}
    assert required == kind.required_columns
    assert f'constant: "{kind.kind.constant}"' in KINDS


def test_there_is_no_other_kind() -> None:
    assert sorted(re.findall(r'path: "([\w-]+)"', KINDS)) == sorted(
        kind.kind.path for kind in BY_PATH.values()
    )


def test_nothing_in_the_console_needs_what_the_policy_forbids() -> None:
    """Styles and handlers in HTML do not work, and `innerHTML` would let a name be markup."""
    for path in STATIC.rglob("*.js"):
        if path.parent.name != "vendor":
            text = path.read_text(encoding="utf-8")
            assert not re.search(
                r"innerHTML|insertAdjacentHTML|\beval\(|new Function| style=", text
            ), path
            assert "http://" not in text.replace("http://www.w3.org", ""), path
