"""The problems of a configuration."""

from __future__ import annotations

import json

from syndicate.config.loader import parse
from syndicate.errors import ConfigError

SITE = {"title": "Lake Notes", "url": "https://example.org/"}
WEEKLY = {"title": "Weekly", "sender": "a@example.org"}


def problems(**sections: object) -> dict[str, str]:
    """The hint for each setting that is wrong, by its name."""
    text = json.dumps({"site": SITE} | sections)
    try:
        parse(text, "config.yaml", {}, str)
    except ConfigError as error:
        return {fault.message.split(" ")[0]: fault.hint for fault in error.faults}
    return {}
