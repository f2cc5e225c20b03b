"""HTML of any origin made safe to publish in feeds, pages and email.

nh3 decides what stays (`allowed_html`) and writes it balanced and normalised; one pass over its
output (`element_rewriter`) makes every address absolute and finishes pictures, players and code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from syndicate.content.addresses import Surroundings
from syndicate.content.allowed_html import clean
from syndicate.content.article import Image
from syndicate.content.element_rewriter import ElementRewriter, HtmlProblem
from syndicate.content.html_depth import (
    MANY_TAGS,
    MAX_DEPTH,
    depth_of,
    flatten,
    limit_open_elements,
)

_MAX_PASSES = 4
_TOO_DEEP = HtmlProblem(
    "nesting-deep",
    f"more than {MAX_DEPTH} elements are nested; the innermost are shown as plain text",
    hint="nest lists, quotes and tables less deeply",
)
_REMOVED_ELEMENTS: Mapping[str, str] = {
    "svg": "save the drawing as a file and show it as a picture",
    "math": "write the formula as text or show it as a picture",
    "canvas": "show a picture instead",
    "form": "link to a page with the form",
    "script": "scripts do not run in feed readers and email; link to a page that runs it",
}
_REMOVED_TAG = re.compile(rf"<({'|'.join(_REMOVED_ELEMENTS)})[\s/>]", re.IGNORECASE)

# Elements whose content HTML parses as bare text (iframe, noscript) or drops are renamed, so that
# their content is parsed and cleaned like any other.
_NEW_NAMES = {"iframe": "frame", "embed": "frame", "noscript": "noscript"}
_RENAMED = re.compile(r"<(/?)(iframe|embed|noscript)\b", re.IGNORECASE)
_GIST = re.compile(
    r"""<script\b[^<>]*\bsrc=["']?((?:https?:)?//gist\.github\.com/[\w./-]+?)(?:\.js)?(?:\?[^"'<>\s]*)?["'\s]*>\s*</script>""",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"<p>\s*</p>\n?")
_ALERT_PARTS = re.compile(
    r'<div(?: [a-z-]+="[^"]*")*>|</div>|<p class="markdown-alert-title">(?P<title>[^\n]*?)</p>'
)


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """Safe HTML, its pictures in order, and the problems of what was written."""

    html: str
    images: tuple[Image, ...]
    problems: tuple[HtmlProblem, ...]


def sanitise(
    html: str, *, base: str, surroundings: Surroundings, regular: bool = False
) -> SafeHtml:
    """Make `html` safe, with addresses absolute against `base`, the URL of the article.

    `regular`: its elements are known to be nested as HTML allows, so that one pass is enough.
    """
    html = _GIST.sub(r'<p><a href="\1">Read the code on GitHub Gist</a></p>', html)
    removed = [
        HtmlProblem("html-removed", f"<{name}> is removed", f"<{name}", _REMOVED_ELEMENTS[name])
        for name in sorted({match[1].lower() for match in _REMOVED_TAG.finditer(html)})
    ]
    html = _RENAMED.sub(lambda m: f"<{m[1]}x-{_NEW_NAMES[m[2].lower()]}", html)
    if html.count("<") > MANY_TAGS:
        html = limit_open_elements(html)
    rewriter = ElementRewriter(base, surroundings)
    rewriter.report_invalid_urls(html)
    cleaned = clean(html)
    if deep := cleaned.count("<") > MAX_DEPTH and depth_of(cleaned) > MAX_DEPTH:
        cleaned = flatten(cleaned)
    safe = rewriter.run(_with_alerts(cleaned))
    if rewriter.has_frames or deep or not regular:
        safe = _clean_until_stable(safe)
    problems = (*removed, *rewriter.problems, *([_TOO_DEEP] if deep else []))
    return SafeHtml(_EMPTY.sub("", safe), tuple(rewriter.images), problems)


def _with_alerts(html: str) -> str:
    """Alerts as quotations that begin with their title, which are visible without styles.

    `html` is balanced: each </div> closes the <div> opened last.
    """
    if 'class="markdown-alert ' not in html:
        return html
    opened: list[bool] = []

    def rewritten(match: re.Match[str]) -> str:
        if match["title"] is not None:
            return f"<p><strong>{match['title']}</strong></p>"
        if match[0] == "</div>":
            return "</blockquote>" if opened and opened.pop() else match[0]
        opened.append(' class="markdown-alert ' in match[0])
        return "<blockquote>" if opened[-1] else match[0]

    return _ALERT_PARTS.sub(rewritten, html)


def _clean_until_stable(html: str) -> str:
    """Clean HTML until it no longer changes.

    An element that is removed can leave others where HTML does not allow them; a browser would then
    build another tree than the one that is safe.
    """
    for _ in range(_MAX_PASSES):
        cleaned = clean(html)
        if cleaned == html:
            break
        html = cleaned
    return html
