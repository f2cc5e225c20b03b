"""A changed file -> what the catalogue needs of it. Reads the file, keeps no body."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path

from syndicate import findings
from syndicate.catalogue.records import ENCODE, ScannedFile, body_hash, metadata_of
from syndicate.content import folder
from syndicate.content.folder import Stat
from syndicate.content.inherited import FolderRules
from syndicate.content.reader import MAX_BYTES, Reading, read
from syndicate.errors import ArticleError, Location
from syndicate.findings import Finding, Level
from syndicate.timestamps import format_timestamp


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not be read, and why."""

    path: str
    stat: Stat
    finding: Finding


def read_article(
    root: Path,
    path: str,
    zone: tzinfo,
    links: Sequence[Path] = (),
    rules: FolderRules | None = None,
) -> Reading:
    """Read one file of the content folder `root`. Raises ArticleError.

    `links` are the folders outside `root` that symbolic links in it may lead to. `rules` are what
    holds articles back besides their headers; only the text needs none.
    """
    if not _is_text(path):
        raise ArticleError(
            "the name of the file is not UTF-8",
            place=Location(_shown(path)),
            hint="give it another name",
        )
    data = folder.read(root, path, MAX_BYTES, links)
    meta = f"{path.rpartition('.')[0]}.meta"
    sidecar = folder.read(root, meta, MAX_BYTES, links) if folder.stat_of(root, meta) else None
    return read(path, data, zone, rules.of(path) if rules else (), sidecar)


def scan_many(
    root: Path,
    files: Sequence[tuple[str, Stat]],
    zone: tzinfo,
    links: Sequence[Path] = (),
    rules: FolderRules | None = None,
) -> Iterator[ScannedFile | UnreadableFile]:
    """Read files, on all processors when there are many (a first build, a fresh checkout)."""
    workers = min(len(files) // WORTH_A_WORKER, os.cpu_count() or 1)
    # Forking is safe here only: one thread, on Linux. A new interpreter would cost more.
    if workers < 2 or sys.platform != "linux" or threading.active_count() > 1:
        yield from scan_files(root, files, zone, links, rules)
        return
    import multiprocessing

    portions = [files[i : i + PORTION] for i in range(0, len(files), PORTION)]
    # Nothing read is part of a cycle: looking for some takes a tenth of the time.
    with multiprocessing.get_context("fork").Pool(workers, initializer=gc.disable) as pool:
        for scanned in pool.imap(partial(_scan_portion, root, zone, links, rules), portions):
            yield from scanned


WORTH_A_WORKER = 1000
PORTION = 250


def _scan_portion(
    root: Path,
    zone: tzinfo,
    links: Sequence[Path],
    rules: FolderRules | None,
    files: Sequence[tuple[str, Stat]],
) -> list[ScannedFile | UnreadableFile]:
    return list(scan_files(root, files, zone, links, rules))


def scan_files(
    root: Path,
    files: Iterable[tuple[str, Stat]],
    zone: tzinfo,
    links: Sequence[Path] = (),
    rules: FolderRules | None = None,
) -> Iterator[ScannedFile | UnreadableFile]:
    """Read files one by one; a broken one costs only itself."""
    for path, stat in files:
        try:
            if stat[0] < 0:
                raise folder.refused_link(root, path)
            reading = read_article(root, path, zone, links, rules)
        except ArticleError as error:
            if isinstance(error, folder.UnreadableError):
                stat = (stat[0], -1)  # what was in the way may go without a change of the file
            yield UnreadableFile(_shown(path), stat, broken_finding(_shown(path), error))
        else:
            yield scanned(reading, stat)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # Linux allows any bytes in a name; Python shows them so
        return False
    return True


def _shown(path: str) -> str:
    return path.encode(errors="replace").decode()


def broken_finding(path: str, error: ArticleError) -> Finding:
    """An unreadable article as a finding."""
    line = error.place.line if error.place else None
    rule = "symbolic-link" if isinstance(error, folder.LinkError) else "unreadable"
    return Finding(Level.ERROR, rule, error.message, path, line, error.hint)


def scanned(reading: Reading, stat: Stat) -> ScannedFile:
    """What the catalogue needs of a file with this stat."""
    article = reading.article
    return ScannedFile(
        article.path,
        *stat,
        body_hash(article.body),
        article.title,
        article.slug,
        metadata_of(article),
        findings.to_json(reading.findings),
        format_timestamp(article.date) if article.date else None,
        format_timestamp(article.updated) if article.updated else None,
        article.hold,
        article.page,
        article.unlisted,
        article.may_be_page,
        format_timestamp(article.expires) if article.expires else None,
        ENCODE(article.aliases) if article.aliases else None,
    )
