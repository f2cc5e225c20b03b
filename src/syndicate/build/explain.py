"""Explain an article: its values with sources, and why it is in a feed or issue. Read-only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from syndicate.build.file_changes import changed_files
from syndicate.catalogue.pages_by_place import with_page_by_place
from syndicate.catalogue.records import Record, State, is_page, is_published
from syndicate.catalogue.scan import broken_finding, read_article, scanned
from syndicate.content import folder, naming, rule_files
from syndicate.content.article import Article, HoldKind
from syndicate.content.page_rules import surrounding
from syndicate.content.path_set import ALL_PATHS
from syndicate.content.reader import Reading, is_article
from syndicate.documents.render_cache import address_of
from syndicate.errors import ArticleError, Location, SyndicateError
from syndicate.feeds.archive import archive_page_of, finished_pages, waiting
from syndicate.findings import Finding, from_json
from syndicate.newsletters.issue import Reason
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.issues import Issues
from syndicate.store.newsletters import Newsletters
from syndicate.store.renderings import Renderings
from syndicate.timestamps import format_timestamp, parse_timestamp

BUILD = "syndicate build"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of an explanation: what, its value, and where that came from."""

    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of one article. `places` has each feed and newsletter, yes or no, and why."""

    path: str
    facts: tuple[Fact, ...]
    places: tuple[Fact, ...]
    findings: tuple[Finding, ...]


def explain(site: Site, name: str, now: datetime) -> Explanation:
    """Explain an article: its path below the content folder, or its slug, title, id or address.

    Raises SyndicateError when there is none such, or several.
    """
    articles = Articles(site.database)
    records = {record.path: record for record in articles.everything()}
    files = site.places.scan()
    changed = {path for path, _ in changed_files(files, articles.stats(ALL_PATHS))[0]}
    path = _Search(site, records, files, changed).path_of(name)
    record, reading = records.get(path), None
    findings: tuple[Finding, ...] = ()
    if path in files:
        try:
            root, links = site.places.content, site.places.links
            rules = rule_files.load(root, rule_files.find(root, files), links)
            reading = read_article(root, path, site.zone, links, rules)
            findings = reading.findings
        except ArticleError as error:
            findings = (broken_finding(path, error),)
    article = reading.article if reading else None
    if record and is_page(record):  # whether it may be empty depends on where it lies
        findings = tuple(finding for finding in findings if finding.rule != "body-empty")
    unread = path in changed and not _is_as_kept(reading, record)
    state = _state(site, record, article, now, there=path in files, unread=unread)
    rendered = dict(Renderings(articles.database).findings()).get(path)
    return Explanation(
        path,
        (
            state,
            *(_stated(site, article) if article else ()),
            *(_kept(site, record) if record else ()),
        ),
        tuple(_places(site, articles, record, state)),
        (*findings, *from_json(rendered, path)),
    )


# -- which article ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Search:
    """Finds the article that someone means. `changed` files are not in the store as they are."""

    site: Site
    records: dict[str, Record]
    files: dict[str, folder.Stat]
    changed: set[str]

    def path_of(self, name: str) -> str:
        if is_article(name) and (name in self.files or name in self.records):
            return name
        if name in self.files:
            raise SyndicateError(
                "is a file beside articles, not an article",
                place=Location(str(self.site.places.content / name)),
                hint=f"articles end in {', '.join(naming.FORMATS)}",
            )
        matches = self._matches(name)
        if len(matches) != 1:
            raise self._unclear(name, matches)
        return matches[0]

    def _matches(self, name: str) -> list[str]:
        """The paths of articles with this name; deleted ones only if there is no other."""
        word = name.strip().casefold()
        if not word:
            return []
        matches = [path for path, record in self.records.items() if word in self._names(record)]
        matches = [path for path in matches if path in self.files] or matches
        return sorted(matches or (path for path in self.changed if self._is_called(path, word)))

    def _names(self, record: Record) -> tuple[str, ...]:
        place = address_of(record, self.site.config.site, self.site.zone)
        names = (record.slug, record.title, record.id, place, _bundle(record.path))
        return tuple(name.casefold() for name in names)

    def _is_called(self, path: str, word: str) -> bool:
        """Whether a file that no build has read yet has this name."""
        if word == _bundle(path).casefold():
            return True
        places = self.site.places
        try:
            article = read_article(places.content, path, self.site.zone, places.links).article
        except ArticleError:
            return False
        return word in (article.slug.casefold(), article.title.casefold())

    def _unclear(self, name: str, matches: list[str]) -> SyndicateError:
        import difflib

        place = Location(name) if name else None
        if matches:
            hint = f"name one of the files: {', '.join(matches)}"
            return SyndicateError("several articles are called so", place=place, hint=hint)
        near = difflib.get_close_matches(name, filter(is_article, self.files), n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "name a file in the content folder"
        return SyndicateError("there is no such article", place=place, hint=hint)


def _bundle(path: str) -> str:
    """The folder that is the article (`my-trip/index.md`), else the path."""
    above, _, name = path.rpartition("/")
    return above if above and name.lower().startswith("index.") else path


# -- what is known of it ---------------------------------------------------------------------


def _is_as_kept(reading: Reading | None, record: Record | None) -> bool:
    """Whether a file changed so shortly before a build that it will be read again for nothing."""
    if reading is None or record is None or record.mtime_ns != TOO_FRESH:
        return False
    alone = surrounding((), (), ())  # so that a page by what lies around it is as it was
    file = with_page_by_place(scanned(reading, (0, 0)), record, alone)
    names = ("body_hash", "title", "slug", "metadata", "hold", "expires", "aliases")
    return all(getattr(file, name) == getattr(record, name) for name in names)


TOO_FRESH = -1
"""The time of change that the store notes for a file that may change again unseen."""


def _state(
    site: Site,
    record: Record | None,
    article: Article | None,
    now: datetime,
    *,
    there: bool,
    unread: bool,
) -> Fact:
    """The state of the article after the last build, and what the next build will change."""
    if not there:
        built = record is not None and record.state == State.GONE
        return Fact("state", "gone", "its file is gone" if built else f"its file is gone: {BUILD}")
    if article is None:
        kept = record is not None and is_published(record)
        stays = "what was published from it stays" if kept else "nothing is published from it"
        return Fact("state", "broken", f"it cannot be read; {stays}")
    if record is None or record.state == State.GONE:
        state = "draft" if article.hold else "page" if article.page else "new"
        return Fact("state", state, f"not built yet: {BUILD}")
    if unread:
        return Fact("state", "changed", f"edited since the last build: {BUILD}")
    if is_published(record):
        return Fact("state", "published")
    if record.state != State.LIVE:
        return _held_state(site, record)
    if record.published > format_timestamp(now):
        moment = _local(site, record.published)
        return Fact("state", "scheduled", f"its date lies in the future: {moment}")
    return Fact("state", "due", f"its moment has come: {BUILD}")


def _held_state(site: Site, record: Record) -> Fact:
    """Why an article is in no feed: the rule or the key that holds it back."""
    inferred = json.loads(record.metadata).get("inferred", {})
    page, draft = inferred.get("page", ""), inferred.get("draft", "header")
    if record.state == State.PAGE:
        return Fact("state", "page", page)
    if record.state == State.UNLISTED:
        return Fact("state", "unlisted", inferred.get("unlisted", ""))
    if record.state == State.WAITING:
        moment = _local(site, record.published)
        return Fact("state", "scheduled", f"its date lies in the future: {moment}")
    if record.state == State.EXPIRED:
        moment = _local(site, record.expires or record.published)
        return Fact("state", "expired", f"its date of expiry has passed: {moment}")
    if record.state == State.UNDATED:
        return Fact("state", "held back", f"it has no date: {BUILD} --publish-undated")
    if page and record.hold == HoldKind.NOT_BUILT:
        return Fact("state", "page, not built", f"{page}; {draft}")
    return Fact("state", "draft", draft)


def _stated(site: Site, article: Article) -> Iterator[Fact]:
    """What the file states, and what was inferred where it states nothing."""

    settings = site.config.site
    yield Fact("title", article.title, _source(article, "title"))
    yield from _dates(article, site.zone)
    if article.tags:
        yield Fact("tags", ", ".join(article.tags), _source(article, "tags"))
    else:
        yield Fact("tags", "none")
    if article.authors:
        yield Fact("author", ", ".join(article.authors), _source(article, "authors"))
    elif settings.author:
        yield Fact("author", settings.author, "site.author")
    if article.language:
        yield Fact("language", article.language, _source(article, "language"))
    else:
        yield Fact("language", settings.language, "site.language")
    if article.summary:
        yield Fact("summary", article.summary, _source(article, "summary"))
    else:
        yield Fact("summary", "none stated", "the beginning of the text is taken")
    yield Fact("slug", article.slug, _source_of_slug(article))
    yield from _optional_keys(article)


def _source(article: Article, key: str) -> str:
    """Where the value of a key comes from: the header, or the rule that inferred it."""
    return article.inferred.get(key, "header")


def _source_of_slug(article: Article) -> str:
    day, name = naming.dated_name(article.path)
    from_name = naming.slug_of(name or str(day or ""), article.path)
    return "file name" if article.slug == from_name else "header"


def _dates(article: Article, zone: tzinfo) -> Iterator[Fact]:
    if article.date:
        yield Fact("date", _shown(article.date.astimezone(zone)), _source(article, "date"))
    else:
        yield Fact("date", "none stated", "the moment it is first seen is taken")
    if article.updated:
        yield Fact("updated", _shown(article.updated.astimezone(zone)), _source(article, "updated"))


def _optional_keys(article: Article) -> Iterator[Fact]:
    for key in ("image", "enclosure"):
        if value := getattr(article, key):
            yield Fact(key, value, _source(article, key))
    if article.aliases:
        yield Fact("aliases", ", ".join(article.aliases), _source(article, "aliases"))
    yield Fact("format", article.format, "file name")
    if rule := article.inferred.get("paragraphs"):
        yield Fact("paragraphs", rule, "layout of the text")
    if article.extra:
        yield Fact("unused", ", ".join(article.extra), "header")


def _kept(site: Site, record: Record) -> Iterator[Fact]:
    """What the store keeps."""
    stated = "url" in json.loads(record.metadata)
    source = "path" if is_page(record) else "site.permalink"
    where = address_of(record, site.config.site, site.zone)
    yield Fact("id", record.id, "store")
    yield Fact("address", where, "header" if stated else source)
    yield Fact("first seen", _local(site, record.first_seen), "store")
    if is_published(record):
        yield Fact("published", _local(site, record.published), "store")
        yield Fact("last change", _local(site, max(record.updated, record.published)), "store")


def _local(site: Site, moment: str) -> str:
    return _shown(parse_timestamp(moment).astimezone(site.zone))


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


# -- where it is -----------------------------------------------------------------------------


def _places(site: Site, articles: Articles, record: Record | None, state: Fact) -> Iterator[Fact]:
    """Each feed and newsletter, yes or no, and why, as of the last build."""
    if record is not None and is_published(record):
        yield from _feeds(site, articles, record)
        yield from _newsletters(site, articles, record)
        return
    named = {"draft": "it is a draft", "page": f"it is a page: {state.source}"}
    named["unlisted"] = f"it is unlisted: {state.source}"
    why = named.get(state.value, state.source)
    for name in ("feeds", *site.config.newsletters):
        yield Fact(name, "no", why)


def _feeds(site: Site, articles: Articles, record: Record) -> Iterator[Fact]:
    feeds, sequence = site.config.feeds, record.sequence or 0
    last = articles.last_sequence()
    place = _place_in_feed("site", record, articles.newest(feeds.entries))
    if place.value == "no" and feeds.archive and sequence in waiting(last, feeds.entries):
        place = Fact("site", "yes", "old, but in no page of the archive yet")
    yield place
    for tag, label in record.tag_pairs if feeds.tags else ():
        newest = articles.newest_tagged(tag, feeds.entries)
        yield _place_in_feed(f"tag {label}", record, newest)
    page = archive_page_of(sequence, feeds.entries)
    if feeds.archive and page <= finished_pages(last, feeds.entries):
        yield Fact("archive", "yes", f"page {page}")


def _place_in_feed(name: str, record: Record, newest: Sequence[Record]) -> Fact:
    ids = [other.id for other in newest]
    if record.id in ids:
        return Fact(name, "yes", f"place {ids.index(record.id) + 1} of {len(ids)}")
    return Fact(name, "no", f"older than the newest {len(ids)}")


def _newsletters(site: Site, articles: Articles, record: Record) -> Iterator[Fact]:
    from syndicate.issues.next_issue import candidate, select_articles

    began, issues = Newsletters(articles.database).all(), Issues(site.database)
    for name, newsletter in site.config.newsletters.items():
        also = candidate(record.id, record.sequence or 0, record.published, record.tag_pairs)
        after = began[name].after if name in began else articles.last_sequence()
        selection = select_articles(articles, issues, newsletter, after, also=also)
        reason = selection.reasons[record.id]
        yield Fact(name, "yes" if reason == Reason.CHOSEN else "no", str(reason))
