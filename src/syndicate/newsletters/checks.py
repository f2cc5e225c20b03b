"""The rules of a good email, looked for in a rendered issue and told as findings.

Works on what would be sent, so it also judges a design that is not ours. Fetches nothing.
Not seen from here: how a mail program lays the issue out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement, document_fromstring

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.findings import Finding, Level
from syndicate.newsletters.body import for_mail, parse
from syndicate.newsletters.contrast import colour_faults, declarations
from syndicate.newsletters.issue import Rendered
from syndicate.newsletters.plain_text import plain_text
from syndicate.newsletters.render import PREHEADER, TEXT_WIDTH, one_line, size_as_sent

CUT_BY_GMAIL = 102 * 1024
MOST_STYLE = 16 * 1024
SMALLEST_TEXT = 16
FEWEST_CHARACTERS = 20
TITLES_NAMED = 3
NOT_HTTPS = "does not begin with https:"
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%[^<>%]*%>|\*\|[\w:]+\|\*")
NESTED_AT_RULE = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*@")
UNSUPPORTED = re.compile(
    r"@(?:supports|layer|container)\b|:(?:is|where|has)\(|var\(|#[0-9a-fA-F]{8}\b|rgba?\([^)]*/|&"
)
LOOKS_LIKE_URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
GENERIC = ("serif", "sans-serif", "monospace", "cursive", "system-ui", "fantasy", "inherit")
FORBIDDEN_TAGS = ("script", "form", "iframe", "object", "embed", "link")


@dataclass(frozen=True, slots=True)
class _Issue:
    """What every check looks at."""

    rendered: Rendered
    newsletter: Newsletter
    articles: Sequence[Published]
    root: HtmlElement
    style: str

    @property
    def written(self) -> str:
        """All that authors wrote, to tell it from what the design prints; in one line."""
        parts: list[str] = []
        for each in self.articles:
            html = for_mail(each.html, url=each.url, width=TEXT_WIDTH)
            parts += (each.title, each.summary, *each.tags, *each.authors)
            parts += (_text(html), plain_text(html))
        return one_line(" ".join(parts))


Fault = tuple[int | str, Level, str, str]
Check = Callable[[_Issue], Iterator[Fault]]


def check(
    rendered: Rendered, newsletter: Newsletter, articles: Sequence[Published], *, config: str
) -> tuple[Finding, ...]:
    """Return what is wrong or doubtful about an issue, in the order of the rules.

    `config` is the configuration file as the user knows it: findings that no article causes
    point there.
    """
    root = document_fromstring(rendered.html)
    style = "\n".join(each.text or "" for each in root.iter("style"))
    issue = _Issue(rendered, newsletter, articles, root, style)
    faults = [fault for each in CHECKS for fault in each(issue)]
    findings = [
        Finding(
            level, f"email-{rule}", f"newsletter {newsletter.name}: {message}", config, None, out
        )
        for rule, level, message, out in faults
    ]
    return (*findings, *_colours(issue, config), *_links(issue))


def _text_part(issue: _Issue) -> Iterator[Fault]:
    for article in issue.articles:
        if article.url not in issue.rendered.text:
            message = f"the plain text leaves out the address of {article.title!r}"
            yield 13, Level.ERROR, message, "print article.url in email.txt"


def _size(issue: _Issue) -> Iterator[Fault]:
    size = size_as_sent(issue.rendered.html)
    if size >= CUT_BY_GMAIL:
        message = f"the HTML takes {size // 1024} KB as sent; Gmail cuts it off at 102"
        yield 15, Level.ERROR, message, "carry fewer articles: lower `most`, or text: summary"


def _summarised(issue: _Issue) -> Iterator[Fault]:
    titles = [each.title for each in issue.articles if each.id in issue.rendered.summarised]
    if titles:
        named = ", ".join(repr(one_line(each)) for each in titles[:TITLES_NAMED])
        more = f" and {len(titles) - TITLES_NAMED} more" if len(titles) > TITLES_NAMED else ""
        many = f"{len(titles)} articles are" if len(titles) > 1 else "1 article is"
        message = f"{many} carried as a summary, the full texts being too long for one mail: "
        way_out = "lower `most`, or be content: the mail links to the full text"
        yield 15, Level.WARNING, f"{message}{named}{more}", way_out


def _style(issue: _Issue) -> Iterator[Fault]:
    if len(issue.style.encode()) > MOST_STYLE:
        yield 16, Level.ERROR, "the style sheet is longer than 16 KB", "shorten email.css"
    if NESTED_AT_RULE.search(issue.style):
        message = "an at-rule stands inside @media; mail programs drop the whole sheet"
        yield 16, Level.ERROR, message, "move it out in email.css"


def _unsupported(issue: _Issue) -> Iterator[Fault]:
    """CSS that is dropped in silence on its way into style attributes, or by mail programs."""
    for found in sorted(set(UNSUPPORTED.findall(issue.style))):
        message = f"{found} in the style sheet is not understood by mail programs"
        yield "css", Level.WARNING, message, "write it plainly in email.css"


def _document(issue: _Issue) -> Iterator[Fault]:
    root = issue.root
    needed = (
        ("lang on <html>", root.get("lang")),
        ("dir on <html>", root.get("dir")),
        ("a charset", root.xpath("//meta/@charset")),
        ("a viewport", root.xpath("//meta[@name='viewport']")),
        ("a title", (root.findtext(".//title") or "").strip()),
    )
    for name, found in needed:
        if not found:
            yield 17, Level.ERROR, f"the HTML has no {name}", "add it to email.html"


def _dark(issue: _Issue) -> Iterator[Fault]:
    if not issue.root.xpath("//meta[@name='color-scheme']"):
        yield 18, Level.WARNING, "the HTML has no color-scheme", "add the meta to email.html"


def _colours(issue: _Issue, config: str) -> Iterator[Finding]:
    """Faults of colours, at the style sheet if that is where the colours are."""
    for rule, colours, message in colour_faults(issue.root, issue.style):
        stated = any(each in issue.style.lower() for each in colours)
        yield Finding(
            Level.WARNING,
            f"email-{rule}",
            f"newsletter {issue.newsletter.name}: {message}",
            f"{issue.newsletter.template}/email.css" if stated else config,
            None,
            f"change the colour in {'email.css' if stated else 'the design'}",
        )


def _tables(issue: _Issue) -> Iterator[Fault]:
    for table in issue.root.iter("table"):
        cells = [th for th in table.iter("th") if next(th.iterancestors("table")) is table]
        headed = bool(cells) and all(cell.get("scope") for cell in cells)
        if table.get("role") != "presentation" and not headed:
            message = "a table is neither role=presentation nor has <th scope>"
            yield 20, Level.WARNING, message, "say in email.html what the table is"
            return


def _container(issue: _Issue) -> Iterator[Fault]:
    styles = [declarations(each) for each in issue.root.xpath("//@style")]
    widths = [re.match(r"(\d+)px", each.get("max-width", "")) for each in styles]
    if not any(each and 600 <= int(each[1]) <= 680 for each in widths):
        message = "nothing is 600 to 680 pixels wide"
        yield 21, Level.WARNING, message, "give the container max-width: 640px in email.css"
    if not re.search(r"<!--\[if mso\]>\s*<table[^>]*width=\"\d+\"", issue.rendered.html):
        message = "no table of fixed width for Outlook"
        yield 21, Level.WARNING, message, "add one in conditional comments to email.html"


def _images(issue: _Issue) -> Iterator[Fault]:
    for image in issue.root.iter("img"):
        sizes = [image.get("width"), image.get("height")]
        if "alt" not in image.attrib or not all(each is None or each.isdigit() for each in sizes):
            message = f"the image {image.get('src')} lacks alt, or its size is no whole number"
            yield 22, Level.WARNING, message, "correct the <img> in email.html"


def _preheader(issue: _Issue) -> Iterator[Fault]:
    text = issue.rendered.preheader
    if len(text) not in PREHEADER or text not in issue.root.text_content():
        message = "no preheader of 40 to 130 characters"
        yield 23, Level.WARNING, message, "print preheader first in the body of email.html"


def _forbidden(issue: _Issue) -> Iterator[Fault]:
    for tag in {str(each.tag) for each in issue.root.iter(*FORBIDDEN_TAGS)}:
        yield 25, Level.ERROR, f"<{tag}> does not work in mail", "remove it from email.html"
    for stack in sorted(set(re.findall(r"font-family:\s*([^;}]+)", issue.style))):
        last = stack.rpartition(",")[2].replace("!important", "").strip()
        if last not in GENERIC:
            message = f"the font stack ending in {last} has no generic family last"
            yield 25, Level.WARNING, message, "end it in serif, sans-serif or monospace"
    if "@import" in issue.style:
        yield 25, Level.ERROR, "@import does not work in mail", "remove it from email.css"


def _readable(issue: _Issue) -> Iterator[Fault]:
    """Text large enough, and links that show without colour: by underline or frame."""
    for element in issue.root.xpath("//body//*"):
        style = declarations(element.get("style", ""))
        pixels = re.fullmatch(r"([\d.]+)px", style.get("font-size", ""))
        if pixels and float(pixels[1]) < SMALLEST_TEXT and style.get("display") != "none":
            message = f"text of {pixels[0]} is too small to read"
            yield 25, Level.WARNING, message, "use 16px or more in email.css"
        framed = "underline" in style.get("text-decoration", "") or "border" in style
        if element.tag == "a" and not framed:
            message = f"only its colour shows that {element.text_content().strip()!r} is a link"
            yield 25, Level.WARNING, message, "underline it in email.css"


def _footer(issue: _Issue) -> Iterator[Fault]:
    hrefs = set(issue.root.xpath("//a/@href"))
    for name, url in (
        ("unsubscribe link", issue.rendered.links.unsubscribe_url),
        ("read on the web", issue.rendered.links.web_url),
    ):
        if url not in hrefs:
            yield 26, Level.ERROR, f"the HTML has no {name}", "link to it in email.html"
    if not issue.newsletter.postal_address.strip():
        message = "no postal address in the footer; the law asks for one in many places"
        yield 26, Level.WARNING, message, f"set newsletters.{issue.newsletter.name}.postal_address"


def _only_images(issue: _Issue) -> Iterator[Fault]:
    words = "".join(issue.root.xpath("//body//text()"))
    words = words.replace(issue.rendered.preheader, "", 1).strip("\u034f\u200c\xa0 \n")
    if len(words.strip()) < FEWEST_CHARACTERS:
        yield 27, Level.ERROR, "the HTML is only an image", "print the articles in email.html"


def _placeholders(issue: _Issue) -> Iterator[Fault]:
    texts = (issue.rendered.subject, issue.rendered.text, _text(issue.rendered.html))
    found = [left for text in texts for left in PLACEHOLDER.findall(one_line(text))]
    written = issue.written if found else ""
    for left in found:
        if left not in written:
            message = f"{left} was not replaced"
            yield 28, Level.ERROR, message, "correct the template or the configuration"


def _home(issue: _Issue) -> Iterator[Fault]:
    """One fault of the site's address, which all links to the site share."""
    if urlsplit(issue.rendered.links.home_url).scheme == "http":
        message = "site.url begins with http:, and so do the links to the site"
        yield 24, Level.WARNING, message, "serve the site over https:, and say so in site.url"


