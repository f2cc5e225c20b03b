"""The body of a file, and the metadata that its first and last lines contain. Pure.

Of a file without header, the first lines may state title, authors, date and tags, and the last
lines tags and a date; of any file, the first heading is the title unless the header states one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from syndicate.content import infer, leading_lines, plaintext, trailing_lines
from syndicate.content.article import NOTHING, Format
from syndicate.content.header import Header
from syndicate.content.layout import detect_layout
from syndicate.content.paragraphs import arrange


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a file from `line` on, and the metadata of its first and last lines.

    `has_layout`: its paragraphs are made from its layout. `inferred` as in Article.
    """

    body: str
    line: int
    title: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    date: datetime | None = None
    has_layout: bool = False
    inferred: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @property
    def has_text(self) -> bool:
        """Whether there is more than white space."""
        return bool(self.body) and not self.body.isspace()

    def after(self, end: int) -> Body:
        """The body without the text before `end`."""
        line = self.line + self.body.count("\n", 0, end)
        return replace(self, body=self.body[end:], line=line)

    def titled(self, title: str, rule: str, end: int) -> Body:
        """The body after a title that ends at `end` and was found by a rule."""
        return replace(self.after(end), title=title, inferred={**self.inferred, "title": rule})


def read_body(header: Header, title: str, form: Format, zone: tzinfo) -> Body:
    """Read the body of a file. `title` is that of its header, or ""."""
    text = _without_title(header, title, form)
    if not header.kind and form is not Format.HTML:
        text = _without_opening(_without_closing(text, form, zone), form, zone)
    elif form is Format.TEXT:
        text = _without_title_line(text, title, zone)
    if form is Format.TEXT or (form is Format.MARKDOWN and not header.kind):
        rules = arrange(text.body, detect_layout(text.body, form)).rules
        if rules:
            inferred = {**text.inferred, "paragraphs": ", ".join(rules)}
            text = replace(text, has_layout=True, inferred=inferred)
    return text


def _without_title(header: Header, title: str, form: Format) -> Body:
    """The body without the heading that is its title."""
    text = Body(header.body, header.body_line)
    heading = infer.heading(text.body, form)
    if heading is None or not _is_title(heading[0], title):
        return text
    title_text, end = heading
    return (
        text.titled(title_text, "first heading", end)
        if title_text and not title
        else text.after(end)
    )


def _is_title(heading: str, title: str) -> bool:
    """Whether the heading repeats the title, so that the body need not contain it."""
    if not title or not heading:
        return bool(heading or title)
    return heading.casefold() in (title.casefold(), plaintext.from_markdown(title).casefold())


def _without_closing(text: Body, form: Format, zone: tzinfo) -> Body:
    """Take tags and a date from the last lines of a file without header."""
    closing = trailing_lines.read(text.body, zone, indented=form is Format.TEXT)
    if not closing:
        return text
    inferred = {**text.inferred}
    if closing.rules:
        inferred["tags"] = ", ".join(closing.rules)
    if closing.date:
        inferred["date"] = leading_lines.DATE_LINE
    return replace(text, body=closing.body, tags=closing.tags, date=closing.date, inferred=inferred)


def _without_opening(text: Body, form: Format, zone: tzinfo) -> Body:
    """Take a title, and the metadata above and below it, from the first lines of a file without
    header."""
    text = _without_metadata(text, form, zone)
    if not text.title and (heading := infer.heading(text.body, form)) and heading[0]:
        text = _without_metadata(text.titled(heading[0], "first heading", heading[1]), form, zone)
    return text


def _without_metadata(text: Body, form: Format, zone: tzinfo) -> Body:
    opening = leading_lines.read(text.body, form, zone, has_title=bool(text.title))
    tags = {tag.casefold(): tag for tag in (*opening.tags, *text.tags)}
    inferred = {**text.inferred}
    for name, rule in opening.rules.items():
        before = inferred.get(name)
        inferred[name] = f"{rule}, {before}" if before and before != rule else rule
    return replace(
        text.after(opening.end),
        title=text.title or opening.title,
        authors=text.authors or opening.authors,
        date=text.date or opening.date,
        tags=tuple(tags.values()),
        inferred=inferred,
    )


def _without_title_line(text: Body, title: str, zone: tzinfo) -> Body:
    """Take the title line of plain text with a header: it repeats the stated title, or is the
    only one."""
    if title:
        return text.after(leading_lines.is_title_line(text.body, title))
    if not text.title and (title_line := leading_lines.title_line(text.body, Format.TEXT, zone)):
        return text.titled(title_line[0], leading_lines.TITLE_LINE, title_line[1])
    return text
