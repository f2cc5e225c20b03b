"""The headers of every message, in their order (RFC 5322, section 3.6). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from syndicate.mail.headers import dated, structured


class ListHeaders:
    """The headers by which a message belongs to a newsletter (RFC 2919, RFC 2369, RFC 8058)."""

    def __init__(self, list_id: str, feedback_id: str = "") -> None:
        """`feedback_id` names the issue in reports of feedback loops; "" for no such header.

        Raises MessageError for what email does not allow.
        """
        self._list_id = structured("List-ID", f"<{list_id}>")
        self._feedback = (structured("Feedback-ID", feedback_id),) if feedback_id else ()

    def lines(self, unsubscribe: Iterable[str]) -> tuple[str, ...]:
        """The header lines, with those of `headers.list_unsubscribe`."""
        return (self._list_id, *unsubscribe, PRECEDENCE, *self._feedback)


PRECEDENCE = structured("Precedence", "bulk")


def message_head(
    *lines: str,
    date: datetime,
    message_id: str,
    list_headers: Iterable[str],
    boundary: str,
) -> bytes:
    """The head of a message, and the empty line after it.

    `lines` are those of From, To and Subject, `list_headers` those of `ListHeaders`; `message_id`
    is without angle brackets. Raises MessageError for what email does not allow.
    """
    head = (
        *lines,
        dated(date),
        structured("Message-ID", f"<{message_id}>"),
        *list_headers,
        AUTO_SUBMITTED,
        MIME_VERSION,
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
        "",
    )
    return "\r\n".join(head).encode()


AUTO_SUBMITTED = structured("Auto-Submitted", "auto-generated")
MIME_VERSION = structured("MIME-Version", "1.0")
