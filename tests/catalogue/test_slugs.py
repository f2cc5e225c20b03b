"""Articles with one slug get addresses of their own; the one published first keeps its address."""

from __future__ import annotations

from typing import Any

import pytest

from syndicate import findings
from syndicate.catalogue.records import Record, State
from syndicate.catalogue.slugs import disambiguate_slugs
from syndicate.findings import Finding, Level


def record(name: str, **changes: Any) -> Record:
    """An article with the slug `sea`, whose own slug would be `sea-` and six times its name."""
    made = Record(
        id=f"tag:{name * 6}",
        path=f"{name}.md",
        size=1,
        mtime_ns=1,
        body_hash=name,
        state=State.LIVE,
        first_seen="2026-11-01",
        published="2026-11-01",
        updated="2026-11-01",
        sequence=None,
        title=name,
        slug="sea",
        metadata="{}",
        findings=None,
    )
    return made._replace(**changes)


def slugs(records: list[Record], others: list[Record] | None = None) -> list[str]:
    return [r.slug for r in disambiguate_slugs(records, others or [], address)]


def address(record: Record) -> str:
    return record.slug


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"sequence": 9}, {"sequence": None, "published": "2026-10-01"}),
        ({"sequence": 1}, {"sequence": 2, "published": "2026-10-01"}),
        ({"published": "2026-10-01"}, {}),
    ],
)
def test_the_article_published_first_keeps_the_address(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert slugs([record("z", **first), record("b", **second)]) == ["sea", "sea-bbbbbb"]
    assert slugs([record("b", **second), record("z", **first)]) == ["sea-bbbbbb", "sea"]


def test_of_articles_published_at_once_the_first_path_keeps_the_address() -> None:
    assert slugs([record("c"), record("b"), record("d")]) == ["sea-cccccc", "sea", "sea-dddddd"]


def test_an_address_that_another_article_has_already_is_not_given_again() -> None:
    assert slugs([record("a")], [record("z")]) == ["sea-aaaaaa"]
    assert slugs([record("a", slug="hills")], [record("z")]) == ["hills"]


def test_articles_of_one_slug_at_different_addresses_keep_it() -> None:
    records = [record("a"), record("b", published="2026-12-01")]
    found = disambiguate_slugs(records, [], lambda r: f"{r.published}/{r.slug}")
    assert found == records


def test_drafts_take_no_address_and_unlisted_articles_do() -> None:
    assert slugs([record("a", state=State.DRAFT), record("b")]) == ["sea", "sea"]
    assert slugs([record("a", state=State.UNLISTED), record("b")]) == ["sea", "sea-bbbbbb"]


def test_a_changed_slug_is_a_finding_beside_those_of_the_file() -> None:
    own = Finding(Level.NOTICE, "body-empty", "no text", "b.md")
    _, moved = disambiguate_slugs(
        [record("a"), record("b", findings=findings.to_json([own]))], [], address
    )
    assert [f.rule for f in findings.from_json(moved.findings)] == ["body-empty", "slug-shared"]
