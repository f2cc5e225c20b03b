"""Settings that still have the example values of `init`, and must not be sent to subscribers.

The examples are listed here, and a test compares them with config.yaml: in a checkout, the file
that `init` copies is also the configuration of the site in that folder, which may have been edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from syndicate.config.model import Brand, Config, Newsletter, SiteSettings
from syndicate.config.yaml_document import places_of
from syndicate.findings import Finding, Level

SettingPath = tuple[str, ...]
"""Where a setting stands: the sections, and its name."""

SITE: Mapping[str, str] = {
    "title": "Low Tide",
    "url": "https://example.org/",
    "description": (
        "Notes from a small harbour town about weather, bread, birds and mending things."
    ),
    "author": "Maren Holt",
    "email": "hello@example.org",
}
NEWSLETTER: Mapping[str, str] = {
    "title": "Low Tide, weekly",
    "description": "What happened in the harbour, once a week, by email.",
    "sender": "Low Tide <letters@example.org>",
    "postal_address": "Low Tide, 3 Slip Lane, Harbour Town (please replace with your own address)",
}
BRAND: Mapping[str, str] = {"footer": "Written at a kitchen table with a view of the slipway."}

RULE = "starter-value"


def unreplaced(config: Config) -> dict[SettingPath, str]:
    """The settings that still have the example values: path -> value."""
    settings = _with_title(("site",), config.site, SITE)
    for name, newsletter in config.newsletters.items():
        at = ("newsletters", name)
        settings |= _with_title(at, newsletter, NEWSLETTER)
        settings |= dict(_same((*at, "brand"), newsletter.brand, BRAND))
    return settings


def _with_title(
    at: SettingPath, settings: SiteSettings | Newsletter, examples: Mapping[str, str]
) -> dict[SettingPath, str]:
    """The settings as in the examples. A title alone may be the same by chance."""
    unchanged = dict(_same(at, settings, examples))
    return unchanged if unchanged.keys() - {(*at, "title")} else {}


def _same(
    at: SettingPath, settings: SiteSettings | Newsletter | Brand, examples: Mapping[str, str]
) -> Iterator[tuple[SettingPath, str]]:
    for name, example in examples.items():
        value = getattr(settings, name)
        if value and _is_of_example(name, value, example):
            yield (*at, name), value


def _is_of_example(name: str, value: str, example: str) -> bool:
    """Whether a value has what must be replaced of the example's. Pure.

    White space and case do not count. Of web and email addresses it is the domain, of a postal
    address the street or the remark in brackets: the rest may have been changed.
    """
    ours, theirs = _plain(value), _plain(example)
    if name in WITH_DOMAIN:
        return f".{_domain(ours)}".endswith(f".{_domain(theirs)}")
    if name == "postal_address":
        return any(part in ours for part in PLACES.findall(theirs))
    return ours == theirs


WITH_DOMAIN = ("url", "email", "sender")
DOMAIN = re.compile(r"(?:@|://)([\w.-]+)")
PLACES = re.compile(r"(?<=, )[^,(]+(?=,)|\(.+\)")
"""The street of the example's postal address, and its remark in brackets."""


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _domain(text: str) -> str:
    match = DOMAIN.search(text)
    return match[1] if match else ""


def not_to_be_mailed(config: Config, newsletter: Newsletter) -> tuple[str, ...]:
    """The settings that keep issues of a newsletter from mail servers; none for the outbox."""
    if config.sending.transport != "smtp" or not newsletter.deliver:
        return ()
    return unreplaced_in(config, newsletter.name)


def unreplaced_in(config: Config, newsletter: str) -> tuple[str, ...]:
    """The settings (`site.title`) that emails of a newsletter show as they are in the starter."""
    return tuple(map(".".join, _about(unreplaced(config), newsletter)))


def has_starter_address(text: str) -> bool:
    """Whether a text that was frozen earlier has the starter's postal address."""
    return _is_of_example("postal_address", text, NEWSLETTER["postal_address"])


def starter_findings(config: Config, config_file: str) -> Iterator[Finding]:
    """A finding for each setting that is to be replaced: an error where it would be mailed."""
    starter_settings = unreplaced(config)
    mailed: set[SettingPath] = set()
    for newsletter in config.newsletters.values():
        mailed |= _about(starter_settings, newsletter.name).keys() if newsletter.deliver else set()
    places = places_of(Path(config_file), starter_settings)
    for (key, value), place in zip(starter_settings.items(), places, strict=True):
        yield Finding(
            Level.ERROR if key in mailed else Level.NOTICE,
            RULE,
            f"{'.'.join(key)} is still as in the example: {value!r}",
            config_file,
            place.line,
            "replace it with your own, or delete the line if it may be empty",
        )


def _about(settings: Mapping[SettingPath, str], newsletter: str) -> dict[SettingPath, str]:
    """Of these settings, those that emails of a newsletter show."""
    return {k: v for k, v in settings.items() if k[0] == "site" or k[1] == newsletter}
