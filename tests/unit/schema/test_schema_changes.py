"""Find the changes of the schema that break a client, and those that the changelog announces."""

import re

import pytest

from schema import schema
from tests.support.planted_changes import BEFORE, BREAKING, HARMLESS, STRICTER, planted
from tools.schema.changelog import newest_version, unannounced
from tools.schema.changes import breaking_changes

GONE = "Field Product.stock was removed."
SDL = schema.as_str()
RELEASED = "0.2.0"
OLD = """
## [0.2.0] - 2026-03-01

### Breaking

- Field Product.stock was removed. Ask for `available`.

## [0.1.0] - 2026-01-31
"""
# a changelog in which GONE is announced
ANNOUNCED: dict[str, str] = {
    "unreleased": f"# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "a newer version": f"## [0.10.0] - 2026-04-01\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "of two newer versions": f"## [Unreleased]\n\n### Added\n\n- This.\n\n## [0.3.0]\n\n"
    f"### Breaking\n- {GONE}\n{OLD}",
    "among others": "## [Unreleased]\n\n### Added\n\n- This.\n\n### Breaking\n\n- That.\n"
    f"- {GONE}\n- Another.\n\n### Fixed\n\n- More.\n",
    "with what to do instead": f"## [Unreleased]\n### Breaking\n- {GONE} Ask for `available`.\n",
    "under a heading that is a link": "## [Unreleased](https://example.com/v0.2.0...HEAD)\n"
    f"### Breaking\n- {GONE}\n",
    "under bare headings": f"## Unreleased\n## 0.3.0\n### Breaking\n- {GONE}\n## 0.2.0\n",
    "above and below what is hidden": f"## [Unreleased]\n<!-- one -->\n```\n# Text\n```\n"
    f"### Breaking\n<!-- one\n## [0.1.0]\n-->\n- {GONE}\n~~~~\n```\n~~~~\n{OLD}",
    "on several lines, as code": "## [Unreleased]\n### Breaking\n* Field `Product.stock` was\n"
    "  removed.\n  Ask for `available`.\n",
}
# and one in which it is not
SILENT: dict[str, str] = {
    "nothing": "",
    "an old version": f"## [Unreleased]\n\n### Added\n\n- This.\n{OLD}",
    "nothing but old versions": OLD,
    "another heading": f"## [Unreleased]\n\n### Removed\n\n- {GONE}\n{OLD}",
    "no heading": f"## [Unreleased]\n\n- {GONE}\n{OLD}",
    "a heading of an older section": f"## [0.1.0]\n\n### Breaking\n\n- {GONE}\n",
    "another field": "## [Unreleased]\n\n### Breaking\n\n- Field Product.stockLevel was removed.\n",
    "only spoken of": f"## [Unreleased]\n\n### Breaking\n\n- Nothing. In 0.2.0: {GONE}\n",
    "a paragraph": f"## [Unreleased]\n\n### Breaking\n\n{GONE}\n",
    "a comment": f"## [Unreleased]\n\n### Breaking\n\n<!--\n- {GONE}\n-->\n{OLD}",
    "a comment that does not end": f"<!--\n## [Unreleased]\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "a comment with its heading": f"<!-- old\n## [Unreleased]\n### Breaking\n- {GONE}\n-->\n{OLD}",
    "code": f"## [Unreleased]\n\n### Breaking\n\n```md\n- {GONE}\n```\n{OLD}",
    "longer code": f"## [Unreleased]\n### Breaking\n~~~~\n~~~\n- {GONE}\n~~~~\n{OLD}",
    "code with its heading": f"```\n## [Unreleased]\n### Breaking\n- {GONE}\n```\n{OLD}",
    "indented code": f"## [Unreleased]\n\n### Breaking\n\n    - {GONE}\n",
    "below the old version": f"{OLD}\n## [Unreleased]\n\n### Breaking\n\n- {GONE}\n",
    "a newer one below the old": f"{OLD}\n## [0.3.0]\n\n### Breaking\n\n- {GONE}\n",
    "a heading without a version": f"## Older notes\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "older notes": f"{OLD}\n## Older notes\n\n### Breaking\n\n- {GONE}\n",
    "a date": f"## 2020-01-01\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "half a version": f"## [0.0] - 2025\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "a version further on": f"## Before 9.0.0\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "more than a version": f"## [0.3.0-rc.1]\n\n### Breaking\n\n- {GONE}\n{OLD}",
    "a title between": f"## [Unreleased]\n\n### Breaking\n\n# Archive\n\n- {GONE}\n",
    "of another title": f"## [Unreleased]\n\n# Archive\n\n### Breaking\n\n- {GONE}\n",
    "a title": f"# [Unreleased]\n\n### Breaking\n\n- {GONE}\n",
    "a heading too small": f"## [Unreleased]\n\n#### Breaking\n\n- {GONE}\n",
    "a version between": f"## [Unreleased]\n\n### Breaking\n\n## [0.2.0]\n\n- {GONE}\n",
    "a newer version between": f"## [Unreleased]\n\n### Breaking\n\n## [0.3.0]\n\n- {GONE}\n",
    "a heading between": f"## [Unreleased]\n\n### Breaking\n\n### Added\n\n- {GONE}\n",
    "only begun": "## [Unreleased]\n\n### Breaking\n\n- Field Product.stock\n",
    "two items": "## [Unreleased]\n\n### Breaking\n\n- Field Product.stock\n- was removed.\n",
}


