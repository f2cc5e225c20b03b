"""Resume sending after an operator stated what happened to a store.

    moved      the only store, in a new place: it continues
    restored   an older backup: unfinished deliveries may have been sent since, so they are held
    copy       the original continues elsewhere: no pending delivery is sent from here

Meanwhile no program sends or builds. The last transaction of each case ends the doubt. If the
program dies before it, the operator states the case again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from syndicate.delivery.operations.reapply_withdrawals import Reapplied, reapply
from syndicate.delivery.planning import plan_step
from syndicate.delivery.planning_pace import PlanningPace, give_turn
from syndicate.delivery.states import DeliveryState
from syndicate.errors import SyndicateError
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.store.deliveries import Deliveries
from syndicate.store.events import Events
from syndicate.store.incarnation import Incarnation, same_place
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import FLOOR, Issue, Issues, IssueState
from syndicate.store.meta import Key, Meta
from syndicate.store.recipients import Recipients
from syndicate.store.requests import SigningKeys, SignupRequests
from syndicate.store.sent_record import MadeIssue
from syndicate.store.subscribers import Subscribers
from syndicate.store.withdrawal_record import WithdrawalRecords
from syndicate.timestamps import format_timestamp

MAYBE_SENT = "held: the store was restored from a backup, and this may have been sent since"
LOST = "made before the store was restored; known only from the record beside the store"
IN_A_COPY = "not sent: this is a copy of the store"

GAP = 100_000
"""How many ids are skipped, because the lost store may have used them."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of continuing with a restored backup; issues by name.

    `held` has the number of deliveries held, by issue. `drafts` may have been approved after the
    backup; `unscheduled` are those of them whose approval time was removed. `lost` are issues that
    were made after the backup. `reapplied` has the withdrawals after the backup; None if there is
    no record of them.
    """

    held: dict[str, int]
    drafts: tuple[str, ...]
    unscheduled: frozenset[str]
    lost: tuple[str, ...]
    reapplied: Reapplied | None


@dataclass(frozen=True, slots=True)
class Copied:
    """The result of making a copy independent: what it does not send.

    `dropped` are issues by name, `requests` the number of signup requests. `unscheduled` are drafts
    whose approval time was removed, because the original approves them.
    """

    dropped: tuple[str, ...]
    unscheduled: frozenset[str]
    requests: int


def require_doubt(site: Site, statement: str) -> None:
    """Raise SyndicateError if the store is neither moved, restored nor copied.

    A statement that it is would hold or drop messages that are still to be sent.
    """
    if Incarnation(site.database, site.sent_record).doubt():
        return
    raise SyndicateError(
        "nothing is in doubt: the store is complete and in its place, and sending continues",
        hint="if you cloned the whole disk, or restored it in a way that syndicate cannot notice: "
        f"syndicate resume {statement} --force",
    )


def resume_moved(site: Site) -> None:
    """Continue with a store in a new place, or from another host.

    Raises SyndicateError if a part of it is missing.
    """
    incarnation = _lock_out_others(site)
    identity, recorded = incarnation.identity(), incarnation.record.read()
    is_recorded = recorded is not None and recorded.incarnation == identity.incarnation
    if not is_recorded and not _is_new_here(site, incarnation):
        name = incarnation.record.path.name
        raise SyndicateError(
            f"its record {name} is missing, so it is unknown whether the store is complete",
            hint=f"copy {name} (and {site_files(site)}) from the old place too; if they no longer "
            "exist, use --restored",
        )
    counted = recorded.counter if recorded and is_recorded else 0
    if max(counted, incarnation.counted_elsewhere(identity.incarnation) or 0) > identity.counter:
        raise SyndicateError(
            "the store is older than the last message sent from it: a part of it was not moved",
            hint=f"copy {site_files(site)} from the old place; if it no longer exists, use "
            "--restored",
        )
    with site.database.transaction():
        incarnation.confirm_place()
    if is_recorded:
        incarnation.synchronise()
    else:
        incarnation.renew_record()


def _is_new_here(site: Site, incarnation: Incarnation) -> bool:
    """Whether a database server is used from this folder for the first time, or again after it was
    restored from another host: the records here list nothing that it lacks."""
    identity, recorded = incarnation.identity(), incarnation.record.read()
    if site.database.keeps_record_beside or identity.restored:
        return False
    if recorded is None:
        return same_place(identity.place, site.database.place())
    return incarnation.is_predecessor(recorded.incarnation) and not (
        _lost(site, incarnation.issues()) or _drafts_begun(site, incarnation)
    )


def site_files(site: Site) -> str:
    """The files of a store that are easily missed."""
    return "the store's -wal file" if site.database.keeps_record_beside else "the database"


def resume_restored(site: Site, now: datetime) -> Restored:
    """Continue with an older store: deliveries that may have been sent since are held."""
    incarnation = _lock_out_others(site)
    recorded, made_issues, begun = (
        incarnation.record.read(),
        incarnation.issues(),
        incarnation.begun(),
    )
    withdrawals = WithdrawalRecords(site.database, site.sent_record)
    withdrawn = withdrawals.read()
    with site.database.transaction():
        reapplied = None if withdrawn is None else reapply(site.database, withdrawn, now)
        lost = _lost(site, made_issues)
        for each in lost:
            _add_lost(site, each, now)
        _approve_begun(Issues(site.database), begun, now)
        unscheduled = _unschedule(site)
        _begin_approved(site, now)
    _plan_all(site, now)
    with site.database.transaction():
        held = {s.name: _hold(site, s, now) for s in IssueSends(site.database).open()}
        drafts = [f"{i.newsletter}/{i.slot}" for i in _in_state(site, IssueState.DRAFT)]
        _skip_numbers(site)
        _skip_events(site, format_timestamp(now))
        _rebuild_all(site)
        counter = max(recorded.counter if recorded else 0, incarnation.identity().counter)
        incarnation.succeed(counter + 1)
    incarnation.renew_record(made_issues, begun)
    withdrawals.renew()
    if reapplied and reapplied.erased:
        site.database.purge()
    names = tuple(f"{each.newsletter}/{each.slot}" for each in lost)
    return Restored(held, tuple(drafts), unscheduled, names, reapplied)


def resume_copy(site: Site, now: datetime) -> Copied:
    """Make a copy an independent store; the original sends what is pending."""
    incarnation = _lock_out_others(site)
    with site.database.transaction():
        _begin_approved(site, now)
    _plan_all(site, now)
    with site.database.transaction():
        dropped = [_drop(site, sending, now) for sending in IssueSends(site.database).open()]
        unscheduled = _unschedule(site)
        requests = SignupRequests(site.database).drop_waiting(IN_A_COPY)
        SigningKeys(site.database).rotate(format_timestamp(now), format_timestamp(now))
        _skip_numbers(site)
        _skip_events(site, format_timestamp(now))
        _rebuild_all(site)
        incarnation.begin(0)
    incarnation.renew_record()
    WithdrawalRecords(site.database, site.sent_record).renew()
    return Copied(tuple(dropped), unscheduled, requests)


def _lock_out_others(site: Site) -> Incarnation:
    """Lock out senders and builds until the store is closed. Raises SyndicateError."""
    if not site.database.lock_sending():
        raise SyndicateError(
            "a program is already sending from this store",
            hint="syndicate status shows its state",
        )
    site.database.lock()
    return Incarnation(site.database, site.sent_record)


# -- what is unfinished ----------------------------------------------------------------------------


def _begin_approved(site: Site, now: datetime) -> None:
    """Begin to send approved issues: the lost store may have begun, too."""
    recipients, issues = Recipients(site.database), Issues(site.database)
    for issue in _in_state(site, IssueState.APPROVED):
        newsletter = site.config.newsletters.get(issue.newsletter)
        if issue.personal and newsletter and newsletter.deliver:
            issues.move(issue.newsletter, issue.slot, IssueState.SENDING)
            begun = IssueSend(issue.sequence, issue.newsletter, issue.slot, format_timestamp(now))
            recipients.begin(begun)


def _plan_all(site: Site, now: datetime) -> None:
    """Plan all deliveries of issues being sent, in steps: nothing is sent while in doubt."""
    pace = PlanningPace()
    while plan_step(site, now, pace):
        give_turn()


def _in_state(site: Site, state: IssueState) -> Iterable[Issue]:
    issues = Issues(site.database)
    for name, slot in issues.in_state(state):
        if issue := issues.get(name, slot):
            yield issue


def _approve_begun(issues: Issues, begun: Mapping[tuple[str, str], str], now: datetime) -> None:
    """Approve drafts whose sending began after the backup, with the time of that approval."""
    for (newsletter, slot), approved in sorted(begun.items()):
        issues.approve(newsletter, slot, approved or format_timestamp(now))


def _unschedule(site: Site) -> frozenset[str]:
    """Remove the approval times of drafts: they may have been approved after the backup."""
    return frozenset(issue.name for issue in Issues(site.database).unschedule())


def _hold(site: Site, sending: IssueSend, now: datetime) -> int:
    deliveries = Deliveries(site.database)
    return deliveries.close(sending.issue, DeliveryState.HELD, format_timestamp(now), MAYBE_SENT)


def _drop(site: Site, sending: IssueSend, now: datetime) -> str:
    moment = format_timestamp(now)
    sends, issues = IssueSends(site.database), Issues(site.database)
    Deliveries(site.database).close(sending.issue, DeliveryState.SUPPRESSED, moment, IN_A_COPY)
    sends.resume(sending.issue)
    sends.end(sending.issue, moment)
    issues.move(sending.newsletter, sending.slot, IssueState.SENT, IN_A_COPY)
    return sending.name


# -- what a lost store did -------------------------------------------------------------------------


def _lost(site: Site, made_issues: Iterable[MadeIssue]) -> list[MadeIssue]:
    """The issues that the record lists and the store lacks."""
    issues = Issues(site.database)
    return [each for each in made_issues if not issues.get(each.newsletter, each.slot)]


def _drafts_begun(site: Site, incarnation: Incarnation) -> bool:
    """Whether an issue that is a draft in the store has begun to be sent."""
    drafts = set(Issues(site.database).in_state(IssueState.DRAFT))
    return not drafts.isdisjoint(incarnation.begun())


def _add_lost(site: Site, issue: MadeIssue, now: datetime) -> None:
    """Add a lost issue: its slot counts as made, and its articles as carried."""
    Issues(site.database).add_lost(
        Issue(
            newsletter=issue.newsletter,
            slot=issue.slot,
            due=issue.due,
            planned=issue.planned,
            state=IssueState.SKIPPED,
            created_at=format_timestamp(now),
            reason=LOST,
            sequence=issue.sequence,
        ),
        issue.articles,
    )


def _skip_numbers(site: Site) -> None:
    """Skip the ids that the lost store may have used in messages and links."""
    last = Issues(site.database).last_sequence()
    Meta(site.database).set({FLOOR: str(last + GAP)})
    Subscribers(site.database).reserve(GAP)


def _skip_events(site: Site, now: str) -> None:
    """Move hooks past all events until now: the lost store may have called them already."""
    events = Events(site.database)
    events.add_at(events.last() + GAP, "store-resumed", now)
    for cursor in events.cursors().values():
        events.move_cursor(cursor._replace(position=events.last(), attempts=0, next_try=""))


def _rebuild_all(site: Site) -> None:
    """Have the next build check every document."""
    Meta(site.database).set({Key.UNFINISHED_BUILD: "yes"})


def sending_doubt(setup: Setup) -> str:
    """Why nothing is sent from the store, or ""; does not create a store that does not exist."""
    if setup.uses_sqlite and not setup.state.exists():
        return ""
    with open_site(setup, no_progress) as site:
        return str(Incarnation(site.database, site.sent_record).doubt() or "")
