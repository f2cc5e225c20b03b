"""A site in its own folder, built through the real program."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import yaml

from syndicate.build.builder import build
from syndicate.build.report import Report
from syndicate.site import Site, load_site

T = TypeVar("T")

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO = int(NOON.timestamp()) - 30 * 24 * 3600
"""Files of tests are older than any build, as nearly all files are."""

PNG = (  # one pixel
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa75\x81\x84\0\0\0\0IEND\xaeB`\x82"
)


def without_progress(items: Iterable[T], total: int, doing: str) -> Iterable[T]:
    """A progress that shows nothing."""
    return items


@dataclass
class SiteFolder:
    """A site below `root`. Times of files move on by a second with each change."""

    root: Path
    database_url: str
    settings: dict[str, object] = field(default_factory=dict)
    clock: int = LONG_AGO

    def __post_init__(self) -> None:
        (self.root / "content").mkdir(parents=True)
        self.configure()

    def configure(self, **changes: Mapping[str, object]) -> None:
        """Change settings, section by section, and write config.yaml."""
        site = {"title": "Lake Notes", "url": "https://example.org/", "author": "Ada Brook"}
        self.settings = {"site": site, "store": {"url": self.database_url}} | self.settings
        for section, values in changes.items():
            known = self.settings.get(section, {})
            assert isinstance(known, dict)
            self.settings[section] = known | dict(values)
        self.config_file.write_text(yaml.safe_dump(self.settings), encoding="utf-8")

    @property
    def config_file(self) -> Path:
        return self.root / "config.yaml"

    def write(self, path: str, text: str | bytes) -> Path:
        """Put a file into the content folder."""
        file = self.root / "content" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.clock += 1
        os.utime(file, (self.clock, self.clock))
        return file

    def article(self, path: str, title: str, body: str = "", **header: object) -> Path:
        """Put an article into the content folder; its text is `body`, or made from the title."""
        fields = yaml.safe_dump({"title": title, **header}, allow_unicode=True)
        return self.write(path, f"---\n{fields}---\n{body or f'Words about {title}.'}\n")

    def rename(self, old: str, new: str) -> None:
        target = self.root / "content" / new
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.root / "content" / old).rename(target)

    def remove(self, path: str) -> None:
        (self.root / "content" / path).unlink()

    def remove_all(self, folder: str) -> None:
        """Remove a folder with everything in it."""
        shutil.rmtree(self.root / "content" / folder)

    def build(
        self, now: datetime = NOON, *, rehearse: bool = False, publish_undated: bool = False
    ) -> Report:
        with self.opened() as site:
            return build(site, now, rehearse=rehearse, publish_undated=publish_undated)

    def opened(self) -> AbstractContextManager[Site]:
        home = {"XDG_STATE_HOME": os.environ.get("XDG_STATE_HOME", "")}  # none before tests begin
        return load_site(self.config_file, home, without_progress)

    def has(self, path: str) -> bool:
        return (self.root / "public" / path).exists()

    def text(self, path: str) -> str:
        """A document in the output folder."""
        return (self.root / "public" / path).read_text(encoding="utf-8")

    def documents(self) -> dict[str, bytes]:
        """Every document and its bytes."""
        return {path: (self.root / path).read_bytes() for path in self._paths()}

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Every document's inode and time of change: another one means it was written."""
        stats = {path: (self.root / path).stat() for path in self._paths()}
        return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in stats.items()}

    def _paths(self) -> list[str]:
        return [
            file.relative_to(self.root).as_posix()
            for folder in ("public", "issues")
            for file in sorted((self.root / folder).rglob("*"))
            if file.is_file()
        ]

    def ids(self, document: str) -> list[str]:
        """The ids of the entries in a feed document, in their order."""
        text = self.text(document)
        if document.endswith("json"):
            return [str(item["id"]) for item in json.loads(text)["items"]]
        if "<guid" in text or "<rss" in text:
            return re.findall(r"<guid[^>]*>([^<]+)</guid>", text)
        return re.findall(r"<entry>.*?<id>([^<]+)</id>", text, re.DOTALL)
