"""One article from the bytes of its file. Pure: no disk, no clock, no network.

    bytes -> text (UTF-8, one kind of line end, no character illegal in XML)
          -> header | body (`frontmatter`, for whole HTML pages `htmlpage`)
          -> what the header means (`metadata`, `dates`)
          -> what it does not say, from the body and the path (`infer`, `opening`, `closing`,
             `layout`, `naming`)
          -> Article, with a finding for whatever the author should know

Whatever the bytes, `read` returns or raises ArticleError. It never renders the body, resolves
an address or evaluates template code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from types import MappingProxyType
from typing import Any, Never

from syndicate.content import (
    frontmatter,
    infer,
    leading_lines,
    naming,
    page_rules,
    plaintext,
    trailing_lines,
    unparsed_headers,
)
from syndicate.content.article import NOTHING, Article, Format
from syndicate.content.dates import DateError, to_utc
from syndicate.content.header import Header
from syndicate.content.header_interpreter import interpret
from syndicate.content.inherited import Inherited
from syndicate.content.layout import detect_layout
from syndicate.content.metadata import MAX_TAGS, Metadata
from syndicate.content.naming import is_article
from syndicate.content.paragraphs import arrange
from syndicate.errors import ArticleError, Location
from syndicate.findings import Finding, Level

__all__ = ["MAX_BYTES", "Reading", "is_article", "read"]

MAX_BYTES = 10_000_000  # bytes
_WINDOW = 20_000  # characters of the body in which a title is looked for
MAX_LINES = 300_000

_ILLEGAL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r")
_LEGAL_BYTES = bytes(code for code in range(256) if code not in _ILLEGAL_BYTES)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Reading:
    """An article, and what its author should know about the file."""

    article: Article
    findings: tuple[Finding, ...]


def read(
    path: str,
    data: bytes,
    zone: tzinfo,
    inherited: Sequence[Inherited] = (),
    sidecar: bytes | None = None,
) -> Reading:
    """Read one file. `path` is relative to the content folder, with forward slashes.

    Dates without an offset are in `zone`. `inherited` are values from other files that decide on
    publication, `sidecar` is a file that holds nothing but the header (Nikola's `.meta`). Raises
    ArticleError with the place and a hint when the file cannot be read.
    """
    form = naming.format_of(path)
    if form is None:
        _refuse(path, None, "the suffix is not an article's", f"use {', '.join(naming.FORMATS)}")
    findings: list[Finding] = []
    text = _text(path, data, findings)
    if (not text or text.isspace()) and not page_rules.is_section(path):
        _refuse(path, None, "the file is empty", "write it, or delete it")
    header = _header(path, text, form)
    if sidecar is not None and not header.kind:
        meta = frontmatter.sidecar(path, _text(path, sidecar, findings))
        header = header._replace(kind=meta.kind, values=meta.values)
    found = interpret(path, header, zone, inherited)
    article = _article(path, form, header, found, zone, findings)
    return Reading(article, (*findings, *found.findings))


def _header(path: str, text: str, form: Format) -> Header:
    header = frontmatter.split(path, text)
    if form is Format.HTML and not header.kind:
        from syndicate.content import htmlpage

        return htmlpage.split(text)
    return header


def _article(
    path: str,
    form: Format,
    header: Header,
    found: Metadata,
    zone: tzinfo,
    findings: list[Finding],
) -> Article:
    day, name = naming.dated_name(path)
    text = _body(header, found, form, zone)
    inferred, body = text.inferred, text.body
    date = found.date or text.date
    if date is None and (guess := _path_date(path, day is not None, found, zone)):
        date, inferred["date"] = guess
    title = found.title or text.title
    if not title:
        shown = arrange(body[:_WINDOW], detect_layout(body, form)).text if text.laid else body
        title, inferred["title"] = _other_title(path, name, shown, form, findings)
    tags = tuple(found.tags.values()) or text.tags
    if len(tags) > MAX_TAGS:
        message, hint = f"only the first {MAX_TAGS} tags are taken", "choose fewer tags"
        findings.append(Finding(Level.WARNING, "tags-too-many", message, path, None, hint))
    draft = _is_draft(path, header, found, date, inferred, findings)
    placed = page_rules.of(
        path, form, found.placement, dated=date is not None, by=_page_by(found, date)
    )
    reasons = {"page": placed.reason, "unlisted": found.unlisted}
    if placed.page and found.unlinked:
        reasons["unlisted"] = found.unlisted or found.unlinked
    inferred.update({key: reason for key, reason in reasons.items() if reason})
    has_text = bool(body) and not body.isspace()
    if placed.page:
        draft = _is_left_out(path, found, inferred, findings, has_text=has_text) or draft
    if not draft and not has_text:
        message, hint = "the article has no text", "write it, or set draft: true"
        findings.append(Finding(Level.WARNING, "body-empty", message, path, None, hint))
    return Article(
        path=path,
        title=title,
        body=body,
        format=form,
        slug=naming.slug_of(found.slug or name or str(day or ""), path),
        body_line=text.line,
        date=date,
        draft=draft,
        page=placed.page,
        may_be_page=placed.may_be_page,
        unlisted=bool(reasons["unlisted"]),
        expires=found.expires,
        tags=tags[:MAX_TAGS],
        authors=tuple(dict.fromkeys(found.authors or text.authors)),
        inferred=MappingProxyType(inferred) if inferred else NOTHING,
        **_as_stated(found),
    )


def _page_by(found: Metadata, date: datetime | None) -> str:
    """The configuration that makes the file a page, if one does."""
    return found.page_by or (found.undated_page_by if date is None else "")


def _is_left_out(
    path: str,
    found: Metadata,
    inferred: dict[str, str],
    findings: list[Finding],
    *,
    has_text: bool,
) -> bool:
    """Whether a page is not built, such as one without text; `inferred` gets the reason."""
    why = page_rules.left_out(path, found.url, has_text=has_text)
    if why:
        inferred.setdefault("draft", why)
        findings[:] = [f for f in findings if f.rule != "title-missing"]
    return bool(why)


def _is_draft(
    path: str,
    header: Header,
    found: Metadata,
    date: datetime | None,
    inferred: dict[str, str],
    findings: list[Finding],
) -> bool:
    """Whether the article is held back; the reason, where it is no plain `draft:`, is noted."""

    def hold(reason: str, message: str, line: int | None, hint: str) -> None:
        inferred["draft"] = reason
        finding = Finding(Level.WARNING, "publication-unclear", message, path, line, hint)
        findings.append(finding)

    if found.draft:
        own = found.withheld.lower().startswith("draft:") and not found.withheld.endswith(")")
        if found.withheld and not own:
            inferred["draft"] = found.withheld
        return True
    if found.draft is None and naming.in_drafts(path):
        inferred["draft"] = "folder for drafts"
        return True
    if found.draft is None and not found.included and (partial := naming.partial(path)):
        inferred["draft"] = f"{partial} begins with _"
        return True
    if said := unparsed_headers.withholding(header.body):
        message = f"{said.text!r} is not in a header; the article is held back"
        line = header.body_line + said.line
        hold(said.text, message, line, "write the header between lines of ---, or remove the line")
        return True
    if date is None and naming.has_impossible_day(path):
        message = "the file name begins with a day that does not exist; the article is held back"
        hold(
            "impossible day in the file name", message, None, "correct the file name, or add date:"
        )
        return True
    return False


def _as_stated(found: Metadata) -> dict[str, Any]:
    """What an article takes over from its header as it is."""
    return {
        "updated": found.updated,
        "summary": found.summary,
        "url": found.url,
        "image": found.image,
        "image_alt": found.image_alt,
        "enclosure": found.enclosure,
        "language": found.language,
        "aliases": tuple(dict.fromkeys(found.aliases)),
        "extra": found.extra,
    }


def _without_title(header: Header, title: str, form: Format) -> tuple[str, str, int]:
    """The heading that is the article's title ("" if none), the body without it, and its line."""
    body, line = header.body, header.body_line
    leading_lines = infer.heading(body, form)
    if leading_lines is None or not _is_title(leading_lines[0], title):
        return "", body, line
    text, end = leading_lines
    return text, body[end:], line + body.count("\n", 0, end)


@dataclass(slots=True)
class _Body:
    """The body of a file, and what its first and last lines say about the article.

    `laid`: its paragraphs are made from its layout. `inferred` as in Article.
    """

    body: str
    line: int
    title: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    date: datetime | None = None
    laid: bool = False
    inferred: dict[str, str] = field(default_factory=dict)

    def cut(self, end: int) -> None:
        """Take the first lines away."""
        self.line += self.body.count("\n", 0, end)
        self.body = self.body[end:]


def _body(header: Header, found: Metadata, form: Format, zone: tzinfo) -> _Body:
    heading, body, line = _without_title(header, found.title, form)
    text = _Body(body, line)
    if not found.title and heading:
        text.title, text.inferred["title"] = heading, "first heading"
    if not header.kind and form is not Format.HTML:
        _read_closing(text, form, zone)
        _read_opening(text, form, zone)
    elif form is Format.TEXT:
        _read_title_line(text, found.title, zone)
    if form is Format.TEXT or (form is Format.MARKDOWN and not header.kind):
        rules = arrange(text.body, detect_layout(text.body, form)).rules
        if rules:
            text.laid, text.inferred["paragraphs"] = True, ", ".join(rules)
    return text


def _read_closing(text: _Body, form: Format, zone: tzinfo) -> None:
    """Take tags and a date from the last lines of a file without header."""
    if found := trailing_lines.read(text.body, zone, indented=form is Format.TEXT):
        text.body, text.tags, text.date = found.body, found.tags, found.date
        if found.rules:
            text.inferred["tags"] = ", ".join(found.rules)
        if found.date:
            text.inferred["date"] = leading_lines.DATE_LINE


def _read_opening(text: _Body, form: Format, zone: tzinfo) -> None:
    """Take a title, and what stands above and below it, from the first lines of a file without
    header."""
    _take_opening(text, form, zone)
    if not text.title and (found := infer.heading(text.body, form)) and found[0]:
        text.title, text.inferred["title"] = found[0], "first heading"
        text.cut(found[1])
        _take_opening(text, form, zone)


def _take_opening(text: _Body, form: Format, zone: tzinfo) -> None:
    found = leading_lines.read(text.body, form, zone, has_title=bool(text.title))
    text.cut(found.end)
    text.title = text.title or found.title
    text.authors, text.date = text.authors or found.authors, text.date or found.date
    tags = {tag.casefold(): tag for tag in (*found.tags, *text.tags)}
    text.tags = tuple(tags.values())
    for name, rule in found.rules.items():
        before = text.inferred.get(name)
        text.inferred[name] = f"{rule}, {before}" if before and before != rule else rule


def _read_title_line(text: _Body, title: str, zone: tzinfo) -> None:
    """Take the title line of plain text with a header: the stated title again, or the only one."""
    if title:
        text.cut(leading_lines.is_title_line(text.body, title))
    elif not text.title and (found := leading_lines.title_line(text.body, Format.TEXT, zone)):
        text.title, text.inferred["title"] = found[0], leading_lines.TITLE_LINE
        text.cut(found[1])


def _path_date(
    path: str, in_name: bool, found: Metadata, zone: tzinfo
) -> tuple[datetime, str] | None:
    """The day that the file's name, the header's `path` or the folders spell."""
    day, how = naming.dated_name(path)[0] if in_name else None, "date in the file name"
    if day is None and found.path:
        day, how = naming.dated_folders(found.path), "date in the path key"
    if day is None:
        day, how = naming.dated_folders(path), "date in the folders"
    if day is None:
        return None
    try:
        return to_utc(datetime.combine(day, time()), zone), how
    except DateError:
        return None


def _is_title(heading: str, title: str) -> bool:
    """Whether the heading says the title, so that the body need not."""
    if not title or not heading:
        return bool(heading or title)
    return heading.casefold() in (title.casefold(), plaintext.from_markdown(title).casefold())


def _other_title(
    path: str, name: str, body: str, form: Format, findings: list[Finding]
) -> tuple[str, str]:
    """A title from the file name, the first sentence or, as a last resort, any file name."""
    name = plaintext.line(name)
    if words := naming.words_of(name):
        return words, "file name"
    if sentence := infer.first_sentence(body, form):
        return sentence, "first sentence"
    message, hint = "the article has no title", "write title: in the header, or a heading"
    findings.append(Finding(Level.WARNING, "title-missing", message, path, None, hint))
    return name or naming.slug_of("", path), "file name"


def _text(path: str, data: bytes, findings: list[Finding]) -> str:
    """The file as text with \\n at line ends, without byte order mark and illegal characters."""
    if len(data) > MAX_BYTES:
        size = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        _refuse(path, None, size, "split the article")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        _refuse_bytes(path, data, error)
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MAX_LINES:
        size = f"the file has more than {MAX_LINES:,} lines"
        _refuse(path, None, size, "split the article, or delete blank lines")
    if data.translate(None, _LEGAL_BYTES) or "\ufffe" in text or "\uffff" in text:
        return _legal(path, text, findings)
    return text


def _legal(path: str, text: str, findings: list[Finding]) -> str:
    first = plaintext.ILLEGAL.search(text)
    if first is None:
        return text
    if text.count("\0") * 4 > len(text):
        _refuse(path, 1, "the file is not text in UTF-8", "save it as UTF-8")
    clean, count = plaintext.ILLEGAL.subn("", text)
    line = text.count("\n", 0, first.start()) + 1
    message = f"control characters that XML forbids are removed: {count}, the first on this line"
    hint = "delete them in the file"
    findings.append(Finding(Level.WARNING, "characters-illegal", message, path, line, hint))
    return clean


def _refuse_bytes(path: str, data: bytes, error: UnicodeDecodeError) -> Never:
    if data.startswith(_UTF16):
        _refuse(path, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    message = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
    _refuse(path, before.count(b"\n") + 1, message, "save the file as UTF-8")


def _refuse(path: str, line: int | None, message: str, hint: str) -> Never:
    raise ArticleError(message, place=Location(path, line), hint=hint)
