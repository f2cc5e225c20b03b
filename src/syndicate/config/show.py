"""The configuration in force, as YAML for a person. Secrets are masked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

import yaml

from syndicate.config.loader import Key, Loaded

MASK = "***"
PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@]*@")


def as_yaml(loaded: Loaded) -> str:
    """Every setting with its value; what came from outside says only where it came from."""
    plain = _plain(loaded.config, (), loaded.origins)
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=88)


def _plain(value: object, at: Key, origins: Mapping[Key, str]) -> object:
    if at in origins:
        return f"{MASK} ({origins[at]})"
    if dataclasses.is_dataclass(value):
        return {
            field.name: _masked(
                field, _plain(getattr(value, field.name), (*at, field.name), origins)
            )
            for field in dataclasses.fields(value)
            if not (at[:-1] == ("newsletters",) and field.name == "name")
        }
    if isinstance(value, Mapping):
        return {name: _plain(inner, (*at, name), origins) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner, (*at, i), origins) for i, inner in enumerate(value)]
    return value


def _masked(field: dataclasses.Field[object], value: object) -> object:
    if field.metadata.get("secret") and isinstance(value, str):
        return PASSWORD.sub(rf"\1:{MASK}@", value)
    return value
