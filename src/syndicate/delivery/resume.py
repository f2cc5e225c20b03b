"""Resume sending after an operator states what happened to a store, each case in one transaction.

    moved      the only store, in a new place: it continues
    restored   an older backup: unfinished deliveries may have been sent since, so they are held
    copy       the original continues elsewhere: no pending delivery is sent from here

Meanwhile no program sends or builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from syndicate.delivery.reapply import Reapplied, reapply
from syndicate.delivery.states import DeliveryState
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries, IssueSend
from syndicate.store.events import Events
from syndicate.store.incarnation import Incarnation, same_place
from syndicate.store.issues import FLOOR, Issue, Issues, IssueState
from syndicate.store.meta import Meta
from syndicate.store.requests import SigningKeys, SignupRequests
from syndicate.store.sent_record import MadeIssue
from syndicate.store.subscribers import Subscribers
from syndicate.store.withdrawal_record import WithdrawalRecords
from syndicate.timestamps import format_timestamp

MAYBE_SENT = "held: the store was restored from a backup, and this may have been sent since"
LOST = "made before the store was restored; known only from the record beside the store"
IN_A_COPY = "not sent: this is a copy of the store"

GAP = 100_000
"""How many numbers are left out for those that a lost store may have given."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored store holds back, by the names of issues.

    `held` counts deliveries. `drafts` may have been approved since. `unscheduled` are the drafts
    among them whose approval time was removed. `lost` are issues that only the record knows.
    `reapplied` is what people withdrew since, None if no record knows that.
    """

    held: dict[str, int]
    drafts: tuple[str, ...]
    unscheduled: frozenset[str]
    lost: tuple[str, ...]
    reapplied: Reapplied | None


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy does not send: issues by name, and requests for emails.

    `unscheduled` are drafts whose approval time was removed: the original approves them.
    """

    dropped: tuple[str, ...]
    unscheduled: frozenset[str]
    requests: int


def require_doubt(site: Site, statement: str) -> None:
    """Raise SyndicateError for a store of which nothing is in doubt: a statement would do harm.

    It would hold, or drop, messages that are still to be sent.
    """
    if Incarnation(site.database, site.sent_record).doubt():
        return
    raise SyndicateError(
        "nothing is in doubt: the store is complete and in its place, and sending goes on",
        hint="if you cloned the whole disk, or restored it in a way that syndicate cannot notice: "
        f"syndicate resume {statement} --force",
    )


def resume_moved(site: Site) -> None:
    """Let a store go on in a new place, or be used from another host.

    Raises SyndicateError unless nothing of it is missing.
    """
    incarnation = _alone(site)
    identity, recorded = incarnation.identity(), incarnation.record.read()
    is_recorded = recorded is not None and recorded.incarnation == identity.incarnation
    if not is_recorded and not _is_new_here(site, incarnation):
        name = incarnation.record.path.name
        raise SyndicateError(
            f"its record {name} is missing, so it is unknown whether the store is complete",
            hint=f"copy {name} (and {site_files(site)}) from the old place too; if it is gone, "
            "use --restored",
        )
    counted = recorded.counter if recorded and is_recorded else 0
    if max(counted, incarnation.counted_elsewhere(identity.incarnation) or 0) > identity.counter:
        raise SyndicateError(
            "the store is older than the last message sent from it: a part of it was not moved",
            hint=f"copy {site_files(site)} from the old place; if it is gone, use --restored",
        )
    with site.database.transaction():
        incarnation.settle()
    if is_recorded:
        incarnation.synchronise()
    else:
        incarnation.renew_record()


def _is_new_here(site: Site, incarnation: Incarnation) -> bool:
    """Whether a database on a server is used from this folder for the first time, or again after it
    was restored from another host: there is nothing here that it does not know."""
    identity, recorded = incarnation.identity(), incarnation.record.read()
    if site.database.keeps_record_beside or identity.restored:
        return False
    if recorded is None:
        return same_place(identity.place, site.database.place())
    return incarnation.is_predecessor(recorded.incarnation) and not (
        _lost(site, incarnation.issues()) or _drafts_begun(site, incarnation)
    )


def site_files(site: Site) -> str:
    """The files of a store that are easily forgotten."""
    return "the store's -wal file" if site.database.keeps_record_beside else "the database"


def resume_restored(site: Site, now: datetime) -> Restored:
    """Let an older store go on: what may have been sent from it since is held."""
    incarnation = _alone(site)
    recorded, made = incarnation.record.read(), incarnation.issues()
    begun, withdrawals = incarnation.begun(), WithdrawalRecords(site.database, site.sent_record)
    withdrawn = withdrawals.read()
    issues = Issues(site.database)
    with site.database.transaction():
        reapplied = None if withdrawn is None else reapply(site.database, withdrawn, now)
        lost = _lost(site, made)
        for each in lost:
            _add_lost(site, each, now)
        _approve_begun(issues, begun, now)
        unscheduled = _unschedule(site)
        held = {s.name: _hold(site, s, now) for s in _unfinished(site, now)}
        drafts = [f"{i.newsletter}/{i.slot}" for i in _in_state(site, IssueState.DRAFT)]
        _skip_numbers(site)
        _skip_events(site, format_timestamp(now))
        _owe_all(site)
        counter = max(recorded.counter if recorded else 0, incarnation.identity().counter)
        incarnation.succeed(counter + 1)
    incarnation.renew_record(made, begun)
    withdrawals.renew()
    if reapplied and reapplied.erased:
        site.database.purge()
    names = tuple(f"{each.newsletter}/{each.slot}" for each in lost)
    return Restored(held, tuple(drafts), unscheduled, names, reapplied)


