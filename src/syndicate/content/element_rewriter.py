"""One pass over cleaned HTML: absolute addresses, pictures with sizes, links instead of frames.

Each tag is written from attributes that were checked, never from text as the author wrote it. In
cleaned HTML, `<` is always &lt; in text and values, and `"` is &quot; in values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape

from syndicate.content.addresses import MEDIA_SCHEMES, Address, Surroundings, resolve
from syndicate.content.allowed_html import SUMMARY_END
from syndicate.content.article import Image
from syndicate.content.embeds import link, player
from syndicate.content.image_attributes import (
    LAZY_SOURCE_SETS,
    LAZY_SOURCES,
    Attributes,
    add_size,
    candidates,
    image_of,
    is_tracking_pixel,
    keep_whole_pixels,
    take_lazy,
)
from syndicate.uris import uri

_TAG = re.compile(
    r"<(?:(img|a|code|source|video|audio|blockquote|q|ins|del|x-frame)"
    r'((?: [a-z-]+="[^"]*")+)|(img|/?x-frame|/?x-noscript)(?: [a-z-]+="[^"]*")*)>'
)
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang)-\{?\.?([\w+#.-]+)")
# An absolute URL with a character in its host that may make it invalid.
_DOUBTFUL_URL = re.compile(
    r"""\s(?:href|src|poster|cite)\s*=\s*(?=["']?\s*(?:https?:)?//[^"'<>/?\#]*[^"'<>/?\#\w.\-])"""
    r"""(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>`]+))""",
    re.IGNORECASE,
)
MAX_PLACEHOLDER = 400  # characters of a data: URL; a longer one is a picture

IMAGE_MISSING, MEDIA_MISSING = "image-missing", "media-missing"


@dataclass(frozen=True, slots=True)
class HtmlProblem:
    """A problem in the HTML of an article. `written` is the text in the body that caused it."""

    rule: str
    message: str
    written: str = ""
    hint: str = ""


@dataclass(slots=True)
class ElementRewriter:
    """The state of one pass. `base` is the absolute URL of the article."""

    base: str
    surroundings: Surroundings
    problems: list[HtmlProblem] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    resolved: dict[tuple[str, bool], Address] = field(default_factory=dict)  # (written, is media)
    has_frames: bool = False
    noscript_depth: int = 0
    last_image_url: str = ""

    def run(self, html: str) -> str:
        """Rewrite cleaned HTML."""
        rewritten = _TAG.sub(self._tag, html)
        if "↩" in rewritten:  # text presentation, not the emoji
            rewritten = rewritten.replace(">↩<", ">↩\ufe0e<")
        return rewritten

    def _tag(self, match: re.Match[str]) -> str:
        name, written, empty = match[1], match[2], match[3]
        if empty:  # a picture without attributes, or an element renamed by `sanitise`
            if empty.endswith("x-noscript"):
                self.noscript_depth += -1 if empty[0] == "/" else 1
            return ""
        attributes = {key: _read(value) for key, value in _ATTRIBUTE.findall(written)}
        return _REWRITERS.get(name, ElementRewriter._linked)(self, name, attributes)

    def report_invalid_urls(self, html: str) -> None:
        """Report URLs in HTML as written that nh3 removes because it cannot parse them."""
        for match in _DOUBTFUL_URL.finditer(html):
            self._report_invalid_url(_read(match[1] or match[2] or match[3]).strip())

    def _report_invalid_url(self, written: str) -> None:
        if (written, False) in self.resolved:
            return
        try:
            uri(f"https:{written}" if written.startswith("//") else written)
        except ValueError:
            self._address(written)
            self.resolved[written, True] = Address("")

    def _linked(self, name: str, attributes: Attributes) -> str:
        for key in ("href", "cite"):
            if key in attributes:
                self._replace(attributes, key, self._address(attributes[key]))
        return _write(name, attributes)

    def _code(self, name: str, attributes: Attributes) -> str:
        language = _LANGUAGE.search(attributes.pop("class", ""))
        if language:
            attributes["class"] = f"language-{language[1]}"
        return _write(name, attributes)

    def _player(self, name: str, attributes: Attributes) -> str:
        for key in ("src", "poster"):
            if key in attributes:
                missing = IMAGE_MISSING if key == "poster" else MEDIA_MISSING
                self._replace(attributes, key, self._address(attributes[key], missing))
        self._rewrite_source_set(attributes)
        keep_whole_pixels(attributes)
        return _write(name, attributes)

    def _frame(self, _name: str, attributes: Attributes) -> str:
        self.has_frames = True
        source = take_lazy(attributes, "src", LAZY_SOURCES)
        if not source or source.startswith("about:"):
            return ""
        address, text = player(self._address(source).url, attributes.get("title", ""))
        return link(address, text) if address else ""

    def _image(self, name: str, attributes: Attributes) -> str:
        written = take_lazy(attributes, "src", LAZY_SOURCES)
        source_set = take_lazy(attributes, "srcset", LAZY_SOURCE_SETS)
        if source_set:
            attributes["srcset"] = source_set
        self._rewrite_source_set(attributes)
        if written.startswith("data:"):
            self._check_embedded(written)
            written = ""
        address = self._address(written, IMAGE_MISSING) if written else Address("")
        url = address.url or attributes.get("srcset", "").rpartition(", ")[2].partition(" ")[0]
        keep_whole_pixels(attributes)
        if (
            not url
            or is_tracking_pixel(attributes)
            or (self.noscript_depth and url == self.last_image_url)
        ):
            return ""
        self.last_image_url = attributes["src"] = url
        add_size(attributes, address.file)
        self._check_alt_text(attributes, written)
        self.images.append(image_of(attributes, address.file))
        return _write(name, attributes)

    def _check_embedded(self, written: str) -> None:
        if len(written) > MAX_PLACEHOLDER:
            message = "feed readers and mail programs do not show pictures embedded with data:"
            hint = "save it as a file beside the article"
            self.problems.append(HtmlProblem("image-embedded", message, written[:60], hint))

    def _check_alt_text(self, attributes: Attributes, written: str) -> None:
        if "alt" not in attributes:
            attributes["alt"] = ""
            message = f"the picture {_short(written)} has no alternative text"
            hint = 'describe it in alt="…", or write alt="" if it is decorative'
            self.problems.append(HtmlProblem("image-alt-missing", message, written, hint))

    def _rewrite_source_set(self, attributes: Attributes) -> None:
        """Make each candidate of srcset absolute; remove the attribute if none is valid."""
        if "srcset" in attributes:
            valid = []
            for written, size in candidates(attributes["srcset"]):
                url = self._address(written, IMAGE_MISSING).url
                # A comma at either end would be read as the end of the candidate.
                valid += [f"{url.replace(',', '%2C')} {size}".strip()] if url else []
            self._replace(attributes, "srcset", Address(", ".join(valid)))
            if not valid:
                attributes.pop("sizes", None)

    def _address(self, written: str, missing: str = "link-missing") -> Address:
        """The absolute address; `missing` is the rule of the finding if its target is missing."""
        media = missing != "link-missing"
        if (address := self.resolved.get((written, media))) is not None:
            return address
        schemes = {"schemes": MEDIA_SCHEMES} if media else {}
        address = resolve(written, base=self.base, surroundings=self.surroundings, **schemes)
        self.resolved[written, media] = address
        if address.problem and not (media and written.startswith("data:")):
            rule = "link-unsafe" if not address.url else missing
            hint = "correct the address" if not address.url else "correct the name of the file"
            self.problems.append(HtmlProblem(rule, address.problem, written, hint))
        return address

    @staticmethod
    def _replace(attributes: Attributes, key: str, address: Address) -> None:
        if address.url:
            attributes[key] = address.url
        else:
            del attributes[key]


_REWRITERS: Mapping[str, Callable[[ElementRewriter, str, Attributes], str]] = {
    "img": ElementRewriter._image,
    "code": ElementRewriter._code,
    "source": ElementRewriter._player,
    "video": ElementRewriter._player,
    "audio": ElementRewriter._player,
    "x-frame": ElementRewriter._frame,
}


def _read(value: str) -> str:
    value = unescape(value) if "&" in value else value
    return value.replace(SUMMARY_END, "") if SUMMARY_END in value else value


def _write(name: str, attributes: Attributes) -> str:
    return f"<{name}" + "".join(f' {k}="{escape(v)}"' for k, v in attributes.items()) + ">"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
