"""The text of an article, adapted for mail programs. Pure.

Takes sanitised HTML and returns HTML. It must never add content, and loses only what email cannot
do: playing media, jumping within the page, and the article's own colours and sizes, which ignore
dark mode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urldefrag, urljoin

from lxml.html import Element, HtmlElement, document_fromstring, tostring

# The article's title is an h2; its own headings begin below.
FIRST_HEADING = 3
# Columns that a telephone has no room for side by side.
MANY_COLUMNS = 5
KEPT_ATTRIBUTES = frozenset(
    (
        *("align", "alt", "cite", "colspan", "datetime", "dir", "height", "href", "lang"),
        *("reversed", "rowspan", "scope", "span", "src", "start", "title", "type"),
        *("value", "width"),
    )
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Text takes its own direction; what holds such blocks cannot see into them and is told
# (HTML, section 3.2.6.4).
BLOCKS = (*HEADINGS, "p", "figcaption", "caption")
HOLDERS = ("ul", "ol", "dl", "blockquote", "table")
BOXES = ("div", "section", "article", "figure", "blockquote")
# Newsletters share articles, and the next issue of one is made again whenever an article changes.
TEXTS_KEPT = 256
# Sanitising keeps a control character that was written as a reference, such as &#1;.
NOT_IN_A_TREE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
BACK_REFERENCE = re.compile(r"^[\s↩⏎↑^\ufe0e\ufe0f\d]*[↩⏎↑^][\s\ufe0e\ufe0f\d]*$")
LANGUAGE = re.compile(r"language-(\S+)")
TEXT_ALIGN = re.compile(r"text-align:\s*(left|right|center|start|end)")


@lru_cache(TEXTS_KEPT)
def for_mail(html: str, *, url: str, width: int) -> str:
    """Return `html` of the article at `url` for a column `width` pixels wide."""
    root = parse_html(html)
    _links(root, url)
    _media(root, url)
    _details(root)
    listings = list(_listings(root))
    _attributes(root)
    _images(root, url, width)
    _headings(root)
    _directions(root)
    _tables(root)
    _coloured(listings)
    return _inner(root)


def without_picture(html: str, url: str) -> str:
    """HTML of `for_mail` without the first paragraph that is nothing but the picture at `url`."""
    root = parse_html(html)
    for image in root.iterdescendants("img"):
        paragraph = image.getparent()
        alone = paragraph is not None and len(paragraph) == 1 and not _text(paragraph).strip()
        if image.get("src") == url and alone and paragraph.tag == "p":
            paragraph.drop_tree()
            return _inner(root)
    return html


def _inner(root: HtmlElement) -> str:
    inner: str = tostring(root, encoding="unicode", with_tail=False)
    return inner.partition(">")[2].rpartition("<")[0].strip()


def parse_html(html: str) -> HtmlElement:
    """The element that holds a fragment of HTML; what a tree cannot hold is left out."""
    page: HtmlElement = document_fromstring(f"<div>{NOT_IN_A_TREE.sub('', html)}</div>")
    return page.body[0] if len(page.body) == 1 else page.body


def _elements(root: HtmlElement, *tags: str) -> Iterator[HtmlElement]:
    """Every element below `root` of these tags, in order; the tree may change meanwhile."""
    return iter([each for each in root.iterdescendants(*tags) if isinstance(each.tag, str)])


def _links(root: HtmlElement, url: str) -> None:
    """Links within the page lead to the web, where the page is; the way back leads nowhere."""
    for link in _elements(root, "a"):
        target = urljoin(url, link.get("href", ""))
        if urldefrag(target).url == urldefrag(url).url and BACK_REFERENCE.match(_text(link)):
            link.drop_tree()
        elif "href" in link.attrib:
            link.set("href", target)
        else:
            link.drop_tag()


def _media(root: HtmlElement, url: str) -> None:
    """Mail plays nothing: a link leads to what would play."""
    for media in _elements(root, "video", "audio"):
        sources = [each.get("src") for each in (media, *media.iterdescendants("source"))]
        link = Element("a", href=urljoin(url, next(filter(None, sources), url)))
        link.text = "Watch the video" if media.tag == "video" else "Listen to the recording"
        parent = media.getparent()
        if parent is not None and parent.tag in BOXES:
            _replace(media, Element("p")).append(link)
        else:
            _replace(media, link)
    for picture in _elements(root, "picture"):
        for source in _elements(picture, "source"):
            source.drop_tree()
        picture.drop_tag()
    for box in _elements(root, "input"):
        mark = Element("span")
        mark.text = "\u2611 " if "checked" in box.attrib else "\u2610 "
        _replace(box, mark)


def _details(root: HtmlElement) -> None:
    """Expand collapsed parts, which mail programs cannot collapse."""
    for element in _elements(root, "details"):
        element.tag = "div"
    for element in _elements(root, "summary"):
        element.tag = "strong"
        _replace(element, Element("p")).append(element)


def _listings(root: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """Code blocks that state their language, and it."""
    for code in _elements(root, "code"):
        parent, language = code.getparent(), LANGUAGE.match(code.get("class", ""))
        if language and parent is not None and parent.tag == "pre":
            yield code, language[1]


def _coloured(listings: Sequence[tuple[HtmlElement, str]]) -> None:
    if listings:
        from syndicate.newsletters.highlight import highlight

        for code, language in listings:
            highlight(code, language)


def _attributes(root: HtmlElement) -> None:
    """Keep what carries meaning; drop what would fight the design, its colours or other ids."""
    for element in _elements(root):
        align = TEXT_ALIGN.search(element.get("style", ""))
        notes = element.get("class") == "footnotes"
        for name in [each for each in element.attrib if each not in KEPT_ATTRIBUTES]:
            del element.attrib[name]
        if notes:
            element.set("class", "footnotes")
        if align and element.tag in ("td", "th"):
            element.set("align", align[1])
    for font in _elements(root, "font"):
        font.drop_tag()


def _images(root: HtmlElement, url: str, width: int) -> None:
    for image in _elements(root, "img"):
        source = image.get("src", "")
        if not source or source.startswith("data:"):
            _replace(image, image.get("alt", ""))
            continue
        image.set("src", urljoin(url, source))
        image.set("alt", image.get("alt", ""))
        _bound(image, width)


def _bound(image: HtmlElement, width: int) -> None:
    """Give the image integer sizes no wider than the column, in proportion, or none."""
    sizes = [image.attrib.pop(name, "") for name in ("width", "height")]
    wide, high = (int(size) if size.isascii() and size.isdigit() else 0 for size in sizes)
    if wide > width:
        high, wide = round(high * width / wide), width
    if wide:
        image.set("width", str(wide))
    if high and wide:
        image.set("height", str(max(high, 1)))


def _headings(root: HtmlElement) -> None:
    """Move all headings so that the highest comes right below the article's title."""
    headings = list(_elements(root, *HEADINGS))
    shift = FIRST_HEADING - min((int(each.tag[1]) for each in headings), default=FIRST_HEADING)
    for heading in headings:
        heading.tag = f"h{min(int(heading.tag[1]) + shift, 6)}"


