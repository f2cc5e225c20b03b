"""Header keys that describe an article: title, tags, authors, addresses, pictures. Pure.

A value that cannot be understood is ignored with a warning, and template code is never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from syndicate.content import plaintext
from syndicate.content.key_reading import KeyReading, describe, first_text, shown
from syndicate.content.keys import Role, role_of
from syndicate.content.metadata import MAX_TAG_LENGTH, MAX_TAGS
from syndicate.content.visibility import yes_or_no
from syndicate.uris import uri

_SEPARATORS = re.compile(r"[,;、，،\n]")
_TEMPLATE = re.compile(r"\{\{|\{%|<%|(?:^|/):[a-z_]")
_WITH_HOST = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.IGNORECASE | re.ASCII)


def _title(reading: KeyReading, key: str, value: object) -> None:
    text = value if isinstance(value, str) else reading.text(key, value)
    if text is None:
        reading.refuse(key, f"{key} is {describe(value)}, not text", "put the title into quotes")
    reading.metadata.title = plaintext.line(text)


def _tags(reading: KeyReading, key: str, value: object) -> None:
    split = _SEPARATORS.split(value) if isinstance(value, str) else reading.texts(key, value)
    for text in split:
        _tag(reading, key, plaintext.line(text).removeprefix("#").lstrip())


def _tag(reading: KeyReading, key: str, tag: str) -> None:
    tags = reading.metadata.tags
    if not tag or (folded := tag.casefold()) in tags:
        return
    if len(tag) > MAX_TAG_LENGTH:
        message = f"a tag of {len(tag)} characters is ignored"
        reading.warn("tag-left-out", key, message, f"keep tags under {MAX_TAG_LENGTH} characters")
    elif len(tags) < MAX_TAGS:
        tags[folded] = tag
    elif not any(finding.rule == "tags-too-many" for finding in reading.metadata.findings):
        message = f"only the first {MAX_TAGS} tags are used"
        reading.warn("tags-too-many", key, message, "choose fewer tags")


def _taxonomies(reading: KeyReading, key: str, value: object) -> None:
    if not isinstance(value, Mapping):
        reading.warn_ignored(key, value, "a map of lists")
        return
    for name, terms in value.items():
        key_role = role_of(name) if isinstance(name, str) else None
        if key_role and key_role[0] in (Role.TAGS, Role.AUTHORS) and terms:
            READERS[key_role[0]](reading, name, terms)
        else:
            reading.metadata.extra[str(name)] = reading.plain(key, terms)


def _authors(reading: KeyReading, key: str, value: object) -> None:
    split = _names(value) if isinstance(value, str) else reading.texts(key, value)
    reading.metadata.authors.extend(filter(None, map(plaintext.line, split)))


def _names(text: str) -> list[str]:
    """Names in one text: separated by semicolons, or by commas if each part is a full name.

    "Ann Lee, Bo Ek" are two people; "Lee, Ann" and "Ann Lee, PhD" are one.
    """
    if ";" in text:
        return text.split(";")
    parts = re.split(r"[,、，،\n]", text)
    return parts if all(" " in part.strip() for part in parts) else [text]


def _summary(reading: KeyReading, key: str, value: object) -> None:
    text = reading.text(key, value) if not isinstance(value, bool) else None
    if text is None:
        reading.warn_ignored(key, value, "text")
    else:
        reading.metadata.summary = plaintext.without_tags(text) or None


def _slug(reading: KeyReading, key: str, value: object) -> None:
    text = reading.text(key, value) if not isinstance(value, bool) else None
    if text is None or _TEMPLATE.search(text):
        reading.warn_ignored(key, value, "a plain word")
    else:
        reading.metadata.slug = text


def _url(reading: KeyReading, key: str, value: object) -> None:
    if yes_or_no(value) is False:  # Eleventy writes no page for `permalink: false`
        reading.hold(shown(key, value))
        return
    text = plaintext.line(value) if isinstance(value, str) else ""
    hint = "write the address itself, such as /articles/my-title/"
    if not text or yes_or_no(value) is not None:
        reason = f"is {describe(value)}, not a URL"
    elif _TEMPLATE.search(text):
        reason = "is a pattern or template, which is not evaluated"
    elif ".." in unquote(text).replace("\\", "/").split("/"):
        reason = "is outside the site"
    elif _SCHEME.match(text) and not text.lower().startswith(("http://", "https://")):
        reason = "is not a URL of the web"
    elif wrong := _url_error(text):
        reason = f"is not a valid address: {wrong}"
    else:
        reading.metadata.url = text
        return
    reading.warn("permalink-ignored", key, f"{key} {reason}; it is ignored", hint)


def _image(reading: KeyReading, key: str, value: object) -> None:
    """A path or address, the first of a list, or a map with one and its alternative text."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, Mapping):
        parts = {name.lower(): part for name, part in first.items() if isinstance(name, str)}
        reading.metadata.image_alt = reading.metadata.image_alt or first_text(parts, "alt")
        first = first_text(parts, "image", "src", "url", "path", "file", "name")
    if isinstance(first, str) and (wrong := _url_error(plaintext.line(first))):
        message = f"{key} is not a valid address: {wrong}; it is ignored"
        reading.warn("image-missing", key, message, "correct the address")
    elif isinstance(first, str):
        reading.metadata.image = plaintext.line(first) or None
    elif value and not isinstance(value, bool):
        reading.warn_ignored(key, value, "an address")


