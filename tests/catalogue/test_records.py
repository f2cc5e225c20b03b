"""What a record states of an article: its kind, its dates, its number."""

from __future__ import annotations

import json

import pytest

from syndicate.catalogue.records import (
    Record,
    State,
    article_of,
    is_page,
    is_published,
    is_shown,
    metadata_of,
)
from syndicate.catalogue.scan import scanned
from syndicate.content.article import Article, Format
from syndicate.content.reader import Reading

NESTED = '{"extra": {"page": true}}'
"""A header with keys of the author that are called as ours."""


def record(metadata: str = "{}", state: State = State.LIVE, sequence: int | None = None) -> Record:
    times = ("2026-11-01", "2026-11-02", "2026-11-03")
    return Record("id", "a.md", 1, 2, "hash", state, *times, sequence, "A", "a", metadata, "[]")


def test_a_number_changes_nothing_else() -> None:
    assert record().numbered(7) == record(sequence=7)


def test_tags_of_a_record_are_those_of_its_header() -> None:
    assert record('{"tags": ["Cats"]}').tag_pairs == (("cats", "Cats"),)


def test_only_its_own_metadata_makes_a_page() -> None:
    assert is_page(record('{"page": true}'))
    for metadata in ("{}", NESTED):
        assert not is_page(record(metadata))


@pytest.mark.parametrize(
    ("state", "sequence", "published", "shown"),
    [
        (State.LIVE, 1, True, True),
        (State.LIVE, None, False, False),
        (State.PAGE, None, False, True),
        (State.UNLISTED, None, False, True),
        (State.PAGE, 1, False, True),
        (State.EXPIRED, 1, False, False),
        (State.GONE, 1, False, False),
    ],
)
def test_a_live_article_with_a_number_is_published_and_pages_are_only_shown(
    state: State, sequence: int | None, published: bool, shown: bool
) -> None:
    found = record(state=state, sequence=sequence)
    assert (is_published(found), is_shown(found)) == (published, shown)


def restored(article: Article) -> Article:
    """The article, after it was stored as a record."""
    file = scanned(Reading(article, ()), (1, 2))
    row = record(metadata_of(article))._replace(aliases=file.aliases)
    return article_of(
        row._replace(path=article.path, title=article.title, slug=article.slug), article.body
    )


def test_an_article_is_restored_completely_from_its_record() -> None:
    article = Article(
        path="a.md",
        title="Sea",
        body="Text",
        format=Format.MARKDOWN,
        slug="sea",
        body_line=5,
        tags=("Öl", "sea"),
        authors=("Ada", "Bo"),
        summary="Short",
        url="/sea/",
        image="a.png",
        image_alt="A wave",
        enclosure="a.mp3",
        language="de",
        aliases=("/old/",),
        extra={"mood": ["calm", 3]},
        inferred={"date": "date in the file name"},
    )
    assert restored(article) == article


def test_values_that_the_header_omits_are_not_stored() -> None:
    plain = Article(path="a.md", title="Sea", body="Text", format=Format.TEXT, slug="sea")
    assert json.loads(metadata_of(plain)) == {"format": "text", "body_line": 1}
    assert restored(plain) == plain
