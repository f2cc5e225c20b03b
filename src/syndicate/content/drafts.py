"""Whether an article is held back although it is complete, and why. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from syndicate.content import naming, unparsed_headers
from syndicate.content.article import HoldKind
from syndicate.content.header import Header
from syndicate.content.metadata import Metadata
from syndicate.findings import Finding, Level


class Hold(NamedTuple):
    """Why an article is held back ("" for a plain `draft:`), and a finding for its author."""

    kind: HoldKind
    reason: str
    finding: Finding | None = None


def hold_of(path: str, header: Header, metadata: Metadata, date: datetime | None) -> Hold | None:
    """What holds an article back; None if nothing does.

    In this order: the header, the folder or name, header lines that were not parsed, and a day in
    the file name that does not exist.
    """
    if metadata.draft:
        reason = metadata.withheld
        is_plain = reason.lower().startswith("draft:") and not reason.endswith(")")
        return Hold(metadata.hold, "" if is_plain else reason)
    if metadata.draft is None and (hold := _hold_by_name(path, metadata)):
        return hold
    if line := unparsed_headers.withholding(header.body):
        message = f"{line.text!r} is not in a header; the article is held back"
        hint = "write the header between lines of ---, or remove the line"
        number = header.body_line + line.number
        return Hold(HoldKind.OTHER, line.text, _finding(path, message, number, hint))
    if date is None and naming.has_impossible_day(path):
        message = "the file name begins with a day that does not exist; the article is held back"
        hint = "correct the file name, or add date:"
        finding = _finding(path, message, None, hint)
        return Hold(HoldKind.OTHER, "impossible day in the file name", finding)
    return None


def _hold_by_name(path: str, metadata: Metadata) -> Hold | None:
    """How the path holds an article back; None if it does not."""
    if naming.in_drafts(path):
        return Hold(HoldKind.DRAFT, "folder for drafts")
    partial = "" if metadata.included else naming.partial(path)
    if not partial:
        return None
    kind = HoldKind.UNDERSCORE_FOLDER if partial.endswith("/") else HoldKind.OTHER
    return Hold(kind, f"{partial} begins with _")


def _finding(path: str, message: str, line: int | None, hint: str) -> Finding:
    return Finding(Level.WARNING, "publication-unclear", message, path, line, hint)
