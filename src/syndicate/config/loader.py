"""config.yaml -> Config: all problems at once, each with line and hint.

Secrets may come from outside: any text setting can be written as `{env: NAME}` or
`{file: PATH}`. Their values are never put into a message.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from syndicate.config.binder import Binder, Key
from syndicate.config.model import Config, Store
from syndicate.config.yaml_document import located, parse_yaml
from syndicate.errors import ConfigError, ConfigProblem, Location
from syndicate.uris import ascii_host, uri

MAX_FILE_BYTES = 1_000_000
NO_FILE = (
    "change to the folder of a site, name its file with --config FILE, "
    "or create a site: syndicate init DIR"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and the origins of values from environment variables and files."""

    config: Config
    origins: Mapping[Key, str]


def load(path: Path, environment: Mapping[str, str]) -> Loaded:
    """Read a configuration file. Raises ConfigError with all problems."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        where = "here" if path.parent == Path() else f"in {path.parent}"
        fault = ConfigProblem(f"there is no {path.name} {where}", Location(str(path)), NO_FILE)
        raise ConfigError((fault,)) from None
    except IsADirectoryError:
        raise _refused("is a folder, not a file", path, NO_FILE) from None
    except OSError as error:
        hint = "check its permissions, or choose another file with --config FILE"
        raise _refused(f"cannot be read: {error.strerror}", path, hint) from None
    if len(data) > MAX_FILE_BYTES:
        raise _refused("is larger than 1 MB", path, "is this the right file?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refused("is not UTF-8", path, "save it as UTF-8", line) from None
    return parse(text, str(path), environment, _file_reader(path.parent))


def parse(
    text: str,
    name: str,
    environment: Mapping[str, str],
    read_file: Callable[[str], str],
) -> Loaded:
    """Turn the text of the configuration file `name` into values. Pure but for `read_file`.

    Raises ConfigError with all problems.
    """
    document = parse_yaml(text, name)
    binder = Binder(environment, read_file)
    config = binder.bind(Config, {} if document is None else document, ())
    if isinstance(config, Config) and not binder.problems:
        return Loaded(_in_ascii(config), binder.origins)
    raise ConfigError(located(binder.problems, text, name))


def store_url(written: str, argument: str, environment: Mapping[str, str], folder: Path) -> str:
    """The URL of a store as an argument of a command: as is, or as `{env: NAME}` or `{file: PATH}`.

    As in the configuration, a path is relative to its `folder`. Raises ConfigError.
    """
    value = parse_yaml(written, argument) if written.startswith("{") else written
    binder = Binder(environment, _file_reader(folder))
    store = binder.bind(Store, {"url": value}, ())
    if isinstance(store, Store) and not binder.problems:
        return store.url
    place = Location(argument)
    raise ConfigError(tuple(ConfigProblem(text, place, hint) for _, text, hint in binder.problems))


def _in_ascii(config: Config) -> Config:
    """The configuration with all URLs in ASCII (RFC 3986)."""
    replace = dataclasses.replace
    newsletters = {
        name: replace(
            each,
            unsubscribe=_uri(each.unsubscribe),
            brand=replace(
                each.brand,
                logo=_uri(each.brand.logo) if "://" in each.brand.logo else each.brand.logo,
                social=MappingProxyType({k: _uri(v) for k, v in each.brand.social.items()}),
            ),
        )
        for name, each in config.newsletters.items()
    }
    hooks = {name: replace(each, url=_uri(each.url)) for name, each in config.hooks.items()}
    return replace(
        config,
        site=replace(config.site, url=_uri(config.site.url)),
        feeds=replace(config.feeds, hub=_uri(config.feeds.hub)),
        newsletters=MappingProxyType(newsletters),
        hooks=MappingProxyType(hooks),
    )


def _uri(written: str) -> str:
    """A URL that `check_value` accepted, in ASCII; "" stays."""
    scheme, _, rest = written.partition(":")
    if scheme == "mailto":
        address, mark, query = rest.partition("?")
        local, _, host = address.rpartition("@")
        return uri(f"mailto:{local}@{ascii_host(host)}{mark}{query}")
    return uri(written) if written else ""


def _refused(message: str, path: Path, hint: str, line: int | None = None) -> ConfigError:
    return ConfigError(
        (ConfigProblem(f"the configuration {message}", Location(str(path), line), hint),)
    )


def _file_reader(folder: Path) -> Callable[[str], str]:
    return lambda name: (folder / name).read_text(encoding="utf-8").strip()