def _directions(root: HtmlElement) -> None:
    for block in _elements(root, *BLOCKS):
        block.set("dir", block.get("dir", "auto"))
    for holder in _elements(root, *HOLDERS):
        holder.set("dir", holder.get("dir") or text_direction(_text(holder)) or "auto")
    for code in _elements(root, "pre"):
        code.set("dir", "ltr")


def text_direction(text: str) -> str:
    """`ltr` or `rtl` by the first letter (Unicode, annex 9, P2 and P3), "" without one."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return ""


def _tables(root: HtmlElement) -> None:
    """Mark the scope of heading cells, and let wide tables scroll."""
    for table in _elements(root, "table"):
        if next(table.iterdescendants("th"), None) is None:
            table.set("role", "presentation")
        start = "right" if table.get("dir") == "rtl" else "left"
        for cell in _elements(table, "th"):
            row = cell.getparent()
            heads_row = row is not None and any(each.tag == "td" for each in row)
            cell.set("scope", cell.get("scope") or ("row" if heads_row else "col"))
            cell.set("align", cell.get("align", start))
        if next(table.iterancestors("table"), None) is None:
            box = Element("div")
            box.set("class", "wide many" if _columns(table) >= MANY_COLUMNS else "wide")
            box.set("tabindex", "0")  # to be scrolled by keyboard
            _replace(table, box).append(table)


def _columns(table: HtmlElement) -> int:
    return max((len(row) for row in table.iterdescendants("tr")), default=0)


def _replace(old: HtmlElement, new: HtmlElement | str) -> HtmlElement:
    """Replace `old` by `new`; returns its parent's new child, or the parent for text."""
    parent = old.getparent()
    assert parent is not None, "only descendants of the root are replaced"
    if isinstance(new, str):
        holder = Element("span")
        holder.text = new
        _replace(old, holder)
        holder.drop_tag()
        return parent
    new.tail, old.tail = old.tail, None
    parent.replace(old, new)
    return new


def _text(element: HtmlElement) -> str:
    return str(element.text_content())
