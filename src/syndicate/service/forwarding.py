"""Report a reverse proxy that may be missing in `service.trusted_proxies`."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Protocol

from syndicate.findings import Finding, Level
from syndicate.service.jobs import TaskResult
from syndicate.service_state.status import PROXY_UNKNOWN


class ProxySource(Protocol):
    """The server, which sees the requests of proxies."""

    @property
    def untrusted_proxy(self) -> str:
        """The first address that sent X-Forwarded-For and is not trusted; "" if none did."""
        ...


class ProxyCheck:
    """Reports the first untrusted address that sent X-Forwarded-For.

    Anyone on the internet can send the header. So only a private address, as proxies have, is a
    warning; any other is a notice.
    """

    name = "proxies"

    def __init__(self, source: ProxySource, config_file: str) -> None:
        self._source = source
        self._config_file = config_file

    def run(self, now: datetime) -> TaskResult:  # noqa: ARG002
        """Report it until the settings change."""
        peer = self._source.untrusted_proxy
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
