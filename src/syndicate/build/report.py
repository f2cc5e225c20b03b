"""What a build reports: counts of files, documents written, and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from syndicate.build.ingest import IngestResult
from syndicate.catalogue.counts import Counts
from syndicate.catalogue.owners import Owner
from syndicate.catalogue.records import is_published
from syndicate.content import naming
from syndicate.documents.render_cache import (
    TEXT_LOST,
)
from syndicate.documents.writer import DocumentWriter
from syndicate.findings import Finding, Level, from_json
from syndicate.store.articles import Articles
from syndicate.store.renderings import Renderings


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did and found. `written` and `removed` are paths below the output folders.

    In `counts`, an article that is published without its text is `unread`.
    """

    counts: Counts
    read: int
    changed: int
    written: tuple[str, ...]
    removed: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def articles(self) -> int:
        """How many articles are published."""
        return self.counts.published


def report_of(
    articles: Articles,
    intake: IngestResult,
    writer: DocumentWriter,
    documents_findings: Mapping[Owner, str],
) -> Report:
    """The report of a build: what it ingested and wrote, with all present findings.

    `documents_findings` are those of documents, as JSON by owner.
    """
    by_path = (
        *articles.unreadable().items(),
        *articles.findings(),
        *Renderings(articles.database).findings(),
    )
    read_findings = [finding for path, text in by_path for finding in from_json(text, path)]
    document_findings = [
        finding for text in documents_findings.values() for finding in from_json(text)
    ]
    undated = articles.undated()
    if undated:
        document_findings.append(_dates_missing([r.path for r in undated], articles.count()))
    if intake.dated_now:
        document_findings.append(_dated_now(intake.dated_now))
    counts = _counts(articles, document_findings)
    if counts.held_back and (held := articles.held_by_folder()):
        document_findings.append(_folders_held_back(held))
    return Report(
        counts=counts,
        read=intake.read,
        changed=len(intake.changes),
        written=tuple(writer.written),
        removed=tuple(writer.removed),
        findings=(*read_findings, *document_findings),
    )


def _counts(articles: Articles, document_findings: Sequence[Finding]) -> Counts:
    """The number of files by state. An article whose text could not be read is not published."""
    counts = articles.counts()
    lost = {finding.path for finding in document_findings if finding.rule == TEXT_LOST}
    records = articles.at_paths(sorted(lost)) if lost else []
    faulty = articles.unreadable()
    published = sum(map(is_published, records))
    unread = sum(is_published(record) and record.path not in faulty for record in records)
    return replace(counts, published=counts.published - published, unread=counts.unread + unread)


def _dates_missing(paths: list[str], published: int) -> Finding:
    """The articles at these paths are held back, because nothing states their dates."""
    total = len(paths) + published
    shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    return Finding(
        Level.WARNING,
        "dates-missing",
        f"{len(paths)} of {total} articles have no date that syndicate can read ({shown}); they "
        "are held back, because publishing them now would present all of them as new",
        paths[0],
        hint="to publish them with the current time, run: syndicate build --publish-undated; to "
        "keep their real dates, first add date: to their headers, or the day to their file names "
        f"({_dated_name(paths[0])})",
    )


def _dated_now(paths: Sequence[str]) -> Finding:
    """The articles at these paths were published with the time of this build."""
    shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    articles = (
        "1 article without a date is"
        if len(paths) == 1
        else f"{len(paths):,} articles without a date are"
    )
    return Finding(
        Level.NOTICE,
        "dated-now",
        f"{articles} published with the current time ({shown})",
        paths[0],
        hint="if this is not the date you want, add date: to the header before you send anything",
    )


def _folders_held_back(paths: list[str]) -> Finding:
    """Files are held back because of the names of their folders."""
    folders = list(dict.fromkeys(naming.partial(path) for path in paths))
    shown = ", ".join(folders[:3]) + (", …" if len(folders) > 3 else "")
    files = "1 file is" if len(paths) == 1 else f"{len(paths):,} files are"
    return Finding(
        Level.NOTICE,
        "folder-held-back",
        f"{files} held back because the name of a folder begins with _ ({shown})",
        paths[0],
        hint="to publish such files, rename the folder, or add draft: false to their headers",
    )


def _dated_name(path: str) -> str:
    """An example of a file name with a day."""
    return f"2026-03-08-{path.rpartition('/')[2]}"
