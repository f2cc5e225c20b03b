"""config.yaml -> Config: all problems at once, each with line and hint.

Secrets may come from outside: any text setting can be written as `{env: NAME}` or
`{file: PATH}`. Their values are never put into a message.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml_rs

from syndicate.config.model import Config, Hook, Newsletter, Server
from syndicate.config.section_checks import check_section
from syndicate.config.value_checks import ILLEGAL, check_value
from syndicate.errors import ConfigError, ConfigProblem, Location
from syndicate.uris import ascii_host, uri

Key = tuple[str | int, ...]
Problem = tuple[Key, str, str]
"""Where in the document, what is wrong, what to do."""

NAMED = (Newsletter, Hook, Server)
"""Sections whose `name` is the key they stand under."""

NUMBER_OF_BYTES = 1_000_000
MAX_BYTES = 1_000_000
"""No number in the configuration is sensible beyond this, and databases refuse some."""
NO_FILE = (
    "change to the folder of a site, name its file with --config FILE, "
    "or create a site: syndicate init DIR"
)
DEEP_NEST = re.compile(r"(?:[-?:][ \t]+){64}|[\[{]{64}")
FEW_ALIASES = yaml_rs.AliasLimits(max_total_replayed_events=10_000)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where the values that came from outside came from."""

    config: Config
    origins: Mapping[Key, str]


def load(path: Path, environment: Mapping[str, str]) -> Loaded:
    """Read `path`. Raise ConfigError with all faults when it cannot be used."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        where = "here" if path.parent == Path() else f"in {path.parent}"
        fault = ConfigProblem(f"there is no {path.name} {where}", Location(str(path)), NO_FILE)
        raise ConfigError((fault,)) from None
    except IsADirectoryError:
        raise _refused("is a folder, not a file", path, NO_FILE) from None
    except OSError as error:
        hint = "check the rights of the file, or name another with --config FILE"
        raise _refused(f"cannot be read: {error.strerror}", path, hint) from None
    if len(data) > NUMBER_OF_BYTES:
        raise _refused("is larger than 1 MB", path, "is this the right file?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refused("is not UTF-8", path, "save it as UTF-8", line) from None
    return parse(text, str(path), environment, _file_reader(path.parent))


def parse(
    text: str,
    name: str,
    environment: Mapping[str, str],
    read_file: Callable[[str], str],
) -> Loaded:
    """Turn the text of a configuration called `name` into values (pure but for `read_file`)."""
    document = _document(text, name)
    binder = _Binder(environment, read_file)
    config = binder.bind(Config, {} if document is None else document, ())
    if isinstance(config, Config) and not binder.problems:
        return Loaded(_in_ascii(config), binder.origins)
    raise ConfigError(_located(binder.problems, text, name))


def _in_ascii(config: Config) -> Config:
    """The configuration with all addresses as URIs, however they are written in it."""
    replace = dataclasses.replace
    newsletters = {
        name: replace(
            each,
            unsubscribe=_uri(each.unsubscribe),
            brand=replace(
                each.brand,
                logo=_uri(each.brand.logo) if "://" in each.brand.logo else each.brand.logo,
                social=MappingProxyType({k: _uri(v) for k, v in each.brand.social.items()}),
            ),
        )
        for name, each in config.newsletters.items()
    }
    hooks = {name: replace(each, url=_uri(each.url)) for name, each in config.hooks.items()}
    return replace(
        config,
        site=replace(config.site, url=_uri(config.site.url)),
        feeds=replace(config.feeds, hub=_uri(config.feeds.hub)),
        newsletters=MappingProxyType(newsletters),
        hooks=MappingProxyType(hooks),
    )


def _uri(written: str) -> str:
    """An address that `check_value` let through as a URI; "" for none."""
    scheme, _, rest = written.partition(":")
    if scheme == "mailto":
        address, mark, query = rest.partition("?")
        local, _, host = address.rpartition("@")
        return uri(f"mailto:{local}@{ascii_host(host)}{mark}{query}")
    return uri(written) if written else ""


def _document(text: str, name: str) -> object:
    if nest := DEEP_NEST.search(text):  # it would exhaust the parser's stack
        line = text.count("\n", 0, nest.start()) + 1
        place = Location(name, line)
        raise ConfigError(
            (ConfigProblem("this is nested too deeply", place, "see docs/config.md"),)
        )
    if odd := ILLEGAL.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        message = f"this is not YAML: it has the character U+{ord(odd[0]):04X}"
        raise ConfigError((ConfigProblem(message, Location(name, line), "delete it"),))
    try:
        return yaml_rs.loads(text, parse_datetime=False, alias_limits=FEW_ALIASES)
    except (ValueError, RecursionError) as error:
        raise _syntax_error(error, text, name) from None


def _refused(message: str, path: Path, hint: str, line: int | None = None) -> ConfigError:
    return ConfigError(
        (ConfigProblem(f"the configuration {message}", Location(str(path), line), hint),)
    )


def _file_reader(folder: Path) -> Callable[[str], str]:
    return lambda name: (folder / name).read_text(encoding="utf-8").strip()


def _syntax_error(error: Exception, text: str, name: str) -> ConfigError:
    """The parser's complaint, with the line PyYAML (which names lines best) gives it."""
    import yaml

    message, line, hint = "this is not YAML", None, "correct the line"
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as marked:
        mark = marked.problem_mark or marked.context_mark
        line = mark.line + 1 if mark else None
        message, hint = _explained(str(marked.problem or marked.context))
    except (yaml.YAMLError, RecursionError):
        pass  # keep the message of the first parser
    else:
        reason = str(error).strip().splitlines()[-1]
        message = f"this is not usable YAML: {reason}"
        line = _line_of_duplicate(text)
    return ConfigError((ConfigProblem(message, Location(name, line), hint),))


