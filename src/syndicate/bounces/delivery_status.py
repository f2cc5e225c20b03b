"""What a mail server reports of a message (RFC 3464, in a multipart/report of RFC 6522). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from syndicate.bounces.mime import Fields, Mail, came_to, groups, words
from syndicate.bounces.notice import Notice, short
from syndicate.bounces.rule import Kind, status_in, verdict

TYPES = ("message/delivery-status", "message/global-delivery-status")  # the latter is RFC 6533
MILDEST_FIRST = (None, Kind.BLOCKED, Kind.SOFT, Kind.HARD)


def read(message: Mail) -> Notice | None:
    """What a report says, None for a mail that is none.

    A message of ours has one recipient; a report that names several is of a list or of forwarded
    mail, and says only what holds for all: the mildest counts.
    """
    text = words(message)
    found = [_said(fields, text) for fields in _recipients(message)]
    if not found:
        return None
    kind, status, detail = min(found, key=lambda said: MILDEST_FIRST.index(said[0]))
    return Notice(kind, status, detail, came_to(message))


def _recipients(message: Mail) -> Iterator[Fields]:
    """The fields of each recipient that a report names."""
    for part in message.walk():
        if part.get_content_type() in TYPES:
            yield from (group for group in groups(part) if "action" in group)


def _said(fields: Fields, text: str) -> tuple[Kind | None, str, str]:
    """What follows for one recipient, the status, and what the server said."""
    told = _told(fields, text)
    status = status_in(fields.get("status", ""), "245")
    if not status or status.endswith(".0.0"):  # Exim and OpenSMTPD say no more; the server did
        status = status_in(told, status[:1] or "45") or status
    failed = fields["action"].lower().split()[:1] == ["failed"]
    return verdict(status) if failed else None, status, short(told)


def _told(fields: Fields, text: str) -> str:
    """What the server said: OpenSMTPD has it only in the text, on the recipient's line."""
    if told := fields.get("diagnostic-code", "").partition(";")[2].strip():
        return told
    recipient = fields.get("final-recipient", "").partition(";")[2].strip().lower()
    lines = (line.partition(":") for line in text.splitlines())
    return next((said for who, _, said in lines if who.strip().lower() == recipient), "").strip()
