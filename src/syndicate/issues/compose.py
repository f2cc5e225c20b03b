"""Compose an issue from its articles: everything that is sent and shown. Writes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.catalogue.urls import base_url
from syndicate.config.loader import place_of
from syndicate.config.model import Config, Newsletter
from syndicate.content.article import Published
from syndicate.documents.logo import Logo, logo_of
from syndicate.documents.site_documents import SiteDocuments
from syndicate.errors import ArticleError, Location, SyndicateError, TemplateError
from syndicate.findings import Finding, Level
from syndicate.newsletters.issue import IssueLinks, Rendered
from syndicate.newsletters.personal import IssueVariant, PersonalisedIssue, Placeholders
from syndicate.store.issues import Issue, IssueState, slot_name

if TYPE_CHECKING:
    from syndicate.mail.personalise import Recipient

TOKEN = 40
"""Characters of what makes a link personal."""

WIDEST = "\U0001f9a2"
"""A character that takes the most bytes in a message."""


@dataclass(frozen=True, slots=True)
class IssueKey:
    """Which issue it is: the last part of its addresses, and its date (aware).

    Without a date of its own it has that of the article changed last.
    """

    name: str
    date: datetime | None = None


NEXT_ISSUE = IssueKey("next")
"""The issue that is still to come."""


@dataclass(frozen=True, slots=True)
class ComposedIssue:
    """An issue: as the newsletter's service takes it, as a web page, as a message, and its date.

    `findings` says what is wrong with it. `personal` is what the messages to subscribers are made
    from, None where it is not sent to any.
    """

    rendered: Rendered
    page: str
    message: bytes
    date: datetime
    findings: tuple[Finding, ...]
    personal: PersonalisedIssue | None = None

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The broken rules of level error: with any, it must not be sent."""
        from syndicate.newsletters.checks import blocking

        return blocking(self.findings)


def compose(
    documents: SiteDocuments,
    newsletter: Newsletter,
    carried: Sequence[Published],
    config_file: str,
    edition: IssueKey = NEXT_ISSUE,
) -> ComposedIssue:
    """Render and check the issue that carries these articles, for the service of `merge_fields`.

    It is judged as readers get it: before anything is escaped for the service. Raises
    TemplateError.
    """
    from syndicate.newsletters.checks import check
    from syndicate.newsletters.merge import SERVICES, filled, is_divided, tokens
    from syndicate.newsletters.render import SHARED
    from syndicate.templating.environment import sources

    date = edition.date or max(article.updated for article in carried)
    logo = logo_for(documents, newsletter, config_file)
    render = partial(_rendered, documents, newsletter, carried, config_file, date, logo)
    links = _links(documents.config, newsletter, edition)
    whole = render(links)
    message = _message(whole, newsletter, date)
    judge = partial(
        check,
        newsletter=newsletter,
        articles=carried,
        config=config_file,
        sources=sources(documents.env, newsletter.template, SHARED),
        message=message,
    )
    if newsletter.merge_fields == "none":
        if newsletter.deliver:
            personal, findings = _personal(newsletter, carried, links, render, judge, date)
            return ComposedIssue(whole, whole.html, message, date, findings, personal)
        return ComposedIssue(whole, whole.html, message, date, judge(whole))
    # A page and a message of one's own have nobody to fill in what the service would.
    marks = tokens(repr((newsletter, carried)), links.home_url)
    rendered = render(marks.links, marks.name)
    findings = judge(rendered)
    written = filled(rendered, SERVICES[newsletter.merge_fields], marks)
    if is_divided(rendered, written):
        findings += (_divided(newsletter, config_file),)
    return ComposedIssue(written, whole.html, message, date, findings)


def _personal(
    newsletter: Newsletter,
    carried: Sequence[Published],
    links: IssueLinks,
    render: Callable[..., Rendered],
    judge: Callable[..., tuple[Finding, ...]],
    date: datetime,
) -> tuple[PersonalisedIssue, tuple[Finding, ...]]:
    """What subscribers' messages are made from, judged as two of them get it.

    One has the longest name there is, the other none, as most people.
    """
    from syndicate.mail.personalise import EncodedIssue
    from syndicate.newsletters.merge import tokens
    from syndicate.subscribers.csv_lists import MAX_NAME_LENGTH

    tokened = tokens(repr((newsletter, carried)), links.home_url)
    own = replace(tokened.links, web_url=links.web_url)
    named, nameless = render(own, tokened.name), render(own)
    personal = PersonalisedIssue(
        Placeholders(tokened.digest, own.unsubscribe_url, own.preferences_url, tokened.name),
        *(IssueVariant(each.subject, each.html, each.text) for each in (named, nameless)),
    )
    prepared = EncodedIssue(personal, newsletter, issue=NEXT_ISSUE.name)
    findings: list[Finding] = []
    for rendered, name in ((named, MAX_NAME_LENGTH * WIDEST), (nameless, "")):
        who = _reader(newsletter, links.home_url, name, date)
        findings += judge(_as_read(rendered, personal.marks, who), message=prepared.to(who))
    return personal, tuple(dict.fromkeys(findings))


def _reader(newsletter: Newsletter, home_url: str, name: str, date: datetime) -> Recipient:
    """A reader whose links are of the usual length."""
    from syndicate.mail.message import mailbox
    from syndicate.mail.personalise import Recipient

    address, token = mailbox(newsletter.sender), "x" * TOKEN
    return Recipient(
        address=address,
        name=name,
        unsubscribe=f"{home_url}unsubscribe/{newsletter.name}/{token}",
        unsubscribe_by_mail=f"mailto:{address}?subject={token}",
        preferences=f"{home_url}preferences/{token}",
        message_id=f"{token}@{address.rpartition('@')[2]}",
        date=date,
    )


