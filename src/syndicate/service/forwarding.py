"""Report a reverse proxy that may be missing in `service.trusted_proxies`."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Protocol

from syndicate.findings import Finding, Level
from syndicate.service.jobs import TaskResult
from syndicate.service_state.status import PROXY_UNKNOWN


class Serves(Protocol):
    """Serves the site to clients."""

    @property
    def untrusted_proxy(self) -> str:
        """The first address that sent X-Forwarded-For and is not trusted; "" if none did."""
        ...


class Forwarding:
    """A part of the service: reports the first untrusted address that sent X-Forwarded-For.

    Anyone on the internet can send the header. So only a private address, as proxies have, is a
    warning; another one is a notice.
    """

    name = "proxies"

    def __init__(self, serves: Serves, config_file: str) -> None:
        self._serves = serves
        self._config_file = config_file

    def turn(self, now: datetime) -> TaskResult:  # noqa: ARG002
        """Report it as long as the settings stay as they are."""
        peer = self._serves.untrusted_proxy
        if not peer:
            return TaskResult(findings=[])
        level = Level.WARNING if ip_address(peer).is_private else Level.NOTICE
        message = (
            f"a forwarded header (X-Forwarded-For) came from {peer}, an address that is not in "
            "service.trusted_proxies: all its visitors share one rate limit"
        )
        hint = f'if it is your reverse proxy, set service: {{trusted_proxies: ["{peer}"]}}'
        finding = Finding(level, PROXY_UNKNOWN, message, self._config_file, None, hint)
        return TaskResult(findings=[finding])
