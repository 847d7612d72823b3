"""The audit tells what is known, what it could not look up, and when nobody can be asked."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tools import audit
from tools.audit import of_node, of_python

PINS = "first==1.0 \\\n    --hash=sha256:aa\n    # via x\nsecond==2.0 \\\n    --hash=sha256:bb\n"
FAULT = {"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": ["CVE-1"]}


class Programs:
    """Answers in place of programs, and keeps the pins that it was asked about."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [one if isinstance(one, str) else json.dumps(one) for one in answers]
        self.asked: list[str] = []

    def __call__(self, command: Sequence[str]) -> str:
        if "--requirement" in command:
            self.asked.append(Path(command[command.index("--requirement") + 1]).read_text())
        return self.answers.pop(0)


def python(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


def package(name: str, *faults: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "2.0", "vulns": list(faults)}


@pytest.mark.parametrize(
    "answer", ["", "ERROR: no network", python({"name": "first", "skip_reason": "not found"})]
)
def test_where_nobody_answers_one_package_is_asked_about_and_the_report_says_so(
    answer: Any,
) -> None:
    programs = Programs(answer)

    report = of_python(programs, PINS)

    (line,) = report.lines()
    assert line == "requirements/dev.txt: could not be audited, as nobody answers here."
    assert [asked.count("==") for asked in programs.asked] == [1]


def test_a_known_vulnerability_is_named_with_its_remedy() -> None:
    programs = Programs(
        python(package("first")),
        python(package("first"), package("second", FAULT), {"name": "x", "skip_reason": "?"}),
    )

    report = of_python(programs, PINS)

    assert report.lines() == [
        "requirements/dev.txt: second 2.0 has PYSEC-1; mended in 2.1",
        "requirements/dev.txt: 2 packages were looked up; 1 could not be looked up.",
    ]
    assert programs.asked[1].count("==") == 2


@pytest.mark.parametrize("name", ["PYSEC-1", "CVE-1"])
def test_an_accepted_one_is_not(name: str) -> None:
    answer = python(package("second", FAULT))

    assert of_python(Programs(answer, answer), PINS, {name: "why"}).vulnerabilities == []


def test_nodes_packages_are_looked_up_by_npm() -> None:
    answer = {
        "vulnerabilities": {"b": {"severity": "high"}, "a": {"severity": "low"}},
        "metadata": {"dependencies": {"total": 7}},
    }

    assert of_node(Programs(answer), "web", "npm").lines() == [
        "web/package-lock.json: b has a vulnerability that is high: `npm audit` tells which",
        "web/package-lock.json: 7 packages were looked up.",
    ]


@pytest.mark.parametrize("answer", ["", {"error": {"code": "ENOAUDIT"}}])
def test_npm_that_reaches_nobody_says_so(answer: Any) -> None:
    told = ["web/package-lock.json: could not be audited, as nobody answers here."]

    assert of_node(Programs(answer), "web", "npm").lines() == told
    assert of_node(Programs(), "web", None).lines() == told


@pytest.mark.parametrize("is_faulty", [False, True])
def test_the_check_fails_for_a_vulnerability_alone(
    is_faulty: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = python(package("second", FAULT) if is_faulty else package("second"))
    monkeypatch.setattr(audit, "_run", Programs(answer, answer, "", "", ""))

    assert audit.main() == int(is_faulty)
    assert capsys.readouterr().out.count("could not be audited") == 3
