"""The settings of config.yaml, each with its meaning. No logic, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from syndicate.schedule import Missed

Text = Literal["full", "summary"]
HookEvent = Literal["article-published", "issue-made", "issue-approved", "documents-changed"]
Approval = Literal["automatic", "manual"]
FeedFormat = Literal["rss", "atom", "json"]
MergeService = Literal["none", "listmonk", "mailchimp", "buttondown", "sendgrid"]
Design = Literal["digest", "letter", "magazine"]
TransportKind = Literal["outbox", "smtp"]
Security = Literal["starttls", "tls", "none"]
OnHeld = Literal["hold", "resend"]
Font = Literal["auto", "serif", "sans", "humanist", "mono"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
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


IN_QUOTES = 'write it in quotes, because # begins a comment: "#0b5f8a"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Colours, logo, fonts and footer of a newsletter."""

    accent: str = field(
        default="#0b5f8a",
        metadata={"meaning": "colour of links and buttons, as #rrggbb", "empty": IN_QUOTES},
    )
    accent_dark: str = field(
        default="#7cc4f0",
        metadata={"meaning": "the same in dark mode, as #rrggbb", "empty": IN_QUOTES},
    )
    logo: str = field(
        default="", metadata={"meaning": "picture for the title: a file in content/, or https://…"}
    )
    logo_alt: str = field(
        default="", metadata={"meaning": "alt text of the logo; default: the newsletter's title"}
    )
    heading_font: Font = field(
        default="auto", metadata={"meaning": "font of headings; auto: that of the design"}
    )
    text_font: Font = field(
        default="auto", metadata={"meaning": "font of text; auto: that of the design"}
    )
    footer: str = field(default="", metadata={"meaning": "a line of text in the footer"})
    social: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"meaning": "your profiles elsewhere: name and https: URL"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """A recurring publication. `name` is its key under `newsletters:`."""

    name: str = field(metadata={"meaning": "key in config.yaml: letters, digits, hyphens"})
    title: str = field(metadata={"meaning": "the name subscribers see"})
    sender: str = field(metadata={"meaning": "sender of emails, such as Name <name@example.org>"})
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
    max_articles: int = field(
        default=10, metadata={"meaning": "most articles in one issue", "min": 1}
    )
    backlog: int = field(
        default=5,
        metadata={
            "meaning": "how many articles published before the newsletter began "
            "its first issue may carry",
            "min": 0,
        },
    )
    text: Text = field(default="full", metadata={"meaning": "full text of articles, or summary"})
    design: Design = field(
        default="digest",
        metadata={"meaning": "digest (all alike), letter (one text) or magazine (lead and cards)"},
    )
    brand: Brand = field(default=Brand(), metadata={"meaning": "colours, logo, fonts, footer"})
    template: str = field(
        default="newsletter",
        metadata={"meaning": "folder under templates/ with what its design has of its own"},
    )
    postal_address: str = field(
        default="", metadata={"meaning": "postal address in the footer (the law in many places)"}
    )
    unsubscribe: str = field(
        default="",
        metadata={"meaning": "https: or mailto: URL to unsubscribe; else an email to the sender"},
    )
    merge_fields: MergeService = field(
        default="none", metadata={"meaning": "the service whose placeholders the issue has"}
    )
    deliver: bool = field(
        default=False,
        metadata={"meaning": "send approved issues to the newsletter's subscribers"},
    )
    approval: Approval = field(
        default="automatic",
        metadata={"meaning": "automatic: an issue may be sent when made; manual: when approved"},
    )
    show_next: bool = field(
        default=False,
        metadata={"meaning": "link to the page of the next issue from the front page"},
    )
    every: str = field(
        default="", metadata={"meaning": "when issues are due, such as monday at 08:00"}
    )
    cron: str = field(
        default="", metadata={"meaning": "the same as a cron expression, such as 0 8 * * mon"}
    )
    time_zone: str = field(
        default="", metadata={"meaning": "zone of every or cron; else that of the site"}
    )
    catch_up: Missed = field(
        default="latest", metadata={"meaning": "which missed issues are made late"}
    )
    max_age: str = field(
        default="24 hours", metadata={"meaning": "how late an issue may be made, such as 2 days"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A command or webhook called for events. `name` is its key under `hooks:`."""

    name: str = field(metadata={"meaning": "key in config.yaml: letters, digits, hyphens"})
    on: tuple[HookEvent, ...] = field(
        metadata={
            "meaning": "[article-published, issue-made, issue-approved, documents-changed] or some"
        }
    )
    url: str = field(default="", metadata={"meaning": "address that JSON is posted to"})
    command: str = field(
        default="", metadata={"meaning": "program that is run with JSON as its input"}
    )
    secret: str = field(
        default="",
        metadata={"meaning": "key of the signature in X-Syndicate-Signature", "hidden": True},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishTarget:
    """Where documents are published to after a build. `name` is its key under `publish:`."""

    name: str = field(metadata={"meaning": "key in config.yaml: a to z, digits, hyphens"})
    folder: str = field(default="", metadata={"meaning": "folder that documents are copied to"})
    url: str = field(
        default="", metadata={"meaning": "object storage that they are uploaded to: s3://BUCKET/…"}
    )
    endpoint: str = field(
        default="", metadata={"meaning": "address of the storage's API, unless it is Amazon's"}
    )
    region: str = field(default="", metadata={"meaning": "region of the bucket"})
    access_key_id: str = field(
        default="", metadata={"meaning": "name of the key; else AWS_ACCESS_KEY_ID"}
    )
    secret_access_key: str = field(
        default="", metadata={"meaning": "the key; else AWS_SECRET_ACCESS_KEY", "hidden": True}
    )
    command: str = field(
        default="",
        metadata={"meaning": "program that gets changed paths as its input, such as rsync"},
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
class SubscriberSettings:
    """How people subscribe."""

    signup_pages: bool = field(
        default=False,
        metadata={"meaning": "serve pages to subscribe, set preferences and unsubscribe"},
    )
    confirm_within: str = field(
        default="7 days",
        metadata={"meaning": "how long a request waits for its confirmation, such as 2 days"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An SMTP server that accepts messages. `name` is its key under `sending.servers`."""

    name: str = field(metadata={"meaning": "key in config.yaml: letters, digits, hyphens"})
    host: str = field(metadata={"meaning": "its name, such as smtp.example.org"})
    port: int = field(default=587, metadata={"meaning": "port it listens at", "min": 1})
    security: Security = field(
        default="starttls",
        metadata={"meaning": "starttls, tls (from the beginning, port 465) or none"},
    )
    user: str = field(default="", metadata={"meaning": "name to log in with; empty: no login"})
    password: str = field(default="", metadata={"meaning": "password of the user", "hidden": True})
    connections: int = field(default=4, metadata={"meaning": "connections at a time", "min": 1})
    weight: int = field(
        default=1, metadata={"meaning": "its share of the messages beside the others'", "min": 1}
    )
    per_second: int = field(
        default=0, metadata={"meaning": "most messages in any second; 0: no limit", "min": 0}
    )
    per_hour: int = field(
        default=0, metadata={"meaning": "most messages in any hour; 0: no limit", "min": 0}
    )
    per_day: int = field(
        default=0, metadata={"meaning": "most messages in any 24 hours; 0: no limit", "min": 0}
    )
    warm_up: tuple[int, ...] = field(
        default=(),
        metadata={"meaning": "most messages on its first days, one number a day"},
    )
    timeout: float = field(
        default=60, metadata={"meaning": "seconds to wait for each reply", "min": 0.1}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """How messages are signed (RFC 6376). Without a key they are not."""

    selector: str = field(
        default="", metadata={"meaning": "name of the key in DNS: SELECTOR._domainkey.DOMAIN"}
    )
    key: str = field(
        default="",
        metadata={"meaning": "private RSA key as PEM, best {file: dkim.pem}", "hidden": True},
    )
    domain: str = field(default="", metadata={"meaning": "domain that signs; else the sender's"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How emails are sent."""

    transport: TransportKind = field(
        default="outbox", metadata={"meaning": "outbox: files in a folder; smtp: mail servers"}
    )
    servers: Mapping[str, Server] = field(
        default_factory=lambda: MappingProxyType({}), metadata={"meaning": "mail servers, by name"}
    )
    dkim: Dkim = field(default=Dkim(), metadata={"meaning": "how messages are signed"})
    on_held: OnHeld = field(
        default="hold",
        metadata={"meaning": "what to do with a message whose outcome is unknown"},
    )
    retry_for: str = field(
        default="2 days",
        metadata={"meaning": "how long to keep retrying a message"},
    )
    max_failure_percent: int = field(
        default=10,
        metadata={"meaning": "percentage of refused messages at which an issue pauses", "min": 1},
    )
    quiet_hours: str = field(
        default="", metadata={"meaning": "hours in which nothing is sent, such as 22:00-07:00"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imap:
    """An IMAP mailbox of bounce reports. Without a host there is none."""

    host: str = field(default="", metadata={"meaning": "its server, such as imap.example.org"})
    port: int = field(default=993, metadata={"meaning": "port it listens at", "min": 1})
    security: Security = field(
        default="tls", metadata={"meaning": "tls (from the beginning), starttls (143) or none"}
    )
    user: str = field(default="", metadata={"meaning": "name to log in with"})
    password: str = field(default="", metadata={"meaning": "password of the user", "hidden": True})
    folder: str = field(default="INBOX", metadata={"meaning": "folder of the bounce reports"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """Webhooks of email providers, and how each authenticates."""

    ses: str = field(
        default="", metadata={"meaning": "ARN of the SNS topic to which SES publishes"}
    )
    postmark: str = field(
        default="", metadata={"meaning": "user:password it posts with", "hidden": True}
    )
    mailgun: str = field(
        default="", metadata={"meaning": "its HTTP webhook signing key", "hidden": True}
    )
    sendgrid: str = field(default="", metadata={"meaning": "its verification key, Base64"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceSettings:
    """Where bounce reports and complaints come from."""

    address: str = field(
        default="",
        metadata={"meaning": "address of bounce reports, with +… added; else the sender's"},
    )
    maildir: str = field(default="", metadata={"meaning": "Maildir of bounce reports"})
    imap: Imap = field(default=Imap(), metadata={"meaning": "IMAP mailbox of bounce reports"})
    webhooks: Webhooks = field(
        default=Webhooks(), metadata={"meaning": "webhooks of email providers"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How the service behaves that `syndicate run` starts."""

    host: str = field(
        default="127.0.0.1", metadata={"meaning": "address to listen on; 0.0.0.0 for all networks"}
    )
    port: int = field(default=8000, metadata={"meaning": "port to listen on", "min": 0})
    trusted_proxies: tuple[str, ...] = field(
        default=(),
        metadata={"meaning": "addresses or networks of trusted reverse proxies"},
    )
    poll_interval: float = field(
        default=1.0,
        metadata={"meaning": "seconds between scans of the content folder", "min": 0.05},
    )
    shutdown_timeout: int = field(
        default=30,
        metadata={"meaning": "seconds to finish work in progress on shutdown", "min": 1},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything in config.yaml. Folders are as written, relative to the file."""

    site: SiteSettings = field(metadata={"meaning": "who publishes, where"})
    feeds: Feeds = field(default=Feeds(), metadata={"meaning": "what feeds carry"})
    newsletters: Mapping[str, Newsletter] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"meaning": "recurring publications, by name"},
    )
    hooks: Mapping[str, Hook] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"meaning": "commands and webhooks called for events, by name"},
    )
    publish: Mapping[str, PublishTarget] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"meaning": "where documents are published to after a build, by name"},
    )
    subscribers: SubscriberSettings = field(
        default=SubscriberSettings(), metadata={"meaning": "how people subscribe"}
    )
    sending: Sending = field(default=Sending(), metadata={"meaning": "how emails are sent"})
    bounces: BounceSettings = field(
        default=BounceSettings(),
        metadata={"meaning": "where bounce reports and complaints come from"},
    )
    store: Store = field(default=Store(), metadata={"meaning": "where state is kept"})
    service: ServiceSettings = field(
        default=ServiceSettings(), metadata={"meaning": "how the running service behaves"}
    )
    content: str = field(default="content", metadata={"meaning": "folder of articles"})
    links: tuple[str, ...] = field(
        default=(),
        metadata={"meaning": "folders outside content/ that symbolic links in it may lead to"},
    )
    templates: str = field(
        default="templates", metadata={"meaning": "folder of templates that replace the built-in"}
    )
    output: str = field(default="public", metadata={"meaning": "folder feeds and pages go to"})
    issues: str = field(default="issues", metadata={"meaning": "folder newsletters go to"})
    outbox: str = field(default="outbox", metadata={"meaning": "folder of emails written as files"})
