"""The syntax of shortcodes and template tags, by generator -> values. Pure.

- Hugo: `{{< name argument key="value" >}}`, `{{% name %}}`, closed by `{{< /name >}}`;
- Zola: `{{ name(key="value") }}`, and `{% name() %}`, closed by `{% end %}`;
- Liquid (Jekyll, Eleventy) and Nunjucks (Hexo): `{% name argument %}`, closed by `{% endname %}`;
  `{{ page.title }}`, `{{ site.url }}`, `{{ "/about/" | relative_url }}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

MAX_LENGTH = 4000  # characters in one tag; more is not a tag, which bounds the time of the search
CLOSING_MARKS: Mapping[str, str] = {"{{<": ">}}", "{{%": "%}}", "{{": "}}", "{%": "%}"}

# {{ … }}: the URL of the site, a path with a filter of Jekyll, a value of a template.
SITE_URL = re.compile(r"\s*site\.(?:url|baseurl)\s*(?:\|[^}]*)?")
FILTERED_PATH = re.compile(
    r"""\s*(?:"([^"]*)"|'([^']*)')\s*\|\s*(?:relative_url|absolute_url|prepend:\s*site\.)[^}]*"""
)
TEMPLATE_VALUE = re.compile(r"\s*(?:page|site|post|layout|include|content)\b[\w.\s|:'\"%,-]*")
_ZOLA = re.compile(r"\s*([A-Za-z_][\w:]*)\(\s*(|\w+\s*=.*)\)\s*(?:\|\s*safe\s*)?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w./-]*")
_ARGUMENT = re.compile(
    r"""(?:([\w.-]+)\s*=\s*)?(?:"((?:[^"\\]|\\.)*)(?:"|$)|'((?:[^'\\]|\\.)*)(?:'|$)"""
    r"""|`([^`]*)(?:`|$)|([^\s"'`=,][^\s"'`,]*))"""
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a shortcode: by position, by name in lowercase, and as written."""

    positional: tuple[str, ...]
    named: Mapping[str, str]
    text: str

    def get(self, *names: str) -> str:
        """The first of the named arguments that exists, or ""."""
        return next((self.named[name] for name in names if name in self.named), "")

    def first(self, *names: str) -> str:
        """The first of the named arguments that exists, else the first positional one, or ""."""
        return self.get(*names) or (self.positional[0] if self.positional else "")


class Tag(NamedTuple):
    """A tag with a name: `text` follows the name. `closes`: it ends a pair."""

    name: str
    text: str = ""
    closes: bool = False

    @property
    def is_call(self) -> bool:
        """Whether it has the form of Zola: `name(key="value")`."""
        return self._arguments.startswith("(") and self._arguments.endswith(")")

    @property
    def arguments(self) -> Arguments:
        """The arguments, without the parentheses of a call."""
        text = self._arguments
        return parse_arguments(text[1:-1] if self.is_call else text)

    @property
    def _arguments(self) -> str:
        return self.text.removesuffix("/").strip()


class Call(NamedTuple):
    """A shortcode of Zola in `{{ … }}`. `name` may have a namespace before `::`."""

    name: str
    arguments: Arguments


def parse_tag(text: str, mark: str) -> Tag | None:
    """The tag with the text between its marks; None if it has no name, or is a comment of Hugo."""
    text = text.strip().removeprefix("-").removesuffix("-").strip()
    if text.startswith("/*") and text.endswith("*/"):
        return None
    closes, text = text.startswith("/"), text.removeprefix("/").strip()
    match = _NAME.match(text)
    if match is None:
        return None
    name = match[0].removesuffix("/") or match[0]
    if mark == "{%" and name.startswith("end"):
        return Tag(name[3:], closes=True)
    return Tag(name, text[match.end() :], closes)


def begins_with_name(text: str) -> bool:
    """Whether the text can be that of a tag."""
    return _NAME.match(text.strip()) is not None


def parse_call(text: str) -> Call | None:
    """The shortcode of Zola in `{{ … }}`; None for other text."""
    match = _ZOLA.fullmatch(text)
    return Call(match[1], parse_arguments(match[2])) if match else None


def parse_arguments(text: str) -> Arguments:
    """`argument "another one" key="value"` as values."""
    positional: list[str] = []
    named: dict[str, str] = {}
    for name, *values in _ARGUMENT.findall(text):
        value = next(filter(None, values), "")
        if "\\" in value:
            value = re.sub(r"\\(.)", r"\1", value)
        if name:
            named.setdefault(name.lower(), value)
        else:
            positional.append(value)
    return Arguments(tuple(positional), named, text)
