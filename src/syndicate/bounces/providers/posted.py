"""What all providers have in common: a post, its proof, and JSON that may be anything. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from syndicate.bounces.notice import Notice, short
from syndicate.bounces.rule import Kind, verdict
from syndicate.delivery.refusals import cause, enhanced_status

WINDOW: Final = timedelta(days=1)
"""How old a signature may be. Providers try again for some hours, and acting twice is harmless."""

AHEAD: Final = timedelta(minutes=5)


class ForgedError(Exception):
    """A post that does not prove who it is from."""


class MalformedError(Exception):
    """A post that is proved, and cannot be understood."""


class Post(NamedTuple):
    """One post. Names of headers are in small letters."""

    headers: Mapping[bytes, bytes]
    body: bytes


Provider = Callable[[Post, datetime], Sequence[Notice]]
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
    return str(found) if isinstance(found, str | int | float) else ""


def fresh(seconds: str, now: datetime) -> bool:
    """Whether a moment, in seconds since 1970, is in the window."""
    try:
        age = now.timestamp() - int(seconds)
    except ValueError:
        return False
    return -AHEAD.total_seconds() <= age <= WINDOW.total_seconds()


def refusal(
    told: str, status: str, otherwise: Kind | None, recipient: str, *sent_to: str
) -> Notice:
    """A notice of a refusal: by the status where it says something, else as the provider sees it.

    `told` is what the server said.
    """
    status = enhanced_status(told) or enhanced_status(status)
    kind = verdict(told, status) if cause(told, status) else otherwise
    return Notice(kind, status, short(told), tuple(filter(None, sent_to)), recipient)
