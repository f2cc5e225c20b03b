"""Header keys that decide whether and when an article is published. Pure.

A value that cannot be understood is refused, or holds the article back: it is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from syndicate.content.article import HoldKind
from syndicate.content.dates import HINT, DateError, to_utc
from syndicate.content.key_reading import KeyReading, describe, shown
from syndicate.content.keys import Role, role_of
from syndicate.content.visibility import Verdict, is_due_later, verdict, word_of, yes_or_no

# Values with which Eleventy takes a date from the file or from git.
_COMPUTED = ("last modified", "created", "git last modified", "git created")
_DRAFT = ("draft", "drafts")  # how a value ends that calls an article a draft
_CONTROLS = (
    *(Role.STATUS, Role.VISIBILITY, Role.STAGE, Role.WITHHELD, Role.SHOWN, Role.UNLISTED),
    *(Role.LISTED, Role.BUILD, Role.PASSWORD),
)


def _date(reading: KeyReading, key: str, value: object) -> None:
    if isinstance(value, str) and " ".join(value.lower().split()) in _COMPUTED:
        message = f"{key} is ignored: {value!r} is computed by Eleventy, and not a date"
        reading.warn("date-unreadable", key, message, HINT)
        return
    if isinstance(value, dict) and "created" in value:  # of MkDocs Material
        if value.get("updated"):
            _updated(reading, f"{key}.updated", value["updated"])
        value = value["created"]
    try:
        reading.metadata.date = to_utc(value, reading.zone)
    except DateError as error:
        reading.refuse(key, f"the date cannot be read: {key} {error}", error.hint)


def _updated(reading: KeyReading, key: str, value: object) -> None:
    try:
        reading.metadata.updated = to_utc(value, reading.zone)
    except DateError as error:
        message = f"{key} is ignored: {error}"
        reading.warn("date-unreadable", key, message, error.hint)


def _draft(reading: KeyReading, key: str, value: object) -> None:
    answer = yes_or_no(value)
    if answer is None:
        reading.refuse(key, f"{key} is neither true nor false", f"write {key}: true or false")
    if answer:
        reading.hold(shown(key, value), HoldKind.DRAFT)
    else:
        reading.publish()


def _published(reading: KeyReading, key: str, value: object) -> None:
    """`published: false` as in Jekyll; a value other than yes or no is the day of publication."""
    answer = yes_or_no(value)
    if answer is not None:
        if answer:
            reading.publish()
        else:
            reading.hold(shown(key, value))
        return
    previous, reading.metadata.date = reading.metadata.date, None
    _date(reading, key, value)
    reading.stated_day = reading.metadata.date or reading.stated_day
    reading.metadata.date = previous


def _control(reading: KeyReading, key: str, value: object) -> None:
    """A key with which a generator keeps a text from being published, or out of lists."""
    key_role = role_of(key)
    role = key_role[0] if key_role else Role.STATUS
    result = verdict(role, value)
    if result is Verdict.UNCLEAR:
        message = f"{key} is {describe(value)}, which is not understood; the article is held back"
        hint = "write draft: true to hold it back, or remove the key to publish it"
        reading.warn("publication-unclear", key, message, hint)
    if result in (Verdict.WITHHELD, Verdict.UNCLEAR):
        value = None if role is Role.PASSWORD else value
        kind = HoldKind.DRAFT if word_of(value).endswith(_DRAFT) else HoldKind.OTHER
        reading.hold(shown(key, value), kind)
    elif result is Verdict.PUBLIC:
        reading.publish()
    elif result is Verdict.UNLISTED:
        reading.metadata.unlisted = reading.metadata.unlisted or shown(key, value)
    elif role is not Role.PASSWORD:
        reading.metadata.extra[key] = reading.plain(key, value)
    if is_due_later(role, value):
        message = f"{key} is {describe(value)}, but there is no date; the article is held back"
        finding = reading.finding("publication-unclear", key, message, "add a date:")
        reading.undated.append((shown(key, value), finding))


def _expiry(reading: KeyReading, key: str, value: object) -> None:
    """`expiryDate` of Hugo: from then on the article is not published."""
    if yes_or_no(value) is False or (isinstance(value, str) and value.lower() == "never"):
        return
    try:
        moment = to_utc(value, reading.zone)
    except DateError as error:
        reading.refuse(key, f"the date of expiry cannot be read: {key} {error}", error.hint)
    reading.metadata.expires = min(moment, reading.metadata.expires or moment)


def settle_dates(reading: KeyReading) -> None:
    """Finish after all keys: a day of publication takes precedence over `date`; an article that
    needs a date and has none is held back."""
    reading.metadata.date = reading.stated_day or reading.metadata.date
    if reading.metadata.date is None:
        for reason, finding in reading.undated:
            reading.metadata.findings.append(finding)
            reading.hold(reason)


READERS: Mapping[Role, Callable[[KeyReading, str, object], None]] = {
    Role.DATE: _date,
    Role.UPDATED: _updated,
    Role.DRAFT: _draft,
    Role.PUBLISHED: _published,
    **dict.fromkeys(_CONTROLS, _control),
    Role.EXPIRY: _expiry,
}
CUMULATIVE = frozenset((Role.DRAFT, Role.PUBLISHED, Role.EXPIRY, *_CONTROLS))
"""Roles of which every key counts; of the others, only the key named first in `keys`."""
