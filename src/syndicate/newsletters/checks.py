"""The rules of a good email, looked for in a rendered issue and reported as findings.

Works on what would be sent, so it also judges a design that is not ours. Fetches nothing.
Not seen from here: how a mail program lays the issue out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urlsplit

from lxml.html import HtmlElement, document_fromstring

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.errors import Location
from syndicate.findings import Finding, Level
from syndicate.newsletters.body import for_mail, parse
from syndicate.newsletters.contrast import colour_faults, declarations
from syndicate.newsletters.css_syntax import COMMENT
from syndicate.newsletters.issue import Rendered
from syndicate.newsletters.mime_rules import broken_rules
from syndicate.newsletters.plain_text import plain_text
from syndicate.newsletters.render import (
    MAX_HTML_LENGTH,
    PREHEADER,
    TEXT_WIDTH,
    one_line,
    size_as_sent,
)
from syndicate.newsletters.style_doubts import doubts
from syndicate.templating.environment import direction

CUT_BY_GMAIL = 102 * 1024
MAX_STYLE = 16 * 1024
MIN_TEXT = 16
FEWEST_CHARACTERS = 20
TAP = 44
"""Pixels a link that stands alone is high at least (WCAG 2.2, success criterion 2.5.5)."""
WIDEST = 680
NOT_HTTPS = "does not begin with https:"
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%[^<>%]*%>|\*\|[\w:]+\|\*")
NESTED_AT_RULE = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*@")
LOOKS_LIKE_URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
GENERIC = ("serif", "sans-serif", "monospace", "cursive", "system-ui", "fantasy", "inherit")
FORBIDDEN_TAGS = ("script", "form", "iframe", "object", "embed", "link")
NOT_SIGNS = re.compile(r"[\W_]+")
PIECES = re.compile(r"\w+|[^\w\s]")
HEADED = ("h1", "h2", "h3", "h4", "h5", "h6", "li")
MARKUP = re.compile(r"<[^<>]*(?:>|$)|^[^<>]*>")
SPACER = 100
"""Characters behind the preheader that take up the room inboxes have."""
EMAIL_RULE = "email-"
"""What the names of these rules begin with; the rest is the number, if it has one."""


@dataclass(frozen=True, slots=True)
class _Issue:
    """What every check looks at. `sources` are the files of the design, by name."""

    rendered: Rendered
    newsletter: Newsletter
    articles: Sequence[Published]
    root: HtmlElement
    style: str
    sources: Mapping[str, str]

    def place(self, suffix: str, *written: str) -> Location:
        """Where the design says one of `written`, looked for in this order; else which file."""
        files = {
            name: COMMENT.sub(_as_lines, text)
            for name, text in self.sources.items()
            if name.endswith(suffix)
        }
        for pattern in (_spaced(each) for each in written):
            for name, text in files.items():
                found = pattern.search(text)
                if found:
                    return Location(name, text.count("\n", 0, found.start()) + 1)
        own = f"{self.newsletter.template}/email{suffix}"
        return Location(own if own in files or not files else next(iter(files)))

    def place_of(self, address: str, *written: str) -> Location:
        """The article that has this address, or where the design does."""
        article = next((each for each in self.articles if _has(each, address)), None)
        return Location(article.path) if article else self.place(".html", *written)

    def author_of(self, line: str) -> Location | None:
        """The article whose text holds a line of the message, None if it is the design's."""
        signs = [run for each in MARKUP.split(line) if (run := _signs(each))]
        longest = max(signs, key=len, default="")
        texts = (
            (each, f"{each.title} {each.summary} {_text(each.html[:MAX_HTML_LENGTH])}")
            for each in self.articles
        )
        found = (each for each, text in texts if longest and longest in _signs(text))
        return next((Location(each.path) for each in found), None)

    @property
    def written(self) -> str:
        """All that authors wrote, to tell it from what the design prints; in one line."""
        parts: list[str] = []
        for each in self.articles:
            parts += (each.title, each.summary, *each.tags, *each.authors)
            if len(each.html) <= MAX_HTML_LENGTH:
                html = for_mail(each.html, url=each.url, width=TEXT_WIDTH)
                parts += (_text(html), plain_text(html))
        return one_line(" ".join(parts))


class Fault(NamedTuple):
    """A rule that is broken: its number, what breaks it, a hint, and where, if not only in
    the configuration."""

    rule: int | str
    level: Level
    message: str
    hint: str
    place: Location | None = None


