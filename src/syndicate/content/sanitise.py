"""HTML from anywhere made safe to publish in feeds, pages and mail.

nh3 decides what survives and writes it balanced and normalised; one pass over its output then
makes every address absolute and finishes pictures, players and listings. What the pass writes is
built from addresses it has checked, never from text it has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape

import nh3

from syndicate.content.addresses import (
    LINK_SCHEMES,
    MEDIA_SCHEMES,
    Address,
    LocalFile,
    Surroundings,
    resolve,
)
from syndicate.content.article import Image
from syndicate.content.embeds import link, player
from syndicate.uris import uri

MORE = "\x02more\x03"  # where the summary ends; the caller takes it out


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to tell the author: `written` is what to look for in the body to find the line."""

    rule: str
    message: str
    written: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Clean:
    """Safe HTML, its pictures in order, and what was doubtful."""

    html: str
    images: tuple[Image, ...]
    doubts: tuple[Doubt, ...]


def sanitise(html: str, *, base: str, surroundings: Surroundings, regular: bool = False) -> Clean:
    """`html` made safe, its addresses absolute against `base`, the article's own URL.

    `regular` says that its elements are known to nest as HTML allows, which saves a second look.
    """
    html = _GIST.sub(r'<p><a href="\1">Read the code on GitHub Gist</a></p>', html)
    doubts = [
        Doubt("html-removed", f"<{name}> was left out", f"<{name}", _REMOVED[name])
        for name in sorted({found[1].lower() for found in _REMOVED_TAG.finditer(html)})
    ]
    html = _RENAMED.sub(lambda m: f"<{m[1]}x-{_NEW_NAMES[m[2].lower()]}", html)
    if html.count("<") > MANY_TAGS:
        html = _shallow(html)
    finish = _Finish(base, surroundings, doubts)
    for found in _ADDRESS_WRITTEN.finditer(html):
        finish.doubt_dropped(_read(found[1] or found[2] or found[3]).strip())
    written = balanced(html)
    if deep := written.count("<") > DEEPEST_TREE and _depth(written) > DEEPEST_TREE:
        written = _flattened(written)
        message = f"more than {DEEPEST_TREE} elements are nested; the innermost are"
        hint = "nest lists, quotes and tables less deeply"
        doubts.append(Doubt("nesting-deep", f"{message} shown as plain text", "", hint))
    clean = finish.run(_with_alerts(written))
    if finish.framed or deep or not regular:
        clean = _stable(clean)
    return Clean(_EMPTY.sub("", clean), tuple(finish.images), tuple(doubts))


def balanced(html: str) -> str:
    """HTML without what is not allowed, and with its open elements closed."""
    # A browser drops the first line break in <pre>: one that counts is written twice.
    clean = _CLEANER.clean(html).replace("<pre>\n", "<pre>\n\n")
    return _ILLEGAL.sub("", clean) if _CONTROL.search(clean) else clean


def _with_alerts(html: str) -> str:
    """Alerts as quotations that begin with their title, which need no style to be seen.

    `html` is balanced: each </div> closes the <div> opened last.
    """
    if 'class="markdown-alert ' not in html:
        return html
    opened: list[bool] = []

    def changed(match: re.Match[str]) -> str:
        if match["title"] is not None:
            return f"<p><strong>{match['title']}</strong></p>"
        if match[0] == "</div>":
            return "</blockquote>" if opened and opened.pop() else match[0]
        opened.append(' class="markdown-alert ' in match[0])
        return "<blockquote>" if opened[-1] else match[0]

    return _ALERT_PARTS.sub(changed, html)


_ALERT_PARTS = re.compile(
    r'<div(?: [a-z-]+="[^"]*")*>|</div>|<p class="markdown-alert-title">(?P<title>[^\n]*?)</p>'
)


