"""The HTML that an article may contain, and nh3 set up to remove everything else. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import nh3

from syndicate.content.addresses import LINK_SCHEMES
from syndicate.content.image_attributes import LAZY_SOURCE_SETS, LAZY_SOURCES

SUMMARY_END = "\x02more\x03"  # where the summary ends; the caller removes it
# Characters that XML 1.0 (section 2.2) cannot contain, written as &#1; in the body.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ILLEGAL = re.compile(
    r"[\x00\x01\x04-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\x02(?!more\x03)|(?<!\x02more)\x03"
)


def clean(html: str) -> str:
    """HTML without what is not allowed, with all elements closed."""
    # Browsers ignore the first line break in <pre>, so it is written twice.
    cleaned = _CLEANER.clean(html).replace("<pre>\n", "<pre>\n\n")
    return _ILLEGAL.sub("", cleaned) if _CONTROL.search(cleaned) else cleaned


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
_CELL = {"align", "valign", "colspan", "rowspan", "scope", "headers", "abbr"}
ALLOWED_ATTRIBUTES: Mapping[str, set[str]] = {
    "*": {"id", "dir", "lang", "title"},
    "a": {"href", "name", "hreflang"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", *LAZY_SOURCES, *LAZY_SOURCE_SETS},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "video": {"src", "poster", "controls", "width", "height", "loop", "muted"},
    "audio": {"src", "controls", "loop"},
    "x-frame": {"src", *LAZY_SOURCES},
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
    attributes=ALLOWED_ATTRIBUTES,
    tag_attribute_values=_CLASSES,
    link_rel=None,
    # data: only so that `ElementRewriter` sees placeholder images; it removes all of them.
    url_schemes=LINK_SCHEMES | {"data"},
    set_tag_attribute_values={"video": {"controls": ""}, "audio": {"controls": ""}},
)
