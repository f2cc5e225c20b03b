"""Each newsletter's next issue: chosen, rendered, checked, as documents. Writes nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from syndicate.catalogue.tags import tag_of
from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.documents.site_documents import SiteDocuments
from syndicate.errors import SyndicateError
from syndicate.feeds.feed import ordered
from syndicate.findings import Finding, Level
from syndicate.issues.compose import (
    NEXT_ISSUE,
    ComposedIssue,
    compose,
    logo_for,
    page_of,
    parts,
    web_page,
)
from syndicate.newsletters.issue import Candidate, Selection
from syndicate.newsletters.selection import select
from syndicate.store.articles import Articles
from syndicate.store.issues import Issues
from syndicate.store.meta import NEXT_ISSUE_INPUT
from syndicate.store.newsletters import Newsletters
from syndicate.timestamps import parse_timestamp


@dataclass(frozen=True, slots=True)
class NextIssueDocuments:
    """The next issue of a newsletter. `documents` is None when the present ones stay.

    So it is when nothing changed, and when it could not be made, which a finding explains.
    """

    newsletter: Newsletter
    articles: int
    documents: Mapping[str, bytes] | None
    page: Mapping[str, bytes] | None
    findings: tuple[Finding, ...]
    input_hash: str


def select_articles(
    articles: Articles,
    issues: Issues,
    newsletter: Newsletter,
    after: int,
    *,
    also: Candidate | None = None,
) -> Selection:
    """Which articles the next issue carries, and why; `also` is considered in spite of its date."""
    taken = issues.taken(newsletter.name)
    include = [tag_of(tag) for tag in newsletter.include]
    exclude = [tag_of(tag) for tag in newsletter.exclude]
    rows = articles.light_after(after)
    rows += articles.light_until(after, include, exclude, newsletter.backlog)
    candidates = {row[0]: candidate(*row) for row in rows}
    if also:
        candidates.setdefault(also.id, also)
    return select(
        newsletter,
        candidates.values(),
        after=after,
        carried=taken,
        first=not taken,
    )


def candidate(
    record_id: str, sequence: int, published: str, tags: tuple[tuple[str, str], ...]
) -> Candidate:
    """An article as selection sees it; a tag is known by both its names."""
    names = tuple(dict.fromkeys(name for pair in tags for name in pair))
    return Candidate(record_id, sequence, parse_timestamp(published), names)


def articles_of(documents: SiteDocuments, newsletter: Newsletter) -> Sequence[Published]:
    """The articles that the next issue carries, newest first."""
    after = Newsletters(documents.articles.database).all()[newsletter.name].after
    return carried_by(
        documents, select_articles(documents.articles, documents.issues, newsletter, after).chosen
    )


def carried_by(documents: SiteDocuments, chosen: Sequence[str]) -> tuple[Published, ...]:
    """The articles of these ids with their text, the newest first, as an issue carries them."""
    return ordered(documents.render_cache.published(documents.articles.by_ids(chosen)))


def next_issues(
    documents: SiteDocuments, remembered: Mapping[str, str], recipe: str, config_file: str
) -> Iterator[NextIssueDocuments]:
    """The next issue of each newsletter; rendered only when something in it changed."""
    for newsletter in documents.config.newsletters.values():
        carried = articles_of(documents, newsletter)
        input_hash = sha256(repr((recipe, carried)).encode()).hexdigest()
        if remembered.get(NEXT_ISSUE_INPUT + newsletter.name) == input_hash:
            yield NextIssueDocuments(newsletter, len(carried), None, None, (), input_hash)
            continue
        try:
            yield _made(documents, newsletter, carried, input_hash, config_file)
        except SyndicateError as error:
            finding = _failed(newsletter, error, config_file)
            yield NextIssueDocuments(newsletter, len(carried), None, None, (finding,), "")


def _failed(newsletter: Newsletter, error: SyndicateError, config_file: str) -> Finding:
    """The finding for an issue that cannot be made; the previous one stays."""
    return Finding(
        Level.ERROR,
        "newsletter-failed",
        f"newsletter {newsletter.name} was not made: {error.message}",
        error.place.path if error.place else config_file,
        error.place.line if error.place else None,
        error.hint,
    )


def _made(
    documents: SiteDocuments,
    newsletter: Newsletter,
    carried: Sequence[Published],
    input_hash: str,
    config_file: str,
) -> NextIssueDocuments:
    logo = logo_for(documents, newsletter, config_file)
    files = logo.documents if logo else {}  # past issues show it too
    if not carried:
        return NextIssueDocuments(newsletter, 0, {}, files, (), input_hash)
    issue = compose(documents, newsletter, carried, config_file)
    contents = parts(issue.rendered.subject, issue.rendered.html, issue.rendered.text)
    held = _held(newsletter, issue, config_file)
    if not held:
        contents["message.eml"] = issue.message
    page = f"{page_of(newsletter.name, NEXT_ISSUE.name)}index.html"
    return NextIssueDocuments(
        newsletter,
        len(carried),
        {f"{newsletter.name}/{NEXT_ISSUE.name}/{name}": data for name, data in contents.items()},
        {page: web_page(documents, issue.page, listed=False), **files},
        (*issue.findings, *held),
        input_hash,
    )


def _held(newsletter: Newsletter, issue: ComposedIssue, config_file: str) -> tuple[Finding, ...]:
    """The finding for a message that is not written because of a rule of level error.

    The texts are still written, so that the author can see and fix them.
    """
    rules = ", ".join(dict.fromkeys(each.rule for each in issue.blocking))
    if not rules:
        return ()
    message = f"newsletter {newsletter.name}: message.eml is not written, because of {rules}"
    hint = "fix that first; email.html and email.txt show the issue as it is"
    return (Finding(Level.ERROR, "newsletter-held", message, config_file, hint=hint),)