@pytest.mark.parametrize("kind", [*BREAKING, *STRICTER])
def test_a_change_that_breaks_clients_is_found(kind: str) -> None:
    replaced, by, told = (BREAKING | STRICTER)[kind]

    assert breaking_changes(BEFORE, planted(replaced, by)) == told


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_change_that_breaks_nobody_is_not_told(kind: str) -> None:
    assert breaking_changes(BEFORE, planted(*HARMLESS[kind])) == []


def test_a_field_that_goes_from_our_schema_is_found() -> None:
    without, count = re.subn(
        r'(\ntype Product {.*?)  """[^"]+"""\n  stock: Int!', r"\1", SDL, flags=re.DOTALL
    )
    assert count == 1

    assert breaking_changes(SDL, SDL) == []
    assert breaking_changes(SDL, without) == [GONE]


@pytest.mark.parametrize("kind", ANNOUNCED)
def test_what_the_next_version_announces_passes(kind: str) -> None:
    assert unannounced([GONE], ANNOUNCED[kind], released=RELEASED) == []


@pytest.mark.parametrize("kind", SILENT)
def test_what_it_does_not_announce_does_not(kind: str) -> None:
    assert unannounced([GONE], SILENT[kind], released=RELEASED) == [GONE]


def test_each_change_is_announced_by_itself() -> None:
    other = "Enum value Mode.FAST was removed."

    assert unannounced([other, GONE], ANNOUNCED["unreleased"], released=RELEASED) == [other]


def test_a_draft_does_not_announce_what_is_in_a_version() -> None:
    numbered, draft = ANNOUNCED["a newer version"], ANNOUNCED["unreleased"]

    assert unannounced([GONE], numbered, released=RELEASED, drafts=False) == []
    assert unannounced([GONE], draft, released=RELEASED, drafts=False) == [GONE]


@pytest.mark.parametrize(
    ("changelog", "newest"),
    [
        ("", None),
        ("# Changelog 1.0.0\n\n## [Unreleased]\n\n### 1.0.0\n", None),
        (OLD, "0.2.0"),
        (f"## [Unreleased]\n{OLD}", "0.2.0"),
        (f"## [0.10.0]\n{OLD}", "0.10.0"),
        (f"{OLD}## 0.3.0 - 2026-04-01\n", "0.3.0"),
        (f"<!--\n## [0.3.0]\n-->\n```\n## [0.4.0]\n```\n{OLD}", "0.2.0"),
    ],
)
def test_the_newest_version_is_the_highest_that_has_a_heading(
    changelog: str, newest: str | None
) -> None:
    assert newest_version(changelog) == newest
