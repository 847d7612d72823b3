"""The documents show what really happens: every request in them is sent, every answer compared."""

import json
import re
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, build_schema

from tests.support.curl import NotACurl, curl_request
from tests.support.examples import (
    BadDocument,
    Example,
    Shown,
    altered,
    anchor,
    as_text,
    parse,
)
from tests.support.pages import (
    DOCUMENTS,
    EXAMPLES,
    MUTATIONS,
    PROJECT,
    README,
    ShopStage,
    assert_it_shows_what_happens,
    known_to,
    text_of,
)
from tests.support.shop import Shop

_OPTION_ROW = re.compile(
    r"^\| \[`(?P<option>[^`]+)`\]\(examples\.md#(?P<anchor>[\w-]+)\) \|"
    r".*\| `(?P<output>.+)` \|$",
    re.MULTILINE,
)
# A block that sends something: `graphql`, `js`, or a command that calls a server.
_REQUEST = re.compile(r"^```(?:graphql|js|ts)\b|^\s*(?:\$ )?curl ", re.MULTILINE)


@pytest.fixture
async def stage(shop: Shop) -> ShopStage:
    opened = ShopStage(shop)
    await opened.put_the_samples()
    return opened


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_request_has_the_answer_that_the_document_shows(
    stage: ShopStage, name: str
) -> None:
    await assert_it_shows_what_happens(name, stage)


@pytest.mark.parametrize("order", [1, -1], ids=["first to last", "last to first"])
async def test_no_document_disturbs_another_one_on_the_same_data(
    stage: ShopStage, order: int
) -> None:
    for name in DOCUMENTS[::order]:
        await assert_it_shows_what_happens(name, stage)


def test_every_page_with_a_request_is_executed() -> None:
    pages = [PROJECT / README, *(PROJECT / "docs").rglob("*.md")]

    with_requests = {
        str(page.relative_to(PROJECT)) for page in pages if _REQUEST.search(page.read_text("utf-8"))
    }

    assert with_requests == set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_block_of_the_document_is_passed_over(name: str) -> None:
    text = text_of(name)

    document = parse(text)

    assert len(re.findall(r"^\s*[`~]{3}", text, re.MULTILINE)) == 2 * document.blocks
    assert document.examples


def test_the_only_commands_that_are_not_executed_start_something() -> None:
    commands = {name: parse(text_of(name)).commands for name in DOCUMENTS}

    assert {name: blocks for name, blocks in commands.items() if blocks} == {
        README: ("make run\n",),
        "docs/convex.md": (
            "npm --prefix examples/convex ci\nnpm --prefix examples/convex run tour\n",
        ),
    }


def test_there_is_a_request_for_every_mutation() -> None:
    mutation = build_schema(text_of("schema/schema.graphql")).mutation_type
    documents = [parse(text_of(name)) for name in DOCUMENTS]
    requests = [example.request.text for document in documents for example in document.examples]

    assert mutation
    names = {name for name in mutation.fields if not any(name in text for text in requests)}
    assert names == set()


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
        ("```js\n1\n```\n", "program of line 1 has no answer"),
        ("```text\n1\n```\n", "line 1 (text) has no meaning"),
        ("```graphql\n{ a }\n```\n```http\nHTTP/1.1 200 OK\n\n{}\n```\n", "line 4 (http) has no"),
        ("```sh\ncurl -k http://127.0.0.1:8000/graphql\n```\n", "not understood: -k"),
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


class TestCurl:
    def test_is_sent_as_curl_sends_it(self) -> None:
        request = curl_request(
            "curl -i 'http://127.0.0.1:8000/api/batches/x?newPrice=5' \\\n"
            "  -H 'Content-Type: text/csv' --data-binary 'a,b\n1,2\n'"
        )

        sent = request.built("http://test")

        assert (sent.method, str(sent.url)) == ("POST", "http://test/api/batches/x?newPrice=5")
        assert sent.headers["content-type"] == "text/csv"
        assert sent.content == b"a,b\n1,2\n"
        assert request.with_head

    @pytest.mark.parametrize(
        "command",
        [
            "make run",
            "curl http://127.0.0.1:9000/graphql",
            "curl http://127.0.0.1:8000/a http://127.0.0.1:8000/b",
            "curl http://127.0.0.1:8000/a\ncurl http://127.0.0.1:8000/b",
        ],
    )
    def test_is_one_call_to_the_server_of_make_run(self, command: str) -> None:
        with pytest.raises(NotACurl):
            curl_request(command)


def test_a_time_that_the_document_cannot_know_may_be_any_time() -> None:
    real, documented = "2030-01-01T10:00:00.000Z", "2026-03-01T12:00:00.000Z"

    assert Shown(frozenset(), any_time=True).show([real], [documented]) == [documented]
    assert Shown(frozenset(), any_time=True).show(real, "noon") == real
    assert Shown(frozenset(), any_time=True).show("noon", documented) == "noon"
    assert Shown(frozenset()).show(real, documented) == real


class TestOptionTable:
    def test_each_row_shows_the_answer_of_the_example_that_it_links_to(self) -> None:
        document = parse(text_of(EXAMPLES))
        first = {example.section: example for example in reversed(document.examples)}
        rows = list(_OPTION_ROW.finditer(text_of(MUTATIONS)))

        outputs = {row["anchor"]: row["output"] for row in rows}

        assert outputs == {row["anchor"]: _line(first[row["anchor"]]) for row in rows}

    def test_a_row_links_to_the_example_of_its_own_option(self) -> None:
        rows = list(_OPTION_ROW.finditer(text_of(MUTATIONS)))

        assert [row["anchor"] for row in rows] == [anchor(row["option"]) for row in rows]

    def test_there_is_a_row_for_every_option_and_for_every_mode(self) -> None:
        rows = [row["option"] for row in _OPTION_ROW.finditer(text_of(MUTATIONS))]
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
