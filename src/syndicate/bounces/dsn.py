"""Delivery status notifications (RFC 3464, in a multipart/report of RFC 6522). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syndicate.bounces.classify import BounceKind, classify_refusal
from syndicate.bounces.mime import Fields, Mail, delivered_to, groups, plain_text
from syndicate.bounces.report import BounceReport, short
from syndicate.mail.refusals import enhanced_status, replies_in, status_that_counts

TYPES = ("message/delivery-status", "message/global-delivery-status")  # the latter is RFC 6533
FAILED = ("failed", "failure", "error", "expired", "undeliverable")
NOT_FAILED = ("delayed", "delivered", "relayed", "expanded", "deferred")
WORD = re.compile(r"[a-z]+")
MILDEST_FIRST = (None, BounceKind.BLOCKED, BounceKind.SOFT, BounceKind.HARD)


def read(message: Mail) -> BounceReport | None:
    """What a report says, None for a mail that is none.

    A message of ours has one recipient; a report that names several is of a list or of forwarded
    mail, and says only what holds for all: the mildest counts.
    """
    text = plain_text(message)
    found = [_said(fields, text) for fields in _recipients(message)]
    if not found:
        return None
    kind, status, detail = min(found, key=lambda said: MILDEST_FIRST.index(said[0]))
    return BounceReport(kind, status, detail, delivered_to(message))


def _recipients(message: Mail) -> Iterator[Fields]:
    """The fields of each recipient that a report names."""
    for part in message.walk():
        if part.get_content_type() in TYPES:
            yield from (group for group in groups(part) if "action" in group)


def _said(fields: Fields, text: str) -> tuple[BounceKind | None, str, str]:
    """What follows for one recipient, the status, and what the server said."""
    told = _told(fields, text)
    reported, own = enhanced_status(fields.get("status", ""), "245"), enhanced_status(told)
    if not _is_failure(fields["action"], reported):
        return None, reported, short(told)
    return classify_refusal(told, status_that_counts(reported, told)), own or reported, short(told)


def _is_failure(action: str, status: str) -> bool:
    """Whether an action says that a message did not arrive: some write other words than RFC 3464's.

    An action that is not known is a failure where the status says so.
    """
    word = next(iter(WORD.findall(action.lower())), "")
    return word in FAILED or (word not in NOT_FAILED and status.startswith("5"))


def _told(fields: Fields, text: str) -> str:
    """What the server said: some have it only in the text, on the recipient's line or quoted."""
    if told := fields.get("diagnostic-code", "").partition(";")[2].strip():
        return told
    recipient = fields.get("final-recipient", "").partition(";")[2].strip().lower()
    lines = (line.partition(":") for line in text.splitlines())
    line = next((said for who, _, said in lines if who.strip().lower() == recipient), "").strip()
    said = line or " ".join(replies_in(text)) or text
    return said or ("delivery time expired" if "expired" in fields["action"].lower() else "")
