"""Newsletters of a configuration by their names. Pure."""

from __future__ import annotations

from syndicate.config.binder import nearest
from syndicate.config.model import Config, Newsletter
from syndicate.errors import SyndicateError


def newsletter_named(config: Config, name: str) -> Newsletter:
    """The newsletter `name`. Raises SyndicateError with the nearest name there is."""
    newsletters = config.newsletters
    if name in newsletters:
        return newsletters[name]
    near = nearest(name, newsletters)
    hint = f"did you mean {near}?" if near else f"known: {', '.join(newsletters)}"
    if not newsletters:
        hint = "add one under newsletters: in config.yaml"
    raise SyndicateError(f"there is no newsletter {name}", hint=hint)


def time_zone_of(config: Config, newsletter: str) -> str:
    """The name of a newsletter's time zone: its own, else that of the site."""
    configured = config.newsletters.get(newsletter)
    return (configured and configured.time_zone) or config.site.time_zone
