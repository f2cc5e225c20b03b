"""The composition root: reads the configuration, opens the store, hands both on, closes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from syndicate.build import Places, Progress, Site
from syndicate.catalogue import Scanned
from syndicate.config.loader import Loaded, load
from syndicate.config.model import Config
from syndicate.content.folder import Stat
from syndicate.content.rule_files import RuleFiles
from syndicate.content.rule_files import load as load_rules
from syndicate.errors import Place, SyndicateError
from syndicate.reading import Broken, scan_many
from syndicate.starter import starter
from syndicate.store.database import Database, open_database
from syndicate.store.incarnation import Incarnation, RecordFiles


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
        """What files of state are named after, and stand beside: the SQLite file, if it is one.

        Symbolic links are followed: by whatever name a store is opened, its locks are the same.
        """
        scheme, _, rest = self.config.store.url.partition(":///")
        return (self.base / (rest if scheme == "sqlite" else "syndicate.db")).resolve()

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

    A relative path counts as none, as the specification says.
    """
    given, home = environment.get("XDG_STATE_HOME", ""), environment.get("HOME", "")
    paths = [Path(given), Path(home, ".local", "state")]
    return next((path for path in paths if path.is_absolute()), None)


@contextmanager
def opened(config_file: Path, environment: Mapping[str, str], progress: Progress) -> Iterator[Site]:
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
    finally:
        database.close()


def site_of(setup: Setup, database: Database, progress: Progress) -> Site:
    """A configuration with its folders and an open store."""
    config, places = setup.config, setup.places
    zone = ZoneInfo(config.site.time_zone)
    read_files = partial(_read_files, places, zone, progress)
    return Site(
        config, setup.config_file, places, database, setup.sent_record, read_files, progress
    )


def _apart(config_file: Path, sources: Sequence[Path], targets: Sequence[Path]) -> None:
    """Refuse folders of which one would write into the other, whatever their names say."""
    for source in sources:
        for target in targets:
            one, other = source.resolve(), target.resolve()
            if one.is_relative_to(other) or other.is_relative_to(one):
                raise SyndicateError(
                    f"{target} and {source} lie within each other: builds would overwrite sources",
                    place=Place(str(config_file)),
                    way_out="choose folders side by side for content, templates, output and issues",
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
            place=Place(str(own)),
            way_out="correct templates: in config.yaml, or take it out to use the built-in ones",
        )
    return (builtin,)


def _read_files(
    places: Places,
    zone: ZoneInfo,
    progress: Progress,
    files: Sequence[tuple[str, Stat]],
    rule_files: RuleFiles,
) -> list[Scanned | Broken]:
    root, links = places.content, places.links
    rules = load_rules(root, rule_files, links) if files else None
    return list(progress(scan_many(root, files, zone, links, rules), len(files), "Reading"))