def _stable(html: str) -> str:
    """HTML that parses to what it says.

    Taking an element out can leave others where HTML does not allow them; a browser would then
    build another tree than the one that was found to be safe.
    """
    for _ in range(MAX_LOOKS):
        again = balanced(html)
        if again == html:
            break
        html = again
    return html


MAX_LOOKS = 4
# What XML 1.0 (section 2.2) has no way to write, spelled &#1; in the body; MORE itself stays.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ILLEGAL = re.compile(
    r"[\x00\x01\x04-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\x02(?!more\x03)|(?<!\x02more)\x03"
)

# What may be in an article


def _names(text: str) -> set[str]:
    return set(text.split())


_TEXT = (
    "abbr acronym b bdi bdo big br cite code data dfn em i ins kbd mark q rp rt rtc ruby s "
    "samp small span strike strong sub sup time tt u var wbr del a"
)
_BLOCKS = (
    "address article aside blockquote caption center col colgroup dd details div dl dt figcaption "
    "figure footer h1 h2 h3 h4 h5 h6 header hgroup hr li main ol p pre section summary table tbody "
    "td tfoot th thead tr ul"
)
_MEDIA = "img picture source video audio x-frame x-noscript"
_TAGS = _names(f"{_TEXT} {_BLOCKS} {_MEDIA}")
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-url")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_CELL = {"align", "valign", "colspan", "rowspan", "scope", "headers", "abbr"}
_ATTRIBUTES: Mapping[str, set[str]] = {
    "*": {"id", "dir", "lang", "title"},
    "a": {"href", "name", "hreflang"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", *_LAZY, *_LAZY_SETS},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "video": {"src", "poster", "controls", "width", "height", "loop", "muted"},
    "audio": {"src", "controls", "loop"},
    "x-frame": {"src", *_LAZY},
    "blockquote": {"cite"},
    "q": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "time": {"datetime"},
    "data": {"value"},
    "td": _CELL,
    "th": _CELL,
    "col": {"span", "align"},
    "colgroup": {"span"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "details": {"open"},
    "bdo": {"dir"},
    "code": {"class"},
} | {name: {"align"} for name in ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr")}
_ALERTS = {
    f"markdown-alert markdown-alert-{kind}"
    for kind in ("note", "tip", "important", "warning", "caution")
}
_CLASSES: Mapping[str, Mapping[str, set[str]]] = {
    "a": {"class": {"footnote-backref"}},
    "sup": {"class": {"footnote-ref"}},
    "section": {"class": {"footnotes"}},
    "div": {"class": {"footnotes"} | _ALERTS},
    "p": {"class": {"markdown-alert-title"}},
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_names(
        "script style svg math title template textarea select applet canvas noembed noframes xmp "
        "frameset map nav"
    ),
    attributes=_ATTRIBUTES,
    tag_attribute_values=_CLASSES,
    link_rel=None,
    # data: only so that `_Finish` sees placeholders; it lets none of them through.
    url_schemes=LINK_SCHEMES | {"data"},
    set_tag_attribute_values={"video": {"controls": ""}, "audio": {"controls": ""}},
)
_REMOVED: Mapping[str, str] = {
    "svg": "save the drawing as a file and show it as a picture",
    "math": "write the formula as text or show it as a picture",
    "canvas": "show a picture instead",
    "form": "link to a page with the form",
    "script": "scripts do not run in readers and mail; link to what it would show",
}
_REMOVED_TAG = re.compile(rf"<({'|'.join(_REMOVED)})[\s/>]", re.IGNORECASE)

# Elements whose inside HTML parses as bare text (iframe, noscript) or drops are renamed, so that
# what is in them is parsed and cleaned like anything else.
_NEW_NAMES = {"iframe": "frame", "embed": "frame", "noscript": "noscript"}
_RENAMED = re.compile(r"<(/?)(iframe|embed|noscript)\b", re.IGNORECASE)
_GIST = re.compile(
    r"""<script\b[^<>]*\bsrc=["']?((?:https?:)?//gist\.github\.com/[\w./-]+?)(?:\.js)?(?:\?[^"'<>\s]*)?["'\s]*>\s*</script>""",
    re.IGNORECASE,
)

# Depth: the parser takes time quadratic in it

MANY_TAGS = 1000
DEEPEST = 200
DEEPEST_STYLE = 16  # text styles left open are opened again in every paragraph
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>?")
_UNCOUNTED = _names(
    "p li td th tr dd dt option br hr img input wbr col source embed link meta area base track "
    "rt rp tbody thead tfoot"
)
_STYLES = _names("a b big code em font i nobr s small strike strong tt u")


def _shallow(html: str) -> str:
    """`html` without the opening tags that would nest deeper than anyone writes."""
    opened: dict[str, int] = {}
    depth = styles = 0

    def counted(match: re.Match[str]) -> str:
        nonlocal depth, styles
        name = match[2].lower()
        if name in _UNCOUNTED:
            return match[0]
        styled = name in _STYLES
        if match[1]:
            if opened.get(name, 0):
                opened[name] -= 1
                styles, depth = styles - styled, depth - (not styled)
            return match[0]
        if (styles >= DEEPEST_STYLE) if styled else (depth >= DEEPEST):
            return ""
        opened[name] = opened.get(name, 0) + 1
        styles, depth = styles + styled, depth + (not styled)
        return match[0]

    return _ANY_TAG.sub(counted, html)


# Depth of what was written: parsers of HTML drop what is deeper than 256 levels, a page's own
# among them.

DEEPEST_TREE = 100
_WRITTEN_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*>")
_VOID = _names("br hr img wbr col source")


def _depth(html: str) -> int:
    """How many elements of balanced HTML stand within each other at most."""
    depth = deepest = 0
    for end, name in _WRITTEN_TAG.findall(html):
        if name not in _VOID:
            depth += -1 if end else 1
            deepest = max(deepest, depth)
    return deepest


def _flattened(html: str) -> str:
    """Balanced HTML without the tags of elements that are too deep; their text stays."""
    depth = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth
        if match[2] in _VOID:
            return match[0]
        depth += 0 if match[1] else 1
        text = match[0] if depth <= DEEPEST_TREE else " "
        depth -= 1 if match[1] else 0
        return text

    return _WRITTEN_TAG.sub(kept, html)


# The pass over normalised HTML: `<` is always written &lt; in text and values, `"` in values.

_FINISHED = re.compile(
    r"<(?:(img|a|code|source|video|audio|blockquote|q|ins|del|x-frame)"
    r'((?: [a-z-]+="[^"]*")+)|(img|/?x-frame|/?x-noscript)(?: [a-z-]+="[^"]*")*)>'
)
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_EMPTY = re.compile(r"<p>\s*</p>\n?")
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang)-\{?\.?([\w+#.-]+)")
# An absolute address with something in it that may make it none.
_ADDRESS_WRITTEN = re.compile(
    r"""\s(?:href|src|poster|cite)\s*=\s*(?=["']?\s*(?:https?:)?//[^"'<>/?\#]*[^"'<>/?\#\w.\-])"""
    r"""(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>`]+))""",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*", re.IGNORECASE)
_GLUED = re.compile(r"(\s[\d.]+[wxh]),(?=\S)")
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
}
PLACEHOLDER = 400  # characters of a data: address that holds no picture worth a warning

IMAGE, MEDIA = "image-missing", "media-missing"

Attributes = dict[str, str]


@dataclass(slots=True)
class _Finish:
    """One pass over what nh3 let through."""

    base: str
    surroundings: Surroundings
    doubts: list[Doubt]
    images: list[Image] = field(default_factory=list)
    known: dict[tuple[str, bool], Address] = field(default_factory=dict)
    framed: bool = False
    without_script: int = 0
    last: str = ""

    def run(self, html: str) -> str:
        finished = _FINISHED.sub(self._tag, html)
        if "↩" in finished:  # the text form of the sign, not the emoji
            finished = finished.replace(">↩<", ">↩\ufe0e<")
        return finished

    def _tag(self, match: re.Match[str]) -> str:
        name, written, empty = match[1], match[2], match[3]
        if empty:  # nothing to show, and marks of our own
            if empty.endswith("x-noscript"):
                self.without_script += -1 if empty[0] == "/" else 1
            return ""
        attributes = {key: _read(value) for key, value in _ATTRIBUTE.findall(written)}
        return _MAKERS.get(name, _Finish._linked)(self, name, attributes)

    def doubt_dropped(self, written: str) -> None:
        """Report an address that nh3 drops in silence, as it does what cannot be parsed."""
        if (written, False) in self.known:
            return
        try:
            uri(f"https:{written}" if written.startswith("//") else written)
        except ValueError:
            self._address(written)
            self.known[written, True] = Address("")

    def _linked(self, name: str, attributes: Attributes) -> str:
        for key in ("href", "cite"):
            if key in attributes:
                self._replace(attributes, key, self._address(attributes[key]))
        return _write(name, attributes)

    def _listing(self, name: str, attributes: Attributes) -> str:
        language = _LANGUAGE.search(attributes.pop("class", ""))
        if language:
            attributes["class"] = f"language-{language[1]}"
        return _write(name, attributes)

    def _player(self, name: str, attributes: Attributes) -> str:
        for key in ("src", "poster"):
            if key in attributes:
                self._replace(
                    attributes,
                    key,
                    self._address(attributes[key], IMAGE if key == "poster" else MEDIA),
                )
        self._sources(attributes)
        _integers(attributes)
        return _write(name, attributes)

    def _frame(self, _name: str, attributes: Attributes) -> str:
        self.framed = True
        source = _real(attributes, "src", _LAZY)
        if not source or source.startswith("about:"):
            return ""
        address, text = player(self._address(source).url, attributes.get("title", ""))
        return link(address, text) if address else ""

    def _image(self, name: str, attributes: Attributes) -> str:
        written = _real(attributes, "src", _LAZY)
        candidates = _real(attributes, "srcset", _LAZY_SETS)
        if candidates:
            attributes["srcset"] = candidates
        self._sources(attributes)
        if written.startswith("data:"):
            self._embedded(written)
            written = ""
        address = self._address(written, IMAGE) if written else Address("")
        url = address.url or attributes.get("srcset", "").rpartition(", ")[2].partition(" ")[0]
        _integers(attributes)
        if not url or _is_pixel(attributes) or (self.without_script and url == self.last):
            return ""
        self.last = attributes["src"] = url
        _measured(attributes, address.file)
        self._described(attributes, written)
        self.images.append(_value(attributes, address.file))
        return _write(name, attributes)

    def _embedded(self, written: str) -> None:
        if len(written) > PLACEHOLDER:
            message = "a picture written into the text (data:) shows in no feed reader or mail"
            hint = "save it as a file beside the article"
            self.doubts.append(Doubt("image-embedded", message, written[:60], hint))

    def _described(self, attributes: Attributes, written: str) -> None:
        if "alt" not in attributes:
            attributes["alt"] = ""
            message = f"the picture {_short(written)} has no alternative text"
            hint = 'describe it in alt="…", or write alt="" if it only decorates'
            self.doubts.append(Doubt("image-alt-missing", message, written, hint))

    def _sources(self, attributes: Attributes) -> None:
        """srcset: each candidate absolute, or the attribute gone."""
        if "srcset" in attributes:
            found = []
            for written, size in _candidates(attributes["srcset"]):
                url = self._address(written, IMAGE).url
                # A comma at either end would be read as the end of the candidate.
                found += [f"{url.replace(',', '%2C')} {size}".strip()] if url else []
            self._replace(attributes, "srcset", Address(", ".join(found)))
            if not found:
                attributes.pop("sizes", None)

    def _address(self, written: str, missing: str = "link-missing") -> Address:
        """What `written` leads to; `missing` is the rule broken when there is no such thing."""
        media = missing != "link-missing"
        if (address := self.known.get((written, media))) is not None:
            return address
        schemes = {"schemes": MEDIA_SCHEMES} if media else {}
        address = resolve(written, base=self.base, surroundings=self.surroundings, **schemes)
        self.known[written, media] = address
        if address.problem and not (media and written.startswith("data:")):
            rule = "link-unsafe" if not address.url else missing
            hint = "correct the address" if not address.url else "correct the name of the file"
            self.doubts.append(Doubt(rule, address.problem, written, hint))
        return address

    @staticmethod
    def _replace(attributes: Attributes, key: str, address: Address) -> None:
        if address.url:
            attributes[key] = address.url
        else:
            del attributes[key]


_MAKERS: Mapping[str, Callable[[_Finish, str, Attributes], str]] = {
    "img": _Finish._image,
    "code": _Finish._listing,
    "source": _Finish._player,
    "video": _Finish._player,
    "audio": _Finish._player,
    "x-frame": _Finish._frame,
}


def _read(value: str) -> str:
    value = unescape(value) if "&" in value else value
    return value.replace(MORE, "") if MORE in value else value


def _write(name: str, attributes: Attributes) -> str:
    return f"<{name}" + "".join(f' {k}="{escape(v)}"' for k, v in attributes.items()) + ">"


def _real(attributes: Attributes, plain: str, lazy: tuple[str, ...]) -> str:
    """The real address of a picture that is loaded late by a script, else the one written."""
    found = [attributes.pop(key) for key in lazy if key in attributes]
    return next(
        filter(None, found),
        attributes.pop(plain, "") if plain == "src" else attributes.get(plain, ""),
    )


def _candidates(srcset: str) -> list[tuple[str, str]]:
    """The addresses of a srcset with their descriptors (HTML, section 4.8.4.2.1)."""
    found: list[tuple[str, str]] = []
    address = ""
    for word in _GLUED.sub(r"\1, ", srcset).split():
        if not address:
            address = word.strip(",")
            ended = word.endswith(",")
            size = ""
        else:
            size, ended = word.rstrip(","), True
        if address and ended:
            found.append((address, size if re.fullmatch(r"[\d.]+[wxh]", size) else ""))
            address = ""
    return [*found, (address, "")] if address else found


def _integers(attributes: Attributes) -> None:
    """Width and height as whole pixels; anything else ("50%", "auto") goes."""
    for side in ("width", "height"):
        if side in attributes:
            pixels = _PIXELS.fullmatch(attributes[side])
            if pixels:
                attributes[side] = pixels[1]
            else:
                del attributes[side]


def _is_pixel(attributes: Attributes) -> bool:
    sides = [attributes[side] for side in ("width", "height") if side in attributes]
    return len(sides) == 2 and all(int(side) <= 1 for side in sides)


def _measured(attributes: Attributes, file: LocalFile | None) -> None:
    """Give a picture the size of its file, in the proportion the author asked for."""
    if file is None or not file.width or not file.height:
        return
    width, height = attributes.get("width"), attributes.get("height")
    if width is None:
        scaled = round(file.width * int(height) / file.height) if height else file.width
        attributes["width"] = str(max(1, scaled))
    if height is None:
        scaled = round(file.height * int(attributes["width"]) / file.width)
        attributes["height"] = str(max(1, scaled))


def _value(attributes: Attributes, file: LocalFile | None) -> Image:
    path = attributes["src"].partition("?")[0].partition("#")[0]
    kind = (file.type if file else None) or _TYPES.get(path.rpartition(".")[2].lower())
    width, height = (int(attributes[s]) if s in attributes else None for s in ("width", "height"))
    return Image(attributes["src"], attributes["alt"], width, height, kind)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
