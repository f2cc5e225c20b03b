"""Compose an issue from its articles: its texts, page and message. Writes nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.catalogue.urls import base_url
from syndicate.config.model import Config, Newsletter
from syndicate.config.yaml_document import place_of
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
    from syndicate.newsletters.merge import Tokens

TOKEN_LENGTH = 40
"""Characters of the token in a personal link."""

WIDEST = "\U0001f9a2"
"""A character that takes the most bytes in a message."""


@dataclass(frozen=True, slots=True)
class IssueKey:
    """The identity of an issue: the last part of its URLs, and its date (aware).

    Without a date, it has that of the last changed article.
    """

    name: str
    date: datetime | None = None


NEXT_ISSUE = IssueKey("next")
"""The next issue, which is not frozen."""


@dataclass(frozen=True, slots=True)
class ComposedIssue:
    """An issue: its texts for the newsletter's service, its web page, its message, and its date.

    `personal` has the placeholders for messages to subscribers, None if it is not sent to any.
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
    key: IssueKey = NEXT_ISSUE,
) -> ComposedIssue:
    """Render and check the issue that carries these articles, for the service of `merge_fields`.

    It is checked as readers get it, before anything is escaped for the service. Raises
    TemplateError.
    """
    composer = _Composer(
        documents,
        newsletter,
        carried,
        config_file,
        key.date or max(article.updated for article in carried),
        _links(documents.config, newsletter, key),
        logo_for(documents, newsletter, config_file),
    )
    if newsletter.merge_fields != "none":
        return composer.for_service()
    return composer.for_subscribers() if newsletter.deliver else composer.for_files()


@dataclass(frozen=True, slots=True)
class _Composer:
    """Composes one issue, whose own links are `links`, for one of three uses."""

    documents: SiteDocuments
    newsletter: Newsletter
    carried: Sequence[Published]
    config_file: str
    date: datetime
    links: IssueLinks
    logo: Logo | None

    def for_files(self) -> ComposedIssue:
        """The issue for files that its author sends."""
        whole, message = self._render_with_message()
        findings = self._check(whole, message)
        return ComposedIssue(whole, whole.html, message, self.date, findings)

    def for_subscribers(self) -> ComposedIssue:
        """The issue with placeholders, checked as two readers get it.

        One has a name of maximum length, the other none, as most subscribers.
        """
        from syndicate.mail.personalise import EncodedIssue
        from syndicate.subscribers.csv_lists import MAX_NAME_LENGTH

        whole, message = self._render_with_message()
        tokens = self._tokens()
        links = replace(tokens.links, web_url=self.links.web_url)
        named, nameless = self._render(links, tokens.name), self._render(links)
        placeholders = Placeholders(
            tokens.digest, links.unsubscribe_url, links.preferences_url, tokens.name
        )
        variants = (IssueVariant(r.subject, r.html, r.text) for r in (named, nameless))
        personal = PersonalisedIssue(placeholders, *variants)
        encoded = EncodedIssue(personal, self.newsletter, issue=NEXT_ISSUE.name)
        findings: list[Finding] = []
        for rendered, name in ((named, MAX_NAME_LENGTH * WIDEST), (nameless, "")):
            reader = _reader(self.newsletter, self.links.home_url, name, self.date)
            findings += self._check(_as_read(rendered, placeholders, reader), encoded.to(reader))
        unique = tuple(dict.fromkeys(findings))
        return ComposedIssue(whole, whole.html, message, self.date, unique, personal)

    def for_service(self) -> ComposedIssue:
        """The issue with the merge fields of another service, which fills them."""
        from syndicate.newsletters.merge import SERVICES, filled, is_divided

        whole, message = self._render_with_message()  # page and message are not sent by the service
        tokens = self._tokens()
        rendered = self._render(tokens.links, tokens.name)
        findings = self._check(rendered, message)
        written = filled(rendered, SERVICES[self.newsletter.merge_fields], tokens)
        if is_divided(rendered, written):
            findings += (_divided(self.newsletter, self.config_file),)
        return ComposedIssue(written, whole.html, message, self.date, findings)

    def _render_with_message(self) -> tuple[Rendered, bytes]:
        """The issue with its own links, and as a message to the sender."""
        whole = self._render(self.links)
        return whole, _message(whole, self.newsletter, self.date)

    def _tokens(self) -> Tokens:
        from syndicate.newsletters.merge import tokens

        return tokens(repr((self.newsletter, self.carried)), self.links.home_url)

    def _render(self, links: IssueLinks, recipient_name: str = "") -> Rendered:
        from syndicate.newsletters.render import IssueContent, render_issue, subject_place

        try:
            content = IssueContent(
                self.newsletter,
                self.documents.config.site,
                self.carried,
                self.date,
                self.logo.image if self.logo else None,
            )
            return render_issue(self.documents.env, content, links, recipient_name)
        except TemplateError as error:
            if error.place == subject_place(self.newsletter):
                error.place = _setting(self.config_file, self.newsletter, "subject")
            raise

    def _check(self, rendered: Rendered, message: bytes) -> tuple[Finding, ...]:
        """The findings for an issue that is sent as this message."""
        from syndicate.newsletters.checks import check
        from syndicate.newsletters.render import SHARED
        from syndicate.templating.environment import sources

        return check(
            rendered,
            newsletter=self.newsletter,
            articles=self.carried,
            config=self.config_file,
            sources=sources(self.documents.env, self.newsletter.template, SHARED),
            message=message,
        )


