"""Rules about HTML: its size, head, tables, container, and elements that do not work in email."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syndicate.findings import Level
from syndicate.newsletters.contrast import properties
from syndicate.newsletters.css_syntax import COMMENT
from syndicate.newsletters.render import (
    size_as_sent,
)
from syndicate.newsletters.rules.checked_issue import CheckedIssue, Fault
from syndicate.templating.environment import direction

CUT_BY_GMAIL = 102 * 1024
WIDEST = 680
GENERIC = ("serif", "sans-serif", "monospace", "cursive", "system-ui", "fantasy", "inherit")
FORBIDDEN_TAGS = ("script", "form", "iframe", "object", "embed", "link")


def size(issue: CheckedIssue) -> Iterator[Fault]:
    size = size_as_sent(issue.rendered.html)
    if size >= CUT_BY_GMAIL:
        message = f"the HTML takes {size // 1024} KB as sent; Gmail clips it at 102"
        hint = "include fewer articles: lower `max_articles`, or set text: summary"
        yield Fault(15, Level.ERROR, message, hint)


def document(issue: CheckedIssue) -> Iterator[Fault]:
    root = issue.root
    needed = (
        ("lang on <html>", "<html", root.get("lang")),
        ("dir on <html>", "<html", root.get("dir")),
        ("charset", "<head", root.xpath("//meta/@charset")),
        ("viewport", "<head", root.xpath("//meta[@name='viewport']")),
        ("title", "<head", (root.findtext(".//title") or "").strip()),
    )
    for name, where, is_present in needed:
        if not is_present:
            message = f"the HTML has no {name}"
            yield Fault(
                17, Level.ERROR, message, f"add it after {where}", issue.place(".html", where)
            )
    if root.get("lang") and root.get("dir") not in (None, "auto", direction(root.get("lang"))):
        message = f"dir is {root.get('dir')}, which does not fit the language {root.get('lang')}"
        hint = 'write dir="{{ site.language | direction }}"'
        yield Fault(17, Level.WARNING, message, hint, issue.place(".html", "<html"))


def dark_mode(issue: CheckedIssue) -> Iterator[Fault]:
    if not issue.root.xpath("//meta[@name='color-scheme']"):
        place = issue.place(".html", "<head")
        hint = 'add <meta name="color-scheme" content="light dark">'
        yield Fault(18, Level.WARNING, "the HTML has no color-scheme", hint, place)


def tables(issue: CheckedIssue) -> Iterator[Fault]:
    for table in issue.root.iter("table"):
        cells = [th for th in table.iter("th") if next(th.iterancestors("table")) is table]
        headed = bool(cells) and all(cell.get("scope") for cell in cells)
        if table.get("role") != "presentation" and not headed:
            message = "a table has neither role=presentation nor <th scope>"
            place = issue.place(".html", "<table")
            yield Fault(
                20,
                Level.WARNING,
                message,
                'write role="presentation" or <th scope> in the template',
                place,
            )
            return


def container(issue: CheckedIssue) -> Iterator[Fault]:
    styles = [properties(each) for each in issue.root.xpath("//@style")]
    matches = (re.match(r"(\d+)px", each.get("max-width", "")) for each in styles)
    widths = sorted({int(each[1]) for each in matches if each}, reverse=True)
    if not any(600 <= each <= WIDEST for each in widths):
        message = "no container is 600 to 680 pixels wide"
        place = issue.place(".css", *(f"max-width: {each}px" for each in widths))
        yield Fault(21, Level.WARNING, message, "give the container max-width: 640px", place)
    if not re.search(r"<!--\[if mso\]>\s*<table[^>]*width=\"\d+\"", issue.rendered.html):
        message = "no table of fixed width for Outlook"
        place = issue.place(".html", "<!--[if mso]>", "<body")
        yield Fault(21, Level.WARNING, message, "add one in conditional comments", place)


def forbidden(issue: CheckedIssue) -> Iterator[Fault]:
    for tag in sorted({str(each.tag) for each in issue.root.iter(*FORBIDDEN_TAGS)}):
        message, place = f"<{tag}> does not work in email", issue.place(".html", f"<{tag}")
        yield Fault(25, Level.ERROR, message, "remove it", place)
    for stack in sorted(set(re.findall(r"font-family:\s*([^;}]+)", issue.style))):
        last = stack.rpartition(",")[2].replace("!important", "").strip()
        if last not in GENERIC:
            message = f"the font stack ending in {last} has no generic family last"
            hint, place = "end it in serif, sans-serif or monospace", issue.place(".css", stack)
            yield Fault(25, Level.WARNING, message, hint, place)
    for name, text in issue.sources.items():
        if "@import" in COMMENT.sub("", text):
            message, place = "@import does not work in email", issue.place(name, "@import")
            yield Fault(25, Level.ERROR, message, "copy what it imports into email.css", place)
