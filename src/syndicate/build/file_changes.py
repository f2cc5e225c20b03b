"""Which files of the content folder to read, and at which paths there is no article any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Never

from syndicate.catalogue.records import ScannedFile
from syndicate.content.folder import FolderScan, Stat, present
from syndicate.content.path_set import ALL_PATHS
from syndicate.content.reader import is_article
from syndicate.errors import SyndicateError
from syndicate.store.articles import Articles

TOO_FRESH_NS = 2_000_000_000
"""A file changed so shortly before the scan may change again under the same stat."""


def changed_files(
    scanned: Mapping[str, Stat], stored: Mapping[str, Stat]
) -> tuple[list[tuple[str, Stat]], list[str]]:
    """Files to read (new, or with another stat), and paths at which no article is any more.

    A symbolic link that is not followed is in both: reading it gives the finding.
    """
    differing = scanned.items() - stored.items()
    changed = sorted(item for item in differing if is_article(item[0]) or _is_refused(item[1]))
    refused = {path for path, stat in differing if _is_refused(stat) and path in stored}
    return changed, sorted((stored.keys() - scanned.keys()) | refused)


def compare_with_store(
    articles: Articles, scan: FolderScan, *, same_rules: bool
) -> tuple[list[tuple[str, Stat]], list[str]]:
    """Files to read, and paths at which no article is any more, compared with the store.

    `same_rules`: what the store holds was read under the present rules; otherwise every file is
    read. Raises SyndicateError when no article would be left.
    """
    compared = scan.changed if same_rules else ALL_PATHS
    files, stored = compared.select(scan.files), articles.stats(compared)
    if scan.held:
        files, stored = (
            {p: s for p, s in m.items() if p not in scan.held} for m in (files, stored)
        )
    changed, removed = changed_files(files, stored)
    lost = [path for path in removed if not _is_refused(stored[path])]
    if lost and not any(map(is_article, (*present(scan.files), *scan.held))):
        _refuse_empty_folder(len(lost), linked=len(present(scan.files)) < len(scan.files))
    return changed if same_rules else changed_files(files, {})[0], removed


def settled(file: ScannedFile, now_ns: float) -> ScannedFile:
    """The file with the modification time to store."""
    mtime_ns = settled_mtime(file.mtime_ns, now_ns)
    return file if mtime_ns == file.mtime_ns else file._replace(mtime_ns=mtime_ns)


def settled_mtime(mtime_ns: int, now_ns: float) -> int:
    """The modification time to store: for a file changed just now, one that matches no file.

    Such a file is read again by the next build.
    """
    return -1 if now_ns - mtime_ns < TOO_FRESH_NS else mtime_ns


def _is_refused(stat: Stat) -> bool:
    """Whether the stat is that of a symbolic link that is not followed: there is no article."""
    return stat[0] < 0


def _refuse_empty_folder(number: int, *, linked: bool) -> Never:
    """An empty folder is far more likely a mistake than intended."""
    links = "list the folders that symbolic links lead to under links: in config.yaml, or "
    raise SyndicateError(
        f"the content folder has no articles any more; {number} were there before",
        hint=f"{links if linked else ''}check that it is the right folder and that its disk is "
        "mounted; no article was withdrawn. To start over, delete the database",
    )