def _reader(newsletter: Newsletter, home_url: str, name: str, date: datetime) -> Recipient:
    """A reader whose links are of the usual length."""
    from syndicate.mail.message import mailbox
    from syndicate.mail.personalise import Recipient

    address, token = mailbox(newsletter.sender), "x" * TOKEN_LENGTH
    return Recipient(
        address=address,
        name=name,
        unsubscribe=f"{home_url}unsubscribe/{newsletter.name}/{token}",
        unsubscribe_by_mail=f"mailto:{address}?subject={token}",
        preferences=f"{home_url}preferences/{token}",
        message_id=f"{token}@{address.rpartition('@')[2]}",
        date=date,
    )


def _as_read(rendered: Rendered, placeholders: Placeholders, recipient: Recipient) -> Rendered:
    """The texts as this reader gets them."""
    links = replace(
        rendered.links, unsubscribe_url=recipient.unsubscribe, preferences_url=recipient.preferences
    )
    variant = IssueVariant(rendered.subject, rendered.html, rendered.text)
    shown = variant.filled(
        {
            placeholders.unsubscribe: recipient.unsubscribe,
            placeholders.preferences: recipient.preferences,
        }
        | {placeholders.name: recipient.name}
    )
    return replace(rendered, subject=shown.subject, html=shown.html, text=shown.text, links=links)


def parts(subject: str, html: str, text: str) -> dict[str, bytes]:
    """The files for pasting into a newsletter service."""
    return {
        "email.html": html.encode(),
        "email.txt": text.encode(),
        "subject.txt": f"{subject}\n".encode(),
    }


def page_of(newsletter: str, key: str) -> str:
    """The path of an issue's web page in URLs."""
    return f"newsletters/{newsletter}/{key}/"


def place_of_issue(issue: Issue) -> str:
    """The path of an issue's web page in URLs; random for a draft."""
    if issue.state == IssueState.DRAFT:
        return page_of(issue.newsletter, f"drafts/{issue.draft_key}")
    return page_of(issue.newsletter, slot_name(issue.slot))


def own_address(issue: Issue, config: Config) -> dict[str, str]:
    """Replacements in the texts of a draft, so that their links lead to its present page.

    The texts are frozen with the later URL, at which a draft has no page yet.
    """
    if issue.state != IssueState.DRAFT:
        return {}
    base = base_url(config.site)
    later = base + page_of(issue.newsletter, slot_name(issue.slot))
    now = base + place_of_issue(issue)
    return {escape(later): escape(now), later: now}


def logo_for(documents: SiteDocuments, newsletter: Newsletter, config_file: str) -> Logo | None:
    """The newsletter's logo. Raises SyndicateError when its file cannot be read."""
    content, base = documents.render_cache.folder, base_url(documents.config.site)
    try:
        return logo_of(newsletter, content.root, base, content.links)
    except ArticleError as error:
        raise SyndicateError(
            f"the logo {newsletter.brand.logo} {error.message}",
            place=_setting(config_file, newsletter, "brand", "logo"),
            hint="put the picture there, in content/, or correct the path",
        ) from error


def _setting(config_file: str, newsletter: Newsletter, *setting: str) -> Location:
    """The location of a setting of the newsletter."""
    return place_of(Path(config_file), ("newsletters", newsletter.name, *setting))


def _divided(newsletter: Newsletter, config_file: str) -> Finding:
    """The finding for text that looks like a placeholder, which the service cannot escape."""
    return Finding(
        Level.WARNING,
        "email-merge",
        f"newsletter {newsletter.name}: {newsletter.merge_fields} would read a part of the "
        "subject or the plain text as a placeholder; an invisible character divides it",
        config_file,
        None,
        "nothing to do: it reads the same, but copied text contains the character",
    )


def _links(config: Config, newsletter: Newsletter, key: IssueKey) -> IssueLinks:
    """The links of the issue."""
    from syndicate.mail.message import unsubscribe_url

    base = base_url(config.site)
    return IssueLinks(
        web_url=base + page_of(newsletter.name, key.name),
        unsubscribe_url=unsubscribe_url(newsletter),
        home_url=base,
    )


def _message(rendered: Rendered, newsletter: Newsletter, date: datetime) -> bytes:
    """The complete message, to the sender."""
    from syndicate.mail.message import BasicHeaders, content_message_id, list_id, newsletter_message

    sender = newsletter.sender
    identity = content_message_id(rendered, sender=sender, to=sender, date=date)
    return newsletter_message(
        rendered,
        BasicHeaders(sender, sender, date, identity),
        list_id=list_id(newsletter.name, sender),
        unsubscribe=rendered.links.unsubscribe_url,
        one_click=False,
    )


NOT_LISTED = (
    '<meta name="robots" content="noindex, nofollow">\n'
    '<meta name="referrer" content="no-referrer">\n'
)
"""For pages whose URL must not become known to search engines, or to sites they link to."""


def web_page(documents: SiteDocuments, html: str, *, listed: bool) -> bytes:
    """The email as a web page, with links for feed discovery.

    One that is not `listed` asks search engines to leave it out.
    """
    from markupsafe import escape

    links = "\n".join(
        f'<link rel="alternate" type="{link.type}" title="{escape(link.title)}" href="{link.url}">'
        for link in documents.feeds.site_links()
    )
    own = "" if listed else NOT_LISTED
    return html.replace("</head>", f"{own}{links}\n</head>", 1).encode()
