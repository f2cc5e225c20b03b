"""The text of config.yaml -> a parsed document; its syntax errors and the lines of settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml_rs

from syndicate.config.binder import Key, Problem
from syndicate.config.value_checks import ILLEGAL
from syndicate.errors import ConfigError, ConfigProblem, Location

DEEP_NEST = re.compile(r"(?:[-?:][ \t]+){64}|[\[{]{64}")
FEW_ALIASES = yaml_rs.AliasLimits(max_total_replayed_events=10_000)


def parse_yaml(text: str, name: str) -> object:
    if nest := DEEP_NEST.search(text):  # it would exhaust the parser's stack
        line = text.count("\n", 0, nest.start()) + 1
        place = Location(name, line)
        raise ConfigError(
            (ConfigProblem("this is nested too deeply", place, "see docs/config.md"),)
        )
    if illegal := ILLEGAL.search(text):
        line = text.count("\n", 0, illegal.start()) + 1
        message = f"this is not YAML: it has the character U+{ord(illegal[0]):04X}"
        raise ConfigError((ConfigProblem(message, Location(name, line), "delete it"),))
    try:
        return yaml_rs.loads(text, parse_datetime=False, alias_limits=FEW_ALIASES)
    except (ValueError, RecursionError) as error:
        raise _syntax_error(error, text, name) from None


def _syntax_error(error: Exception, text: str, name: str) -> ConfigError:
    """The error of the parser, with the line that PyYAML names."""
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
    """A parser error and a hint, for people who do not know YAML."""
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


def located(problems: list[Problem], text: str, name: str) -> tuple[ConfigProblem, ...]:
    """Problems with their lines, in this order."""
    root = _nodes(text)
    faults = [
        ConfigProblem(message, Location(name, _line(root, at)), hint)
        for at, message, hint in problems
    ]
    return tuple(sorted(faults, key=lambda fault: fault.place.line or 0))


def _line(node: Any, at: Key) -> int | None:
    """The line of the key at `at`, or of the nearest enclosing group in the file."""
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
    """The line of a setting in the configuration file, for problems found later."""
    return places_of(path, [at])[0]


def places_of(path: Path, keys: Iterable[Key]) -> list[Location]:
    """The lines of settings in the configuration file, which is read once."""
    try:
        root = _nodes(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):  # the file changed meanwhile
        root = None
    return [Location(str(path), _line(root, key)) for key in keys]


def _line_of_duplicate(text: str) -> int | None:
    """The line of the first key that occurs twice in its group, if any."""
    import yaml

    waiting, seen = [_nodes(text)], set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.MappingNode) or id(node) in seen:
            continue
        seen.add(id(node))  # aliases may be circular
        keys: set[str] = set()
        for key, value in node.value:
            if str(key.value) in keys:
                return int(key.start_mark.line) + 1
            keys.add(str(key.value))
            waiting.append(value)
    return None


def _nodes(text: str) -> Any:
    """The document as nodes of PyYAML, which have lines; None if PyYAML cannot read it."""
    import yaml

    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):  # the two parsers differ; report without a line
        return None
