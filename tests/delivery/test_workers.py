"""Workers: the events they report, and that no message goes without permission."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from mailing_site import MailingSite
from sent_messages import ADA, BOB, refuse_recipient

from smtp_server import Behaviour, Close, Reply, SmtpServer, accept_everything, scripted
from syndicate.config.model import Server
from syndicate.delivery.messages import MessageFactory, message_factory
from syndicate.delivery.queue import Task
from syndicate.delivery.relays import Relay
from syndicate.delivery.workers import (
    MAX_LOST_CONNECTIONS,
    Accepted,
    Permission,
    ReadyToSend,
    Rejected,
    RenderFailed,
    WorkerEvent,
    WorkerPool,
    worker_pool,
)
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend

Event = TypeVar("Event", bound=WorkerEvent)
SECONDS = 30
"""How long to wait for an event."""


@pytest.fixture
def messages(sqlite_site: MailingSite) -> tuple[IssueSend, MessageFactory]:
    """The row of an issue, and what writes its messages."""
    issue = sqlite_site.issue()
    sending = IssueSend(issue.sequence, issue.newsletter, issue.slot, issue.created_at)
    with sqlite_site.folder.opened() as site:
        return sending, message_factory(site, sending)


@contextmanager
def running(
    messages: tuple[IssueSend, MessageFactory],
    *addresses: str,
    behaviour: Behaviour = accept_everything,
) -> Iterator[tuple[SmtpServer, WorkerPool]]:
    """A worker with one connection to a fake SMTP server, and deliveries in its queue."""
    sending, factory = messages
    with SmtpServer(behaviour) as smtp:
        server = Server(
            name="main",
            host="127.0.0.1",
            port=smtp.port,
            security="none",
            timeout=5,
            connections=1,
        )
        relay = Relay(server, SmtpTransport(server, "example.org"))
        relay.quota.slots.allow(1)
        with worker_pool([relay]) as pool:
            claimed = (
                ClaimedDelivery(sending.issue, number, "pending", 0, address, "")
                for number, address in enumerate(addresses, 1)
            )
            pool.queue.add(Task(sending, each, factory) for each in claimed)
            yield smtp, pool


def event(pool: WorkerPool, kind: type[Event]) -> Event:
    """The next event, which is of this kind."""
    received = pool.events.get(timeout=SECONDS)
    assert isinstance(received, kind), received
    return received


def granted(is_granted: bool) -> Permission:
    """The answer of the dispatcher now."""
    return Permission(is_granted, time.monotonic())


def test_a_message_goes_after_permission_and_its_reply_is_reported(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, ADA) as (smtp, pool):
        ready = event(pool, ReadyToSend)
        assert not smtp.accepted
        ready.permission.put(granted(True))
        accepted = event(pool, Accepted)
    assert accepted.task.claimed.address == ADA
    assert accepted.reply.startswith("250")
    assert [message.to for message in smtp.accepted] == [(ADA,)]


def test_a_message_without_permission_does_not_go(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, ADA, BOB) as (smtp, pool):
        event(pool, ReadyToSend).permission.put(granted(False))
        ready = event(pool, ReadyToSend)
        assert ready.task.claimed.address == BOB
        ready.permission.put(granted(True))
        event(pool, Accepted)
    assert [message.to for message in smtp.accepted] == [(BOB,)]
    assert smtp.connections == 2, "the announced message cannot be taken back"


def test_a_message_that_waits_for_permission_at_the_end_does_not_go(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, ADA) as (smtp, pool):
        event(pool, ReadyToSend)
    assert not pool.is_running
    assert not smtp.accepted


def test_a_message_whose_permission_is_too_old_does_not_go(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, ADA) as (smtp, pool):
        event(pool, ReadyToSend).permission.put(Permission(is_granted=True, at=0.0))
        rejected = event(pool, Rejected)
    assert rejected.was_permitted
    assert not rejected.error.outcome_unknown
    assert not smtp.accepted


def test_a_refused_recipient_is_reported_and_the_next_message_follows(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    refusal = refuse_recipient(ADA, "550 5.1.1 unknown")
    with running(messages, ADA, BOB, behaviour=refusal) as (_, pool):
        rejected = event(pool, Rejected)
        assert rejected.task.claimed.address == ADA
        assert (rejected.was_permitted, rejected.error.permanent) == (False, True)
        assert rejected.recorded is not None
        rejected.recorded.put(None)
        assert event(pool, ReadyToSend).task.claimed.address == BOB


def test_a_connection_that_breaks_after_the_message_leaves_the_outcome_unknown(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, ADA, behaviour=scripted(MESSAGE=Close())) as (_, pool):
        event(pool, ReadyToSend).permission.put(granted(True))
        rejected = event(pool, Rejected)
    assert rejected.was_permitted
    assert rejected.error.outcome_unknown


def test_connections_lost_before_a_message_are_retried_a_few_times(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    refuse_all = scripted(MAIL=[Reply("421 4.3.2 later", close=True)])
    with running(messages, ADA, behaviour=refuse_all) as (smtp, pool):
        rejected = event(pool, Rejected)
        assert rejected.recorded is not None
        rejected.recorded.put(None)
        assert rejected.task.lost_connections == MAX_LOST_CONNECTIONS
        assert not rejected.error.permanent
    assert smtp.connections >= MAX_LOST_CONNECTIONS


def test_an_address_that_email_does_not_allow_is_reported(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, "ada@example.org\nBcc: all@example.org", BOB) as (_, pool):
        assert event(pool, RenderFailed).task.claimed.subscriber == 1
        assert event(pool, ReadyToSend).task.claimed.address == BOB


def test_a_login_that_fails_disables_the_relay_and_reports_nothing_about_the_recipient(
    messages: tuple[IssueSend, MessageFactory],
) -> None:
    with running(messages, ADA, behaviour=scripted(EHLO=Reply("550 5.7.1 go away"))) as (_, pool):
        for thread in pool.threads:
            thread.join(SECONDS)
        assert not pool.is_running
    (relay,) = pool.relays
    assert relay.disabled_by is not None
    assert pool.events.empty()
    assert len(pool.queue) == 1
