"""Each newsletter's next issue: chosen, rendered, checked, as documents. Writes nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from syndicate.catalogue import tag_of
from syndicate.config.loader import place_of
from syndicate.config.model import Config, Newsletter
from syndicate.content.article import Published
from syndicate.errors import ArticleError, Place, SyndicateError, TemplateError
from syndicate.feeds.feed import ordered
from syndicate.findings import Finding, Level
from syndicate.moments import from_text
from syndicate.newsletters.issue import Candidate, IssueLinks, Rendered, Selection
from syndicate.newsletters.selection import select
from syndicate.outputs import Outputs
from syndicate.permalinks import base_url
from syndicate.store.articles import Articles


@dataclass(frozen=True, slots=True)
class NextIssue:
    """What a newsletter's next issue would be. `documents` is None when they stay as they are.

    That is so when nothing in it changed, and when it could not be made; then a finding says why.
    """

    newsletter: Newsletter
    articles: int
    documents: Mapping[str, bytes] | None
    page: Mapping[str, bytes] | None
    findings: tuple[Finding, ...]
    made_from: str


def plan(
    articles: Articles, newsletter: Newsletter, began: str, *, also: Candidate | None = None
) -> Selection:
    """Which articles the next issue carries, and why; `also` is looked at whatever its date."""
    include = [tag_of(tag) for tag in newsletter.include]
    exclude = [tag_of(tag) for tag in newsletter.exclude]
    rows = articles.light_since(began)
    rows += articles.light_before(began, include, exclude, newsletter.backlog)
    candidates = {row[0]: candidate(*row) for row in rows}
    if also:
        candidates.setdefault(also.id, also)
    return select(
        newsletter, candidates.values(), began=from_text(began), carried=frozenset(), first=True
    )


def candidate(record_id: str, published: str, tags: tuple[tuple[str, str], ...]) -> Candidate:
    """An article as selection sees it; a tag is known by both its names."""
    names = tuple(dict.fromkeys(name for pair in tags for name in pair))
    return Candidate(record_id, from_text(published), names)


def next_issues(
    outputs: Outputs, remembered: Mapping[str, str], recipe: str, config_file: str
) -> Iterator[NextIssue]:
    """The next issue of each newsletter; rendered only when something in it changed."""
    articles = outputs.articles
    began = articles.newsletters()
    for newsletter in outputs.config.newsletters.values():
        chosen = plan(articles, newsletter, began[newsletter.name]).chosen
        carried = ordered(outputs.renditions.published(articles.by_ids(chosen)))
        made_from = sha256(repr((recipe, carried)).encode()).hexdigest()
        if remembered.get(f"issue {newsletter.name}") == made_from:
            yield NextIssue(newsletter, len(carried), None, None, (), made_from)
        elif carried:
            try:
                yield _make(outputs, newsletter, carried, made_from, config_file)
            except SyndicateError as error:
                finding = _failed(newsletter, error, config_file)
                yield NextIssue(newsletter, len(carried), None, None, (finding,), "")
        else:
            yield NextIssue(newsletter, 0, {}, {}, (), made_from)


def _failed(newsletter: Newsletter, error: SyndicateError, config_file: str) -> Finding:
    """An issue that cannot be made costs only itself; the one before stays."""
    return Finding(
        Level.ERROR,
        "newsletter-failed",
        f"newsletter {newsletter.name} was not made: {error.message}",
        error.place.path if error.place else config_file,
        error.place.line if error.place else None,
        error.way_out,
    )


def _make(
    outputs: Outputs,
    newsletter: Newsletter,
    carried: Sequence[Published],
    made_from: str,
    config_file: str,
) -> NextIssue:
    from syndicate.logo import logo_of
    from syndicate.newsletters.checks import check
    from syndicate.newsletters.render import render_issue, subject_place

    config = outputs.config
    date = max(article.updated for article in carried)
    links = _links(config, newsletter)
    setting = partial(_setting, config_file, newsletter)
    try:
        logo = logo_of(newsletter, outputs.renditions.folder.root, links.home_url)
        rendered = render_issue(
            outputs.env,
            newsletter,
            config.site,
            carried,
            date=date,
            links=links,
            logo=logo.image if logo else None,
        )
    except TemplateError as error:
        if error.place == subject_place(newsletter):
            error.place = setting("subject")
        raise
    except ArticleError as error:
        raise SyndicateError(
            f"the logo {newsletter.brand.logo} {error.message}",
            place=setting("brand", "logo"),
            way_out="put the picture there, below content/, or correct the path",
        ) from error
    documents = {
        "email.html": rendered.html.encode(),
        "email.txt": rendered.text.encode(),
        "subject.txt": f"{rendered.subject}\n".encode(),
        "message.eml": _message(rendered, newsletter, date, links),
    }
    folder = f"{newsletter.name}/next"
    return NextIssue(
        newsletter,
        len(carried),
        {f"{folder}/{name}": data for name, data in documents.items()},
        {
            f"newsletters/{newsletter.name}/index.html": _web_page(outputs, rendered.html),
            **(logo.documents if logo else {}),
        },
        check(rendered, newsletter, carried, config=config_file),
        made_from,
    )


def _setting(config_file: str, newsletter: Newsletter, *key: str) -> Place:
    """Where a setting of the newsletter stands."""
    return place_of(Path(config_file), ("newsletters", newsletter.name, *key))


def _links(config: Config, newsletter: Newsletter) -> IssueLinks:
    """Where the issue's own links lead."""
    from syndicate.delivery.message import unsubscribe_url

    base = base_url(config.site)
    return IssueLinks(
        web_url=f"{base}newsletters/{newsletter.name}/",
        unsubscribe_url=unsubscribe_url(newsletter),
        home_url=base,
    )


def _message(
    rendered: Rendered, newsletter: Newsletter, date: datetime, links: IssueLinks
) -> bytes:
    """The complete message as its first reader, the sender, would get it."""
    from syndicate.delivery.message import list_id, message, message_id

    sender = newsletter.sender
    return message(
        rendered,
        sender=sender,
        to=sender,
        date=date,
        message_id=message_id(rendered, sender=sender, to=sender, date=date),
        list_id=list_id(newsletter.name, sender),
        unsubscribe=links.unsubscribe_url,
        one_click=False,
    )


def _web_page(outputs: Outputs, html: str) -> bytes:
    """The mail as a page, with the feeds of the site to discover (for people who came by it)."""
    from markupsafe import escape

    links = "\n".join(
        f'<link rel="alternate" type="{link.type}" title="{escape(link.title)}" href="{link.url}">'
        for link in outputs.site_feed_links()
    )
    return html.replace("</head>", f"{links}\n</head>", 1).encode()
