"""One article from the bytes of its file. Pure: no disk, no clock, no network.

    bytes -> text (`decoding`)
          -> header and body (`frontmatter`; of whole HTML pages `htmlpage`)
          -> what the header means (`header_interpreter`)
          -> what the header does not state, from the body (`body_reader`, `infer`) and the path
             (`naming`); whether it is held back (`drafts`) or a page (`page_rules`)
          -> Article, with findings for its author

Whatever the bytes, `read` returns or raises ArticleError. It never renders the body, resolves
an address or evaluates template code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from types import MappingProxyType
from typing import Any, NamedTuple

from syndicate.content import frontmatter, infer, naming, page_rules, plaintext
from syndicate.content.article import NOTHING, Article, Format, HoldKind
from syndicate.content.body_reader import Body, read_body
from syndicate.content.dates import DateError, to_utc
from syndicate.content.decoding import MAX_BYTES, decode
from syndicate.content.drafts import Hold, hold_of
from syndicate.content.header import Header, refuse
from syndicate.content.header_interpreter import interpret
from syndicate.content.inherited import Inherited
from syndicate.content.layout import detect_layout
from syndicate.content.metadata import MAX_TAGS, Metadata
from syndicate.content.naming import is_article
from syndicate.content.paragraphs import arrange
from syndicate.findings import Finding, Level

__all__ = ["MAX_BYTES", "Reading", "is_article", "read"]

_WINDOW = 20_000  # characters of the body in which a title is looked for


@dataclass(frozen=True, slots=True)
class Reading:
    """An article, and the findings about its file."""

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
    publication, `sidecar` is a file with only the header (`.meta` of Nikola). Raises
    ArticleError with the place and a hint when the file cannot be read.
    """
    form = naming.format_of(path)
    if form is None:
        refuse(
            path, None, "the suffix is not that of an article", f"use {', '.join(naming.FORMATS)}"
        )
    text, illegal = decode(path, data)
    if (not text or text.isspace()) and not page_rules.is_section(path):
        refuse(path, None, "the file is empty", "write it, or delete it")
    header = _header(path, text, form)
    illegal_beside = None
    if sidecar is not None and not header.kind:
        above, illegal_beside = decode(path, sidecar)
        meta = frontmatter.sidecar(path, above)
        header = header._replace(kind=meta.kind, values=meta.values)
    metadata = interpret(path, header, zone, inherited)
    reading = _article(path, form, header, metadata, zone)
    decoding = (finding for finding in (illegal, illegal_beside) if finding)
    return Reading(reading.article, (*decoding, *reading.findings, *metadata.findings))


def _header(path: str, text: str, form: Format) -> Header:
    header = frontmatter.split(path, text)
    if form is Format.HTML and not header.kind:
        from syndicate.content import htmlpage

        return htmlpage.split(text)
    return header


def _article(path: str, form: Format, header: Header, metadata: Metadata, zone: tzinfo) -> Reading:
    day, name = naming.dated_name(path)
    body = read_body(header, metadata.title, form, zone)
    date, date_rule = _date(path, metadata, body, zone)
    title = _title(path, name, metadata, body, form)
    tags = tuple(metadata.tags.values()) or body.tags
    hold = hold_of(path, header, metadata, date)
    placed = _placed(path, form, metadata, date)
    left_out = (
        page_rules.left_out(path, metadata.url, has_text=body.has_text) if placed.page else ""
    )
    unlisted = metadata.unlisted or (metadata.unlinked if placed.page else "")
    rules = {
        "date": date_rule,
        "title": title.rule,
        "draft": (hold.reason if hold else "") or left_out,
        "page": placed.reason,
        "unlisted": unlisted,
    }
    inferred = {**body.inferred, **{key: rule for key, rule in rules.items() if rule}}
    article = Article(
        path=path,
        title=title.text,
        body=body.body,
        format=form,
        slug=naming.slug_of(metadata.slug or name or str(day or ""), path),
        body_line=body.line,
        date=date,
        hold=hold.kind if hold else HoldKind.NOT_BUILT if left_out else HoldKind.NONE,
        page=placed.page,
        may_be_page=placed.may_be_page,
        unlisted=bool(unlisted),
        tags=tags[:MAX_TAGS],
        authors=tuple(dict.fromkeys(metadata.authors or body.authors)),
        inferred=MappingProxyType(inferred) if inferred else NOTHING,
        **_as_stated(metadata),
    )
    findings = _findings(
        path,
        hold,
        without_title=title.missing and not left_out,
        without_text=not article.hold and not body.has_text,
        too_many_tags=len(tags) > MAX_TAGS,
    )
    return Reading(article, tuple(findings))


def _placed(
    path: str, form: Format, metadata: Metadata, date: datetime | None
) -> page_rules.Placed:
    """Whether the file is a page, as far as it decides that alone."""
    dated = date is not None
    configured = metadata.page_by or ("" if dated else metadata.undated_page_by)
    return page_rules.of(path, form, metadata.placement, dated=dated, by=configured)


def _findings(
    path: str, hold: Hold | None, *, without_title: bool, without_text: bool, too_many_tags: bool
) -> Iterator[Finding]:
    if without_title:
        hint = "write title: in the header, or a heading"
        yield _warning("title-missing", path, "the article has no title", hint)
    if too_many_tags:
        message = f"only the first {MAX_TAGS} tags are used"
        yield _warning("tags-too-many", path, message, "choose fewer tags")
    if hold and hold.finding:
        yield hold.finding
    if without_text:
        hint = "write it, or set draft: true"
        yield _warning("body-empty", path, "the article has no text", hint)


def _warning(rule: str, path: str, message: str, hint: str) -> Finding:
    return Finding(Level.WARNING, rule, message, path, None, hint)


def _as_stated(metadata: Metadata) -> dict[str, Any]:
    """The values of a header that an article has unchanged."""
    return {
        "updated": metadata.updated,
        "expires": metadata.expires,
        "summary": metadata.summary,
        "url": metadata.url,
        "image": metadata.image,
        "image_alt": metadata.image_alt,
        "enclosure": metadata.enclosure,
        "language": metadata.language,
        "aliases": tuple(dict.fromkeys(metadata.aliases)),
        "extra": metadata.extra,
    }


def _date(path: str, metadata: Metadata, body: Body, zone: tzinfo) -> tuple[datetime | None, str]:
    """The stated date; else the day in the file name, in the header's `path` or in the folders,
    and the rule."""
    if stated := metadata.date or body.date:
        return stated, ""
    day, how = naming.dated_name(path)[0], "date in the file name"
    if day is None and metadata.path:
        day, how = naming.dated_folders(metadata.path), "date in the path key"
    if day is None:
        day, how = naming.dated_folders(path), "date in the folders"
    if day is None:
        return None, ""
    try:
        return to_utc(datetime.combine(day, time()), zone), how
    except DateError:
        return None, ""


class _Title(NamedTuple):
    """The title of an article, the rule that found it, and whether it only repeats the file name
    because there is no other."""

    text: str
    rule: str = ""
    missing: bool = False


def _title(path: str, name: str, metadata: Metadata, body: Body, form: Format) -> _Title:
    """The stated title; else the file name if it has words, the first sentence, the file name."""
    if stated := metadata.title or body.title:
        return _Title(stated)
    name = plaintext.line(name)
    if words := naming.words_of(name):
        return _Title(words, "file name")
    text = body.body
    if body.has_layout:
        text = arrange(text[:_WINDOW], detect_layout(text, form)).text
    if sentence := infer.first_sentence(text, form):
        return _Title(sentence, "first sentence")
    return _Title(name or naming.slug_of("", path), "file name", missing=True)
