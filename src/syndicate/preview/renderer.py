"""The files as they are -> previews of next issues. Changes nothing permanent.

Works like a build, on a copy of the store in memory, and renders only the articles of the issue:
no feed, no page, no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from syndicate.build.freshness import stale_article_ids
from syndicate.build.site_ingest import ingest_changes
from syndicate.catalogue.urls import base_url, page_file
from syndicate.config.model import Newsletter
from syndicate.config.named import newsletter_named
from syndicate.content import folder
from syndicate.content.article import Published
from syndicate.content.path_set import ALL_PATHS
from syndicate.content.reader import is_article
from syndicate.documents.site_documents import SiteDocuments, site_documents
from syndicate.errors import Location, SyndicateError
from syndicate.findings import Finding, from_json
from syndicate.issues.compose import ComposedIssue, compose
from syndicate.issues.next_issue import carried_by, select_articles
from syndicate.newsletters.issue import Reason, Selection
from syndicate.preview.issue_preview import (
    IssuePreview,
    Picture,
    addresses,
    carried,
    headers,
    sizes,
)
from syndicate.preview.watch import Seen, Watched
from syndicate.site import Progress, Site, set_up, site_of
from syndicate.store.articles import Articles
from syndicate.store.issues import Issues
from syndicate.store.newsletters import Newsletters
from syndicate.store.renderings import Renderings
from syndicate.store.snapshot import StoreSnapshot
from syndicate.templating.translations import day
from syndicate.timestamps import format_timestamp, parse_timestamp

Locate = Callable[[Sequence[Finding], Site], list[Finding]]
"""Maps findings to findings with paths relative to the user's folder."""