Check = Callable[[_Issue], Iterator[Fault]]


def check(
    rendered: Rendered,
    newsletter: Newsletter,
    articles: Sequence[Published],
    *,
    config: str,
    sources: Mapping[str, str],
    message: bytes,
) -> tuple[Finding, ...]:
    """Return what is wrong or doubtful about an issue, in the order of the rules.

    `config` is the configuration file as the user knows it: findings that neither an article nor
    the design causes point there. `sources` are the texts of the design's files, by name,
    `message` is the issue as it would be sent.
    """
    root = document_fromstring(rendered.html)
    style = "\n".join(each.text or "" for each in root.iter("style"))
    issue = _Issue(rendered, newsletter, articles, root, style, sources)
    faults = [
        Fault(number, level, wrong, hint, issue.author_of(line) if line else None)
        for number, level, wrong, hint, line in broken_rules(message)
    ]
    faults += [fault for each in CHECKS for fault in each(issue)]
    return tuple(
        Finding(
            fault.level,
            f"{EMAIL_RULE}{fault.rule}",
            f"newsletter {newsletter.name}: {fault.message}",
            fault.place.path if fault.place else config,
            fault.place.line if fault.place else None,
            fault.hint,
        )
        for fault in sorted(faults, key=_number)
    )


def _number(fault: Fault) -> float:
    """Rules in their order; what is not in their list stands with the style sheet."""
    return fault.rule if isinstance(fault.rule, int) else 16.5


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings of an issue for which it must not be sent: rules of level error it breaks."""
    return tuple(
        each for each in findings if each.level is Level.ERROR and each.rule.startswith(EMAIL_RULE)
    )


def _text_part(issue: _Issue) -> Iterator[Fault]:
    place = issue.place(".txt", "article.url", "article.text")
    for article in issue.articles:
        if article.url not in issue.rendered.text:
            message = f"the plain text leaves out the address of {article.title!r}"
            yield Fault(13, Level.ERROR, message, "print article.url in email.txt", place)
    html, text = (_signs(each) for each in (_shown_text(issue), issue.rendered.text))
    hrefs = set(issue.root.xpath("//a/@href"))
    for article in (each for each in issue.articles if len(each.html) <= MAX_HTML_LENGTH):
        body = parse(article.html)
        pieces = [one_line(each) for item in body.iter(*HEADED) for each in item.itertext()]
        left_out = [each for each in pieces if _signs(each) in html and _signs(each) not in text]
        urls = (url for url in body.xpath(".//a/@href") if url in hrefs)
        urls = (url for url in urls if urldefrag(url).url != article.url)
        left_out += [url for url in urls if url not in issue.rendered.text]
        if left_out:
            more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
            message = f"the plain text leaves out {left_out[0]!r}{more} of {article.title!r}"
            yield Fault(13, Level.WARNING, message, "print article.text in email.txt", place)


def _shown_text(issue: _Issue) -> str:
    """The text of the HTML as readers see it: no style sheet, no preheader."""
    words = "".join(issue.root.xpath("//body//text()[not(parent::style)]"))
    return words.replace(issue.rendered.preheader, "", 1)


def _signs(text: str) -> str:
    """Letters and digits alone, to find a text however it is wrapped and marked."""
    return NOT_SIGNS.sub("", text)


def _spaced(written: str) -> re.Pattern[str]:
    """What finds CSS or HTML however it is spaced."""
    return re.compile(r"\s*".join(map(re.escape, PIECES.findall(written))))


def _as_lines(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


def _size(issue: _Issue) -> Iterator[Fault]:
    size = size_as_sent(issue.rendered.html)
    if size >= CUT_BY_GMAIL:
        message = f"the HTML takes {size // 1024} KB as sent; Gmail cuts it off at 102"
        hint = "carry fewer articles: lower `max_articles`, or text: summary"
        yield Fault(15, Level.ERROR, message, hint)


def _summarised(issue: _Issue) -> Iterator[Fault]:
    titles = [each.title for each in issue.articles if each.id in issue.rendered.summarised]
    if titles:
        named = ", ".join(repr(one_line(each)) for each in titles)
        many = f"{len(titles)} articles are" if len(titles) > 1 else "1 article is"
        message = f"{many} carried as a summary, the full texts being too long for one mail: "
        hint = "lower `max_articles`, or be content: the mail links to the full text"
        yield Fault(15, Level.WARNING, f"{message}{named}", hint)


def _style(issue: _Issue) -> Iterator[Fault]:
    if len(issue.style.encode()) > MAX_STYLE:
        message = "the style sheet is longer than 16 KB"
        yield Fault(16, Level.ERROR, message, "shorten email.css", issue.place(".css"))
    nested = NESTED_AT_RULE.search(issue.style)
    if nested:
        message = "an at-rule stands inside @media; mail programs drop the whole sheet"
        place = issue.place(".css", nested[0])
        yield Fault(16, Level.ERROR, message, "move it out in email.css", place)


def _lost(issue: _Issue) -> Iterator[Fault]:
    """CSS that is dropped in silence on its way into style attributes, or by mail programs."""
    for doubt in dict.fromkeys(doubts(issue.style)):
        place = issue.place("", doubt.written)
        yield Fault("css", Level.WARNING, doubt.message, doubt.hint, place)


def _document(issue: _Issue) -> Iterator[Fault]:
    root = issue.root
    needed = (
        ("lang on <html>", "<html", root.get("lang")),
        ("dir on <html>", "<html", root.get("dir")),
        ("charset", "<head", root.xpath("//meta/@charset")),
        ("viewport", "<head", root.xpath("//meta[@name='viewport']")),
        ("title", "<head", (root.findtext(".//title") or "").strip()),
    )
    for name, where, found in needed:
        if not found:
            message = f"the HTML has no {name}"
            yield Fault(
                17, Level.ERROR, message, f"add it behind {where}", issue.place(".html", where)
            )
    if root.get("lang") and root.get("dir") not in (None, "auto", direction(root.get("lang"))):
        message = f"the HTML runs {root.get('dir')}, its language {root.get('lang')} does not"
        hint = 'write dir="{{ site.language | direction }}"'
        yield Fault(17, Level.WARNING, message, hint, issue.place(".html", "<html"))


def _dark(issue: _Issue) -> Iterator[Fault]:
    if not issue.root.xpath("//meta[@name='color-scheme']"):
        place = issue.place(".html", "<head")
        hint = 'add <meta name="color-scheme" content="light dark">'
        yield Fault(18, Level.WARNING, "the HTML has no color-scheme", hint, place)


def _colours(issue: _Issue) -> Iterator[Fault]:
    """Faults of colours, at the style sheet if that is where the colours are."""
    for rule, colours, message in colour_faults(issue.root, issue.style):
        stated = any(each in issue.style.lower() for each in colours)
        place = issue.place(".css", *colours) if stated else None
        hint = f"change the colour in {'email.css' if stated else 'the design'}"
        yield Fault(rule, Level.WARNING, message, hint, place)


def _tables(issue: _Issue) -> Iterator[Fault]:
    for table in issue.root.iter("table"):
        cells = [th for th in table.iter("th") if next(th.iterancestors("table")) is table]
        headed = bool(cells) and all(cell.get("scope") for cell in cells)
        if table.get("role") != "presentation" and not headed:
            message = "a table is neither role=presentation nor has <th scope>"
            place = issue.place(".html", "<table")
            yield Fault(20, Level.WARNING, message, "say in the template what the table is", place)
            return


def _container(issue: _Issue) -> Iterator[Fault]:
    styles = [declarations(each) for each in issue.root.xpath("//@style")]
    found = (re.match(r"(\d+)px", each.get("max-width", "")) for each in styles)
    widths = sorted({int(each[1]) for each in found if each}, reverse=True)
    if not any(600 <= each <= WIDEST for each in widths):
        message = "nothing is 600 to 680 pixels wide"
        place = issue.place(".css", *(f"max-width: {each}px" for each in widths))
        yield Fault(21, Level.WARNING, message, "give the container max-width: 640px", place)
    if not re.search(r"<!--\[if mso\]>\s*<table[^>]*width=\"\d+\"", issue.rendered.html):
        message = "no table of fixed width for Outlook"
        place = issue.place(".html", "<!--[if mso]>", "<body")
        yield Fault(21, Level.WARNING, message, "add one in conditional comments", place)


def _images(issue: _Issue) -> Iterator[Fault]:
    for image in issue.root.iter("img"):
        source = image.get("src", "")
        for number, message in _image_faults(image):
            place = issue.place_of(source, source, "<img")
            yield Fault(
                number, Level.WARNING, f"the image {source} {message}", "correct it there", place
            )


def _image_faults(image: HtmlElement) -> Iterator[tuple[int, str]]:
    sizes = [image.get(side) for side in ("width", "height")]
    style = declarations(image.get("style", ""))
    if "alt" not in image.attrib:
        yield 22, "has no alt"
    if not all(each is None or each.isdigit() for each in sizes):
        yield 22, "has a size that is no whole number"
    elif sizes[1] and style.get("height", "auto") != "auto":
        yield 22, "keeps its height when it grows narrower: it needs height: auto"
    elif sizes[0] and int(sizes[0]) > WIDEST and "max-width" not in style:
        yield 21, f"is wider than {WIDEST} pixels"
    if urlsplit(image.get("src", "")).scheme not in ("https", "http", "cid"):
        yield 24, "has no absolute address"


def _preheader(issue: _Issue) -> Iterator[Fault]:
    text, place = issue.rendered.preheader, issue.place(".html", "preheader", "<body")
    holders = [each for each in issue.root.xpath("//body//*") if (each.text or "").startswith(text)]
    if len(text) not in PREHEADER or not holders:
        message = "no preheader of 40 to 130 characters"
        yield Fault(23, Level.WARNING, message, "print preheader first in the body", place)
    elif "display:none" not in holders[0].get("style", "").replace(" ", ""):
        message = "the preheader shows above the mail"
        yield Fault(23, Level.WARNING, message, "hide it with display: none", place)
    elif len(holders[0].text_content()) < len(text) + SPACER:
        message = "no spacer behind the preheader: inboxes show what comes next"
        hint = "print &#847;&zwnj;&nbsp; 60 times behind it"
        yield Fault(23, Level.WARNING, message, hint, place)


def _forbidden(issue: _Issue) -> Iterator[Fault]:
    for tag in sorted({str(each.tag) for each in issue.root.iter(*FORBIDDEN_TAGS)}):
        message, place = f"<{tag}> does not work in mail", issue.place(".html", f"<{tag}")
        yield Fault(25, Level.ERROR, message, "remove it", place)
    for stack in sorted(set(re.findall(r"font-family:\s*([^;}]+)", issue.style))):
        last = stack.rpartition(",")[2].replace("!important", "").strip()
        if last not in GENERIC:
            message = f"the font stack ending in {last} has no generic family last"
            hint, place = "end it in serif, sans-serif or monospace", issue.place(".css", stack)
            yield Fault(25, Level.WARNING, message, hint, place)
    for name, text in issue.sources.items():
        if "@import" in COMMENT.sub("", text):
            message, place = "@import does not work in mail", issue.place(name, "@import")
            yield Fault(25, Level.ERROR, message, "copy what it imports into email.css", place)


def _readable(issue: _Issue) -> Iterator[Fault]:
    """Text large enough, and links that show without colour: by underline or frame."""
    faults = []
    for element in issue.root.xpath("//body//*"):
        style = declarations(element.get("style", ""))
        pixels = re.fullmatch(r"([\d.]+)px", style.get("font-size", ""))
        if pixels and float(pixels[1]) < MIN_TEXT and style.get("display") != "none":
            place = issue.place(".css", f"font-size: {pixels[0]}")
            message = f"text of {pixels[0]} is too small to read"
            faults.append(Fault(25, Level.WARNING, message, "use 16px or more in email.css", place))
        framed = "underline" in style.get("text-decoration", "") or "border" in style
        if element.tag == "a" and not framed:
            message = f"only its colour shows that {_label(element)} is a link"
            place = issue.place_of(element.get("href", ""), "text-decoration: none", "<a")
            faults.append(Fault(25, Level.WARNING, message, "underline it in email.css", place))
        height = _height(style) if element.tag == "a" else None
        if height is not None and height < TAP:
            message = f"the link {_label(element)} is {height:g} pixels high, a finger needs {TAP}"
            place = issue.place_of(element.get("href", ""), "<a")
            faults.append(Fault(25, Level.WARNING, message, "give it padding in email.css", place))
    yield from dict.fromkeys(faults)


def _label(element: HtmlElement) -> str:
    return repr(one_line(element.text_content()))


def _height(style: Mapping[str, str]) -> float | None:
    """How high a link that stands alone is, in pixels, if its style says so."""
    line = re.fullmatch(r"([\d.]+)px", style.get("line-height", ""))
    if style.get("display") not in ("block", "inline-block") or not line:
        return None
    sides = [re.fullmatch(r"([\d.]+)(?:px)?", each) for each in style.get("padding", "0").split()]
    if not sides or not all(sides):
        return None
    top, bottom = sides[0], sides[2] if len(sides) > 2 else sides[0]
    edges = 2 * sum(float(each) for each in re.findall(r"^([\d.]+)px", style.get("border", "")))
    return float(line[1]) + edges + sum(float(each[1]) for each in (top, bottom) if each)


def _footer(issue: _Issue) -> Iterator[Fault]:
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
        message = "no postal address in the footer; the law asks for one in many places"
        hint = f"set newsletters.{issue.newsletter.name}.postal_address"
        yield Fault(26, Level.WARNING, message, hint)
    elif _signs(address) not in _signs(issue.root.text_content()):
        message = "the HTML does not show the postal address"
        yield Fault(26, Level.WARNING, message, "print newsletter.postal_address", place)


def _only_images(issue: _Issue) -> Iterator[Fault]:
    words = _shown_text(issue).strip("\u034f\u200c\xa0 \n")
    if len(words.strip()) < FEWEST_CHARACTERS:
        place = issue.place(".html", "<body")
        yield Fault(27, Level.ERROR, "the HTML is only an image", "print the articles there", place)


def _placeholders(issue: _Issue) -> Iterator[Fault]:
    texts = (issue.rendered.subject, issue.rendered.text, _text(issue.rendered.html))
    found = [left for text in texts for left in PLACEHOLDER.findall(one_line(text))]
    written = issue.written if found else ""
    for left in dict.fromkeys(found):
        if left not in written:
            message, place = f"{left} was not replaced", issue.place("", left)
            hint = "correct the template or the configuration"
            yield Fault(28, Level.ERROR, message, hint, place if place.line else None)


def _home(issue: _Issue) -> Iterator[Fault]:
    """One fault of the site's address, which all links to the site share."""
    if urlsplit(issue.rendered.links.home_url).scheme == "http":
        message = "site.url begins with http:, and so do the links to the site"
        hint = "serve the site over https:, and say so in site.url"
        yield Fault(24, Level.WARNING, message, hint)


