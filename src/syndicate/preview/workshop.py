"""The files as they are -> proofs of next issues. Changes nothing that lasts.

It works as a build would, on a copy of the store in memory, and makes only what the issue
carries: no feed, no page, no file.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from syndicate import app
from syndicate.build import Progress, Site, outputs_of, stale_among, taken_in
from syndicate.config.loader import load
from syndicate.config.model import Newsletter
from syndicate.content import folder
from syndicate.content.article import Published
from syndicate.content.reader import is_article
from syndicate.errors import Place, SyndicateError
from syndicate.findings import Finding, from_json
from syndicate.moments import from_text, to_text
from syndicate.newsletters.issue import Reason, Selection
from syndicate.next_issue import NextIssue, carried_by, make_issue, plan
from syndicate.outputs import Outputs
from syndicate.permalinks import base_url, page_file
from syndicate.preview.proof import Picture, Proof, addresses, carried, headers, sizes
from syndicate.preview.watch import Seen, Watched
from syndicate.store.articles import Articles
from syndicate.store.copied import Copied
from syndicate.templates import day

Placed = Callable[[Sequence[Finding], Site], list[Finding]]
"""Findings with their paths as the user writes them."""


class Workshop:
    """Makes proofs of the newsletters in `config_file`, as often as asked."""

    def __init__(
        self,
        config_file: Path,
        environment: Mapping[str, str],
        progress: Progress,
        placed: Placed,
    ) -> None:
        self._config_file = config_file
        self._environment = environment
        self._progress = progress
        self._placed = placed
        self._store: Copied | None = None
        self.site = self._site()

    def refresh(self, seen: Seen, now: datetime) -> None:
        """Read the configuration anew, and take in what changed in the content folder.

        Raises SyndicateError; then all stays as it was, but for what was taken in.
        """
        site = self._site()
        files = folder.scan(site.places.content) if seen.content is None else seen.content
        taken_in(site, files, now)
        articles = Articles(site.database)
        with site.database.transaction():
            articles.begin_newsletters(site.config.newsletters, to_text(now))
        self.site, self._files, self._now = site, files, now

    def proof(self, name: str) -> Proof:
        """The next issue of a newsletter, as things were at the last `refresh`.

        Raises SyndicateError when it cannot be made.
        """
        site, articles = self.site, Articles(self.site.database)
        newsletter = site.config.newsletters.get(name)
        if newsletter is None:
            raise unknown(name, site)
        began = articles.newsletters()[name]
        selection = plan(articles, newsletter, began)
        stale = stale_among(site, self._files, articles.uses_of(selection.chosen), None)
        outputs = outputs_of(site, self._files, stale, self._now)
        published = carried_by(outputs, selection.chosen)
        with site.database.transaction():
            articles.keep_rendering(*outputs.renditions.take_fresh())
        found = list(self._found(outputs, selection.chosen))
        if not published:
            why = tuple(_why_empty(articles, newsletter, selection, began))
            return Proof(name, newsletter.title, tuple(self._placed(found, site)), empty=why)
        issue = make_issue(outputs, newsletter, published, "", site.config_file)
        return self._proof(issue, outputs, published, self._placed([*found, *issue.findings], site))

    @property
    def watched(self) -> Watched:
        """What proofs are made from."""
        base = self._config_file.parent.resolve()
        templates = base / self.site.config.templates
        return Watched(self._config_file, self.site.places.content, templates)

    def close(self) -> None:
        """Forget the copy of the store."""
        if self._store:
            self._store.close()

    def _site(self) -> Site:
        """The site as it is configured now, with a copy of its store."""
        loaded = load(self._config_file, self._environment)
        places = app.places_of(loaded, self._config_file)
        url = loaded.config.store.url
        if self._store is None or self._store.url != url:
            self.close()
            self._store = Copied(url, self._config_file.parent.resolve())
        database = self._store.database()
        return app.site_of(loaded, self._config_file, places, database, self._progress)

    def _found(self, outputs: Outputs, chosen: Sequence[str]) -> Iterator[Finding]:
        """What is wrong with the articles in the issue, and files that could not be read."""
        articles = outputs.articles
        for path, text in articles.faults().items():
            yield from from_json(text, path)
        kept = articles.renderings(chosen)
        for record in articles.by_ids(chosen):
            yield from from_json(record.findings, record.path)
            if record.id in kept:
                yield from from_json(kept[record.id].findings, record.path)
        yield from outputs.renditions.lost.values()

    def _proof(
        self,
        issue: NextIssue,
        outputs: Outputs,
        published: Sequence[Published],
        findings: Sequence[Finding],
    ) -> Proof:
        newsletter, rendered = issue.newsletter, issue.rendered
        assert rendered is not None, "an issue that was made is rendered"
        assert issue.documents is not None, "and has documents"
        message = next(data for path, data in issue.documents.items() if path.endswith(".eml"))
        return Proof(
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
        self, outputs: Outputs, published: Sequence[Published], html: str
    ) -> dict[str, Picture]:
        """The files behind addresses of the site itself: in the content folder, or published."""
        places, site = self.site.places, self.site.config.site
        records = {r.id: r for r in outputs.articles.by_ids([a.id for a in published])}
        files = {
            outputs.renditions.file_address(records[article], target): places.content / target
            for article, target, _ in outputs.articles.uses_of(list(records))
            if not is_article(target)
        }
        found: dict[str, Picture] = {}
        for url in addresses(html):
            path = page_file(site, url, page=False) if url.startswith(base_url(site)) else None
            file = files.get(url) or (places.output / path if path else None)
            if file and file.is_file():
                stat = file.stat()
                facts = f"{url} {stat.st_size} {stat.st_mtime_ns}"
                found[url] = Picture(sha256(facts.encode()).hexdigest()[:24], file)
        return found


def chosen(name: str | None, site: Site) -> str:
    """The newsletter of this name, or the first. Raises SyndicateError when there is none."""
    newsletters = site.config.newsletters
    if not newsletters:
        raise SyndicateError(
            "no newsletter is named",
            place=Place(site.config_file),
            way_out="add one under newsletters:, see docs/newsletter.md",
        )
    if name is not None and name not in newsletters:
        raise unknown(name, site)
    return name or next(iter(newsletters))


def unknown(name: str, site: Site) -> SyndicateError:
    """That there is no newsletter of this name, and which was meant."""
    known = list(site.config.newsletters)
    near = difflib.get_close_matches(name, known, n=1)
    way_out = f"did you mean {near[0]}?" if near else f"those there are: {', '.join(known)}"
    return SyndicateError(
        f"there is no newsletter called {name}", place=Place(site.config_file), way_out=way_out
    )


def _why_empty(
    articles: Articles, newsletter: Newsletter, selection: Selection, began: str
) -> Iterator[str]:
    """Why there is nothing to send, in sentences for the author."""
    published, waiting = articles.count(), articles.scheduled()
    if not published:
        yield "No article is published yet."
        if waiting:
            yield f"The next one waits for its date, {day(from_text(waiting[0].published))}."
        yield "Drafts (draft: true) are not carried."
        return
    reasons = Counter(r for r in selection.reasons.values() if r != Reason.CHOSEN)
    yield from (f"{number} of the articles looked at: {why}." for why, number in reasons.items())
    if newsletter.include or newsletter.exclude:
        yield "It wants only articles that include: and exclude: in config.yaml allow."
    if not reasons:
        since = day(from_text(began))
        yield f"Nothing it may carry was published since it began, on {since}."
        yield f"Of older ones it carries at most {newsletter.backlog} (backlog: in config.yaml)."