def _links(issue: _Issue) -> Iterator[Finding]:
    """One finding for all links of one article, or of the design, that have the same fault."""
    home = issue.rendered.links.home_url
    found: dict[tuple[str, str], list[str]] = {}
    for link in issue.root.iter("a"):
        href = link.get("href", "")
        fault = _link_fault(href, link.text_content().strip())
        told_by_home = fault == NOT_HTTPS and f"{href}/".startswith(home)
        if fault and not told_by_home:
            article = next((each for each in issue.articles if _has(each, href)), None)
            path = article.path if article else f"{issue.newsletter.template}/email.html"
            found.setdefault((path, fault), []).append(href or "nothing")
    for (path, fault), hrefs in found.items():
        more = f" and {len(hrefs) - 1} more" if len(hrefs) > 1 else ""
        message = f"newsletter {issue.newsletter.name}: the link to {hrefs[0]}{more} {fault}"
        yield Finding(Level.WARNING, "email-24", message, path, None, "correct the address")


def _has(article: Published, href: str) -> bool:
    return article.url == href or href in unescape(article.html)


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
        _unsupported,
        _document,
        _dark,
        _tables,
        _container,
        _images,
        _preheader,
    ),
    *(_home, _forbidden, _readable, _footer, _only_images, _placeholders),
)
