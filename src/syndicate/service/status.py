"""The status file that `syndicate status` reads. Written whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicate import atomic_files
from syndicate.errors import Location, SyndicateError
from syndicate.findings import Finding, from_json, to_json
from syndicate.service.problems import as_findings
from syndicate.service.scheduler import Scheduler
from syndicate.timestamps import format_timestamp, parse_timestamp

HEARTBEAT = timedelta(seconds=10)
"""The file says at least so often when the last tick was."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the service was when it last said so."""

    pid: int
    since: datetime
    ticked: datetime
    facts: Mapping[str, str]
    faults: tuple[tuple[Finding, datetime], ...]
    """What is wrong, and since when."""
    jobs: Mapping[str, datetime | None]
    """When each job runs next; None for one that waits for another."""


class Reporter:
    """Keeps the file up to date; writes it when something in it changed, and now and then."""

    def __init__(self, path: Path, pid: int) -> None:
        self._path = path
        self._pid = pid
        self._since = datetime.now(UTC)
        self._written: Status | None = None

    def report(self, tick: Scheduler, now: datetime) -> list[Finding]:
        """Say how things are after a tick; gives what keeps us from saying so."""
        faults = tuple((finding, since) for _, finding, since in tick.faults)
        status = Status(self._pid, self._since, now, dict(tick.facts), faults, tick.next_runs(now))
        before = self._written
        if before and self._same(status, before):
            return []
        try:
            write(self._path, status)
        except SyndicateError as error:
            self._written = None
            return as_findings("status-failed", error)
        self._written = status
        return []

    def _same(self, status: Status, before: Status) -> bool:
        recent = before.ticked <= status.ticked < before.ticked + HEARTBEAT
        return recent and replace(status, ticked=before.ticked, jobs=before.jobs) == before


def write(path: Path, status: Status) -> None:
    """Replace the file. Raises OutputError."""
    document = {
        "pid": status.pid,
        "since": format_timestamp(status.since),
        "ticked": format_timestamp(status.ticked),
        "facts": dict(status.facts),
        "jobs": {name: due and format_timestamp(due) for name, due in status.jobs.items()},
        "faults": to_json([finding for finding, _ in status.faults]),
        "faults_since": [format_timestamp(since) for _, since in status.faults],
    }
    atomic_files.write(path.parent, path.name, json.dumps(document).encode(), private=True)


def read(path: Path) -> Status | None:
    """What the file says; None when there is none, as before the first start.

    Raises SyndicateError when it says something else.
    """
    try:
        return _status(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise SyndicateError(
            "this is not what a service of this version writes",
            place=Location(str(path)),
            hint="restart the service; if none runs, delete the file",
        ) from error


def _status(document: Any) -> Status:
    return Status(
        pid=document["pid"],
        since=parse_timestamp(document["since"]),
        ticked=parse_timestamp(document["ticked"]),
        facts=document["facts"],
        faults=tuple(
            zip(
                from_json(document["faults"]),
                map(parse_timestamp, document["faults_since"]),
                strict=True,
            )
        ),
        jobs={name: due and parse_timestamp(due) for name, due in document["jobs"].items()},
    )
