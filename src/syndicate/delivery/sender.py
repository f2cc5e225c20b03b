"""The sender of a site: plans approved issues, sends planned deliveries, loses none.

    plan      ONE transaction: an approved issue gets its deliveries
    recover   deliveries of a dead sender: claimed becomes pending, sending becomes held
    run       claim, send, record, until nothing is due

There is one sender for each store: it holds a lock that the system frees whatever ends it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from secrets import token_hex

from syndicate.bounces.classify import classify_refusal
from syndicate.bounces.handle import record_bounce
from syndicate.config.model import Newsletter, Server
from syndicate.config.named import newsletter_named
from syndicate.delivery.dispatcher import Dispatcher, IssueProgress, ProgressCallback, relay_errors
from syndicate.delivery.messages import MessageFactory, mail_from, message_factory
from syndicate.delivery.operator import finish_stopped
from syndicate.delivery.queue import DeliveryQueue
from syndicate.delivery.quiet_hours import until
from syndicate.delivery.rate_limits import RateLimiter, history_seconds
from syndicate.delivery.relays import FailoverTransport, Relay, RelayError, transports
from syndicate.delivery.states import BACKOFF, OPEN
from syndicate.delivery.workers import WorkerEvent, worker_pool
from syndicate.errors import DeliveryError, SyndicateError
from syndicate.issues.archive import Shown, is_written
from syndicate.issues.compose import own_address
from syndicate.mail.transport import Transport
from syndicate.newsletters.personal import PersonalisedIssue
from syndicate.schedule.words import duration
from syndicate.site import Site
from syndicate.starter_values import has_starter_address, not_to_be_mailed
from syndicate.store.deliveries import ClaimedDelivery, Deliveries, IssueSend
from syndicate.store.incarnation import Incarnation
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.requests import SigningKeys
from syndicate.store.sent_counts import SentCounts
from syndicate.store.subscribers import Subscribers
from syndicate.subscribers.addresses import address as read_address
from syndicate.timestamps import format_timestamp, parse_timestamp

AHEAD = 86_400
"""Seconds ahead of which it is believed that something was sent in them: the clock was set back."""

PLAN_EVERY = 2.0
"""Seconds from one look for newly approved issues to the next."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What a round did, and how many deliveries of which issue are still to come to an end.

    `held_of` says of how many deliveries of which issue nobody knows the fate. `quiet` is when
    quiet hours end that keep it from sending, `next_try` when the next delivery is due that waits.
    `troubles` says what is wrong with servers. `waiting` are approved issues whose web page nobody
    can read yet.
    """

    sent: int
    failed: int
    held: int
    remaining: Mapping[str, int]
    held_by_issue: Mapping[str, int]
    paused: tuple[IssueSend, ...]
    quiet_until: datetime | None
    next_try: datetime | None
    troubles: tuple[RelayError, ...]
    waiting: tuple[str, ...] = ()


def send(
    site: Site,
    outbox: Path,
    stopping: Callable[[], bool],
    on_progress: ProgressCallback,
    shown: Shown = is_written,
) -> SendReport:
    """Send what is approved, until nothing is left to do by now, or until `stopping`.

    No message of an issue goes out before its page is `shown`: readers follow its links. Messages
    of the transport `outbox` go to that folder. Raises SyndicateError when another program sends
    from this store, and when it may be a copy or older than what was sent from it.
    """
    if not site.database.lock_sending():
        raise SyndicateError(
            "another program sends from this store already",
            hint="leave it to it; syndicate deliveries report says how far it is",
        )
    incarnation = Incarnation(site.database, site.sent_record)
    incarnation.require()
    incarnation.synchronise()
    return Sender(site, outbox, shown).run_once(stopping, on_progress)


def too_old(issue: Issue, newsletter: Newsletter, now: datetime) -> str:
    """Why an approved issue waits for a confirmation before it is sent; "" if it does not. Pure.

    An issue that was not sent within `max_age` may be out of date.
    """
    approved = issue.approved or issue.made
    if now - parse_timestamp(approved) <= duration(newsletter.max_age):
        return ""
    return f"{CONFIRM}: it was approved at {approved}, longer ago than max_age"


CONFIRM = "waits for a confirmation"


def plan_approved(site: Site, now: datetime, shown: Shown = is_written) -> list[str]:
    """Give each approved issue that is to be delivered its deliveries, once its page is `shown`.

    One that is too old pauses until it is confirmed: resumed, or approved again. Gives the names of
    those that still wait for their page.
    """
    waiting = []
    issues, deliveries = Issues(site.database), Deliveries(site.database)
    for newsletter in site.config.newsletters.values():
        for slot in issues.approved(newsletter.name) if newsletter.deliver else ():
            issue = issues.get(newsletter.name, slot)
            assert issue is not None, "issues are never deleted"
            if not _may_be_mailed(site, newsletter, issue) or not shown(site, issue):
                waiting.append(issue.name)
                continue
            sending = IssueSend(issue.sequence, issue.newsletter, slot, format_timestamp(now))
            tags = deliveries.tags([article.id for article in issue.carried])
            with site.database.transaction():
                moved = issues.move(newsletter.name, slot, IssueState.SENDING)
                if moved:
                    deliveries.plan(sending, tags)
                if moved and (reason := too_old(issue, newsletter, now)):
                    deliveries.pause(issue.sequence, reason)
            if moved:
                incarnation = Incarnation(site.database, site.sent_record)
                incarnation.synchronise()
                incarnation.add_begun(newsletter.name, slot, issue.approved)
    return waiting


def _may_be_mailed(site: Site, newsletter: Newsletter, issue: Issue) -> bool:
    """Whether nothing in it is still an example: it may have been made for the outbox."""
    if site.config.sending.transport != "smtp":
        return True
    example = has_starter_address(issue.text)
    return not (example or not_to_be_mailed(site.config, newsletter))


def send_one(site: Site, outbox: Path, issue: Issue, address: str) -> str:
    """Send a test of an issue to one address, who need not subscribe; give the server's reply.

    Raises SyndicateError when it is not taken.
    """
    if not issue.personal:
        raise SyndicateError(
            f"{issue.newsletter}/{issue.slot} was made without deliver: true, so it cannot be sent",
            hint=f"set newsletters.{issue.newsletter}.deliver: true, then make a new issue",
        )
    newsletter = newsletter_named(site.config, issue.newsletter)
    # Of a draft, the links lead to the page that it has: the test must be all there is to see.
    personal = PersonalisedIssue.from_json(issue.personal).replaced(own_address(issue, site.config))
    return send_test(site, outbox, newsletter, personal, issue.slot, address, issue.sequence)


def send_test(
    site: Site,
    outbox: Path,
    newsletter: Newsletter,
    personal: PersonalisedIssue,
    slot: str,
    address: str,
    issue: int = 0,
) -> str:
    """Send texts to one address as a test: it says so, and no delivery is kept of it.

    Its personal links do nothing. Each test is a message of its own: some servers drop a second
    one with the same Message-ID. Raises SyndicateError when it is not taken, or may not be.
    """
    sending = IssueSend(issue, newsletter.name, slot, format_timestamp(datetime.now(UTC)))
    mail = mail_from(site, newsletter, personal.as_test(), sending)
    mail = replace(mail, salt=token_hex(8))
    written = mail.write(ClaimedDelivery(issue, NOBODY, 0, read_address(address).mail, ""))
    transport = FailoverTransport(transports(site.config.sending, outbox, site.host).values())
    with transport.session() as session:
        session.begin(written.envelope)
        reply = session.finish(written.message)
    if session.doubt:
        raise DeliveryError(
            session.doubt, uncertain=True, hint="see whether it arrived, or send it again"
        )
    return reply


NOBODY = 0
"""The number of no subscriber."""


class Sender:
    """Sends from one store; whoever has it holds the lock of senders."""

    def __init__(self, site: Site, outbox: Path, shown: Shown) -> None:
        self._site = site
        self._shown = shown
        self._waiting: list[str] = []
        self._settings = site.config.sending
        self._deliveries = Deliveries(site.database)
        self._transports = transports(self._settings, outbox, site.host)
        self._planned = -PLAN_EVERY
        self._open: Mapping[int, IssueSend] = {}

    def run_once(self, stopping: Callable[[], bool], on_progress: ProgressCallback) -> SendReport:
        """One round, from recovery to the last connection's end.

        It is begun anew when links are signed with another secret meanwhile.
        """
        self._recover()
        self._forget_counts()
        seen: list[IssueProgress] = []
        while True:
            signing = self._signing()
            relays = [self._relay(*each) for each in self._transports.items()]
            seen += self._handed_over(relays, partial(self._stops, stopping, signing), on_progress)
            if not signing.is_over or stopping():
                return self._report(seen, relays)

    def _stops(self, stopping: Callable[[], bool], signing: _Signing) -> bool:
        return stopping() or self._quiet() is not None or signing.look()

    def _handed_over(
        self, relays: Sequence[Relay], stopping: Callable[[], bool], on_progress: ProgressCallback
    ) -> Sequence[IssueProgress]:
        """Have connections work until nothing is left to do by now; what was done."""
        events: SimpleQueue[WorkerEvent] = SimpleQueue()
        queue = DeliveryQueue(relays)
        incarnation = Incarnation(self._site.database, self._site.sent_record)
        dispatcher = Dispatcher(
            self._site.database,
            self._settings,
            relays,
            queue,
            events,
            open_issues=self._going_on,
            refused=self._refused,
            record=partial(incarnation.write, incarnation.identity().incarnation),
        )
        seen: dict[int, IssueProgress] = {}

        def note(in_progress: Sequence[IssueProgress], troubles: Sequence[RelayError]) -> None:
            seen.update((id(progress), progress) for progress in in_progress)
            on_progress(in_progress, troubles)

        with worker_pool(relays, queue, events) as working:
            dispatcher.run(stopping, note, working)
        dispatcher.close()
        return list(seen.values())

    # -- before and after ----------------------------------------------------------------------

    def _recover(self) -> None:
        """Put right what the last sender left; also of issues that somebody stopped meanwhile."""
        now = format_timestamp(datetime.now(UTC))
        resend = self._settings.on_held == "resend"
        with self._site.database.transaction():
            for sending in self._deliveries.open():
                self._deliveries.recover(sending.issue, now, resend=resend)

    def _forget_counts(self) -> None:
        """Forget what servers were given so long ago that it counts for no limit."""
        longest = max(map(history_seconds, self._transports))
        with self._site.database.transaction():
            SentCounts(self._site.database).forget(datetime.now(UTC), longest)

    def _left(self, sending: IssueSend) -> int:
        counts = self._deliveries.counts(sending.issue)
        return sum(counts.get(state, 0) for state in OPEN)

    def _relay(self, server: Server, transport: Transport) -> Relay:
        """A server with what it was given already, as far as that still counts."""
        counts, now = SentCounts(self._site.database), time.time()
        since = int(now) - history_seconds(server)
        sent = counts.between(server.name, since, int(now) + AHEAD)
        return Relay(server, transport, RateLimiter(server, sent, counts.first(server.name), now))

    def _report(self, in_progress: Sequence[IssueProgress], relays: Sequence[Relay]) -> SendReport:
        now = datetime.now(UTC)
        next_try = self._deliveries.next_try(
            format_timestamp(now), format_timestamp(now + BACKOFF.longest)
        )
        return SendReport(
            sent=sum(progress.sent for progress in in_progress),
            failed=sum(progress.failed for progress in in_progress),
            held=sum(progress.held for progress in in_progress),
            remaining={each.name: self._left(each) for each in self._deliveries.open()},
            held_by_issue=self._deliveries.held(),
            paused=tuple(each for each in self._deliveries.open() if each.paused),
            quiet_until=self._quiet(),
            next_try=parse_timestamp(next_try) if next_try else None,
            troubles=tuple(relay_errors(relays)),
            waiting=tuple(self._waiting),
        )

    def _signing(self) -> _Signing:
        with self._site.database.transaction():
            secret = SigningKeys(self._site.database).signing(format_timestamp(datetime.now(UTC)))
        return _Signing(self._site, secret.id, time.monotonic())

    # -- for the dispatcher --------------------------------------------------------------------

    def _going_on(self) -> Mapping[int, tuple[IssueSend, Callable[[], MessageFactory]]]:
        if time.monotonic() >= self._planned + PLAN_EVERY:
            self._waiting = plan_approved(self._site, datetime.now(UTC), self._shown)
            self._planned = time.monotonic()
        finish_stopped(self._site, datetime.now(UTC))
        return {
            sending.issue: (sending, partial(message_factory, self._site, sending))
            for sending in self._deliveries.open()
            if not sending.paused
        }

    def _quiet(self) -> datetime | None:
        return until(datetime.now(UTC), self._settings.quiet_hours, self._site.zone)

    def _refused(self, claimed: ClaimedDelivery, error: DeliveryError) -> None:
        """A refusal says of an address what a notice says that comes back later.

        One that says that there is no such address waits until the issue is through.
        """
        kind = classify_refusal(error.reply, error.status, error.what)
        who = Subscribers(self._site.database).by_id(claimed.subscriber)
        if kind and who:
            now = datetime.now(UTC)
            record_bounce(
                self._site.database,
                claimed.issue,
                who,
                kind,
                error.status,
                error.message,
                now,
                waits=True,
            )


@dataclass(slots=True)
class _Signing:
    """The secret that links are signed with in a round, until `is_over`: there is another."""

    site: Site
    id: int
    looked: float
    is_over: bool = False

    def look(self) -> bool:
        """Look now and then whether there is another; whether there is."""
        if not self.is_over and time.monotonic() >= self.looked + PLAN_EVERY:
            self.looked = time.monotonic()
            good = SigningKeys(self.site.database).good(format_timestamp(datetime.now(UTC)))
            self.is_over = [each.id for each in good[:1]] != [self.id]
        return self.is_over