class PreviewRenderer:
    """Renders previews of the newsletters in `config_file`, on request."""

    def __init__(
        self,
        config_file: Path,
        environment: Mapping[str, str],
        progress: Progress,
        placed: Locate,
    ) -> None:
        self._config_file = config_file
        self._environment = environment
        self._progress = progress
        self._placed = placed
        self._store: StoreSnapshot | None = None
        self.site = self._site()

    def refresh(self, seen: Seen, now: datetime) -> None:
        """Reload the configuration and ingest changes of the content folder.

        Raises SyndicateError; then only what was ingested has changed.
        """
        site = self._site()
        files = site.places.scan() if seen.content is None else seen.content
        ingest_changes(site, folder.FolderScan(files), now)
        articles = Articles(site.database)
        with site.database.transaction():
            Newsletters(articles.database).begin(site.config.newsletters, format_timestamp(now))
        self.site, self._files, self._now = site, files, now

    def preview(self, name: str) -> IssuePreview:
        """The next issue of a newsletter, as of the last `refresh`.

        Raises SyndicateError when it cannot be rendered.
        """
        site, articles = self.site, Articles(self.site.database)
        newsletter = replace(newsletter_named(site.config, name), merge_fields="none")
        began = Newsletters(articles.database).all()[name]
        selection = select_articles(articles, Issues(site.database), newsletter, began.after)
        stale = stale_article_ids(
            site, self._files, Renderings(articles.database).uses_of(selection.chosen), ALL_PATHS
        )
        outputs = site_documents(site, self._files, stale, self._now)
        published = carried_by(outputs, selection.chosen)
        with site.database.transaction():
            Renderings(articles.database).save(*outputs.render_cache.take_fresh())
        findings = list(self._all_findings(outputs, selection.chosen))
        if not published:
            why = tuple(_why_empty(articles, newsletter, selection, began.started_at))
            return IssuePreview(
                name, newsletter.title, tuple(self._placed(findings, site)), empty=why
            )
        issue = compose(outputs, newsletter, published, site.config_file)
        placed = self._placed([*findings, *issue.findings], site)
        return self._preview(newsletter, issue, outputs, published, placed)

    @property
    def watched(self) -> Watched:
        """The files that previews depend on."""
        base = self._config_file.parent.resolve()
        templates = base / self.site.config.templates
        places = self.site.places
        return Watched(self._config_file, places.content, templates, places.links)

    def close(self) -> None:
        """Discard the copy of the store."""
        if self._store:
            self._store.close()

    def _site(self) -> Site:
        """The site as configured now, with a copy of its store."""
        setup = set_up(self._config_file, self._environment)
        url = setup.config.store.url
        if self._store is None or self._store.url != url:
            self.close()
            self._store = StoreSnapshot(url, setup.base)
        return site_of(setup, self._store.database(), self._progress)

    def _all_findings(self, outputs: SiteDocuments, chosen: Sequence[str]) -> Iterator[Finding]:
        """Findings about the articles of the issue, and about unreadable files."""
        articles = outputs.articles
        for path, text in articles.unreadable().items():
            yield from from_json(text, path)
        kept = Renderings(articles.database).get(chosen)
        for record in articles.by_ids(chosen):
            yield from from_json(record.findings, record.path)
            if record.id in kept:
                yield from from_json(kept[record.id].findings, record.path)
        yield from outputs.render_cache.missing.values()

    def _preview(
        self,
        newsletter: Newsletter,
        issue: ComposedIssue,
        outputs: SiteDocuments,
        published: Sequence[Published],
        findings: Sequence[Finding],
    ) -> IssuePreview:
        rendered, message = issue.rendered, issue.message
        return IssuePreview(
            newsletter=newsletter.name,
            title=newsletter.title,
            findings=tuple(findings),
            sender=newsletter.sender,
            subject=rendered.subject,
            preheader=rendered.preheader,
            text=rendered.text,
            html=rendered.html,
            headers=tuple(headers(message)),
            sizes=sizes(rendered, message),
            articles=carried(published, rendered.summarised),
            pictures=self._pictures(outputs, published, rendered.html),
        )

    def _pictures(
        self, outputs: SiteDocuments, published: Sequence[Published], html: str
    ) -> dict[str, Picture]:
        """Image files of the site by address: in the content folder, or published."""
        places, site = self.site.places, self.site.config.site
        records = {r.id: r for r in outputs.articles.by_ids([a.id for a in published])}
        files = {
            outputs.render_cache.file_address(records[article], target): places.content / target
            for article, target, _ in Renderings(outputs.articles.database).uses_of(list(records))
            if not is_article(target)
        }
        pictures: dict[str, Picture] = {}
        for url in addresses(html):
            path = page_file(site, url, page=False) if url.startswith(base_url(site)) else None
            file = files.get(url) or (places.output / path if path else None)
            if file and file.is_file():
                stat = file.stat()
                facts = f"{url} {stat.st_size} {stat.st_mtime_ns}"
                pictures[url] = Picture(sha256(facts.encode()).hexdigest()[:24], file)
        return pictures


def chosen(name: str | None, site: Site) -> str:
    """The newsletter of this name, else the first. Raises SyndicateError without any."""
    newsletters = site.config.newsletters
    if not newsletters:
        raise SyndicateError(
            "no newsletter is configured",
            place=Location(site.config_file),
            hint="add one under newsletters:, see docs/newsletter.md",
        )
    return newsletter_named(site.config, name).name if name else next(iter(newsletters))


def _why_empty(
    articles: Articles, newsletter: Newsletter, selection: Selection, began: str
) -> Iterator[str]:
    """Why the issue is empty, in sentences for the author."""
    published, waiting = articles.count(), articles.scheduled()
    if not published:
        yield "No article has been published yet."
        if waiting:
            yield f"The next one is scheduled for {day(parse_timestamp(waiting[0].published))}."
        yield "Drafts (draft: true) are not included."
        return
    reasons = Counter(r for r in selection.reasons.values() if r != Reason.CHOSEN)
    yield from (
        f"{number} {'article' if number == 1 else 'articles'}: {why}."
        for why, number in reasons.items()
    )
    if newsletter.include or newsletter.exclude:
        yield "Only articles that match include: and exclude: in config.yaml are included."
    if not reasons:
        since = day(parse_timestamp(began))
        yield f"No matching article has been published since the newsletter began, on {since}."
        yield f"At most {newsletter.backlog} older ones are included (backlog: in config.yaml)."
