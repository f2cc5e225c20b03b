"""Records -> published articles with their text, from the cache or rendered.

A file that is broken or missing for the moment keeps its last rendering.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate import findings
from syndicate.catalogue.records import Record, article_of, body_hash, is_page, is_shown
from syndicate.catalogue.scan import read_article
from syndicate.catalogue.urls import article_url, base_url
from syndicate.config.model import SiteSettings
from syndicate.content import page_rules
from syndicate.content.addresses import MEDIA_SCHEMES, resolve
from syndicate.content.article import Article, Enclosure, Image, Published, Rendering
from syndicate.content.folder import Stat
from syndicate.content.path_set import PathSet
from syndicate.content.reader import is_article
from syndicate.content.versions import RENDERER_VERSION
from syndicate.documents.references import MISSING, ReferenceResolver, file_fingerprint, file_url
from syndicate.errors import ArticleError
from syndicate.findings import Finding, Level
from syndicate.store.articles import Articles
from syndicate.store.renderings import CachedRendering, Renderings
from syndicate.timestamps import parse_timestamp

if TYPE_CHECKING:
    from syndicate.content.limited_process import Confined


TEXT_LOST = "text-lost"
"""The rule of the finding that no text of an article could be read, now or before."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The content folder as it was scanned."""

    root: Path
    files: Mapping[str, Stat]
    links: Sequence[Path] = ()


@dataclass(slots=True)
class RenderCache:
    """Gives published articles; collects what it rendered again until it is `kept`."""

    articles: Articles
    folder: Folder
    site: SiteSettings
    zone: tzinfo
    stale: AbstractSet[str]
    missing: dict[str, Finding] = field(default_factory=dict)
    """Id -> that nothing of the article can be published."""
    failed_ids: set[str] = field(default_factory=set)
    """Ids of articles of which an older text is published, or none: to be tried again."""
    _confined: Confined | None = None
    _fresh: dict[str, CachedRendering] = field(default_factory=dict)
    _uses: dict[str, dict[str, str]] = field(default_factory=dict)

    def published(self, records: Sequence[Record]) -> list[Published]:
        """The articles of these records, in their order; one that has no text is left out."""
        cached = Renderings(self.articles.database).get(
            [r.id for r in records if r.id not in self._fresh]
        )
        articles = (self._one(r, self._fresh.get(r.id) or cached.get(r.id)) for r in records)
        return [article for article in articles if article is not None]

    def take_fresh(self) -> tuple[list[CachedRendering], dict[str, dict[str, str]]]:
        """What was rendered since the last call, to be kept, and what it refers to."""
        fresh, self._fresh = list(self._fresh.values()), {}
        uses, self._uses = self._uses, {}
        return fresh, uses

    def address(self, record: Record) -> str:
        """The absolute URL of an article."""
        return address_of(record, self.site, self.zone)

    def file_address(self, record: Record, target: str) -> str:
        """The absolute URL of a file in the content folder that an article refers to."""
        return file_url(target, record.path, self.address(record), base_url(self.site))

    def _one(self, record: Record, cached: CachedRendering | None) -> Published | None:
        url = self.address(record)
        input_hash = _input_hash(record, url, base_url(self.site))
        if cached and cached.input_hash == input_hash and record.id not in self.stale:
            return _published(record, url, cached)
        if record.id in self._fresh and cached:
            return _published(record, url, cached)
        article = self._read(record)
        if article is None:
            self.failed_ids.add(record.id)
        if article is None and cached:
            return _published(record, url, cached)
        if article is None:
            self._record_missing(record)
            return None
        kept = self._render(record, article, url, input_hash)
        self._fresh[record.id] = kept
        return _published(record, url, kept)

    def _read(self, record: Record) -> Article | None:
        """The article with its body; None when the file no longer matches the record."""
        try:
            folder = self.folder
            body = read_article(folder.root, record.path, self.zone, folder.links).article.body
        except ArticleError:
            return None  # reported when the folder was taken in
        return article_of(record, body) if body_hash(body) == record.body_hash else None

    def _record_missing(self, record: Record) -> None:
        self.missing[record.id] = Finding(
            Level.ERROR,
            TEXT_LOST,
            "cannot be read now, so documents that carry its text leave it out",
            record.path,
            hint="make the file readable, then build again",
        )

    def _render(
        self, record: Record, article: Article, url: str, input_hash: str
    ) -> CachedRendering:
        from syndicate.content.limited_process import Confined, render_confined

        around = ReferenceResolver(
            record.path,
            url,
            root=self.folder.root,
            files=self.folder.files,
            links=self.folder.links,
            base=base_url(self.site),
            address_at=lambda path: address_at(self.articles, self.site, self.zone, path),
        )
        self._confined = self._confined or Confined()
        rendering, render_findings = render_confined(
            self._confined, article, url=url, surroundings=around
        )
        image = _lead_image(article, rendering, url, around)
        enclosure, more = _enclosure(article, around)
        self._uses[record.id] = around.uses
        text = json.dumps(
            {
                **asdict(rendering),
                "image": image and asdict(image),
                "enclosure": enclosure and asdict(enclosure),
            },
            ensure_ascii=False,
        )
        return CachedRendering(
            record.id, input_hash, text, findings.to_json([*render_findings, *more])
        )


