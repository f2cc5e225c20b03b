"""A site with a publish target, and what is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from site_folder import NOON, PNG, SiteFolder
from syndicate.publishing.publisher import PublishOutcome, publish, publish_to
from syndicate.store.events import Event, EventKind, Events


@dataclass
class PublishedSite:
    """A site whose target is the folder `live`, unless it is configured otherwise."""

    folder: SiteFolder

    @classmethod
    def made(cls, folder: SiteFolder) -> PublishedSite:
        """Configure and build the site."""
        site = cls(folder)
        site.live.mkdir()
        site.publish_to(folder=str(site.live))
        folder.write("one/bird.png", PNG)
        folder.article("one/index.md", "One", "![A bird](bird.png)", date="2026-11-01")
        folder.article("two.md", "Two", date="2026-11-02")
        folder.build()
        return site

    @property
    def live(self) -> Path:
        return self.folder.root.parent / "live"

    @property
    def output(self) -> Path:
        return self.folder.root / "public"

    def publish_to(self, **target: object) -> None:
        """Replace the target."""
        self.folder.settings.pop("publish", None)
        self.folder.configure(publish={"live": target})

    def run(self, now: datetime = NOON) -> PublishOutcome:
        """Publish as the service does, to the only target."""
        with self.folder.opened() as site:
            (outcome,) = publish(site, now)
        return outcome

    def run_by_hand(self, *, remove_any: bool = False) -> PublishOutcome:
        """Publish as the command does."""
        with self.folder.opened() as site:
            return publish_to(site, site.config.publish["live"], NOON, remove_any=remove_any)

    def changes(self) -> list[Event]:
        """The events about documents."""
        with self.folder.opened() as site:
            return Events(site.database).since(0, [EventKind.DOCUMENTS_CHANGED], 100)


def files(folder: Path) -> dict[str, bytes]:
    """The files in a folder, by path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
