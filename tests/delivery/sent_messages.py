"""Recipients of tests, what fake SMTP servers accepted, and replies that they give."""

from __future__ import annotations

import time
from collections.abc import Callable

from mailing_site import MailingSite, change_deliveries

from smtp_server import Action, Behaviour, Reply, SmtpServer, Step
from syndicate.store.subscribers import Subscribers
from syndicate.subscribers.addresses import address

ADA, BOB, CYD = "ada@example.org", "bob@example.org", "cyd@example.org"
THREE_PEOPLE = (ADA, BOB, CYD)


def accepted_recipients(server: SmtpServer) -> list[str]:
    """The recipients of messages that a server accepted, sorted."""
    return sorted(to for mail in server.accepted for to in mail.to)


def stop_after(seconds: float) -> Callable[[], bool]:
    """Ask the sender to stop after so many seconds."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def refuse_recipient(address: str, reply: str) -> Behaviour:
    """A server that gives this reply to one recipient."""

    def behaviour(step: Step) -> Action | None:
        return Reply(reply) if step.name == "RCPT" and address in step.argument else None

    return behaviour


def make_retries_due(site: MailingSite) -> None:
    """Make all retries due."""
    with site.folder.opened() as opened, opened.database.transaction():
        change_deliveries(opened.database, "next_try = '2026-01-01'")


FOUR_PEOPLE = [ADA, BOB, CYD, "dee@example.org"]


def suppressed_addresses(site: MailingSite) -> set[str]:
    """Which of the four people are suppressed."""
    with site.folder.opened() as opened:
        known = Subscribers(opened.database)
        return {a for a in FOUR_PEOPLE if known.suppression(address(a).hashed(known.salt()))}