def _explained(problem: str) -> tuple[str, str]:
    """A complaint of the parser and what to do, for people who do not know YAML."""
    if problem.startswith("mapping values"):
        return (
            "this is not YAML: the value contains a colon and a space",
            'put the value into quotes: title: "Low Tide: notes"',
        )
    if "'\\t'" in problem:
        return "this is not YAML: the line is indented with a tab", "use spaces, not a tab"
    if problem.startswith("found character"):
        _, sign, _ = problem.split("'", 2) if problem.count("'") > 1 else ("", problem, "")
        return (
            f"this is not YAML: a value cannot begin with {sign}",
            f"put the value into quotes, such as '{sign}name'",
        )
    if "end of stream" in problem:
        return "this is not YAML: a quotation or a bracket is not closed", "close it"
    return f"this is not YAML: {problem}", "correct the line"


class _Binder:
    """Puts a parsed document into dataclasses, and notes every problem on the way."""

    def __init__(self, environment: Mapping[str, str], read_file: Callable[[str], str]) -> None:
        self.environment = environment
        self.read_file = read_file
        self.problems: list[Problem] = []
        self.origins: dict[Key, str] = {}

    def complain(self, at: Key, message: str, hint: str = "") -> object:
        self.problems.append((at, message, hint))
        return MISSING

    def bind(self, wanted: Any, value: object, at: Key) -> object:
        """The value as `wanted` asks, or MISSING after a complaint."""
        if dataclasses.is_dataclass(wanted):
            return self.bind_section(wanted, value, at)
        origin = get_origin(wanted)
        if origin is Mapping:
            return self.bind_named(get_args(wanted)[1], value, at)
        if origin is tuple:
            return self.bind_list(get_args(wanted)[0], value, at)
        if wanted is str and isinstance(value, dict):
            value = self.from_outside(value, at)
        return self.bind_plain(wanted, value, at)

    def bind_section(self, section: Any, value: object, at: Key) -> object:
        if not isinstance(value, dict):
            return self.complain(at, f"{_shown(at)} must be a group of settings")
        found: dict[str, Any] = {}
        fields = {field.name: field for field in dataclasses.fields(section)}
        if section in NAMED:
            found["name"] = str(at[-1])
            self.check(section, "name", str(at[-1]), at)
            del fields["name"]
        for key in value.keys() - fields.keys():
            self.unknown((*at, key), fields)
        hints = get_type_hints(section)
        for key, field in fields.items():
            if value.get(key) is not None:
                found[key] = self.bind(hints[key], value[key], (*at, key))
                self.check(section, key, found[key], (*at, key))
            elif key in value and "empty" in field.metadata:
                found[key] = self.complain(
                    (*at, key), f"{_shown((*at, key))} is empty", field.metadata["empty"]
                )
            elif field.default is MISSING and field.default_factory is MISSING:
                hint = f"add {key}: {field.metadata['meaning']}"
                found[key] = self.complain(at, f"{_shown((*at, key))} is missing", hint)
        return MISSING if MISSING in found.values() else self.whole(section(**found), at)

    def whole(self, section: object, at: Key) -> object:
        for key, message, hint in check_section(section):
            self.refuse((*at, key), message, hint)
        return section

    def refuse(self, at: Key, message: str, hint: str) -> None:
        """Complain of a value; of one from outside without showing it."""
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
        if isinstance(value, int | float) and value > MAX_BYTES:
            self.complain(at, f"{_shown(at)} is {value}", f"write {MAX_BYTES} or less")
        complaint = check_value(section.__name__, key, value)
        if complaint:
            self.refuse(at, *complaint)

    def bind_named(self, section: Any, value: object, at: Key) -> object:
        if not isinstance(value, dict):
            return self.complain(at, f"{_shown(at)} must be a group of named entries")
        bound = {str(name): self.bind(section, inner, (*at, name)) for name, inner in value.items()}
        return MISSING if MISSING in bound.values() else MappingProxyType(bound)

    def bind_list(self, wanted: Any, value: object, at: Key) -> object:
        if not isinstance(value, list):
            return self.complain(at, f"{_shown(at)} must be a list", f"write [{value}]")
        items = [self.bind(wanted, item, (*at, i)) for i, item in enumerate(value)]
        return MISSING if MISSING in items else tuple(items)

    def bind_plain(self, wanted: Any, value: object, at: Key) -> object:
        if value is MISSING:
            return MISSING
        if get_origin(wanted) is Literal:
            choices = get_args(wanted)
            if value in choices:
                return value
            return self.complain(at, f"{_shown(at)} is {value!r}", f"write {' or '.join(choices)}")
        if _is(wanted, value):
            return value
        hints_of_kinds = {
            str: "put it in quotes",
            int: "write digits without quotes, such as 20",
            float: "write a number such as 1 or 0.5",
            bool: "true or false",
        }
        kinds = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}
        return self.complain(at, f"{_shown(at)} must be {kinds[wanted]}", hints_of_kinds[wanted])

    def unknown(self, at: Key, known: Mapping[str, object]) -> None:
        if at[-1] == "<<":
            hint = "repeat the settings: merge keys are not part of YAML 1.2"
        elif near := nearest(str(at[-1]), known):
            hint = f"did you mean {near}?"
        else:
            hint = f"known here: {', '.join(known)}"
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


