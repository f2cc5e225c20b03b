"""A parsed document -> dataclasses of settings, with all problems. Pure but for `read_file`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from syndicate.config.model import Hook, Newsletter, PublishTarget, Server
from syndicate.config.section_checks import check_section
from syndicate.config.value_checks import check_value

Key = tuple[str | int, ...]
Problem = tuple[Key, str, str]
"""Place in the document, problem, hint."""
NAMED = (Newsletter, Hook, PublishTarget, Server)
"""Sections whose `name` is the key they stand under."""
MAX_NUMBER = 1_000_000
"""No number in the configuration is sensible beyond this, and databases refuse some."""


class Binder:
    """Turns a parsed document into dataclasses.

    `problems` are all problems found, `origins` the settings whose value is from outside.
    """

    def __init__(self, environment: Mapping[str, str], read_file: Callable[[str], str]) -> None:
        self.environment = environment
        self.read_file = read_file
        self.problems: list[Problem] = []
        self.origins: dict[Key, str] = {}

    def complain(self, at: Key, message: str, hint: str = "") -> object:
        self.problems.append((at, message, hint))
        return MISSING

    def bind(self, type_: Any, value: object, at: Key) -> object:
        """The value as the type `type_`, or MISSING after a complaint."""
        if dataclasses.is_dataclass(type_):
            return self.bind_section(type_, value, at)
        origin = get_origin(type_)
        if origin is Mapping:
            return self.bind_named(get_args(type_)[1], value, at)
        if origin is tuple:
            return self.bind_list(get_args(type_)[0], value, at)
        if type_ is str and isinstance(value, dict):
            value = self.from_outside(value, at)
        return self.bind_plain(type_, value, at)

    def bind_section(self, section: Any, value: object, at: Key) -> object:
        if not isinstance(value, dict):
            return self.complain(at, f"{_shown(at)} must be a group of settings")
        values: dict[str, Any] = {}
        fields = {field.name: field for field in dataclasses.fields(section)}
        if section in NAMED:
            values["name"] = str(at[-1])
            self.check(section, "name", str(at[-1]), at)
            del fields["name"]
        for key in value.keys() - fields.keys():
            self.unknown((*at, key), fields)
        hints = get_type_hints(section)
        for key, field in fields.items():
            if value.get(key) is not None:
                values[key] = self.bind(hints[key], value[key], (*at, key))
                self.check(section, key, values[key], (*at, key))
            elif key in value and "empty" in field.metadata:
                values[key] = self.complain(
                    (*at, key), f"{_shown((*at, key))} is empty", field.metadata["empty"]
                )
            elif field.default is MISSING and field.default_factory is MISSING:
                hint = f"add {key}: {field.metadata['meaning']}"
                values[key] = self.complain(at, f"{_shown((*at, key))} is missing", hint)
        return MISSING if MISSING in values.values() else self.whole(section(**values), at)

    def whole(self, section: object, at: Key) -> object:
        for key, message, hint in check_section(section):
            self.refuse((*at, key), message, hint)
        return section

    def refuse(self, at: Key, message: str, hint: str) -> None:
        """Add a problem of a value; without showing a value from outside."""
        source = next((s for key, s in self.origins.items() if key[: len(at)] == at), "")
        if source:
            message, hint = f"cannot be used; it comes from {source}", f"correct the {source}"
        self.complain(at, f"{_shown(at)} {message}", hint)

    def check(self, section: Any, key: str, value: object, at: Key) -> None:
        if value is MISSING:
            return
        field = next(f for f in dataclasses.fields(section) if f.name == key)
        minimum = field.metadata.get("min")
        if minimum is not None and isinstance(value, int | float) and value < minimum:
            self.complain(at, f"{_shown(at)} is {value}", f"write {minimum} or more")
        if isinstance(value, int | float) and value > MAX_NUMBER:
            self.complain(at, f"{_shown(at)} is {value}", f"write {MAX_NUMBER} or less")
        complaint = check_value(section, key, value)
        if complaint:
            self.refuse(at, *complaint)

    def bind_named(self, section: Any, value: object, at: Key) -> object:
        if not isinstance(value, dict):
            return self.complain(at, f"{_shown(at)} must be a group of named entries")
        bound = {str(name): self.bind(section, inner, (*at, name)) for name, inner in value.items()}
        return MISSING if MISSING in bound.values() else MappingProxyType(bound)

    def bind_list(self, type_: Any, value: object, at: Key) -> object:
        if not isinstance(value, list):
            return self.complain(at, f"{_shown(at)} must be a list", f"write [{value}]")
        items = [self.bind(type_, item, (*at, i)) for i, item in enumerate(value)]
        return MISSING if MISSING in items else tuple(items)

    def bind_plain(self, type_: Any, value: object, at: Key) -> object:
        if value is MISSING:
            return MISSING
        if get_origin(type_) is Literal:
            choices = get_args(type_)
            if value in choices:
                return value
            return self.complain(at, f"{_shown(at)} is {value!r}", f"write {' or '.join(choices)}")
        if _is(type_, value):
            return value
        hints_of_kinds = {
            str: "put it in quotes",
            int: "write digits without quotes, such as 20",
            float: "write a number such as 1 or 0.5",
            bool: "true or false",
        }
        kinds = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}
        return self.complain(at, f"{_shown(at)} must be {kinds[type_]}", hints_of_kinds[type_])

    def unknown(self, at: Key, fields: Mapping[str, object]) -> None:
        if at[-1] == "<<":
            hint = "repeat the settings: merge keys are not part of YAML 1.2"
        elif near := nearest(str(at[-1]), fields):
            hint = f"did you mean {near}?"
        else:
            hint = f"known here: {', '.join(fields)}"
        self.complain(at, f"{_shown(at)} is not a setting", hint)

    def from_outside(self, value: dict[str, object], at: Key) -> object:
        """Resolve `{env: NAME}` and `{file: PATH}`."""
        source, name = next(iter(value.items()), ("", ""))
        if len(value) != 1 or source not in ("env", "file") or not isinstance(name, str):
            return self.complain(at, f"{_shown(at)} must be text, {{env: NAME}} or {{file: PATH}}")
        self.origins[at] = f"{source}: {name}"
        if source == "env":
            if name in self.environment:
                return self.environment[name]
            return self.complain(at, f"the environment has no variable {name}", f"set {name}")
        try:
            return self.read_file(name)
        except OSError as error:
            return self.complain(at, f"the file {name} cannot be read: {error.strerror}")
        except ValueError as error:
            odd_text = isinstance(error, UnicodeDecodeError)
            reason = "it is not UTF-8" if odd_text else "that is not a file name"
            return self.complain(at, f"the file {name} cannot be read: {reason}")


def nearest(name: str, names: Iterable[str]) -> str:
    """The most similar known name; "" if none is similar."""
    import difflib

    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.6)), "")


def _is(type_: type, value: object) -> bool:
    """Whether a value is of a type, strictly; a whole number is a number too."""
    if type_ is float:
        return type(value) is int or (isinstance(value, float) and math.isfinite(value))
    return type(value) is type_


def _shown(at: Key) -> str:
    return ".".join(map(str, at)) or "the configuration"
