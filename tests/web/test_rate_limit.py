"""Who is held back, and who never is."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from syndicate.web import rate_limit as clients_module
from syndicate.web.http_messages import Request
from syndicate.web.rate_limit import Clients, Limit, Network

PROXY: tuple[Network, ...] = (ip_network("10.0.0.0/8"),)


def asks(peer: str, forwarded: str = "") -> Request:
    headers = {b"x-forwarded-for": forwarded.encode()} if forwarded else {}
    return Request(b"GET", b"/", headers, peer)


def waits(clients: Clients, peer: str, forwarded: str = "", *, now: float = 0) -> float:
    return clients.seconds_to_wait(asks(peer, forwarded), now)


def test_a_bucket_empties_and_fills_again() -> None:
    clients = Clients(Limit(per_second=2, burst=3))
    assert [waits(clients, "192.0.2.1") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    assert waits(clients, "192.0.2.2") == 0
    assert waits(clients, "192.0.2.1", now=0.5) == 0
    assert waits(clients, "192.0.2.1", now=0.5) == 0.5
    assert [waits(clients, "192.0.2.1", now=1000) for _ in range(4)] == [0, 0, 0, 0.5]


def test_the_machine_itself_is_not_limited() -> None:
    clients = Clients(Limit(per_second=1, burst=1))
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1", ""):
        assert [waits(clients, peer) for _ in range(3)] == [0, 0, 0]


def test_a_proxy_on_this_machine_is_trusted_by_default() -> None:
    clients = Clients(Limit(per_second=1, burst=1))
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        address = f"203.0.113.{len(peer)}"
        assert [waits(clients, peer, address) for _ in range(2)] == [0, 1]
        assert waits(clients, peer, f"192.0.2.99, {address}") == 1, "its own word counts"
    assert [waits(clients, "127.0.0.1", "127.0.0.1") for _ in range(2)] == [0, 0]


def test_the_first_untrusted_proxy_with_the_header_is_reported() -> None:
    clients = Clients(Limit(), PROXY)
    waits(clients, "10.0.0.1", "203.0.113.1")
    waits(clients, "127.0.0.1", "203.0.113.1")
    waits(clients, "", "203.0.113.1")
    waits(clients, "192.0.2.9")
    assert clients.untrusted_proxy == ""
    for number in range(3):
        waits(clients, f"192.0.2.{number}", "203.0.113.1")
    assert clients.untrusted_proxy == "192.0.2.0"


def test_one_network_of_ipv6_is_one_client() -> None:
    clients = Clients(Limit(per_second=1, burst=1))
    assert waits(clients, "2001:db8:1:2::1") == 0
    assert waits(clients, "2001:db8:1:2:ffff::9") == 1
    assert waits(clients, "2001:db8:1:3::1") == 0
    assert waits(clients, "::ffff:192.0.2.1") == 0
    assert waits(clients, "192.0.2.1") == 1


def test_headers_of_untrusted_clients_are_ignored() -> None:
    clients = Clients(Limit(per_second=1, burst=1))
    assert waits(clients, "192.0.2.1", "203.0.113.1") == 0
    assert waits(clients, "192.0.2.1", "203.0.113.2") == 1
    trusting = Clients(Limit(per_second=1, burst=1), PROXY)
    assert waits(trusting, "192.0.2.1", "203.0.113.1") == 0
    assert waits(trusting, "192.0.2.1", "203.0.113.2") == 1


def test_behind_proxies_the_last_address_they_did_not_add_counts() -> None:
    clients = Clients(Limit(per_second=1, burst=1), PROXY)
    assert waits(clients, "10.0.0.1", "198.51.100.9, 203.0.113.1, 10.2.3.4") == 0
    assert waits(clients, "10.0.0.2", "198.51.100.8, 203.0.113.1") == 1
    assert waits(clients, "10.0.0.1", "203.0.113.2") == 0
    assert waits(clients, "10.0.0.1") == 0


def test_not_more_clients_are_remembered_than_there_is_room_for() -> None:
    clients = Clients(Limit(per_second=1, burst=1))
    for number in range(clients_module.MAX_CLIENTS + 10):
        waits(clients, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(clients._buckets) == clients_module.MAX_CLIENTS
    assert waits(clients, "10.0.0.1") == 0, "forgotten first"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("192.0.2.7:{}", "192.0.2.7"),
        ("[2001:db8::7]:{}", "2001:db8::7"),
        ('"[2001:db8::7]:{}"', "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
    ],
)
def test_a_forwarded_address_with_a_port_is_the_address(written: str, plain: str) -> None:
    clients = Clients(Limit())
    for port in (1, 65_535):
        asked = clients.client(asks("127.0.0.1", written.format(port)))
        assert asked == clients.client(asks("127.0.0.1", plain))
