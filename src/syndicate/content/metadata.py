"""What the values of a header mean: title, dates, tags, authors and the rest. Pure.

A value that decides whether or when an article is published is refused when it cannot be
understood; any other is left out with a warning. Nothing is taken silently for what it is
not, and template code in a value is never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Never
from urllib.parse import unquote

from syndicate.content import plaintext
from syndicate.content.dates import HINT, DateError, to_utc
from syndicate.content.header import Header
from syndicate.content.inherited import PUBLISHING, Force, Inherited
from syndicate.content.keys import CONTROLLING, Role, intended, normal, role_of
from syndicate.content.visibility import Verdict, is_due_later, verdict, yes_or_no
from syndicate.errors import ArticleError, Location
from syndicate.findings import Finding, Level
from syndicate.uris import uri

MAX_TAGS = 50
MAX_TAG_LENGTH = 100  # characters
DEEPEST = 32  # levels of lists and maps in a value

# Eleventy's words for a date that it takes from the file or from git.
_COMPUTED = ("last modified", "created", "git last modified", "git created")
_SEPARATORS = re.compile(r"[,;、，،\n]")
_TEMPLATE = re.compile(r"\{\{|\{%|<%|(?:^|/):[a-z_]")
_WITH_HOST = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.IGNORECASE | re.ASCII)


@dataclass(slots=True)
class Metadata:
    """The header's values in our own terms; None or empty where it states none.

    `withheld` and `unlisted` name the first key that keeps the article back, or out of lists;
    `placement` are the words of `type`, `layout` and `template`, which may make it a page. The
    configuration of a generator may add: `included`, a name with `_` does not hold it back;
    `page_by`, what makes it a page, and `undated_page_by`, only without a date; `unlinked`, what
    keeps a page out of the navigation.
    """

    title: str = ""
    date: datetime | None = None
    updated: datetime | None = None
    draft: bool | None = None
    withheld: str = ""
    unlisted: str = ""
    expires: datetime | None = None
    placement: dict[Role, str] = field(default_factory=dict)
    included: bool = False
    page_by: str = ""
    undated_page_by: str = ""
    unlinked: str = ""
    tags: dict[str, str] = field(default_factory=dict)  # by case-folded spelling
    authors: list[str] = field(default_factory=list)
    summary: str | None = None
    slug: str = ""
    url: str | None = None
    image: str | None = None
    image_alt: str = ""
    enclosure: str | None = None
    language: str | None = None
    aliases: list[str] = field(default_factory=list)
    path: str = ""
    extra: dict[str, object] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def _wrong_address(text: str) -> str:
    """What is wrong with an address, if it is one with a host; "" for a path."""
    if not _WITH_HOST.match(text):
        return ""
    try:
        uri(f"https:{text}" if text.startswith("//") else text)
    except ValueError as error:
        return str(error)
    return ""


def understand(
    path: str, header: Header, zone: tzinfo, inherited: Sequence[Inherited] = ()
) -> Metadata:
    """Give each value of a header its meaning. Raises ArticleError with the line.

    `inherited` are values from other files, the nearest first.
    """
    reading = _Reading(path, header, zone, Metadata())
    chosen: dict[Role, tuple[int, str, object]] = {}
    for key, value in header.values.items():
        known = role_of(key)
        if known is None:
            reading.foreign(key, value)
            continue
        role, rank = known
        if value is None or value == "":
            continue
        if role in _EVERY:
            _READERS[role](reading, key, value)
        elif role not in chosen or rank < chosen[role][0]:
            chosen[role] = (rank, key, value)
    if inherited:
        reading.inherit(inherited, chosen)
    for role, (_, key, value) in chosen.items():
        _READERS[role](reading, key, value)
    reading.settle_dates()
    return reading.found


@dataclass(slots=True)
class _Reading:
    """One header being read, with what was found so far."""

    path: str
    header: Header
    zone: tzinfo
    found: Metadata
    day_stated: datetime | None = None
    undated: list[tuple[str, Finding]] = field(default_factory=list)
    """Keys that hold the article back unless the header has a date, with what to say then."""

    def title(self, key: str, value: object) -> None:
        text = value if isinstance(value, str) else self._text(key, value)
        if text is None:
            self._refuse(key, f"{key} is {_kind(value)}, not text", "put the title into quotes")
        self.found.title = plaintext.line(text)

    def date(self, key: str, value: object) -> None:
        if isinstance(value, str) and " ".join(value.lower().split()) in _COMPUTED:
            message = f"{key} is left out: {value!r} is worked out by Eleventy, and no date"
            self._warn("date-unreadable", key, message, HINT)
            return
        if isinstance(value, dict) and "created" in value:  # of MkDocs Material
            if value.get("updated"):
                self.updated(f"{key}.updated", value["updated"])
            value = value["created"]
        try:
            self.found.date = to_utc(value, self.zone)
        except DateError as error:
            self._refuse(key, f"the date cannot be read: {key} {error}", error.hint)

    def updated(self, key: str, value: object) -> None:
        try:
            self.found.updated = to_utc(value, self.zone)
        except DateError as error:
            message = f"{key} is left out: {error}"
            self._warn("date-unreadable", key, message, error.hint)

    def draft(self, key: str, value: object) -> None:
        answer = yes_or_no(value)
        if answer is None:
            self._refuse(key, f"{key} is neither true nor false", f"write {key}: true or false")
        self._withhold(answer, key, value)

    def published(self, key: str, value: object) -> None:
        """Jekyll's `published: false`; anything but yes or no is the day of publication."""
        answer = yes_or_no(value)
        if answer is not None:
            self._withhold(not answer, key, value)
            return
        stated, self.found.date = self.found.date, None
        self.date(key, value)
        self.day_stated = self.found.date or self.day_stated
        self.found.date = stated

    def control(self, key: str, value: object) -> None:
        """A key with which some program keeps a text from being published, or out of lists."""
        known = role_of(key)
        role = known[0] if known else Role.STATUS
        said = verdict(role, value)
        if said is Verdict.UNCLEAR:
            message = f"{key} is {_kind(value)}, which is not understood; the article is held back"
            hint = "write draft: true to hold it back, or remove the key to publish it"
            self._warn("publication-unclear", key, message, hint)
        if said in (Verdict.WITHHELD, Verdict.UNCLEAR):
            self._withhold(True, key, None if role is Role.PASSWORD else value)
        elif said is Verdict.PUBLIC:
            self._withhold(False, key, value)
        elif said is Verdict.UNLISTED:
            self.found.unlisted = self.found.unlisted or _said(key, value)
        elif role is not Role.PASSWORD:
            self.found.extra[key] = self._plain(key, value)
        if is_due_later(role, value):
            message = f"{key} is {_kind(value)}, but there is no date; the article is held back"
            finding = self._finding("publication-unclear", key, message, "add a date:")
            self.undated.append((_said(key, value), finding))

    def settle_dates(self) -> None:
        """A stated day of publication goes before `date`; what needs a date and has none waits."""
        self.found.date = self.day_stated or self.found.date
        if self.found.date is None:
            for reason, finding in self.undated:
                self.found.findings.append(finding)
                self._hold(reason)

    def expiry(self, key: str, value: object) -> None:
        """Hugo's `expiryDate`: from then on the article is not published."""
        if yes_or_no(value) is False or (isinstance(value, str) and value.lower() == "never"):
            return
        try:
            moment = to_utc(value, self.zone)
        except DateError as error:
            self._refuse(key, f"the date of expiry cannot be read: {key} {error}", error.hint)
        self.found.expires = min(moment, self.found.expires or moment)

    def placement(self, key: str, value: object) -> None:
        self.found.extra[key] = self._plain(key, value)
        if isinstance(value, str) and (known := role_of(key)):
            self.found.placement[known[0]] = value

    def tags(self, key: str, value: object) -> None:
        split = _SEPARATORS.split(value) if isinstance(value, str) else self._texts(key, value)
        for text in split:
            self._tag(key, plaintext.line(text).removeprefix("#").lstrip())

    def taxonomies(self, key: str, value: object) -> None:
        if not isinstance(value, Mapping):
            self._left_out(key, value, "a map of lists")
            return
        for name, terms in value.items():
            known = role_of(name) if isinstance(name, str) else None
            if known and known[0] in (Role.TAGS, Role.AUTHORS) and terms:
                _READERS[known[0]](self, name, terms)
            else:
                self.found.extra[str(name)] = self._plain(key, terms)

    def authors(self, key: str, value: object) -> None:
        split = _names(value) if isinstance(value, str) else self._texts(key, value)
        self.found.authors.extend(filter(None, map(plaintext.line, split)))

    def summary(self, key: str, value: object) -> None:
        text = self._text(key, value) if not isinstance(value, bool) else None
        if text is None:
            self._left_out(key, value, "text")
        else:
            self.found.summary = plaintext.without_tags(text) or None

    def slug(self, key: str, value: object) -> None:
        text = self._text(key, value) if not isinstance(value, bool) else None
        if text is None or _TEMPLATE.search(text):
            self._left_out(key, value, "a plain word")
        else:
            self.found.slug = text

    def url(self, key: str, value: object) -> None:
        if yes_or_no(value) is False:  # Eleventy writes no page for `permalink: false`
            self._withhold(True, key, value)
            return
        text = plaintext.line(value) if isinstance(value, str) else ""
        hint = "write the address itself, such as /articles/my-title/"
        if not text or yes_or_no(value) is not None:
            reason = f"is {_kind(value)}, no address"
        elif _TEMPLATE.search(text):
            reason = "is a pattern or template, which is not evaluated"
        elif ".." in unquote(text).replace("\\", "/").split("/"):
            reason = "leads out of the site"
        elif _SCHEME.match(text) and not text.lower().startswith(("http://", "https://")):
            reason = "is no web address"
        elif wrong := _wrong_address(text):
            reason = f"is not a valid address: {wrong}"
        else:
            self.found.url = text
            return
        self._warn("permalink-ignored", key, f"{key} {reason}; it is left out", hint)

    def image(self, key: str, value: object) -> None:
        """A path or address, the first of a list, or a map with one and its alternative text."""
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, Mapping):
            parts = {name.lower(): part for name, part in first.items() if isinstance(name, str)}
            self.found.image_alt = self.found.image_alt or _first_text(parts, "alt")
            first = _first_text(parts, "image", "src", "url", "path", "file", "name")
        if isinstance(first, str) and (wrong := _wrong_address(plaintext.line(first))):
            message = f"{key} is not a valid address: {wrong}; it is ignored"
            self._warn("image-missing", key, message, "correct the address")
        elif isinstance(first, str):
            self.found.image = plaintext.line(first) or None
        elif value and not isinstance(value, bool):
            self._left_out(key, value, "an address")

    def image_alt(self, key: str, value: object) -> None:
        if isinstance(value, str):
            self.found.image_alt = plaintext.line(value)
        else:
            self._left_out(key, value, "text")

    def enclosure(self, key: str, value: object) -> None:
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, Mapping):
            parts = {name.lower(): part for name, part in first.items() if isinstance(name, str)}
            first = _first_text(parts, "url", "src", "href", "file", "path")
        if isinstance(first, str) and plaintext.line(first):
            self.found.enclosure = plaintext.line(first)
        elif value is not False:
            self._left_out(key, value, "an address")

    def language(self, key: str, value: object) -> None:
        text = value.strip().partition(".")[0].replace("_", "-") if isinstance(value, str) else ""
        if _LANGUAGE.fullmatch(text):
            self.found.language = text
        else:
            self._left_out(key, value, "a language tag such as en or pt-BR")

    def aliases(self, key: str, value: object) -> None:
        values = [value] if isinstance(value, str) else self._texts(key, value)
        for alias in filter(None, map(plaintext.line, values)):
            if wrong := _wrong_address(alias):
                message = f"the alias {alias} is not a valid address: {wrong}; it is ignored"
                self._warn("alias-ignored", key, message, "correct the address")
            else:
                self.found.aliases.append(alias)

    def address_path(self, key: str, value: object) -> None:
        self.found.extra[key] = self._plain(key, value)
        if isinstance(value, str):
            self.found.path = value

    def inherit(
        self, values: Sequence[Inherited], chosen: dict[Role, tuple[int, str, object]]
    ) -> None:
        """Take over what other files say, where neither the header nor a nearer file does."""
        stated = {normal(key) for key in self.header.values}
        for key, value, source, force in values:
            if not key:
                self._placed_by(source, force)
            elif force is Force.ALWAYS or normal(key) not in stated:
                stated.add(normal(key))
                self._inherit(key, value, source, chosen)

    def _placed_by(self, source: str, force: Force) -> None:
        """Keep what the configuration of a generator states for the file as a whole."""
        match force:
            case Force.EXCLUDED:
                self._hold(source)
            case Force.INCLUDED:
                self.found.included = True
            case Force.PAGE:
                self.found.page_by = self.found.page_by or source
            case Force.UNDATED_PAGE:
                self.found.undated_page_by = self.found.undated_page_by or source
            case Force.OUT_OF_NAVIGATION:
                self.found.unlinked = self.found.unlinked or source

    def _inherit(
        self,
        key: str,
        value: object,
        source: str,
        chosen: dict[Role, tuple[int, str, object]],
    ) -> None:
        role, rank = role_of(key) or (Role.STATUS, 0)
        if role is Role.URL and yes_or_no(value) is not False:
            return  # it only overrules a `permalink: false` of another file
        if role not in _EVERY:
            if role not in chosen or rank < chosen[role][0]:
                chosen[role] = (rank, key, value)
            return
        withheld, unlisted, draft = self.found.withheld, self.found.unlisted, self.found.draft
        try:
            _READERS[role](self, key, value)
        except ArticleError as error:
            message = f"{source}: {error.message}"
            raise ArticleError(message, place=Location(self.path), hint=error.hint) from error
        found = self.found
        if not withheld and found.withheld:
            found.withheld = f"{found.withheld} ({source})"
        if not unlisted and found.unlisted:
            found.unlisted = f"{found.unlisted} ({source})"
        if draft is None and found.draft is False:
            found.draft = None  # only the article's own header overrules a folder for drafts

    def foreign(self, key: str, value: object) -> None:
        """A key that means nothing here. One typo away from one that does, it is reported; where
        that one controls publication, the article is held back."""
        self.found.extra[plaintext.legal(key)] = self._plain(key, value)
        if normal(key) == "eleventycomputed" and isinstance(value, Mapping):
            self._computed(value)
        if not (meant := intended(key)):
            return
        message = f"the key {key!r} is unknown; did you mean {meant!r}?"
        hint = f"write {meant}, or rename the key"
        known = role_of(meant)
        if known is None or value in (None, "") or not self._may_control(known[0], value):
            self._warn("key-unknown", key, message, hint)
            return
        finding = self._finding("key-unknown", key, f"{message} The article is held back", hint)
        if known[0] is Role.DATE and not meant.startswith("pub"):
            self.undated.append((f"{key}, a typo of {meant}?", finding))
        else:
            self.found.findings.append(finding)
            self._hold(f"{key}, a typo of {meant}?")

    def _computed(self, values: Mapping[object, object]) -> None:
        """Plain answers among values that Eleventy computes; templates are not evaluated."""
        for key, value in values.items():
            known = role_of(key) if isinstance(key, str) else None
            if known and known[0] in PUBLISHING and yes_or_no(value) is not None:
                _READERS[known[0]](self, str(key), value)

    def _may_control(self, role: Role, value: object) -> bool:
        """Whether a key of this role with such a value could decide on publication."""
        if role not in CONTROLLING:
            return False
        if role in (Role.DATE, Role.EXPIRY, Role.PUBLISHED):
            return yes_or_no(value) is not None or self._is_date(value)
        if role in (Role.DRAFT, Role.PASSWORD):
            return True
        if role in (Role.STATUS, Role.VISIBILITY):
            return isinstance(value, str)
        if role is Role.LISTED:
            return yes_or_no(value) is not None
        if role is Role.BUILD:
            return isinstance(value, Mapping | bool)
        return verdict(role, value) is not Verdict.UNCLEAR

    def _is_date(self, value: object) -> bool:
        try:
            return to_utc(value, self.zone) is not None
        except DateError:
            return False

    def _withhold(self, answer: bool, key: str, value: object) -> None:
        """One key that holds the article back is enough."""
        if answer:
            self._hold(_said(key, value))
        else:
            self.found.draft = bool(self.found.draft)

    def _hold(self, reason: str) -> None:
        self.found.draft = True
        self.found.withheld = self.found.withheld or reason

    def _tag(self, key: str, tag: str) -> None:
        tags = self.found.tags
        if not tag or (folded := tag.casefold()) in tags:
            return
        if len(tag) > MAX_TAG_LENGTH:
            message = f"a tag of {len(tag)} characters is left out"
            self._warn("tag-left-out", key, message, f"keep tags under {MAX_TAG_LENGTH} characters")
        elif len(tags) < MAX_TAGS:
            tags[folded] = tag
        elif not any(finding.rule == "tags-too-many" for finding in self.found.findings):
            message = f"only the first {MAX_TAGS} tags are taken"
            self._warn("tags-too-many", key, message, "choose fewer tags")

    def _texts(self, key: str, value: object, depth: int = 0) -> Iterator[str]:
        """The texts in a list, however nested; of a map its `name` or `title`."""
        if depth > DEEPEST:
            self._too_deep(key)
        if isinstance(value, list | tuple):
            for part in value:
                if isinstance(part, str):
                    yield part
                elif part is not None:
                    yield from self._texts(key, part, depth + 1)
        elif isinstance(value, Mapping):
            name = _first_text(value, "name", "title", "label")
            if name:
                yield name
            else:
                self._left_out(key, value, "text")
        elif (text := self._text(key, value)) is not None:
            yield text
        else:
            self._left_out(key, value, "text")

    def _text(self, key: str, value: object) -> str | None:
        """A scalar as text, as the author wrote it where it stands on its own line."""
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float | date):
            written = self.header.as_written(key)
            if written and written[0] not in "[{&!*|>'\"":
                return written
            return str(self._plain(key, value)).lower()
        return None

    def _plain(self, key: str, value: object, depth: int = 0) -> object:
        """A value as JSON can hold it: texts, numbers, booleans, lists and maps of them."""
        if isinstance(value, str):
            return plaintext.legal(value)
        if depth > DEEPEST:
            self._too_deep(key)
        if isinstance(value, Mapping):
            return {
                str(self._plain(key, name, depth + 1)): self._plain(key, part, depth + 1)
                for name, part in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(key, part, depth + 1) for part in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if value.bit_length() < 64 else hex(value)
        if isinstance(value, float):
            return value if abs(value) < float("inf") else str(value)
        return str(value)

    def _too_deep(self, key: str) -> Never:
        self._refuse(key, f"{key} is nested too deeply", f"keep to {DEEPEST} levels")

    def _left_out(self, key: str, value: object, wanted: str) -> None:
        message = f"{key} is {_kind(value)}, not {wanted}; it is left out"
        self._warn("value-left-out", key, message, f"write {wanted}, or remove the key")

    def _warn(self, rule: str, key: str, message: str, hint: str) -> None:
        self.found.findings.append(self._finding(rule, key, message, hint))

    def _finding(self, rule: str, key: str, message: str, hint: str) -> Finding:
        line = self.header.line_of(key)
        return Finding(Level.WARNING, rule, message, self.path, line, hint)

    def _refuse(self, key: str, message: str, hint: str) -> Never:
        place = Location(self.path, self.header.line_of(key))
        raise ArticleError(message, place=place, hint=hint)


# Roles whose keys add up; of the others the key named first in `keys` counts.
_CONTROLS = (
    *(Role.STATUS, Role.VISIBILITY, Role.STAGE, Role.WITHHELD, Role.SHOWN, Role.UNLISTED),
    *(Role.LISTED, Role.BUILD, Role.PASSWORD),
)
_EVERY = frozenset(
    (
        *(Role.TAGS, Role.TAXONOMIES, Role.AUTHORS, Role.ALIASES),
        *(Role.DRAFT, Role.PUBLISHED, Role.EXPIRY, *_CONTROLS),
    )
)
_READERS: Mapping[Role, Callable[[_Reading, str, object], None]] = {
    Role.TITLE: _Reading.title,
    Role.DATE: _Reading.date,
    Role.UPDATED: _Reading.updated,
    Role.DRAFT: _Reading.draft,
    Role.PUBLISHED: _Reading.published,
    **dict.fromkeys(_CONTROLS, _Reading.control),
    **dict.fromkeys((Role.TYPE, Role.LAYOUT, Role.TEMPLATE), _Reading.placement),
    Role.EXPIRY: _Reading.expiry,
    Role.TAGS: _Reading.tags,
    Role.TAXONOMIES: _Reading.taxonomies,
    Role.AUTHORS: _Reading.authors,
    Role.SUMMARY: _Reading.summary,
    Role.SLUG: _Reading.slug,
    Role.URL: _Reading.url,
    Role.IMAGE: _Reading.image,
    Role.IMAGE_ALT: _Reading.image_alt,
    Role.ENCLOSURE: _Reading.enclosure,
    Role.LANGUAGE: _Reading.language,
    Role.ALIASES: _Reading.aliases,
    Role.PATH: _Reading.address_path,
}


def _names(text: str) -> list[str]:
    """Names in one text: parted by semicolons, or by commas if each part is a whole name.

    "Ann Lee, Bo Ek" are two people; "Lee, Ann" and "Ann Lee, PhD" are one.
    """
    if ";" in text:
        return text.split(";")
    parts = re.split(r"[,、，،\n]", text)
    return parts if all(" " in part.strip() for part in parts) else [text]


def _first_text(parts: Mapping[str, object], *names: str) -> str:
    texts = (parts.get(name) for name in names)
    return next((plaintext.line(text) for text in texts if isinstance(text, str) and text), "")


def _said(key: str, value: object) -> str:
    """A key with its value, as `explain` names it. A group or a secret is named by its key."""
    plain = isinstance(value, bool | str | int)
    return (
        f"{key}: {str(value)[:40].lower() if isinstance(value, bool) else str(value)[:40]}"
        if plain
        else key
    )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"{value[:40]!r}"
    names = {list: "a list", dict: "a map", int: "a number", float: "a number"}
    return names.get(type(value), "not text")
