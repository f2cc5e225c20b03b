"""Issues -> documents: their files, their pages, the archive and its feeds. Writes nothing itself.

A draft has its files, and a page at a random URL; nothing links to it until it is approved. Pages
show an issue as it was frozen; only the archive page lists later corrections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from syndicate.catalogue.owners import ALL, Owner, OwnerKind
from syndicate.catalogue.urls import base_url
from syndicate.config.model import Config, Newsletter
from syndicate.content.article import Published
from syndicate.documents.pending import pending_owners
from syndicate.documents.site_documents import SiteDocuments
from syndicate.documents.site_feeds import Channel
from syndicate.feeds.feed import Feed
from syndicate.issues.compose import (
    NEXT_ISSUE,
    own_address,
    page_of,
    parts,
    place_of_issue,
    web_page,
)
from syndicate.site import Site
from syndicate.store.issues import Issue, Issues, slot_name
from syndicate.store.meta import Key, Meta
from syndicate.timestamps import parse_timestamp


def page_file_of(issue: Issue) -> str:
    """The file of an issue's web page, in the output folder."""
    return f"{place_of_issue(issue)}index.html"


def all_owners(documents: SiteDocuments) -> Iterator[Owner]:
    """Every owner of documents of issues."""
    for name in documents.config.newsletters:
        yield Owner(OwnerKind.ISSUE_ARCHIVE, name)
        yield from (Owner.issue(name, issue.slot) for issue in documents.issues.of(name))


def affected_owners(documents: SiteDocuments, articles: Sequence[str]) -> Iterator[Owner]:
    """The archives that list corrections of one of these articles."""
    for name, _ in documents.issues.carrying(articles):
        yield Owner(OwnerKind.ISSUE_ARCHIVE, name)


def files(documents: SiteDocuments, owner: Owner) -> dict[str, bytes]:
    """The files of an issue, by path in the issues folder; none for other owners."""
    issue = _issue(documents, owner)
    if issue is None:
        return {}
    contents = parts(issue.subject, issue.html, issue.text)
    contents["message.eml"] = issue.message.encode("ascii")
    folder = f"{issue.newsletter}/{slot_name(issue.slot)}"
    return {f"{folder}/{name}": data for name, data in contents.items()}


def pages(documents: SiteDocuments, owner: Owner) -> dict[str, bytes]:
    """The web page of an issue, or the archive with its feeds, by path in the output folder."""
    if owner.kind == OwnerKind.ISSUE_ARCHIVE:
        newsletter = documents.config.newsletters.get(owner.name)
        return dict(_archive(documents, newsletter)) if newsletter else {}
    issue = _issue(documents, owner)
    if issue is None:
        return {}
    page = issue.page
    for later, now in own_address(issue, documents.config).items():
        page = page.replace(later, now)
    return {page_file_of(issue): web_page(documents, page, listed=issue.is_public)}


def moved_pages(config: Config, issues: Issues) -> dict[str, str]:
    """Redirects for pages that test emails link to: old path -> present path, below the site.

    From a draft, once it is approved, to the page of the issue; from the next issue, while there is
    none, to the archive.
    """
    newsletters = config.newsletters
    moved = {
        page_of(name, f"drafts/{key}"): page_of(name, slot_name(slot))
        for name, slot, key in issues.were_drafts(newsletters)
    }
    if config.site.pages:
        moved |= {page_of(n, NEXT_ISSUE.name): f"newsletters/{n}/" for n in newsletters}
    return moved | {before.rstrip("/"): now for before, now in moved.items()}


def _issue(documents: SiteDocuments, owner: Owner) -> Issue | None:
    """The issue that an owner names, while it is shown."""
    if owner.kind != OwnerKind.ISSUE:
        return None
    newsletter, slot = owner.newsletter_and_slot
    issue = documents.issues.get(newsletter, slot)
    return (
        issue if issue and issue.is_shown and newsletter in documents.config.newsletters else None
    )


def _archive(documents: SiteDocuments, newsletter: Newsletter) -> Iterator[tuple[str, bytes]]:
    issues = documents.issues.public(newsletter.name)
    if not issues:
        return
    folder = f"newsletters/{newsletter.name}/"
    feed = _feed(documents, newsletter, issues, folder)
    yield from documents.feeds.documents(feed)
    if documents.config.site.pages:
        yield f"{folder}index.html", _archive_page(documents, newsletter, issues, feed)


def _archive_page(
    documents: SiteDocuments, newsletter: Newsletter, issues: Sequence[Issue], feed: Feed
) -> bytes:
    from syndicate.documents import pages

    base = base_url(documents.config.site)
    ids = sorted({each.id for issue in issues for each in issue.carried})
    now = {record.id: record.updated for record in documents.articles.by_ids(ids)}
    shown = [
        pages.IssueLink(
            subject=issue.subject,
            url=base + page_of(newsletter.name, slot_name(issue.slot)),
            date=parse_timestamp(issue.due),
            articles=tuple(
                pages.CarriedLink(
                    each.title,
                    each.url,
                    parse_timestamp(now[each.id]) if now.get(each.id, "") > each.updated else None,
                )
                for each in issue.carried
            ),
        )
        for issue in issues
    ]
    frame, feeds = documents.frame(()), documents.feeds.links(feed.title, feed.base_url)
    description = newsletter.description or newsletter.title
    head = pages.Head(newsletter.title, description, feed.base_url, feeds + frame.feeds)
    return pages.archive_page(documents.env, frame, head, shown, feeds)


def _feed(
    documents: SiteDocuments, newsletter: Newsletter, issues: Sequence[Issue], folder: str
) -> Feed:
    """The feed of past issues: an entry each, with its articles."""
    newest = issues[: documents.config.feeds.entries]
    channel = Channel(
        title=newsletter.title,
        description=newsletter.description or newsletter.title,
        folder=folder,
        home=folder if documents.config.site.pages else "",
        suffix=f"/{folder.rstrip('/')}",
    )
    entries = (_entry(documents, newsletter, issue) for issue in newest)
    return documents.feeds.feed(channel, entries)


def _entry(documents: SiteDocuments, newsletter: Newsletter, issue: Issue) -> Published:
    from markupsafe import Markup

    carried = issue.carried
    row = Markup('<li><a href="{}">{}</a></li>')
    items = Markup("").join(row.format(each.url, each.title) for each in carried)
    page = page_of(newsletter.name, slot_name(issue.slot))
    return Published(
        id=f"{documents.feed_id}/{page.rstrip('/')}",
        url=base_url(documents.config.site) + page,
        title=issue.subject,
        published=parse_timestamp(issue.approved_at),
        updated=parse_timestamp(issue.approved_at),
        summary=" · ".join(each.title for each in carried),
        html=f"<ul>{items}</ul>",
        path=f"newsletter {newsletter.name}, {issue.slot}",
        language=documents.config.site.language,
        sequence=issue.sequence,
    )


Shown = Callable[[Site, Issue], bool]
"""Whether the web page of an issue is public."""


def is_written(site: Site, issue: Issue) -> bool:
    """Whether the web page of an issue is up to date on disk."""
    meta = Meta(site.database).all()
    waits_for = {ALL, Owner.issue(issue.newsletter, issue.slot)}
    if meta.get(Key.UNFINISHED_BUILD) == "yes" or waits_for & set(pending_owners(meta)):
        return False
    return (site.places.output / page_file_of(issue)).is_file()