def resume_copy(site: Site, now: datetime) -> Copied:
    """Make a store of its own of a copy: what is pending is the original's to send."""
    incarnation = _alone(site)
    with site.database.transaction():
        dropped = [_drop(site, sending, now) for sending in _unfinished(site, now)]
        unscheduled = _unschedule(site)
        requests = SignupRequests(site.database).drop_waiting(IN_A_COPY)
        SigningKeys(site.database).rotate(format_timestamp(now), format_timestamp(now))
        _skip_numbers(site)
        _skip_events(site, format_timestamp(now))
        _owe_all(site)
        incarnation.begin(0)
    incarnation.renew_record()
    WithdrawalRecords(site.database, site.sent_record).renew()
    return Copied(tuple(dropped), unscheduled, requests)


def _alone(site: Site) -> Incarnation:
    """Keep senders and builds away until the store is closed."""
    if not site.database.lock_sending():
        raise SyndicateError(
            "a program is already sending from this store",
            hint="syndicate status shows its state",
        )
    site.database.lock()
    return Incarnation(site.database, site.sent_record)


# -- what is unfinished ----------------------------------------------------------------------------


def _unfinished(site: Site, now: datetime) -> list[IssueSend]:
    """Every issue that is on its way, or approved and would be: planned, if it was not."""
    deliveries, issues = Deliveries(site.database), Issues(site.database)
    for issue in _in_state(site, IssueState.APPROVED):
        newsletter = site.config.newsletters.get(issue.newsletter)
        if issue.personal and newsletter and newsletter.deliver:
            tags = deliveries.tags([article.id for article in issue.carried])
            issues.move(issue.newsletter, issue.slot, IssueState.SENDING)
            planned = IssueSend(issue.sequence, issue.newsletter, issue.slot, format_timestamp(now))
            deliveries.plan(planned, tags)
    return deliveries.open()


def _in_state(site: Site, state: IssueState) -> Iterable[Issue]:
    issues = Issues(site.database)
    for name, slot in issues.in_state(state):
        if issue := issues.get(name, slot):
            yield issue


def _approve_begun(issues: Issues, begun: Mapping[tuple[str, str], str], now: datetime) -> None:
    """Approve drafts of the backup whose sending has begun since, as of then."""
    for (newsletter, slot), approved in sorted(begun.items()):
        issues.approve(newsletter, slot, approved or format_timestamp(now))


def _unschedule(site: Site) -> frozenset[str]:
    """Have drafts wait for an operator: what became of them since the backup is unknown."""
    return frozenset(issue.name for issue in Issues(site.database).unschedule())


def _hold(site: Site, sending: IssueSend, now: datetime) -> int:
    deliveries = Deliveries(site.database)
    return deliveries.close(sending.issue, DeliveryState.HELD, format_timestamp(now), MAYBE_SENT)


def _drop(site: Site, sending: IssueSend, now: datetime) -> str:
    deliveries, issues = Deliveries(site.database), Issues(site.database)
    deliveries.close(sending.issue, DeliveryState.SUPPRESSED, format_timestamp(now), IN_A_COPY)
    deliveries.resume(sending.issue)
    deliveries.end(sending.issue, format_timestamp(now))
    issues.move(sending.newsletter, sending.slot, IssueState.SENT, IN_A_COPY)
    return sending.name


# -- what a lost store did -------------------------------------------------------------------------


def _lost(site: Site, made: Iterable[MadeIssue]) -> list[MadeIssue]:
    """The issues that were made, but that the store does not know."""
    issues = Issues(site.database)
    return [each for each in made if not issues.get(each.newsletter, each.slot)]


def _drafts_begun(site: Site, incarnation: Incarnation) -> bool:
    """Whether the sending of an issue has begun that is a draft in the store."""
    drafts = set(Issues(site.database).in_state(IssueState.DRAFT))
    return not drafts.isdisjoint(incarnation.begun())


def _add_lost(site: Site, made: MadeIssue, now: datetime) -> None:
    """Have the slot of an issue count as made, and its articles as carried."""
    Issues(site.database).add_lost(
        Issue(
            newsletter=made.newsletter,
            slot=made.slot,
            due=made.due,
            planned=made.planned,
            state=IssueState.SKIPPED,
            made=format_timestamp(now),
            reason=LOST,
            sequence=made.sequence,
        ),
        made.articles,
    )


def _skip_numbers(site: Site) -> None:
    """Give no number again that a message or link of the lost store may carry."""
    last = Issues(site.database).last_sequence()
    Meta(site.database).remember({FLOOR: str(last + GAP)})
    Subscribers(site.database).reserve(GAP)


def _skip_events(site: Site, now: str) -> None:
    """Tell hooks nothing of what happened until now: they may have heard of it."""
    events = Events(site.database)
    events.add_at(events.last() + GAP, "store-resumed", now)
    for told in events.hooks().values():
        events.tell(told._replace(position=events.last(), attempts=0, next_try=""))


def _owe_all(site: Site) -> None:
    """Have the next build look at every document."""
    Meta(site.database).remember({"unfinished": "yes"})