def _image_alt(reading: KeyReading, key: str, value: object) -> None:
    if isinstance(value, str):
        reading.metadata.image_alt = plaintext.line(value)
    else:
        reading.warn_ignored(key, value, "text")


def _enclosure(reading: KeyReading, key: str, value: object) -> None:
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, Mapping):
        parts = {name.lower(): part for name, part in first.items() if isinstance(name, str)}
        first = first_text(parts, "url", "src", "href", "file", "path")
    if isinstance(first, str) and plaintext.line(first):
        reading.metadata.enclosure = plaintext.line(first)
    elif value is not False:
        reading.warn_ignored(key, value, "an address")


def _language(reading: KeyReading, key: str, value: object) -> None:
    text = value.strip().partition(".")[0].replace("_", "-") if isinstance(value, str) else ""
    if _LANGUAGE.fullmatch(text):
        reading.metadata.language = text
    else:
        reading.warn_ignored(key, value, "a language tag such as en or pt-BR")


def _aliases(reading: KeyReading, key: str, value: object) -> None:
    values = [value] if isinstance(value, str) else reading.texts(key, value)
    for alias in filter(None, map(plaintext.line, values)):
        if wrong := _url_error(alias):
            message = f"the alias {alias} is not a valid address: {wrong}; it is ignored"
            reading.warn("alias-ignored", key, message, "correct the address")
        else:
            reading.metadata.aliases.append(alias)


def _placement(reading: KeyReading, key: str, value: object) -> None:
    reading.metadata.extra[key] = reading.plain(key, value)
    if isinstance(value, str) and (key_role := role_of(key)):
        reading.metadata.placement[key_role[0]] = value


def _path(reading: KeyReading, key: str, value: object) -> None:
    reading.metadata.extra[key] = reading.plain(key, value)
    if isinstance(value, str):
        reading.metadata.path = value


def _url_error(text: str) -> str:
    """What is wrong with a URL that has a host; "" for a valid one and for a path."""
    if not _WITH_HOST.match(text):
        return ""
    try:
        uri(f"https:{text}" if text.startswith("//") else text)
    except ValueError as error:
        return str(error)
    return ""


READERS: Mapping[Role, Callable[[KeyReading, str, object], None]] = {
    Role.TITLE: _title,
    **dict.fromkeys((Role.TYPE, Role.LAYOUT, Role.TEMPLATE), _placement),
    Role.TAGS: _tags,
    Role.TAXONOMIES: _taxonomies,
    Role.AUTHORS: _authors,
    Role.SUMMARY: _summary,
    Role.SLUG: _slug,
    Role.URL: _url,
    Role.IMAGE: _image,
    Role.IMAGE_ALT: _image_alt,
    Role.ENCLOSURE: _enclosure,
    Role.LANGUAGE: _language,
    Role.ALIASES: _aliases,
    Role.PATH: _path,
}
CUMULATIVE = frozenset((Role.TAGS, Role.TAXONOMIES, Role.AUTHORS, Role.ALIASES))
"""Roles of which every key counts; of the others, only the key named first in `keys`."""
