"""CSS into style attributes, by premailer, tamed.

It must never fetch anything, never lose `!important` (dark mode lives on it), and give the same
bytes for the same input, whatever other threads do.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

from cssutils import CSSParser
from premailer import Premailer

# premailer and cssutils share state between threads: without this, white space differs by chance.
LOCK = threading.Lock()

IMPORT = re.compile(r"@import\b[^;<]*;?", re.IGNORECASE)
STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.IGNORECASE | re.DOTALL)


def inline(html: str) -> str:
    """Return the document `html` with the rules of its <style> elements written to each element.

    The <style> elements stay, without @import, for what cannot be inlined: media queries.
    """
    with LOCK:
        inlined = str(_Inliner(STYLE.sub(_without_imports, html)).transform(pretty_print=False))
    # premailer keeps a doctype only if it is written as libxml2 writes it.
    return inlined if inlined.startswith("<!DOCTYPE") else f"<!DOCTYPE html>\n{inlined}"


def _without_imports(style: re.Match[str]) -> str:
    return style[1] + IMPORT.sub("", style[2]) + style[3]


class _Inliner(Premailer):  # type: ignore[misc]  # premailer is untyped
    def __init__(self, html: str) -> None:
        super().__init__(
            html,
            allow_network=False,
            disable_link_rewrites=True,
            disable_validation=True,
            keep_style_tags=True,
            strip_important=False,
            align_floating_images=False,
            # Written over real attributes otherwise: height="auto" where there was a number.
            disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
            cssutils_logging_level=logging.CRITICAL,
            method="html",
        )

    def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:
        """premailer's own parser fetches what CSS points at, even with `allow_network=False`."""
        return CSSParser(fetcher=_fetch_nothing, validate=validate).parseString(css_body)


def _fetch_nothing(_url: str) -> tuple[None, bytes]:
    return None, b""