def nearest(name: str, known: Iterable[str]) -> str:
    """Of the names that are known, the one that was probably meant; "" if none is near."""
    import difflib

    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.6)), "")


def _is(wanted: type, value: object) -> bool:
    """Whether a value is of a type, strictly; a whole number is a number too."""
    if wanted is float:
        return type(value) is int or (isinstance(value, float) and math.isfinite(value))
    return type(value) is wanted


def _shown(at: Key) -> str:
    return ".".join(map(str, at)) or "the configuration"


def _located(problems: list[Problem], text: str, name: str) -> tuple[ConfigProblem, ...]:
    """Problems as faults, in the order of their lines."""
    root = _nodes(text)
    faults = [
        ConfigProblem(message, Location(name, _line(root, at)), hint)
        for at, message, hint in problems
    ]
    return tuple(sorted(faults, key=lambda fault: fault.place.line or 0))


def _line(node: Any, at: Key) -> int | None:
    """The line of the key at `at`, or of the nearest group around it that is there."""
    import yaml

    line = node.start_mark.line + 1 if node else None
    for step in at:
        if isinstance(node, yaml.MappingNode):
            pair = next((p for p in node.value if p[0].value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            pair = (node.value[step], node.value[step])
        else:
            pair = None
        if pair is None:
            return line
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def place_of(path: Path, at: Key) -> Location:
    """The line of a setting in the configuration file, for faults that are found later."""
    try:
        return Location(str(path), _line(_nodes(path.read_text(encoding="utf-8-sig")), at))
    except (OSError, UnicodeDecodeError):  # changed meanwhile: the file must do
        return Location(str(path))


def _line_of_duplicate(text: str) -> int | None:
    """The line of the first key that stands twice in its group, if there is one."""
    import yaml

    waiting, seen = [_nodes(text)], set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.MappingNode) or id(node) in seen:
            continue
        seen.add(id(node))  # aliases may go in circles
        keys: set[str] = set()
        for key, value in node.value:
            if str(key.value) in keys:
                return int(key.start_mark.line) + 1
            keys.add(str(key.value))
            waiting.append(value)
    return None


def _nodes(text: str) -> Any:
    """The document as PyYAML's nodes, which know their lines; None where it cannot read it."""
    import yaml

    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):  # the two parsers differ; the fault stands anyway
        return None
