"""What a header means: its values, and those of other files that apply -> Metadata. Pure.

`publication_keys` and `descriptive_keys` read the keys by their role; unknown keys are kept as
they are. An unknown key that may be a typo of one that decides on publication holds the article
back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from syndicate.content import descriptive_keys, plaintext, publication_keys
from syndicate.content.article import HoldKind
from syndicate.content.dates import DateError, to_utc
from syndicate.content.header import Header
from syndicate.content.inherited import PUBLISHING, Force, Inherited
from syndicate.content.key_reading import KeyReading
from syndicate.content.keys import CONTROLLING, Role, intended, normal, role_of
from syndicate.content.metadata import Metadata
from syndicate.content.visibility import Verdict, verdict, yes_or_no
from syndicate.errors import ArticleError, Location

_READERS = {**publication_keys.READERS, **descriptive_keys.READERS}
_CUMULATIVE = publication_keys.CUMULATIVE | descriptive_keys.CUMULATIVE


class _Chosen:
    """Of each role that is not cumulative, the key that counts, with its value."""

    def __init__(self) -> None:
        self._keys: dict[Role, tuple[int, str, object]] = {}

    def add(self, role: Role, rank: int, key: str, value: object) -> None:
        """Choose a key unless one of the same or a lower rank was chosen."""
        if role not in self._keys or rank < self._keys[role][0]:
            self._keys[role] = (rank, key, value)

    def read(self, reading: KeyReading) -> None:
        """Read the keys that were chosen."""
        for role, (_, key, value) in self._keys.items():
            _READERS[role](reading, key, value)


def interpret(
    path: str, header: Header, zone: tzinfo, inherited: Sequence[Inherited] = ()
) -> Metadata:
    """Give each value of a header its meaning. Raises ArticleError with the line.

    `inherited` are values from other files, the nearest first.
    """
    reading = KeyReading(path, header, zone, Metadata())
    chosen = _Chosen()
    for key, value in header.values.items():
        key_role = role_of(key)
        if key_role is None:
            _unknown_key(reading, key, value)
            continue
        role, rank = key_role
        if value is None or value == "":
            continue
        if role in _CUMULATIVE:
            _READERS[role](reading, key, value)
        else:
            chosen.add(role, rank, key, value)
    if inherited:
        _inherit(reading, inherited, chosen)
    chosen.read(reading)
    publication_keys.settle_dates(reading)
    return reading.metadata


def _inherit(reading: KeyReading, values: Sequence[Inherited], chosen: _Chosen) -> None:
    """Add the values of other files that neither the header nor a nearer file states."""
    stated = {normal(key) for key in reading.header.values}
    for key, value, source, force in values:
        if not key:
            _apply_to_file(reading, source, force)
        elif force is Force.ALWAYS or normal(key) not in stated:
            stated.add(normal(key))
            _inherit_value(reading, key, value, source, chosen)


def _apply_to_file(reading: KeyReading, source: str, force: Force) -> None:
    """Apply what the configuration of a generator states for the whole file."""
    match force:
        case Force.EXCLUDED:
            reading.hold(source)
        case Force.INCLUDED:
            reading.metadata.included = True
        case Force.PAGE:
            reading.metadata.page_by = reading.metadata.page_by or source
        case Force.UNDATED_PAGE:
            reading.metadata.undated_page_by = reading.metadata.undated_page_by or source
        case Force.OUT_OF_NAVIGATION:
            reading.metadata.unlinked = reading.metadata.unlinked or source


def _inherit_value(
    reading: KeyReading, key: str, value: object, source: str, chosen: _Chosen
) -> None:
    role, rank = role_of(key) or (Role.STATUS, 0)
    if role is Role.URL and yes_or_no(value) is not False:
        return  # only `permalink: false` is inherited
    if role not in _CUMULATIVE:
        chosen.add(role, rank, key, value)
        return
    metadata = reading.metadata
    withheld, unlisted, draft = metadata.withheld, metadata.unlisted, metadata.draft
    try:
        _READERS[role](reading, key, value)
    except ArticleError as error:
        message = f"{source}: {error.message}"
        raise ArticleError(message, place=Location(reading.path), hint=error.hint) from error
    if not withheld and metadata.withheld:
        metadata.withheld = f"{metadata.withheld} ({source})"
        metadata.hold = HoldKind.OTHER
    if not unlisted and metadata.unlisted:
        metadata.unlisted = f"{metadata.unlisted} ({source})"
    if draft is None and metadata.draft is False:
        metadata.draft = None  # only the header of the article overrules a folder for drafts


def _unknown_key(reading: KeyReading, key: str, value: object) -> None:
    """Keep an unknown key. Report it if it may be a typo of a known one; if that one decides on
    publication, hold the article back."""
    reading.metadata.extra[plaintext.legal(key)] = reading.plain(key, value)
    if normal(key) == "eleventycomputed" and isinstance(value, Mapping):
        _computed(reading, value)
    if not (meant := intended(key)):
        return
    message = f"the key {key!r} is unknown; did you mean {meant!r}?"
    hint = f"write {meant}, or rename the key"
    key_role = role_of(meant)
    if key_role is None or value in (None, "") or not _may_control(reading, key_role[0], value):
        reading.warn("key-unknown", key, message, hint)
        return
    finding = reading.finding("key-unknown", key, f"{message} The article is held back", hint)
    if key_role[0] is Role.DATE and not meant.startswith("pub"):
        reading.undated.append((f"{key}, a typo of {meant}?", finding))
    else:
        reading.metadata.findings.append(finding)
        reading.hold(f"{key}, a typo of {meant}?")


def _computed(reading: KeyReading, values: Mapping[object, object]) -> None:
    """Read yes and no among values that Eleventy computes; templates are not evaluated."""
    for key, value in values.items():
        key_role = role_of(key) if isinstance(key, str) else None
        if key_role and key_role[0] in PUBLISHING and yes_or_no(value) is not None:
            _READERS[key_role[0]](reading, str(key), value)


def _may_control(reading: KeyReading, role: Role, value: object) -> bool:
    """Whether a key of this role with this value may decide on publication."""
    if role not in CONTROLLING:
        return False
    if role in (Role.DATE, Role.EXPIRY, Role.PUBLISHED):
        return yes_or_no(value) is not None or _is_date(reading, value)
    if role in (Role.DRAFT, Role.PASSWORD):
        return True
    if role in (Role.STATUS, Role.VISIBILITY):
        return isinstance(value, str)
    if role is Role.LISTED:
        return yes_or_no(value) is not None
    if role is Role.BUILD:
        return isinstance(value, Mapping | bool)
    return verdict(role, value) is not Verdict.UNCLEAR


def _is_date(reading: KeyReading, value: object) -> bool:
    try:
        return to_utc(value, reading.zone) is not None
    except DateError:
        return False
