"""The body of a file, and the metadata that its first and last lines contain. Pure.

Of a file without header, the first lines may state title, authors, date and tags, and the last
lines tags and a date; of any file, the first heading is the title unless the header states one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from syndicate.content import infer, leading_lines, plaintext, trailing_lines
from syndicate.content.article import Format
from syndicate.content.header import Header
from syndicate.content.layout import detect_layout
from syndicate.content.paragraphs import arrange


@dataclass(slots=True)
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
    inferred: dict[str, str] = field(default_factory=dict)

    @property
    def has_text(self) -> bool:
        """Whether there is more than white space."""
        return bool(self.body) and not self.body.isspace()

    def cut(self, end: int) -> None:
        """Remove the text before `end`."""
        self.line += self.body.count("\n", 0, end)
        self.body = self.body[end:]


def read_body(header: Header, title: str, form: Format, zone: tzinfo) -> Body:
    """Read the body of a file. `title` is that of its header, or ""."""
    heading, body, line = _without_title(header, title, form)
    text = Body(body, line)
    if not title and heading:
        text.title, text.inferred["title"] = heading, "first heading"
    if not header.kind and form is not Format.HTML:
        _read_closing(text, form, zone)
        _read_opening(text, form, zone)
    elif form is Format.TEXT:
        _read_title_line(text, title, zone)
    if form is Format.TEXT or (form is Format.MARKDOWN and not header.kind):
        rules = arrange(text.body, detect_layout(text.body, form)).rules
        if rules:
            text.has_layout, text.inferred["paragraphs"] = True, ", ".join(rules)
    return text


def _without_title(header: Header, title: str, form: Format) -> tuple[str, str, int]:
    """The heading that is the article's title ("" if none), the body without it, and its line."""
    body, line = header.body, header.body_line
    heading = infer.heading(body, form)
    if heading is None or not _is_title(heading[0], title):
        return "", body, line
    text, end = heading
    return text, body[end:], line + body.count("\n", 0, end)


def _is_title(heading: str, title: str) -> bool:
    """Whether the heading repeats the title, so that the body need not contain it."""
    if not title or not heading:
        return bool(heading or title)
    return heading.casefold() in (title.casefold(), plaintext.from_markdown(title).casefold())


def _read_closing(text: Body, form: Format, zone: tzinfo) -> None:
    """Take tags and a date from the last lines of a file without header."""
    if found := trailing_lines.read(text.body, zone, indented=form is Format.TEXT):
        text.body, text.tags, text.date = found.body, found.tags, found.date
        if found.rules:
            text.inferred["tags"] = ", ".join(found.rules)
        if found.date:
            text.inferred["date"] = leading_lines.DATE_LINE


def _read_opening(text: Body, form: Format, zone: tzinfo) -> None:
    """Take a title, and the metadata above and below it, from the first lines of a file without
    header."""
    _take_opening(text, form, zone)
    if not text.title and (found := infer.heading(text.body, form)) and found[0]:
        text.title, text.inferred["title"] = found[0], "first heading"
        text.cut(found[1])
        _take_opening(text, form, zone)


def _take_opening(text: Body, form: Format, zone: tzinfo) -> None:
    found = leading_lines.read(text.body, form, zone, has_title=bool(text.title))
    text.cut(found.end)
    text.title = text.title or found.title
    text.authors, text.date = text.authors or found.authors, text.date or found.date
    tags = {tag.casefold(): tag for tag in (*found.tags, *text.tags)}
    text.tags = tuple(tags.values())
    for name, rule in found.rules.items():
        before = text.inferred.get(name)
        text.inferred[name] = f"{rule}, {before}" if before and before != rule else rule


def _read_title_line(text: Body, title: str, zone: tzinfo) -> None:
    """Take the title line of plain text with a header: it repeats the stated title, or is the
    only one."""
    if title:
        text.cut(leading_lines.is_title_line(text.body, title))
    elif not text.title and (found := leading_lines.title_line(text.body, Format.TEXT, zone)):
        text.title, text.inferred["title"] = found[0], leading_lines.TITLE_LINE
        text.cut(found[1])
