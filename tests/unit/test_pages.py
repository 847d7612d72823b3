"""The pages for readers: short where they must be, listed, and without a dead link."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
PAGES = [
    *PROJECT.glob("*.md"),
    *DOCS.rglob("*.md"),
    *(path for path in PROJECT.glob("examples/*/README.md")),
]
LARGEST_README = 9_000  # bytes: what a newcomer reads in five minutes
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose_of(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page: Path) -> set[str]:
    """Return what links to the page's headings end with, as GitHub makes it."""
    headings = (heading.strip().lower() for heading in _HEADING.findall(prose_of(page)))
    return {re.sub(r"[^\w-]", "", heading.replace(" ", "-")) for heading in headings}


def links_of(page: Path) -> list[tuple[Path, str | None]]:
    """Return the file and the anchor of every link that does not leave the project."""
    return [
        ((page.parent / found["path"]).resolve() if found["path"] else page, found["anchor"])
        for found in _LINK.finditer(prose_of(page))
    ]


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_bytes()) <= LARGEST_README


def test_the_contents_page_has_one_line_for_every_page() -> None:
    listed = [
        path.relative_to(DOCS)
        for path, _ in links_of(DOCS / "README.md")
        if path.is_relative_to(DOCS)
    ]

    pages = {path.relative_to(DOCS) for path in DOCS.glob("*.md")} - {Path("README.md")}
    assert sorted(listed) == sorted(pages | {Path("decisions")})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [
        f"{path.relative_to(PROJECT)}#{anchor}"
        for path, anchor in links_of(page)
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors_of(path))
    ]

    assert dead == []


def test_the_pages_have_links() -> None:
    assert sum(len(links_of(page)) for page in PAGES) > 50


def test_every_picture_is_there_and_every_one_of_the_console_is_shown() -> None:
    shown = {
        (page.parent / source).resolve()
        for page in PAGES
        for source in re.findall(r'<img src="([^"]+)"', prose_of(page))
    }

    assert all(picture.is_file() for picture in shown)
    assert shown == {one.resolve() for one in (DOCS / "images" / "console").glob("*.png")}
