"""The status file: the running service writes it, and `syndicate status` reads it.

It is replaced as a whole, so a reader never sees half of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from syndicate import atomic_files
from syndicate.errors import Location, SyndicateError
from syndicate.findings import Finding, from_json, to_json
from syndicate.service_state.lock import holder, lock_file
from syndicate.site import Setup
from syndicate.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, slots=True)
class Status:
    """The status of the service after its last pass."""

    pid: int
    since: datetime
    last_pass: datetime
    rows: Mapping[str, str]
    problems: tuple[tuple[Finding, datetime], ...]
    """Current problems, each with the time it began."""
    jobs: Mapping[str, datetime | None]
    """When each job runs next; None for one that runs when it is needed."""

    @property
    def findings(self) -> list[Finding]:
        """Current problems."""
        return [finding for finding, _ in self.problems]

    def summary(self) -> dict[str, str]:
        """What `syndicate status` shows, except jobs and findings: label -> text."""
        labels = {
            "since": format_timestamp(self.since),
            "last pass": format_timestamp(self.last_pass),
            **self.rows,
        }
        if self.problems:
            labels["problems since"] = format_timestamp(min(since for _, since in self.problems))
        return {label: text for label, text in labels.items() if text}


PROXY_UNKNOWN = "proxy-unknown"
"""The rule of findings about reverse proxies: only a running service sees their requests."""


def status_file(setup: Setup) -> Path:
    """The status file, beside the store."""
    return setup.state.with_name(setup.state.name + ".status")


def write(path: Path, status: Status) -> None:
    """Replace the file. Raises OutputError."""
    document = {
        "pid": status.pid,
        "since": format_timestamp(status.since),
        "ticked": format_timestamp(status.last_pass),
        "facts": dict(status.rows),
        "jobs": {name: due and format_timestamp(due) for name, due in status.jobs.items()},
        "faults": to_json(status.findings),
        "faults_since": [format_timestamp(since) for _, since in status.problems],
    }
    atomic_files.write(path.parent, path.name, json.dumps(document).encode(), private=True)


def read(path: Path) -> Status | None:
    """The status in the file; None if there is no file, as before the first start.

    Raises SyndicateError if the file has another format.
    """
    try:
        return _status(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise SyndicateError(
            "this is not the status file of a service of this version",
            place=Location(str(path)),
            hint="restart the service; if none is running, delete the file",
        ) from error


def runtime_findings(setup: Setup) -> list[Finding]:
    """Findings that only a running service can have; none if no service is running."""
    if holder(lock_file(setup)) is None:
        return []
    status = read(status_file(setup))
    return [each for each in (status.findings if status else ()) if each.rule == PROXY_UNKNOWN]


def _status(document: Any) -> Status:
    return Status(
        pid=document["pid"],
        since=parse_timestamp(document["since"]),
        last_pass=parse_timestamp(document["ticked"]),
        rows=document["facts"],
        problems=tuple(
            zip(
                from_json(document["faults"]),
                map(parse_timestamp, document["faults_since"]),
                strict=True,
            )
        ),
        jobs={name: due and parse_timestamp(due) for name, due in document["jobs"].items()},
    )