def address_of(record: Record, site: SiteSettings, zone: tzinfo) -> str:
    """The absolute URL of the article or page of a record."""
    stated = json.loads(record.metadata).get("url") if '"url"' in record.metadata else None
    if not stated and site.pages and is_page(record):
        stated = page_rules.default_path(record.path, record.slug)
    return article_url(
        site,
        zone,
        stated=stated,
        slug=record.slug,
        path=record.path,
        published=record.published,
    )


def address_at(articles: Articles, site: SiteSettings, zone: tzinfo, path: str) -> str | None:
    """The address of the published article or page at a path, None when there is none."""
    record = next(iter(articles.at_paths([path])), None)
    return address_of(record, site, zone) if record and is_shown(record) else None


def stale_renderings(
    uses: Iterable[tuple[str, str, str]],
    folder: Folder,
    address_of: Callable[[str], str | None],
    moved: PathSet,
) -> set[str]:
    """Ids of the articles among whose `uses` (article, target, fingerprint) one is not as it was.

    `moved` are the paths of articles that may have another address now: asking for the address of
    every article linked to would take longer than everything else.
    """
    return {
        article
        for article, target, fingerprint in uses
        if (target in moved or not is_article(target))
        and fingerprint != _fingerprint(folder, target, address_of)
    }


def _fingerprint(folder: Folder, target: str, address_of: Callable[[str], str | None]) -> str:
    stat = folder.files.get(target)
    if stat is None:
        return MISSING
    return (address_of(target) or MISSING) if is_article(target) else file_fingerprint(stat)


def _input_hash(record: Record, url: str, base: str) -> str:
    facts = f"{record.title}\n{record.metadata}\n{url}\n{base}\n{record.path}"
    digest = sha256(facts.encode()).hexdigest()[:16]
    return f"{RENDERER_VERSION} {record.body_hash} {digest}"


def _published(record: Record, url: str, kept: CachedRendering) -> Published:
    fields = json.loads(kept.rendering)
    metadata = json.loads(record.metadata)
    return Published(
        id=record.id,
        url=url,
        title=record.title,
        published=parse_timestamp(record.published),
        updated=parse_timestamp(max(record.updated, record.published)),
        summary=fields["summary"],
        html=fields["html"],
        path=record.path,
        tags=tuple(label for _, label in record.tag_pairs),
        authors=tuple(metadata.get("authors", ())),
        language=metadata.get("language") or "",
        lead=fields["lead"],
        image=fields["image"] and Image(**fields["image"]),
        images=tuple(Image(**image) for image in fields["images"]),
        sequence=record.sequence or 0,
        enclosure=fields["enclosure"] and Enclosure(**fields["enclosure"]),
    )


def _lead_image(
    article: Article, rendering: Rendering, url: str, around: ReferenceResolver
) -> Image | None:
    """The picture the header names, else the first one in the text."""
    if not article.image:
        return rendering.images[0] if rendering.images else None
    address = resolve(article.image, base=url, surroundings=around, schemes=MEDIA_SCHEMES)
    if not address.url:
        return None
    if address.file is None:
        return Image(address.url, article.image_alt)
    file = address.file
    return Image(file.url, article.image_alt, file.width, file.height, file.type)


def _enclosure(
    article: Article, around: ReferenceResolver
) -> tuple[Enclosure | None, list[Finding]]:
    """The media file the header names. Its length and type must be true, so it must be here."""
    if not article.enclosure:
        return None, []
    file = around.file(article.enclosure)
    if file and file.type:
        return Enclosure(file.url, file.length, file.type), []
    missing = Finding(
        Level.WARNING,
        "enclosure-missing",
        f"the enclosure {article.enclosure} is not a file beside the article; it is left out",
        article.path,
        hint="put the file into the folder of the article: feeds must state its size and type",
    )
    return None, [missing]