def _as_read(rendered: Rendered, marks: Placeholders, who: Recipient) -> Rendered:
    """What a message to this reader shows."""
    links = replace(
        rendered.links, unsubscribe_url=who.unsubscribe, preferences_url=who.preferences
    )
    form = IssueVariant(rendered.subject, rendered.html, rendered.text)
    shown = form.filled(
        {marks.unsubscribe: who.unsubscribe, marks.preferences: who.preferences}
        | {marks.name: who.name}
    )
    return replace(rendered, subject=shown.subject, html=shown.html, text=shown.text, links=links)


def parts(subject: str, html: str, text: str) -> dict[str, bytes]:
    """The files that a person pastes into a newsletter service."""
    return {
        "email.html": html.encode(),
        "email.txt": text.encode(),
        "subject.txt": f"{subject}\n".encode(),
    }


def page_of(newsletter: str, edition: str) -> str:
    """Where the web page of an issue lies, as in addresses."""
    return f"newsletters/{newsletter}/{edition}/"


def place_of_issue(issue: Issue) -> str:
    """Where the web page of an issue lies, as in addresses: a draft's cannot be guessed."""
    if issue.state == IssueState.DRAFT:
        return page_of(issue.newsletter, f"drafts/{issue.draft_key}")
    return page_of(issue.newsletter, slot_name(issue.slot))


def own_address(issue: Issue, config: Config) -> dict[str, str]:
    """What to replace in the texts of an issue, so that they lead to the page it has now.

    They contain its later address, for they are frozen; at that, a draft has no page yet.
    """
    if issue.state != IssueState.DRAFT:
        return {}
    base = base_url(config.site)
    later = base + page_of(issue.newsletter, slot_name(issue.slot))
    now = base + place_of_issue(issue)
    return {escape(later): escape(now), later: now}


def _rendered(
    documents: SiteDocuments,
    newsletter: Newsletter,
    carried: Sequence[Published],
    config_file: str,
    date: datetime,
    logo: Logo | None,
    links: IssueLinks,
    recipient_name: str = "",
) -> Rendered:
    from syndicate.newsletters.render import render_issue, subject_place

    try:
        return render_issue(
            documents.env,
            newsletter,
            documents.config.site,
            carried,
            date=date,
            links=links,
            recipient_name=recipient_name,
            logo=logo.image if logo else None,
        )
    except TemplateError as error:
        if error.place == subject_place(newsletter):
            error.place = _setting(config_file, newsletter, "subject")
        raise


def logo_for(documents: SiteDocuments, newsletter: Newsletter, config_file: str) -> Logo | None:
    """The newsletter's logo. Raises SyndicateError when its file cannot be read."""
    content, base = documents.renditions.folder, base_url(documents.config.site)
    try:
        return logo_of(newsletter, content.root, base, content.links)
    except ArticleError as error:
        raise SyndicateError(
            f"the logo {newsletter.brand.logo} {error.message}",
            place=_setting(config_file, newsletter, "brand", "logo"),
            hint="put the picture there, below content/, or correct the path",
        ) from error


def _setting(config_file: str, newsletter: Newsletter, *key: str) -> Location:
    """Where a setting of the newsletter stands."""
    return place_of(Path(config_file), ("newsletters", newsletter.name, *key))


def _divided(newsletter: Newsletter, config_file: str) -> Finding:
    """Something in the text looks like a placeholder, and the service knows no way to say not."""
    return Finding(
        Level.WARNING,
        "email-merge",
        f"newsletter {newsletter.name}: {newsletter.merge_fields} would read a part of the "
        "subject or the plain text as a placeholder; an invisible character divides it",
        config_file,
        None,
        "nothing to do: it reads the same, but copied text contains the character",
    )


def _links(config: Config, newsletter: Newsletter, edition: IssueKey) -> IssueLinks:
    """Where the issue's own links lead."""
    from syndicate.mail.message import unsubscribe_url

    base = base_url(config.site)
    return IssueLinks(
        web_url=base + page_of(newsletter.name, edition.name),
        unsubscribe_url=unsubscribe_url(newsletter),
        home_url=base,
    )


def _message(rendered: Rendered, newsletter: Newsletter, date: datetime) -> bytes:
    """The complete message as its first reader, the sender, would get it."""
    from syndicate.mail.message import list_id, message, message_id

    sender = newsletter.sender
    return message(
        rendered,
        sender=sender,
        to=sender,
        date=date,
        message_id=message_id(rendered, sender=sender, to=sender, date=date),
        list_id=list_id(newsletter.name, sender),
        unsubscribe=rendered.links.unsubscribe_url,
        one_click=False,
    )


NOT_LISTED = (
    '<meta name="robots" content="noindex, nofollow">\n'
    '<meta name="referrer" content="no-referrer">\n'
)
"""For pages whose address is not to become known: by search engines, or by sites they link to."""


def web_page(documents: SiteDocuments, html: str, *, listed: bool) -> bytes:
    """The mail as a page, with the feeds of the site to discover (for people who came by it).

    One that is not `listed` asks search engines to leave it out.
    """
    from markupsafe import escape

    links = "\n".join(
        f'<link rel="alternate" type="{link.type}" title="{escape(link.title)}" href="{link.url}">'
        for link in documents.site_feed_links()
    )
    own = "" if listed else NOT_LISTED
    return html.replace("</head>", f"{own}{links}\n</head>", 1).encode()
