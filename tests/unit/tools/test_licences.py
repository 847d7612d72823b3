"""The page of licences tells of everything that is pinned, and nothing else."""

import json
from email.message import Message
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tools import licences
from tools.licences import UNKNOWN, faults, faults_of_locks, licence_of

PINS = "one==1.0 \\\n    --hash=sha256:aa\ntwo==2.0 \\\n    --hash=sha256:bb\n"
PAGE = "| package | licence |\n|---|---|\n| `one` | MIT |\n| `two` | Apache-2.0 |\n"
INSTALLED = {"one": "MIT", "two": "Apache-2.0"}


def test_the_page_is_right() -> None:
    assert licences.main([]) == 0


def test_a_package_without_a_row_is_a_fault() -> None:
    pins, installed = PINS + "three==3.0 \\\n", INSTALLED | {"three": "GPL-3.0-only"}

    assert faults(PINS, PAGE, INSTALLED) == []
    assert faults(pins, PAGE, installed) == ["three has no row: GPL-3.0-only"]


def test_another_licence_and_a_row_too_many_are_faults() -> None:
    page = PAGE + "| `three` | MIT |\n"

    assert faults(PINS, page, INSTALLED | {"one": "SSPL-1.0"}) == [
        "one has the licence SSPL-1.0, and the page says MIT",
        "three has a row, and is not pinned",
    ]


def test_what_is_pinned_for_another_platform_only_needs_a_row() -> None:
    assert faults(PINS, PAGE, {"one": "MIT"}) == []


def test_a_licence_of_nodes_packages_that_the_page_does_not_name_is_a_fault() -> None:
    lock = {"packages": {"": {}, "node_modules/a": {"license": "GPL-3.0"}, "node_modules/b": {}}}

    assert faults_of_locks("`MIT`", [("web", json.dumps(lock))]) == [
        "web: node_modules/a has the licence GPL-3.0, which the page does not name",
        "web: node_modules/b has the licence unknown, which the page does not name",
    ]


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License-Expression": "MIT OR Apache-2.0", "License": "x"}, "MIT OR Apache-2.0"),
        ({"License": "Apache License 2.0"}, "Apache-2.0"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "The text\nof a licence", "Classifier": "Topic :: Database"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_a_licence_is_read_from_what_the_package_says(fields: dict[str, str], licence: str) -> None:
    metadata = Message()
    for name, value in fields.items():
        metadata[name] = value
    found = cast("Any", SimpleNamespace(metadata=metadata))

    assert licence_of(found) == licence
