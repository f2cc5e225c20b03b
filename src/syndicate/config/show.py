"""The configuration in force, as YAML for a person. Secrets are masked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from urllib.parse import unquote

import yaml

from syndicate.config.binder import Key
from syndicate.config.loader import Loaded

MASK = "***"
NAMED_BY_KEY = (("newsletters",), ("hooks",), ("publish",), ("sending", "servers"))
"""Sections whose entries have their name as their key."""

PASSWORD = re.compile(r"(?<=://)([^/?#\s]*?):[^/?#\s]*@")
"""The password before the host of a URL (RFC 3986, section 3.2.1), @ in it and all."""

DATABASE = re.compile(r"^(postgres[^:]*://[^:/@]*):.*@")
"""The same where it is to be the address of a database, which allows any character in it."""

ARGUMENT = re.compile(r"(?<=[?&;])([^=&;#\s]+)=[^&;#\s]*")
SECRET_WORDS = ("pass", "pwd", "secret", "token", "key", "auth", "credential", "signature")


def as_yaml(loaded: Loaded) -> str:
    """Every setting with its value; for a value from outside, only its origin."""
    plain = _plain(loaded.config, (), loaded.origins)
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=88)


def _plain(value: object, at: Key, origins: Mapping[Key, str]) -> object:
    if at in origins:
        return f"{MASK} ({origins[at]})"
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(_shown(value, field), (*at, field.name), origins)
            for field in dataclasses.fields(value)
            if not (at[:-1] in NAMED_BY_KEY and field.name == "name")
        }
    if isinstance(value, Mapping):
        return {name: _plain(inner, (*at, name), origins) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner, (*at, i), origins) for i, inner in enumerate(value)]
    return _masked(value) if isinstance(value, str) else value


def _shown(section: object, field: dataclasses.Field[object]) -> object:
    value = getattr(section, field.name)
    return MASK if value and field.metadata.get("hidden") else value


def _masked(text: str) -> str:
    """Text without the secrets that addresses in it may carry."""
    for password in (DATABASE, PASSWORD):
        text = password.sub(rf"\1:{MASK}@", text)
    return ARGUMENT.sub(_masked_argument, text)


def _masked_argument(argument: re.Match[str]) -> str:
    name = unquote(argument[1]).lower()
    return f"{argument[1]}={MASK}" if any(word in name for word in SECRET_WORDS) else argument[0]
