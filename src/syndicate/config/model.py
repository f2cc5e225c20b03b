"""What can be set in config.yaml. Each field is explained where it stands; no logic, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Text = Literal["full", "summary"]
FeedFormat = Literal["rss", "atom", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who publishes, where, and in which language."""

    title: str = field(metadata={"meaning": "the name readers see"})
    url: str = field(metadata={"meaning": "address under which public/ is served, https://…/"})
    description: str = field(default="", metadata={"meaning": "one sentence about the site"})
    language: str = field(default="en", metadata={"meaning": "BCP 47 tag, such as en or pt-BR"})
    author: str = field(default="", metadata={"meaning": "author of articles that name none"})
    email: str = field(default="", metadata={"meaning": "the author's address, shown in feeds"})
    time_zone: str = field(
        default="UTC", metadata={"meaning": "zone of dates without one, such as Europe/Berlin"}
    )
    permalink: str = field(
        default="articles/{slug}/",
        metadata={
            "meaning": "address of an article, relative to url or absolute: "
            "{slug} {year} {month} {day} {section} {path}"
        },
    )
    pages: bool = field(default=True, metadata={"meaning": "write a web page for each article"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """What feeds carry."""

    entries: int = field(default=20, metadata={"meaning": "newest articles in a feed", "min": 1})
    text: Text = field(default="full", metadata={"meaning": "full text of articles, or summary"})
    formats: tuple[FeedFormat, ...] = field(
        default=("rss", "atom", "json"), metadata={"meaning": "feed.xml, atom.xml, feed.json"}
    )
    tags: bool = field(default=True, metadata={"meaning": "feeds for each tag"})
    archive: bool = field(
        default=True, metadata={"meaning": "archive documents of all articles (RFC 5005)"}
    )
    hub: str = field(default="", metadata={"meaning": "address of a WebSub hub"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """A recurring publication. `name` is its key under `newsletters:`."""

    name: str = field(metadata={"meaning": "key in config.yaml: letters, digits, hyphens"})
    title: str = field(metadata={"meaning": "the name subscribers see"})
    sender: str = field(
        metadata={"meaning": "whom mails come from, such as Name <name@example.org>"}
    )
    subject: str = field(
        default="{{ newsletter.title }}: {{ articles[0].title }}",
        metadata={"meaning": "Jinja2 template of the subject"},
    )
    description: str = field(default="", metadata={"meaning": "what subscribers signed up for"})
    include: tuple[str, ...] = field(
        default=(), metadata={"meaning": "only articles with one of these tags"}
    )
    exclude: tuple[str, ...] = field(
        default=(), metadata={"meaning": "no articles with one of these tags"}
    )
    most: int = field(default=10, metadata={"meaning": "most articles in one issue", "min": 1})
    backlog: int = field(
        default=5,
        metadata={
            "meaning": "how many articles published before the newsletter began "
            "its first issue may carry",
            "min": 0,
        },
    )
    text: Text = field(default="full", metadata={"meaning": "full text of articles, or summary"})
    template: str = field(
        default="newsletter", metadata={"meaning": "folder under templates/ with its design"}
    )
    postal_address: str = field(
        default="", metadata={"meaning": "postal address in the footer (the law in many places)"}
    )
    unsubscribe: str = field(
        default="",
        metadata={"meaning": "https: or mailto: address to leave; else a mail to the sender"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where state is kept."""

    url: str = field(
        default="sqlite:///syndicate.db",
        metadata={
            "meaning": "sqlite:///FILE relative to config.yaml, or postgresql://user@host/database",
            "secret": True,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How the service behaves that `syndicate run` starts."""

    poll: float = field(
        default=1.0,
        metadata={"meaning": "seconds from one look at the folder to the next", "min": 0.05},
    )
    deadline: int = field(
        default=30,
        metadata={"meaning": "most seconds to finish what is in hand when stopped", "min": 1},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything in config.yaml. Folders are as written, relative to the file."""

    site: Site = field(metadata={"meaning": "who publishes, where"})
    feeds: Feeds = field(default=Feeds(), metadata={"meaning": "what feeds carry"})
    newsletters: Mapping[str, Newsletter] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"meaning": "recurring publications, by name"},
    )
    store: Store = field(default=Store(), metadata={"meaning": "where state is kept"})
    service: Service = field(
        default=Service(), metadata={"meaning": "how the running service behaves"}
    )
    content: str = field(default="content", metadata={"meaning": "folder of articles"})
    templates: str = field(
        default="templates", metadata={"meaning": "folder of templates that replace the built-in"}
    )
    output: str = field(default="public", metadata={"meaning": "folder feeds and pages go to"})
    issues: str = field(default="issues", metadata={"meaning": "folder newsletters go to"})
