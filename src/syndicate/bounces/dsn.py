"""Delivery status notifications (RFC 3464, in a multipart/report of RFC 6522). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from syndicate.bounces.classify import BounceKind, classify_refusal
from syndicate.bounces.mime import Fields, Mail, delivered_to, groups, text_body
from syndicate.bounces.report import BounceReport, short
from syndicate.mail.refusals import enhanced_status, replies_in, status_that_counts

TYPES = ("message/delivery-status", "message/global-delivery-status")  # the latter is RFC 6533
FAILED = ("failed", "failure", "error", "expired", "undeliverable")
NOT_FAILED = ("delayed", "delivered", "relayed", "expanded", "deferred")
WORD = re.compile(r"[a-z]+")
MAX_RECIPIENTS: Final = 20
"""Recipients of one report that are read; our messages have one."""

MILDEST_FIRST = (None, BounceKind.BLOCKED, BounceKind.SOFT, BounceKind.HARD)


def read(message: Mail) -> BounceReport | None:
    """The report in an email, or None.

    Our messages have one recipient. A report about several recipients is about a list or forwarded
    mail, so the mildest kind counts; if there are too many recipients, it is at most soft.
    """
    recipients = list(_recipients(message))
    if not recipients:
        return None
    words = _Words.of(text_body(message))
    read_, rest = recipients[:MAX_RECIPIENTS], len(recipients) - MAX_RECIPIENTS
    outcomes = [_outcome(fields, words) for fields in read_]
    kind, status, detail = min(outcomes, key=lambda each: MILDEST_FIRST.index(each[0]))
    if rest > 0:
        kind = BounceKind.SOFT if kind is BounceKind.HARD else kind
        detail = short(f"{rest} more recipients were not read; {detail}")
    return BounceReport(kind, status, detail, delivered_to(message))


@dataclass(frozen=True, slots=True)
class _Words:
    """The human-readable text: all of it, quoted replies, and the lines about each recipient."""

    text: str
    replies: str
    by_recipient: Mapping[str, str]

    @classmethod
    def of(cls, text: str) -> _Words:
        lines = (line.partition(":") for line in text.splitlines())
        by_recipient: dict[str, str] = {}
        for recipient, _, reply in lines:
            by_recipient.setdefault(recipient.strip().lower(), reply.strip())
        return cls(text, " ".join(replies_in(text)), by_recipient)


def _recipients(message: Mail) -> Iterator[Fields]:
    """The fields of each recipient that a report names."""
    for part in message.walk():
        if part.get_content_type() in TYPES:
            yield from (group for group in groups(part) if "action" in group)


def _outcome(fields: Fields, words: _Words) -> tuple[BounceKind | None, str, str]:
    """The kind, the status and the server's reply for one recipient."""
    reply = _reply(fields, words)
    reported, own = enhanced_status(fields.get("status", ""), "245"), enhanced_status(reply)
    if not _is_failure(fields["action"], reported):
        return None, reported, short(reply)
    kind = classify_refusal(reply, status_that_counts(reported, reply))
    return kind, own or reported, short(reply)


def _is_failure(action: str, status: str) -> bool:
    """Whether an action means that a message did not arrive; some are not those of RFC 3464.

    An unknown action is a failure if the status is one.
    """
    word = next(iter(WORD.findall(action.lower())), "")
    return word in FAILED or (word not in NOT_FAILED and status.startswith("5"))


def _reply(fields: Fields, words: _Words) -> str:
    """The server's reply: some reports have it only in the text, by recipient or quoted."""
    if reply := fields.get("diagnostic-code", "").partition(";")[2].strip():
        return reply
    recipient = fields.get("final-recipient", "").partition(";")[2].strip().lower()
    reply = words.by_recipient.get(recipient, "") or words.replies or words.text
    return reply or ("delivery time expired" if "expired" in fields["action"].lower() else "")
