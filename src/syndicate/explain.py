"""Why an article is or is not in which feed and in the next issue. Reads; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syndicate.build import Site
from syndicate.catalogue import Record, State
from syndicate.content import folder
from syndicate.content.article import Article
from syndicate.errors import ArticleError, Place, SyndicateError
from syndicate.feeds.archive import finished_pages, page_of
from syndicate.findings import Finding, from_json
from syndicate.intake import changed_files
from syndicate.moments import from_text, to_text
from syndicate.newsletters.issue import Reason
from syndicate.outputs import is_published
from syndicate.reading import broken_finding, read_article
from syndicate.renditions import address
from syndicate.store.articles import Articles


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of an explanation: what, its value, and where that came from."""

    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of one article. `places` says of each feed and newsletter yes or no, why."""

    path: str
    facts: tuple[Fact, ...]
    places: tuple[Fact, ...]
    findings: tuple[Finding, ...]


def explain(site: Site, wanted: str, now: datetime) -> Explanation:
    """Explain the article at the path `wanted` (below the content folder), or with that slug."""
    articles = Articles(site.database)
    files = folder.scan(site.places.content)
    path = _path(articles, files, wanted)
    record = next(iter(articles.at_paths([path])), None)
    try:
        reading = read_article(site.places.content, path, site.zone)
    except ArticleError as error:
        facts = [] if record is None else list(_kept_facts(site, record))
        return Explanation(path, tuple(facts), (), (broken_finding(path, error),))
    changed, _ = changed_files({path: files[path]}, articles.stats())
    facts = list(_stated_facts(reading.article, site.zone))
    facts += _kept_facts(site, record) if record else ()
    places = tuple(_places(site, articles, record, now, unread=bool(changed)))
    rendered = dict(articles.rendering_findings()).get(path)
    return Explanation(path, tuple(facts), places, (*reading.findings, *from_json(rendered, path)))


def _path(articles: Articles, files: dict[str, folder.Stat], wanted: str) -> str:
    if wanted in files:
        return wanted
    matches = [record.path for record in articles.with_slug(wanted)]
    if len(matches) == 1 and matches[0] in files:
        return matches[0]
    import difflib

    near = difflib.get_close_matches(wanted, list(files), n=1, cutoff=0.4)
    raise SyndicateError(
        "there is no such article" if not matches else "several articles have this slug",
        place=Place(wanted),
        way_out=f"did you mean {(matches or near)[0]}?"
        if matches or near
        else "name a file in the content folder",
    )


def _stated_facts(article: Article, zone: ZoneInfo) -> Iterator[Fact]:
    def source(name: str, given: object) -> str:
        return article.inferred.get(name, "header" if given else "")

    yield Fact("title", article.title, source("title", article.title))
    if article.date:
        yield Fact("date", _local(article.date, zone), source("date", article.date))
    else:
        yield Fact("date", "none stated", "the moment it was first seen is taken")
    if article.updated:
        yield Fact("updated", _local(article.updated, zone), "header")
    if article.tags:
        yield Fact("tags", ", ".join(article.tags), source("tags", article.tags))
    yield Fact(
        "summary", article.summary or "taken from the text", source("summary", article.summary)
    )
    yield Fact("slug", article.slug, source("slug", True))
    if article.authors:
        yield Fact("author", ", ".join(article.authors), source("authors", article.authors))
    if article.extra:
        yield Fact("kept as it is", ", ".join(article.extra), "header")


def _kept_facts(site: Site, record: Record) -> Iterator[Fact]:
    yield Fact("id", record.id, "store")
    yield Fact("address", address(record, site.config.site, site.zone))
    yield Fact("first seen", _local(from_text(record.first_seen), site.zone), "store")
    if is_published(record):
        yield Fact("published", _local(from_text(record.published), site.zone), "store")
        yield Fact("updated", _local(from_text(record.updated), site.zone), "store")


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _places(
    site: Site, articles: Articles, record: Record | None, now: datetime, *, unread: bool
) -> Iterator[Fact]:
    if record is None:
        yield Fact("feeds", "no", "not built yet: syndicate build")
        return
    if unread:
        yield Fact("changed", "since the last build", "syndicate build takes it in")
    if not is_published(record):
        yield Fact("feeds", "no", _why_not(record, now, site.zone))
        return
    yield from _feeds(site, articles, record)
    yield from _newsletters(site, articles, record, now)


def _why_not(record: Record, now: datetime, zone: ZoneInfo) -> str:
    if record.state == State.DRAFT:
        return "it is a draft"
    if record.state == State.GONE:
        return "its file is gone"
    if record.published > to_text(now):
        return f"its date lies in the future: {_local(from_text(record.published), zone)}"
    return "not built yet: syndicate build"


def _feeds(site: Site, articles: Articles, record: Record) -> Iterator[Fact]:
    feeds = site.config.feeds
    names: list[tuple[str, str | None]] = [("site", None)]
    names += [(f"tag {label}", tag) for tag, label in record.tag_pairs] if feeds.tags else []
    for name, tag in names:
        ids = [other.id for other in articles.newest(feeds.entries, tag)]
        if record.id in ids:
            yield Fact(name, "yes", f"place {ids.index(record.id) + 1} of {len(ids)}")
        else:
            yield Fact(name, "no", f"older than the newest {feeds.entries}")
    page = page_of(record.sequence or 0, feeds.entries)
    if feeds.archive and page <= finished_pages(articles.last_sequence(), feeds.entries):
        yield Fact("archive", "yes", f"page {page}")


def _newsletters(site: Site, articles: Articles, record: Record, now: datetime) -> Iterator[Fact]:
    from syndicate.next_issue import candidate, plan

    began = articles.newsletters()
    for name, newsletter in site.config.newsletters.items():
        also = candidate(record.id, record.published, record.tag_pairs)
        selection = plan(articles, newsletter, began.get(name, to_text(now)), also=also)
        reason = selection.reasons[record.id]
        yield Fact(name, "yes" if reason == Reason.CHOSEN else "no", str(reason))
