"""Rate limit of requests: one token bucket for each client address.

The limit stops programs out of control. It is far above what readers, aggregators that fetch every
feed of a site, and people who share one address need. The user agent does not matter.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from syndicate.web.http_messages import Request

Network = IPv4Network | IPv6Network

HOP: Final = re.compile(r'"?(?:\[([0-9A-Fa-f:.]+)(?:%[^]]*)?\]|([0-9.]+))(?::[^:"]*)?"?')
"""An address in brackets (RFC 3986, section 3.2.2), or one of IPv4, with or without a port."""

MAX_CLIENTS: Final = 20_000
"""How many addresses are remembered; who has asked least recently is forgotten first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` requests at once, and `per_second` in the long run, for each client."""

    per_second: float = 50.0
    burst: int = 3_000


class Clients:
    """A token bucket for each client. `proxies` are networks whose `X-Forwarded-For` is trusted.

    That of this machine is trusted too: a local program that forges it only limits itself. Without
    that header, requests from this machine are not limited. A header from any other machine is
    ignored: `untrusted_proxy` is the first such machine, "" if there was none.
    """

    def __init__(self, limit: Limit, proxies: Sequence[Network] = ()) -> None:
        self._limit = limit
        self._proxies = tuple(proxies)
        self.untrusted_proxy = ""
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, request: Request, now: float) -> float:
        """Seconds until the client may send a request; 0 if it may now. `now` is monotonic."""
        client = self.client(request)
        if client is None:
            return 0.0
        tokens, then = self._buckets.pop(client, (float(self._limit.burst), now))
        tokens = min(tokens + (now - then) * self._limit.per_second, float(self._limit.burst))
        enough = tokens >= 1
        self._buckets[client] = (tokens - enough, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if enough else (1 - tokens) / self._limit.per_second

    def client(self, request: Request) -> str | None:
        """The client of a request: an address, for IPv6 its /64; None for this machine."""
        forwarded = request.headers.get(b"x-forwarded-for", b"")[-500:].decode("latin-1")
        if not forwarded:
            return _group(request.peer)
        if not self.untrusted_proxy and _is_address(request.peer):
            self.untrusted_proxy = "" if self._is_proxy(request.peer) else request.peer
        hops = map(_without_port, reversed(forwarded.split(",")))
        for address in (request.peer, *hops):
            if not self._is_proxy(address):
                return _group(address)
        return None

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        is_proxy = any(parsed in network for network in self._proxies)
        return is_proxy or _group(address) is None


def _without_port(hop: str) -> str:
    """The address of a hop, which some proxies write with a port, in brackets or quotes."""
    match = HOP.fullmatch(hop.strip())
    return (match[1] or match[2]) if match else hop.strip()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4_096)
def _group(address: str) -> str | None:
    """The key of an address: the address itself, for IPv6 its /64. None for this machine, or
    without one.

    A name that a proxy uses instead of an address is its own key.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address or None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return _group(str(parsed.ipv4_mapped))
        if not parsed.is_loopback:
            return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return None if parsed.is_loopback else address
