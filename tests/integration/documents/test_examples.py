"""README.md and docs/examples.md show what really happens: every request in them is sent."""

import json
import re
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, build_schema

from server.jobs.expiry_sweep import ExpirySweep
from server.mongo.samples import put_samples
from tests.support.examples import (
    BadDocument,
    Clock,
    Document,
    Example,
    Shown,
    Sweep,
    Work,
    altered,
    anchor,
    as_text,
    parse,
)
from tests.support.project import PROJECT
from tests.support.shop import Shop

README, EXAMPLES, BACKGROUND = "README.md", "docs/examples.md", "docs/background.md"
DOCUMENTS = [README, EXAMPLES, BACKGROUND]
SAMPLES = frozenset(f"{number:024x}" for number in range(1, 13))
_OPTION_ROW = re.compile(
    r"^\| \[`(?P<option>[^`]+)`\]\(docs/examples\.md#(?P<anchor>[\w-]+)\) \|"
    r".*\| `(?P<output>.+)` \|$",
    re.MULTILINE,
)


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def known_to(document: Document) -> frozenset[str]:
    """The ids that the server does not make up."""
    return document.ids() | SAMPLES


async def put_the_samples(shop: Shop) -> None:
    await put_samples(shop.driver.client[shop.database], shop.clock())


async def let_happen(shop: Shop, event: Clock | Sweep | Work) -> None:
    match event:
        case Clock():
            shop.clock.stand_at(event.moment)
        case Sweep():
            await ExpirySweep(shop.runner, clock=shop.clock, interval_seconds=1).run_once()
        case Work():
            while await shop.assembly.worker.run_once():
                pass


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_request_has_the_answer_that_the_document_shows(shop: Shop, name: str) -> None:
    document = parse(text_of(name))
    shown = Shown(known_to(document))
    await put_the_samples(shop)

    for step in document.steps:
        if not isinstance(step, Example):
            await let_happen(shop, step)
            continue
        real = await shop.graphql(*shown.asked(step.request))
        told = as_text(shown.show(real, step.answer))
        assert told == as_text(step.answer), f"{name}, line {step.request.line}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_block_of_the_document_is_passed_over(name: str) -> None:
    text = text_of(name)

    document = parse(text)

    assert len(re.findall(r"^\s*[`~]{3}", text, re.MULTILINE)) == 2 * document.blocks
    assert document.examples


def test_the_only_commands_that_are_not_executed_start_something() -> None:
    commands = [block.split()[0] for block in parse(text_of(README)).commands]

    assert commands == [
        "make",
        "node",
        "cd",
        "MONGODB_URI='mongodb://127.0.0.1:27017/?replicaSet=rs0'",
        "docker",
    ]
    assert parse(text_of(EXAMPLES)).commands == ()


def test_there_is_a_request_for_every_mutation() -> None:
    mutation = build_schema(text_of("schema/schema.graphql")).mutation_type
    documents = [parse(text_of(name)) for name in DOCUMENTS]
    requests = [one.request.query for document in documents for one in document.examples]

    assert mutation
    assert {name for name in mutation.fields if not any(name in one for one in requests)} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_value_of_an_answer_counts(name: str) -> None:
    document = parse(text_of(name))
    known, changes = known_to(document), 0

    for example in document.examples:
        for change in altered(example.answer):
            changes += 1
            assert as_text(Shown(known).show(example.answer, change)) != as_text(change)

    assert changes > len(document.examples)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```graphql\n{ a }\n```\n", "request of line 1 has no answer"),
        ("```graphql\n{ a }\n```\n```json variables\n{}\n```\n", "request of line 1 has no answer"),
        (
            "```graphql\n{ a }\n```\n```graphql\n{ b }\n```\n```json\n{}\n```\n",
            "request of line 1 has no answer",
        ),
        ("```graphql\n{ a }\n```\n```sh\nmake\n```\n", "request of line 1 has no answer"),
        ("```graphql\n{ a }\n```\n<!-- sweep -->\n", "request of line 1 has no answer"),
        ("A\n```json\n{}\n```\n", "line 2 (json) has no meaning"),
        ("```json variables\n{}\n```\n", "line 1 (json variables) has no meaning"),
        ("```js\n1\n```\n", "line 1 (js) has no meaning"),
        ("```\n1\n```\n", "line 1 () has no meaning"),
    ],
)
def test_a_block_without_its_counterpart_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadDocument, match=re.escape(words)):
        parse(text)


class TestAnIdThatTheServerMakesUp:
    SHOWN, REAL, OTHER, KNOWN = "a" * 24, "b" * 24, "c" * 24, "d" * 24

    @pytest.fixture
    def shown(self) -> Shown:
        return Shown(frozenset({self.KNOWN}))

    def test_may_be_another_one(self, shown: Shown) -> None:
        assert shown.show({"id": [self.REAL]}, {"id": [self.SHOWN]}) == {"id": [self.SHOWN]}

    def test_is_the_same_wherever_the_document_shows_the_same(self, shown: Shown) -> None:
        shown.show(self.REAL, self.SHOWN)

        assert shown.show(self.REAL, self.SHOWN) == self.SHOWN
        assert shown.show(self.OTHER, self.SHOWN) == self.OTHER

    def test_is_none_that_a_request_names(self, shown: Shown) -> None:
        assert shown.show(self.KNOWN, self.SHOWN) == self.KNOWN
        assert shown.show(self.REAL, self.KNOWN) == self.REAL

    @pytest.mark.parametrize("real", ["b" * 23, "g" * 24, "b" * 25, "", None, 1])
    def test_is_24_hexadecimal_characters(self, shown: Shown, real: Any) -> None:
        assert shown.show(real, self.SHOWN) == real


class TestOptionTable:
    def test_each_row_shows_the_answer_of_the_example_that_it_links_to(self) -> None:
        document = parse(text_of(EXAMPLES))
        first = {one.request.section: one for one in reversed(document.examples)}
        rows = list(_OPTION_ROW.finditer(text_of(README)))

        outputs = {row["anchor"]: row["output"] for row in rows}

        assert outputs == {row["anchor"]: _line(first[row["anchor"]]) for row in rows}

    def test_a_row_links_to_the_example_of_its_own_option(self) -> None:
        rows = list(_OPTION_ROW.finditer(text_of(README)))

        assert [row["anchor"] for row in rows] == [anchor(row["option"]) for row in rows]

    def test_there_is_a_row_for_every_option_and_for_every_mode(self) -> None:
        rows = [row["option"] for row in _OPTION_ROW.finditer(text_of(README))]
        types = build_schema(text_of("schema/schema.graphql")).type_map
        options = {
            name
            for type_name, one in types.items()
            if type_name.endswith("Options") and isinstance(one, GraphQLInputObjectType)
            for name in one.fields
        }

        assert {row.split(":")[0] for row in rows} == options
        modes = {"atomic: true", "atomic: false"}
        modes |= {"continueOnError: true", "continueOnError: false"}
        assert modes <= set(rows)
        assert len(rows) == len(options) + 2


def _line(example: Example) -> str:
    """The value of the only field of the answer, as the server writes it."""
    (value,) = example.answer["data"].values()
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
