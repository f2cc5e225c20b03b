"""What a configuration still has of the one that `init` writes, and must not be mailed to people.

The values are read from the starter itself: there is no second list of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from syndicate.config.loader import load
from syndicate.config.model import Brand, Config, Newsletter, SiteSettings
from syndicate.config.yaml_document import place_of
from syndicate.findings import Finding, Level
from syndicate.starter import starter

SettingPath = tuple[str, ...]
"""Where a setting stands: the sections, and its name."""

SITE = ("url", "description", "author", "email")
NEWSLETTER = ("description", "sender", "postal_address")
BRAND = ("footer",)
TITLE = "title"
"""A publication may have the starter's title by chance: it counts only beside another value."""

RULE = "starter-value"


def unreplaced(config: Config) -> dict[SettingPath, str]:
    """The settings that still are as in the starter: where each stands, and its value."""
    ours = _starter_config()
    found = _with_title(("site",), config.site, ours.site, SITE)
    for name, newsletter in config.newsletters.items():
        for theirs in ours.newsletters.values():
            found |= _of_newsletter(name, newsletter, theirs)
    return found


def _of_newsletter(name: str, ours: Newsletter, theirs: Newsletter) -> dict[SettingPath, str]:
    at = ("newsletters", name)
    found = _with_title(at, ours, theirs, NEWSLETTER)
    return found | dict(_same((*at, "brand"), ours.brand, theirs.brand, BRAND))


def _with_title(
    at: SettingPath,
    ours: SiteSettings | Newsletter,
    theirs: SiteSettings | Newsletter,
    names: tuple[str, ...],
) -> dict[SettingPath, str]:
    found = dict(_same(at, ours, theirs, names))
    return dict(_same(at, ours, theirs, (TITLE,))) | found if found else {}


def _same(
    at: SettingPath,
    ours: SiteSettings | Newsletter | Brand,
    theirs: SiteSettings | Newsletter | Brand,
    names: tuple[str, ...],
) -> Iterator[tuple[SettingPath, str]]:
    for name in names:
        value = getattr(ours, name)
        if value and _is_of_example(name, value, getattr(theirs, name)):
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
    found = DOMAIN.search(text)
    return found[1] if found else ""


@lru_cache(maxsize=1)
def _starter_config() -> Config:
    return load(starter() / "config.yaml", {}).config


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
    examples = (each.postal_address for each in _starter_config().newsletters.values())
    return any(_is_of_example("postal_address", text, each) for each in examples if each)


def starter_findings(config: Config, config_file: str) -> Iterator[Finding]:
    """A finding for each setting that is to be replaced: an error where it would be mailed."""
    if Path(config_file).resolve() == (starter() / "config.yaml").resolve():
        return  # the demonstration itself
    found = unreplaced(config)
    mailed: set[SettingPath] = set()
    for newsletter in config.newsletters.values():
        mailed |= _about(found, newsletter.name).keys() if newsletter.deliver else set()
    for key, value in found.items():
        place = place_of(Path(config_file), key)
        yield Finding(
            Level.ERROR if key in mailed else Level.NOTICE,
            RULE,
            f"{'.'.join(key)} is still as in the example: {value!r}",
            config_file,
            place.line,
            "replace it with your own, or delete the line if it may be empty",
        )


def _about(found: Mapping[SettingPath, str], newsletter: str) -> dict[SettingPath, str]:
    """Of these settings, those that emails of a newsletter show."""
    return {k: v for k, v in found.items() if k[0] == "site" or k[1] == newsletter}
