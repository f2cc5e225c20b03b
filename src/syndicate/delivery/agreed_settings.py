"""The settings that all workers of a store must agree on. Pure.

Workers with different limits would exceed both; with different keys or addresses, the same issue
would differ from recipient to recipient.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields

from syndicate.config.model import Config, Dkim, Server

OWN = frozenset({"name", "user", "password", "security"})
"""Settings of a server that may differ: how a host logs in."""


def agreed_settings(config: Config) -> dict[str, str]:
    """A hash of each setting that must agree, by its key in config.yaml."""
    return {key: _hash(value) for key, value in _settings(config)}


def _settings(config: Config) -> Iterator[tuple[str, object]]:
    sending = config.sending
    yield "site.url", config.site.url
    for name in ("transport", "on_held", "retry_for", "max_failure_percent", "quiet_hours"):
        yield f"sending.{name}", getattr(sending, name)
    for field in fields(Dkim):
        yield f"sending.dkim.{field.name}", getattr(sending.dkim, field.name)
    for name, server in sending.servers.items():
        for field in fields(Server):
            if field.name not in OWN:
                yield f"sending.servers.{name}.{field.name}", getattr(server, field.name)


def _hash(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
