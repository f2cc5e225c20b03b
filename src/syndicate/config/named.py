"""The newsletter that someone names. Pure."""

from __future__ import annotations

from syndicate.config.binder import nearest
from syndicate.config.model import Config, Newsletter
from syndicate.errors import SyndicateError


def newsletter_named(config: Config, name: str) -> Newsletter:
    """The newsletter `name`. Raises SyndicateError with the nearest name there is."""
    known = config.newsletters
    if name in known:
        return known[name]
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"known: {', '.join(known)}"
    if not known:
        hint = "add one under newsletters: in config.yaml"
    raise SyndicateError(f"there is no newsletter {name}", hint=hint)