def _links(issue: _Issue) -> Iterator[Fault]:
    """One fault for all links of one article, or of the design, that have the same one."""
    home = issue.rendered.links.home_url
    found: dict[tuple[Location, str], list[str]] = {}
    for link in issue.root.iter("a"):
        href = link.get("href", "")
        fault = _link_fault(href, link.text_content().strip())
        told_by_home = fault == NOT_HTTPS and f"{href}/".startswith(home)
        if fault and not told_by_home:
            found.setdefault((issue.place_of(href, href), fault), []).append(href or "nothing")
    for (place, fault), hrefs in found.items():
        more = f" and {len(hrefs) - 1} more" if len(hrefs) > 1 else ""
        message = f"the link to {hrefs[0]}{more} {fault}"
        yield Fault(24, Level.WARNING, message, "correct the address", place)


def _has(article: Published, href: str) -> bool:
    return article.url == href or href in _unescaped(article.html)


@lru_cache(16)
def _unescaped(html: str) -> str:
    return unescape(html)


def _text(html: str) -> str:
    """All text and attribute values of a piece of HTML."""
    root: HtmlElement = parse(html)
    return " ".join([root.text_content(), *(unquote(each) for each in root.xpath(".//@*"))])


def _link_fault(href: str, text: str) -> str:
    parts = urlsplit(href)
    if parts.scheme == "mailto":
        return ""
    if parts.scheme != "https":
        return NOT_HTTPS
    if _is_address(parts.hostname or ""):
        return "names the host by number, as spam does"
    if LOOKS_LIKE_URL.fullmatch(text) and not _same_url(text, href):
        return f"shows another address, {text}, as fraud does"
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _same_url(text: str, href: str) -> bool:
    """Whether a text shows a URL, perhaps without its scheme or shortened at its end."""
    shown, real = (
        re.sub(r"^(https?://)?(www\.)?", "", unquote(each).casefold()).rstrip("/")
        for each in (text, href)
    )
    return shown == real or (shown.endswith(("…", "...")) and real.startswith(shown.rstrip("….")))


CHECKS: tuple[Check, ...] = (
    *(
        _text_part,
        _size,
        _summarised,
        _style,
        _lost,
        _document,
        _dark,
        _colours,
        _tables,
        _container,
        _images,
        _preheader,
    ),
    *(_home, _links, _forbidden, _readable, _footer, _only_images, _placeholders),
)
