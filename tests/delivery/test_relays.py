"""Relays: when one is used again after an error, and which server a single message goes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtp_server import Reply, SmtpServer, scripted
from syndicate.config.model import Sending, Server
from syndicate.delivery.relays import BACKOFF, OUTBOX, FailoverTransport, Relay, transports
from syndicate.errors import DeliveryError
from syndicate.mail.outbox import Outbox
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.mail.transport import Envelope

REFUSED = DeliveryError("421 4.3.2 not now")
LOGIN_FAILED = DeliveryError("535 5.7.8 wrong password", permanent=True)


@pytest.fixture
def relay(tmp_path: Path) -> Relay:
    server = Server(name="main", host="", weight=2)
    return Relay(server, Outbox(tmp_path))


def test_a_relay_is_used_again_after_growing_delays(relay: Relay) -> None:
    moment = 100.0
    for number in range(3):
        assert relay.available(moment)
        relay.mark_failed(REFUSED, moment)
        delay = BACKOFF.delay(number).total_seconds()
        assert not relay.available(moment + delay - 0.01)
        moment += delay
    assert BACKOFF.delay(2) > BACKOFF.delay(0)


def test_an_accepted_message_ends_the_error_and_resets_the_delay(relay: Relay) -> None:
    first = BACKOFF.delay(0).total_seconds()
    relay.mark_failed(REFUSED, 0.0)
    relay.mark_failed(REFUSED, first)
    relay.mark_healthy()
    assert relay.error_at(100.0) is None
    relay.mark_failed(REFUSED, 100.0)
    assert relay.available(100.0 + first)


def test_errors_of_several_connections_at_once_count_as_one(relay: Relay) -> None:
    for _ in range(4):
        relay.mark_failed(REFUSED, 100.0)
    assert relay.available(100.0 + BACKOFF.delay(0).total_seconds())


def test_a_permanent_error_disables_a_relay(relay: Relay) -> None:
    relay.mark_failed(LOGIN_FAILED, 0.0)
    assert not relay.available(1_000_000.0)
    error = relay.error_at(0.0)
    assert error is not None
    assert (str(error), error.is_disabled) == ("main: 535 5.7.8 wrong password", True)


def test_an_error_states_when_the_relay_is_used_again(relay: Relay) -> None:
    relay.mark_failed(REFUSED, 100.0)
    error = relay.error_at(100.25)
    assert error is not None
    assert error.text == "main: 421 4.3.2 not now"
    assert error.retry_in == BACKOFF.delay(0).total_seconds() - 0.25
    assert not error.is_disabled


def test_the_share_of_a_relay_is_relative_to_its_weight(relay: Relay) -> None:
    relay.dispatched = 10
    assert relay.share == 5


def test_the_outbox_is_the_only_transport_or_each_server_has_one(tmp_path: Path) -> None:
    assert [*transports(Sending(), tmp_path, "example.org")] == [OUTBOX]
    servers = {name: Server(name=name, host="127.0.0.1") for name in ("one", "other")}
    by_server = transports(Sending(transport="smtp", servers=servers), tmp_path, "example.org")
    assert [server.name for server in by_server] == ["one", "other"]
    assert all(isinstance(each, SmtpTransport) for each in by_server.values())


def transport(server: SmtpServer) -> SmtpTransport:
    settings = Server(name="x", host="127.0.0.1", port=server.port, security="none", timeout=5)
    return SmtpTransport(settings, "example.org")


def test_a_single_message_goes_to_the_first_server_that_accepts_a_connection() -> None:
    busy = scripted(GREETING=Reply("421 4.3.2 busy", close=True))
    with SmtpServer(busy) as first, SmtpServer() as second:
        failover = FailoverTransport([transport(first), transport(second)])
        with failover.session() as session:
            session.begin(Envelope("a@example.org", "b@example.org"))
            session.finish(b"Subject: x\r\n\r\nhello\r\n")
    assert [message.to for message in second.accepted] == [("b@example.org",)]


def test_the_error_of_the_last_server_is_raised_if_all_refuse() -> None:
    with (
        SmtpServer(scripted(GREETING=Reply("421 4.3.2 first", close=True))) as first,
        SmtpServer(scripted(GREETING=Reply("421 4.3.2 second", close=True))) as second,
    ):
        failover = FailoverTransport([transport(first), transport(second)])
        with pytest.raises(DeliveryError, match="second"), failover.session():
            pass
