"""Rules about texts: plain text part, summaries, preheader, footer, placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urldefrag

from syndicate.findings import Level
from syndicate.newsletters.body import parse_html
from syndicate.newsletters.render import (
    MAX_HTML_LENGTH,
    PREHEADER,
    one_line,
)
from syndicate.newsletters.rules.checked_issue import (
    CheckedIssue,
    Fault,
    shown_text,
    signs,
    text_of,
)

FEWEST_CHARACTERS = 20
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%[^<>%]*%>|\*\|[\w:]+\|\*")
HEADED = ("h1", "h2", "h3", "h4", "h5", "h6", "li")
SPACER = 100
"""Characters behind the preheader that take up the room inboxes have."""


def urls_in_text(issue: CheckedIssue) -> Iterator[Fault]:
    """The plain text has the URL of each article."""
    place = issue.place(".txt", "article.url", "article.text")
    for article in issue.articles:
        if article.url not in issue.rendered.text:
            message = f"the plain text lacks the address of {article.title!r}"
            yield Fault(13, Level.ERROR, message, "print article.url in email.txt", place)


def contents_in_text(issue: CheckedIssue) -> Iterator[Fault]:
    """The plain text has the headings, list items and links of the HTML."""
    place = issue.place(".txt", "article.url", "article.text")
    html, text = (signs(each) for each in (shown_text(issue), issue.rendered.text))
    hrefs = set(issue.root.xpath("//a/@href"))
    for article in (each for each in issue.articles if len(each.html) <= MAX_HTML_LENGTH):
        body = parse_html(article.html)
        pieces = [one_line(each) for item in body.iter(*HEADED) for each in item.itertext()]
        left_out = [each for each in pieces if signs(each) in html and signs(each) not in text]
        urls = (url for url in body.xpath(".//a/@href") if url in hrefs)
        urls = (url for url in urls if urldefrag(url).url != article.url)
        left_out += [url for url in urls if url not in issue.rendered.text]
        if left_out:
            more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
            message = f"the plain text lacks {left_out[0]!r}{more} of {article.title!r}"
            yield Fault(13, Level.WARNING, message, "print article.text in email.txt", place)


def summarised(issue: CheckedIssue) -> Iterator[Fault]:
    titles = [each.title for each in issue.articles if each.id in issue.rendered.summarised]
    if titles:
        named = ", ".join(repr(one_line(each)) for each in titles)
        articles = f"{len(titles)} articles are" if len(titles) > 1 else "1 article is"
        reason = "because the full texts are too long for one email"
        message = f"{articles} shortened to summaries, {reason}: "
        hint = "lower `max_articles`, or leave it: the email links to the full texts"
        yield Fault(15, Level.WARNING, f"{message}{named}", hint)


def preheader(issue: CheckedIssue) -> Iterator[Fault]:
    text, place = issue.rendered.preheader, issue.place(".html", "preheader", "<body")
    holders = [each for each in issue.root.xpath("//body//*") if (each.text or "").startswith(text)]
    if len(text) not in PREHEADER or not holders:
        message = "no preheader of 40 to 130 characters"
        yield Fault(23, Level.WARNING, message, "print preheader first in the body", place)
    elif "display:none" not in holders[0].get("style", "").replace(" ", ""):
        message = "the preheader is visible above the email"
        yield Fault(23, Level.WARNING, message, "hide it with display: none", place)
    elif len(holders[0].text_content()) < len(text) + SPACER:
        message = "no spacer after the preheader: inboxes show the text that follows"
        hint = "print &#847;&zwnj;&nbsp; 60 times after it"
        yield Fault(23, Level.WARNING, message, hint, place)


def footer(issue: CheckedIssue) -> Iterator[Fault]:
    hrefs, place = set(issue.root.xpath("//a/@href")), issue.place(".html", "footer", "</body")
    for name, url, written in (
        ("unsubscribe link", issue.rendered.links.unsubscribe_url, "links.unsubscribe_url"),
        ("read on the web", issue.rendered.links.web_url, "links.web_url"),
    ):
        if url not in hrefs:
            hint = f"link to {{{{ {written} }}}}"
            yield Fault(26, Level.ERROR, f"the HTML has no {name}", hint, place)
    address = issue.newsletter.postal_address.strip()
    if not address:
        message = "no postal address in the footer; many countries require one by law"
        hint = f"set newsletters.{issue.newsletter.name}.postal_address"
        yield Fault(26, Level.WARNING, message, hint)
    elif signs(address) not in signs(issue.root.text_content()):
        message = "the HTML does not show the postal address"
        yield Fault(26, Level.WARNING, message, "print newsletter.postal_address", place)


def only_images(issue: CheckedIssue) -> Iterator[Fault]:
    words = shown_text(issue).strip("\u034f\u200c\xa0 \n")
    if len(words.strip()) < FEWEST_CHARACTERS:
        place = issue.place(".html", "<body")
        yield Fault(27, Level.ERROR, "the HTML is only an image", "print the articles there", place)


def placeholders(issue: CheckedIssue) -> Iterator[Fault]:
    texts = (issue.rendered.subject, issue.rendered.text, text_of(issue.rendered.html))
    placeholders = [left for text in texts for left in PLACEHOLDER.findall(one_line(text))]
    written = issue.written if placeholders else ""
    for left in dict.fromkeys(placeholders):
        if left not in written:
            message, place = f"{left} was not replaced", issue.place("", left)
            hint = "correct the template or the configuration"
            yield Fault(28, Level.ERROR, message, hint, place if place.line else None)
