"""Shared by all providers: the request, the age of signatures, JSON of any shape. Pure."""

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
"""How old a signature may be. Providers retry for hours, and handling twice is harmless."""

SECONDS: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the clock of a provider may be ahead of ours."""


class SignatureError(Exception):
    """A request without a valid signature."""


class MalformedError(Exception):
    """A signed request that cannot be parsed."""


class WebhookRequest(NamedTuple):
    """One request. Names of headers are lowercase."""

    headers: Mapping[bytes, bytes]
    body: bytes


Provider = Callable[[WebhookRequest, datetime], Sequence[BounceReport]]
"""The reports in a request at a moment. Raises SignatureError, MalformedError."""


def whole(body: bytes) -> Any:
    """The body as JSON. Raises MalformedError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedError from None


def group(value: object, name: str) -> Mapping[str, Any]:
    """The object of this name in an object, {} if missing."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}


def groups(value: object, name: str) -> Iterator[Mapping[str, Any]]:
    """The objects in the list of this name in an object."""
    members = value.get(name) if isinstance(value, dict) else None
    yield from (each for each in members or () if isinstance(each, dict))


def text_field(value: Mapping[str, Any], name: str) -> str:
    """The text of this name in an object, "" if missing."""
    member = value.get(name)
    if not isinstance(member, str | int | float):
        return ""
    return str(member).encode("utf-8", "replace").decode()  # JSON may contain lone surrogates


def fresh(seconds: str, now: datetime) -> bool:
    """Whether a moment, in seconds since 1970, is not older than WINDOW."""
    moment = moment_of(seconds)
    if moment is None:
        return False
    age = (now - moment).total_seconds()
    return -CLOCK_SKEW.total_seconds() <= age <= WINDOW.total_seconds()


def moment_of(value: str) -> datetime | None:
    """A moment: seconds since 1970, or as RFC 3339 has it. None for anything else."""
    try:
        if SECONDS.fullmatch(value):
            return datetime.fromtimestamp(float(value), UTC)
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):  # all of them are raised for odd numbers
        return None


def event_id(provider: str, *parts: str) -> str:
    """The id of an event, from the provider's own id or from all its content."""
    return hashlib.sha256("\0".join((provider, *parts)).encode()).hexdigest()[:32]


def refusal(
    reply: str, status: str, otherwise: BounceKind | None, recipient: str, *sent_to: str
) -> BounceReport:
    """The report of a refusal, classified by reply and status; without a cause, as `otherwise`.

    `reply` is the text of the server, `otherwise` the provider's own view.
    """
    status = status_that_counts(enhanced_status(status), reply)
    kind = classify_refusal(reply, status) if cause(reply, status) else otherwise
    return BounceReport(kind, status, short(reply), tuple(filter(None, sent_to)), recipient)
