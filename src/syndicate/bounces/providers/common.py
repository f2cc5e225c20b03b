"""What all providers share: the request, its proof, and JSON of any shape. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from syndicate.bounces.classify import BounceKind, classify_refusal
from syndicate.bounces.report import BounceReport, short
from syndicate.mail.refusals import cause, enhanced_status, status_that_counts

WINDOW: Final = timedelta(days=1)
"""How old a signature may be. Providers try again for some hours, and acting twice is harmless."""

SECONDS: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)

AHEAD: Final = timedelta(minutes=5)


class SignatureError(Exception):
    """A post that does not prove who it is from."""


class MalformedError(Exception):
    """A post that is proved, and cannot be understood."""


class WebhookRequest(NamedTuple):
    """One post. Names of headers are in small letters."""

    headers: Mapping[bytes, bytes]
    body: bytes


Provider = Callable[[WebhookRequest, datetime], Sequence[BounceReport]]
"""What a post says at a moment. Raises ForgedError, MalformedError."""


def whole(body: bytes) -> Any:
    """The JSON that a post is. Raises MalformedError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedError from None


def group(value: object, name: str) -> Mapping[str, Any]:
    """The group of this name in a group; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def groups(value: object, name: str) -> Iterator[Mapping[str, Any]]:
    """The groups in the list of this name in a group."""
    found = value.get(name) if isinstance(value, dict) else None
    yield from (each for each in found or () if isinstance(each, dict))


def said(value: Mapping[str, Any], name: str) -> str:
    """The text of this name in a group; "" where there is none."""
    found = value.get(name)
    if not isinstance(found, str | int | float):
        return ""
    return str(found).encode("utf-8", "replace").decode()  # JSON may name half a character


def fresh(seconds: str, now: datetime) -> bool:
    """Whether a moment, in seconds since 1970, is in the window."""
    moment = moment_of(seconds)
    if moment is None:
        return False
    age = (now - moment).total_seconds()
    return -AHEAD.total_seconds() <= age <= WINDOW.total_seconds()


def moment_of(value: str) -> datetime | None:
    """A moment: seconds since 1970, or as RFC 3339 has it. None for anything else."""
    try:
        if SECONDS.fullmatch(value):
            return datetime.fromtimestamp(float(value), UTC)
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):  # all of them are raised for odd numbers
        return None


def event_id(provider: str, *parts: str) -> str:
    """What identifies an event of a provider, from its own id or from all it says."""
    return hashlib.sha256("\0".join((provider, *parts)).encode()).hexdigest()[:32]


def refusal(
    reply: str, status: str, otherwise: BounceKind | None, recipient: str, *sent_to: str
) -> BounceReport:
    """A notice of a refusal: by the status where it says something, else as the provider sees it.

    `reply` is the text of the server.
    """
    status = status_that_counts(enhanced_status(status), reply)
    kind = classify_refusal(reply, status) if cause(reply, status) else otherwise
    return BounceReport(kind, status, short(reply), tuple(filter(None, sent_to)), recipient)
