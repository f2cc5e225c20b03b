"""Ingest the content folder of a site, by its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from syndicate.build.ingest import ContentFolder, IngestResult, ingest
from syndicate.build.recorder import IngestSettings
from syndicate.catalogue.records import ScannedFile
from syndicate.catalogue.scan import UnreadableFile, scan_many
from syndicate.config.model import Config
from syndicate.content import folder, rule_files
from syndicate.content.folder import Stat
from syndicate.content.rule_files import RuleFiles
from syndicate.content.rule_files import load as load_rules
from syndicate.documents.render_cache import (
    address_of,
)
from syndicate.site import Site


def ingest_changes(
    site: Site, scan: folder.FolderScan, now: datetime, *, publish_undated: bool = False
) -> IngestResult:
    """Bring the store up to a scan of the content folder at `now`."""
    rules = rule_files.find(site.places.content, scan.files)
    source = ContentFolder(scan, rules, partial(_read_files, site))
    address = partial(address_of, site=site.config.site, zone=site.zone)
    settings = IngestSettings(
        host=site.host,
        zone=site.zone,
        address=address if site.config.site.pages else None,
        keep_tags=_needs_tags(site.config),
        announce=any("article-published" in hook.on for hook in site.config.hooks.values()),
        publish_undated=publish_undated,
    )
    return ingest(site.database, source, settings, now)


def _read_files(
    site: Site, files: Sequence[tuple[str, Stat]], rule_files: RuleFiles
) -> list[ScannedFile | UnreadableFile]:
    root, links = site.places.content, site.places.links
    rules = load_rules(root, rule_files, links) if files else None
    scanned = scan_many(root, files, site.zone, links, rules)
    return list(site.progress(scanned, len(files), "Reading"))


def _needs_tags(config: Config) -> bool:
    newsletters = config.newsletters.values()
    return config.feeds.tags or any(n.include or n.exclude for n in newsletters)
