"""Settings of one section that contradict each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from syndicate.config.model import (
    Config,
    Dkim,
    Hook,
    Imap,
    Newsletter,
    PublishTarget,
    Sending,
    Server,
)

LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)
OVERHEARD = "is none: the password would go to {} unencrypted"


def check_section(section: object) -> Iterator[tuple[str, str, str]]:
    """Settings of one section that contradict each other: key, what is wrong, hint."""
    if isinstance(section, Config):
        yield from _check_folders(section)
        yield from _check_delivery(section)
    if isinstance(section, Sending | Server | Dkim | Imap):
        yield from _check_together(section)
    if isinstance(section, Hook):
        yield from _check_hook(section)
    if isinstance(section, PublishTarget):
        yield from _check_target(section)
    if isinstance(section, Newsletter):
        both = set(section.include) & set(section.exclude)
        if both:
            yield "exclude", f"has {min(both)!r}, which include has too", "keep one of them"
        if section.deliver and section.merge_fields != "none":
            yield (
                "deliver",
                f"is true, and {section.merge_fields} sends it too",
                "remove one of them",
            )
        if section.every and section.cron:
            yield "cron", "is set, and so is every", "keep one of them"


def _check_server(server: Server) -> Iterator[tuple[str, str, str]]:
    if bool(server.user) != bool(server.password):
        yield "user", "and password: both are needed, or none", "give both, or neither"
    elif server.user and _is_overheard(server):
        message = OVERHEARD.format(server.host)
        yield "security", message, "write starttls or tls, or leave out user and password"


def _check_imap(imap: Imap) -> Iterator[tuple[str, str, str]]:
    if bool(imap.host) != bool(imap.user and imap.password):
        yield "host", "and user and password: all are needed, or none", "give all, or none"
    elif imap.host and _is_overheard(imap):
        yield "security", OVERHEARD.format(imap.host), "write tls, or starttls with port: 143"


def _is_overheard(server: Server | Imap) -> bool:
    return server.security == "none" and not LOOPBACK.fullmatch(server.host)


def _check_delivery(config: Config) -> Iterator[tuple[str, str, str]]:
    """Every recipient of an issue must be able to unsubscribe."""
    for name in (n.name for n in config.newsletters.values() if n.deliver):
        if not config.subscribers.signup_pages:
            hint = "set subscribers.signup_pages: true"
            yield (
                "subscribers",
                f"has no sign-up pages, so readers of {name} could not unsubscribe",
                hint,
            )
        elif config.sending.transport == "smtp" and not config.site.url.startswith("https://"):
            hint = "write url: https://…; one-click unsubscribe requires it (RFC 8058)"
            yield "site", f"has no https: address, and {name} is sent by SMTP", hint


def _check_together(section: Sending | Server | Dkim | Imap) -> Iterator[tuple[str, str, str]]:
    """Settings of which one needs another."""
    if isinstance(section, Sending) and section.transport == "smtp" and not section.servers:
        yield "transport", "is smtp, and there is no server", "name one under sending.servers"
    if isinstance(section, Server):
        yield from _check_server(section)
    if isinstance(section, Dkim) and bool(section.key) != bool(section.selector):
        yield "selector", "and key: both are needed, or none", "give both, or neither"
    if isinstance(section, Imap):
        yield from _check_imap(section)


def _check_hook(hook: Hook) -> Iterator[tuple[str, str, str]]:
    if bool(hook.url) == bool(hook.command):
        yield "url", "and command: one of them is needed", "set a URL or a program"
    if hook.secret and not hook.url:
        yield "secret", "signs webhook requests, but there is no url", "remove it"


def _check_target(target: PublishTarget) -> Iterator[tuple[str, str, str]]:
    if sum(map(bool, (target.folder, target.url, target.command))) != 1:
        yield "folder", "and url and command: one of them is needed", "name one destination"
    if bool(target.access_key_id) != bool(target.secret_access_key):
        yield "access_key_id", "and secret_access_key: give both, or neither", "give both"
    for key in ("endpoint", "region", "access_key_id"):
        if getattr(target, key) and not target.url:
            yield key, "is for object storage, but there is no url", "write url: s3://BUCKET"


def _check_folders(config: Config) -> Iterator[tuple[str, str, str]]:
    seen: dict[str, str] = {}
    for key in ("content", "templates", "output", "issues", "outbox"):
        folder = normpath(getattr(config, key).strip() or ".")
        if folder in (".", "..", "/"):
            yield key, "must be a folder of its own", f"write {key}: {key}"
        elif folder in seen:
            yield key, f"is the same folder as {seen[folder]}", "choose another"
        elif seen and folder.startswith(f"{next(iter(seen))}/"):
            yield key, "is inside content, whose files are articles", "choose another"
        seen.setdefault(folder, key)
