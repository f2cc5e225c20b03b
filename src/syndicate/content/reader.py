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

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from types import MappingProxyType
from typing import Any, Never

from syndicate.content import frontmatter, infer, naming, page_rules, plaintext
from syndicate.content.article import NOTHING, Article, Format
from syndicate.content.body_reader import Body, read_body
from syndicate.content.dates import DateError, to_utc
from syndicate.content.decoding import MAX_BYTES, decode
from syndicate.content.drafts import hold_of
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
        _refuse(
            path, None, "the suffix is not that of an article", f"use {', '.join(naming.FORMATS)}"
        )
    findings: list[Finding] = []
    text = decode(path, data, findings)
    if (not text or text.isspace()) and not page_rules.is_section(path):
        _refuse(path, None, "the file is empty", "write it, or delete it")
    header = _header(path, text, form)
    if sidecar is not None and not header.kind:
        meta = frontmatter.sidecar(path, decode(path, sidecar, findings))
        header = header._replace(kind=meta.kind, values=meta.values)
    metadata = interpret(path, header, zone, inherited)
    article = _article(path, form, header, metadata, zone, findings)
    return Reading(article, (*findings, *metadata.findings))


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
    metadata: Metadata,
    zone: tzinfo,
    findings: list[Finding],
) -> Article:
    day, name = naming.dated_name(path)
    body = read_body(header, metadata.title, form, zone)
    inferred = body.inferred
    date = metadata.date or body.date
    if date is None and (guess := _path_date(path, day is not None, metadata, zone)):
        date, inferred["date"] = guess
    title = metadata.title or body.title
    if not title:
        title, inferred["title"] = _other_title(path, name, body, form, findings)
    tags = _tags(path, metadata, body, findings)
    draft = _is_draft(path, header, metadata, date, inferred, findings)
    placed = _placed(path, form, metadata, date)
    unlisted = metadata.unlisted or (metadata.unlinked if placed.page else "")
    reasons = {"page": placed.reason, "unlisted": unlisted}
    inferred.update({key: reason for key, reason in reasons.items() if reason})
    if placed.page:
        draft = _is_left_out(path, metadata, body, inferred, findings) or draft
    if not draft and not body.has_text:
        message, hint = "the article has no text", "write it, or set draft: true"
        findings.append(Finding(Level.WARNING, "body-empty", message, path, None, hint))
    return Article(
        path=path,
        title=title,
        body=body.body,
        format=form,
        slug=naming.slug_of(metadata.slug or name or str(day or ""), path),
        body_line=body.line,
        date=date,
        draft=draft,
        page=placed.page,
        may_be_page=placed.may_be_page,
        unlisted=bool(unlisted),
        tags=tags,
        authors=tuple(dict.fromkeys(metadata.authors or body.authors)),
        inferred=MappingProxyType(inferred) if inferred else NOTHING,
        **_as_stated(metadata),
    )


def _tags(path: str, metadata: Metadata, body: Body, findings: list[Finding]) -> tuple[str, ...]:
    tags = tuple(metadata.tags.values()) or body.tags
    if len(tags) > MAX_TAGS:
        message, hint = f"only the first {MAX_TAGS} tags are used", "choose fewer tags"
        findings.append(Finding(Level.WARNING, "tags-too-many", message, path, None, hint))
    return tags[:MAX_TAGS]


def _placed(
    path: str, form: Format, metadata: Metadata, date: datetime | None
) -> page_rules.Placed:
    """Whether the file is a page, as far as it decides that alone."""
    dated = date is not None
    configured = metadata.page_by or ("" if dated else metadata.undated_page_by)
    return page_rules.of(path, form, metadata.placement, dated=dated, by=configured)


def _is_left_out(
    path: str,
    metadata: Metadata,
    body: Body,
    inferred: dict[str, str],
    findings: list[Finding],
) -> bool:
    """Whether a page is not built, such as one without text; `inferred` gets the reason."""
    reason = page_rules.left_out(path, metadata.url, has_text=body.has_text)
    if reason:
        inferred.setdefault("draft", reason)
        findings[:] = [finding for finding in findings if finding.rule != "title-missing"]
    return bool(reason)


def _is_draft(
    path: str,
    header: Header,
    metadata: Metadata,
    date: datetime | None,
    inferred: dict[str, str],
    findings: list[Finding],
) -> bool:
    """Whether the article is held back; `inferred` gets the reason, `findings` a warning."""
    hold = hold_of(path, header, metadata, date)
    if hold and hold.reason:
        inferred["draft"] = hold.reason
    if hold and hold.finding:
        findings.append(hold.finding)
    return hold is not None


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


def _path_date(
    path: str, in_name: bool, metadata: Metadata, zone: tzinfo
) -> tuple[datetime, str] | None:
    """The day in the file name, in the header's `path` or in the folders, and the rule."""
    day, how = naming.dated_name(path)[0] if in_name else None, "date in the file name"
    if day is None and metadata.path:
        day, how = naming.dated_folders(metadata.path), "date in the path key"
    if day is None:
        day, how = naming.dated_folders(path), "date in the folders"
    if day is None:
        return None
    try:
        return to_utc(datetime.combine(day, time()), zone), how
    except DateError:
        return None


def _other_title(
    path: str, name: str, body: Body, form: Format, findings: list[Finding]
) -> tuple[str, str]:
    """A title from the file name if it has words, else the first sentence, else the file name."""
    name = plaintext.line(name)
    if words := naming.words_of(name):
        return words, "file name"
    text = body.body
    if body.has_layout:
        text = arrange(text[:_WINDOW], detect_layout(text, form)).text
    if sentence := infer.first_sentence(text, form):
        return sentence, "first sentence"
    message, hint = "the article has no title", "write title: in the header, or a heading"
    findings.append(Finding(Level.WARNING, "title-missing", message, path, None, hint))
    return name or naming.slug_of("", path), "file name"


def _refuse(path: str, line: int | None, message: str, hint: str) -> Never:
    raise ArticleError(message, place=Location(path, line), hint=hint)
