"""The composition root: configuration, folders and open store of a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicate.config.loader import Loaded, load
from syndicate.config.model import Config
from syndicate.content import folder
from syndicate.content.folder import Stat
from syndicate.errors import Location, SyndicateError
from syndicate.starter import starter
from syndicate.store.connect import open_database
from syndicate.store.database import Database
from syndicate.store.incarnation import Incarnation, RecordFiles
from syndicate.store.withdrawal_record import WithdrawalRecords

T = TypeVar("T")


class Progress(Protocol):
    """Passes items on and shows a person how far they are."""

    def __call__(self, items: Iterable[T], total: int, doing: str) -> Iterable[T]:
        """`doing` names the work on the `total` items."""
        ...


def no_progress(items: Iterable[T], total: int, doing: str) -> Iterable[T]:  # noqa: ARG001
    """A progress that shows nothing."""
    return items


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a site, absolute. `designs` hold templates, the user's folder first.

    `links` are those outside `content` that symbolic links in it may lead to.
    """

    content: Path
    output: Path
    issues: Path
    designs: tuple[Path, ...]
    links: tuple[Path, ...] = ()

    def scan(self) -> dict[str, Stat]:
        """The files in the content folder: path -> stat. Raises SyndicateError."""
        return folder.scan(self.content, self.links)

    @property
    def roots(self) -> Mapping[str, Path]:
        """Where documents go."""
        return {"output": self.output, "issues": self.issues}


@dataclass(frozen=True, slots=True)
class Site:
    """All a build works with. `config_file` is the configuration as the user knows it.

    `sent_record` is where it is recorded, outside the store, how much was sent from it.
    """

    config: Config
    config_file: str
    places: Places
    database: Database
    sent_record: RecordFiles
    progress: Progress

    @property
    def zone(self) -> ZoneInfo:
        """The zone of dates without one."""
        return ZoneInfo(self.config.site.time_zone)

    @property
    def host(self) -> str:
        """The host that ids are minted for."""
        return urlsplit(self.config.site.url).hostname or ""


@dataclass(frozen=True, slots=True)
class Setup:
    """A configuration that was read, and the folders it names. `base` is the folder it is in.

    `state_home` is where the user who runs this keeps state of programs, if they have a home.
    """

    config: Config
    config_file: str
    places: Places
    base: Path
    state_home: Path | None = None

    @property
    def state(self) -> Path:
        """The path from which files of state take their names: the SQLite file, if it is one.

        Symbolic links are resolved, so that a store has the same locks under every name.
        """
        name = self.config.store.url.partition(":///")[2] if self.uses_sqlite else "syndicate.db"
        return (self.base / name).resolve()

    @property
    def uses_sqlite(self) -> bool:
        """Whether the store is a SQLite file, `state`."""
        return self.config.store.url.startswith("sqlite:///")

    @property
    def outbox(self) -> Path:
        """The folder that the transport `outbox` writes messages to."""
        return self.base / self.config.outbox

    @property
    def sent_record(self) -> RecordFiles:
        """The record of what was sent. Its name begins with a dot, so that who copies
        `syndicate.db*` back does not copy it.
        """
        elsewhere = self.state_home / "syndicate" if self.state_home else None
        return RecordFiles(self.state.with_name(f".{self.state.name}.sent"), elsewhere)


def set_up(config_file: Path, environment: Mapping[str, str]) -> Setup:
    """Read `config_file`. Raises ConfigError, or SyndicateError for folders that cannot be."""
    loaded = load(config_file, environment)
    places = places_of(loaded, config_file)
    base = config_file.parent.resolve()
    return Setup(loaded.config, str(config_file), places, base, state_home(environment))


def state_home(environment: Mapping[str, str]) -> Path | None:
    """Where a user keeps state of programs (XDG Base Directory Specification); None without a home.

    A relative path counts as none, as the specification requires.
    """
    state_home, home = environment.get("XDG_STATE_HOME", ""), environment.get("HOME", "")
    paths = [Path(state_home), Path(home, ".local", "state")]
    return next((path for path in paths if path.is_absolute()), None)


@contextmanager
def load_site(
    config_file: Path, environment: Mapping[str, str], progress: Progress
) -> Iterator[Site]:
    """The site that `config_file` describes, with its store open."""
    with open_site(set_up(config_file, environment), progress) as site:
        yield site


@contextmanager
def open_site(setup: Setup, progress: Progress) -> Iterator[Site]:
    """The site of a configuration, with its store open."""
    database = open_database(setup.config.store.url, setup.base)
    try:
        Incarnation(database, setup.sent_record).adopt()
        yield site_of(setup, database, progress)
        WithdrawalRecords(database, setup.sent_record).update()
    finally:
        database.close()


def site_of(setup: Setup, database: Database, progress: Progress) -> Site:
    """A configuration with its folders and an open store."""
    return Site(
        setup.config, setup.config_file, setup.places, database, setup.sent_record, progress
    )


def _apart(config_file: Path, sources: Sequence[Path], targets: Sequence[Path]) -> None:
    """Refuse folders that would write into each other, also through links."""
    for source in sources:
        for target in targets:
            one, other = source.resolve(), target.resolve()
            if one.is_relative_to(other) or other.is_relative_to(one):
                raise SyndicateError(
                    f"{target} and {source} lie within each other: builds would overwrite sources",
                    place=Location(str(config_file)),
                    hint="choose folders side by side for content, templates, output and issues",
                )


def places_of(loaded: Loaded, config_file: Path) -> Places:
    """The folders a configuration names; they are relative to its file."""
    config, base = loaded.config, config_file.parent.resolve()
    templates = _folder(base, config.templates)
    places = Places(
        content=_folder(base, config.content),
        output=_folder(base, config.output),
        issues=_folder(base, config.issues),
        links=tuple(_folder(base, each) for each in config.links),
        designs=_designs(templates, named=config.templates != "templates"),
    )
    _apart(config_file, (places.content, templates), tuple(places.roots.values()))
    return places


def _folder(base: Path, name: str) -> Path:
    """A folder as the configuration names it: `~` is the home folder, as in a shell."""
    try:
        return base / Path(name).expanduser()
    except RuntimeError:  # no user has that name
        return base / name


def _designs(own: Path, *, named: bool) -> tuple[Path, ...]:
    """The folders of templates. One that the configuration `named` must be there."""
    builtin = starter() / "templates"
    if own.is_dir():
        return (builtin,) if own.resolve() == builtin.resolve() else (own, builtin)
    if named or own.exists():
        raise SyndicateError(
            "there is no such folder of templates",
            place=Location(str(own)),
            hint="correct templates: in config.yaml, or take it out to use the built-in ones",
        )
    return (builtin,)
