"""Whether an article is held back although it is complete, and why. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from syndicate.content import naming, unparsed_headers
from syndicate.content.header import Header
from syndicate.content.metadata import Metadata
from syndicate.findings import Finding, Level


class Hold(NamedTuple):
    """Why an article is held back ("" for a plain `draft:`), and a finding for its author."""

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
        return Hold("" if is_plain else reason)
    if metadata.draft is None and (reason := _name_reason(path, metadata)):
        return Hold(reason)
    if line := unparsed_headers.withholding(header.body):
        message = f"{line.text!r} is not in a header; the article is held back"
        hint = "write the header between lines of ---, or remove the line"
        number = header.body_line + line.number
        return Hold(line.text, _finding(path, message, number, hint))
    if date is None and naming.has_impossible_day(path):
        message = "the file name begins with a day that does not exist; the article is held back"
        hint = "correct the file name, or add date:"
        return Hold("impossible day in the file name", _finding(path, message, None, hint))
    return None


def _name_reason(path: str, metadata: Metadata) -> str:
    """Why the path holds an article back; "" if it does not."""
    if naming.in_drafts(path):
        return "folder for drafts"
    partial = "" if metadata.included else naming.partial(path)
    return f"{partial} begins with _" if partial else ""


def _finding(path: str, message: str, line: int | None, hint: str) -> Finding:
    return Finding(Level.WARNING, "publication-unclear", message, path, line, hint)
