"""One address for each article: slugs that several articles share are made unique. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from syndicate import findings
from syndicate.catalogue.records import Record, State
from syndicate.findings import Finding, Level


def disambiguate_slugs(
    records: Sequence[Record], others: Sequence[Record], address: Callable[[Record], str]
) -> list[Record]:
    """The records, with a unique slug for each whose address another article has.

    `others` are the other live articles with one of their slugs. The article published
    first keeps the address; a unique slug stays for as long as the slug of the file stays.
    """
    slugs = Counter(record.slug for record in (*records, *others))
    named = (State.LIVE, State.UNLISTED)
    shared = [r for r in records if slugs[r.slug] > 1 and r.state in named]
    taken = {address(record) for record in others if shared}
    apart: dict[str, Record] = {}
    for record in sorted(shared, key=_seniority):
        moved = with_unique_slug(record) if address(record) in taken else record
        taken.add(address(moved))
        apart[record.id] = moved
    return [apart.get(record.id, record) for record in records]


def _seniority(record: Record) -> tuple[bool, int, str, str]:
    return record.sequence is None, record.sequence or 0, record.published, record.path


def unique_slug(record: Record) -> str:
    return f"{record.slug}-{record.id[-6:]}"


def with_unique_slug(record: Record) -> Record:
    """The record with a unique slug, and a finding that reports it."""
    kept_findings = Finding(
        Level.WARNING,
        "slug-shared",
        f"another article is called {record.slug!r} too; this one's address has "
        f"{unique_slug(record)!r} instead",
        record.path,
        hint="give it a slug: of its own in its header",
    )
    existing = findings.from_json(record.findings)
    return record._replace(
        slug=unique_slug(record), findings=findings.to_json([*existing, kept_findings])
    )
