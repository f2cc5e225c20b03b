"""An issue that is made once for the same articles and settings, and copied into other sites.

Making an issue takes most of the time of a test of sending, and nearly all tests make the same.
"""

from __future__ import annotations

import atexit
import copy
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from site_folder import NOON, SiteFolder
from syndicate.issues.freeze import freeze_issue
from syndicate.store.database import Row
from syndicate.store.incarnation import Incarnation, count_up
from syndicate.store.issues import Issue
from syndicate.store.schema import metadata

SLOT = "2026-11-22T12:00"
SOURCES = ("content", "templates")
DOCUMENTS = ("public", "issues")
IDENTITY = ("incarnation", "place", "sent-counter")
"""Keys in `meta` that distinguish a store from others."""


@dataclass(frozen=True)
class PreparedIssue:
    """The folder of a site with an issue, and the rows of its store: table -> rows."""

    root: Path
    rows: dict[str, list[Row]]
    issue: Issue


PREPARED: dict[str, PreparedIssue] = {}
"""By `_inputs`."""


def make_issue(folder: SiteFolder) -> Issue:
    """Make the issue, and the documents that show it."""
    folder.build(NOON)
    with folder.opened() as site:
        made = freeze_issue(site, site.config.newsletters["weekly"], SLOT, NOON, NOON)
    folder.build(NOON)
    assert made is not None
    return made


def copy_issue(folder: SiteFolder) -> Issue:
    """Copy the prepared issue into a site that was never built: its store has only subscribers."""
    inputs = _inputs(folder)
    if inputs not in PREPARED:
        PREPARED[inputs] = _prepare(folder)
    prepared = PREPARED[inputs]
    for name in DOCUMENTS:
        shutil.copytree(prepared.root / name, folder.root / name)
    with folder.opened() as site:
        with site.database.transaction():
            for table, rows in prepared.rows.items():
                site.database.upsert(table, _columns(table), rows)
            count_up(site.database)  # as the making of an issue does
        Incarnation(site.database, site.sent_record).synchronise()
    return prepared.issue


def was_built(folder: SiteFolder) -> bool:
    """Whether the site was built, or has an issue."""
    with folder.opened() as site:
        tables = ("articles", "documents", "issues", "events")
        return any(site.database.rows(f"SELECT 1 FROM {each} LIMIT 1") for each in tables)


def _inputs(folder: SiteFolder) -> str:
    """All input of an issue. The settings `store` and `sending` do not affect it."""
    settings = {name: folder.settings[name] for name in {*folder.settings} - {"store", "sending"}}
    files = [
        (file.relative_to(folder.root), file.stat().st_mtime_ns, file.read_bytes())
        for source in SOURCES
        for file in sorted((folder.root / source).rglob("*"))
        if file.is_file()
    ]
    return repr((sorted(settings.items()), files))


def _prepare(folder: SiteFolder) -> PreparedIssue:
    temporary = Path(tempfile.mkdtemp(prefix="syndicate-prepared-issue-"))
    atexit.register(shutil.rmtree, temporary)
    site_folder = copy.deepcopy(folder)
    site_folder.root = temporary / "site"
    for source in SOURCES:
        if (folder.root / source).is_dir():
            shutil.copytree(folder.root / source, site_folder.root / source)
    site_folder.settings["sending"] = {"transport": "outbox"}
    site_folder.configure(store={"url": "sqlite:///syndicate.db"})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(temporary / "state-home"))
        issue = make_issue(site_folder)
        return PreparedIssue(site_folder.root, _rows(site_folder), issue)


def _rows(folder: SiteFolder) -> dict[str, list[Row]]:
    identity = ", ".join(f"'{key}'" for key in IDENTITY)
    with folder.opened() as site:
        rows_by_table = {
            table: site.database.rows(
                f"SELECT {', '.join(_columns(table))} FROM {table}"
                + (f" WHERE key NOT IN ({identity})" if table == "meta" else "")
            )
            for table in metadata.tables
        }
    return {table: rows for table, rows in rows_by_table.items() if rows}


def _columns(table: str) -> list[str]:
    return [*metadata.tables[table].columns.keys()]
