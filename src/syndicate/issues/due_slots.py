"""The slots of a newsletter: which are due, which were skipped, which come next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from syndicate.config.model import Config, Newsletter
from syndicate.config.named import time_zone_of
from syndicate.schedule.due import Due, Skipped, due
from syndicate.schedule.slots import Schedule, Slot
from syndicate.schedule.words import duration
from syndicate.site import Site
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.newsletters import Newsletters, NewsletterStart
from syndicate.timestamps import format_timestamp, parse_timestamp

MAX_SKIPPED = 100


def schedule_of(config: Config, newsletter: Newsletter) -> Schedule | None:
    """The schedule of a newsletter; None if it has none."""
    if not (newsletter.every or newsletter.cron):
        return None
    zone = time_zone_of(config, newsletter.name)
    return Schedule.parse(every=newsletter.every, cron=newsletter.cron, time_zone=zone)


def start_schedule(site: Site, newsletter: Newsletter, now: datetime) -> bool:
    """Store the schedule of a newsletter, from `now` on; False if it is stored already.

    One that was stored while the clock was ahead starts now, too.
    """
    schedule = schedule_of(site.config, newsletter)
    if schedule is None or _start(site, newsletter, schedule, now):
        return False
    moment = format_timestamp(now)
    with site.database.transaction():
        Newsletters(site.database).begin([newsletter.name], moment)
        Newsletters(site.database).reschedule(newsletter.name, _text(newsletter, schedule), moment)
    return True


def due_slots(site: Site, newsletter: Newsletter, now: datetime) -> Due:
    """The slots that are due, to be made or skipped; none before `start_schedule`."""
    schedule = schedule_of(site.config, newsletter)
    if schedule is None or not (start := _start(site, newsletter, schedule, now)):
        return Due()
    issues = Issues(site.database)
    last = issues.last(newsletter.name, format_timestamp(now))
    return due(
        schedule,
        since=parse_timestamp(start.schedule_since),
        last=last,
        made=issues.made_after(newsletter.name, last),
        now=now,
        missed=newsletter.catch_up,
        max_age=duration(newsletter.max_age),
    )


def upcoming(site: Site, newsletter: Newsletter, now: datetime) -> Iterator[Slot]:
    """The slots after `now`, infinitely many, without those that have an issue already.

    A slot can have one if the clock was ahead once.
    """
    schedule = schedule_of(site.config, newsletter)
    made_issues = Issues(site.database).made_after(newsletter.name, "")
    slots = schedule.after(now) if schedule else iter(())
    return (slot for slot in slots if slot.local not in made_issues)


def record_skipped(
    site: Site, newsletter: Newsletter, skipped: Sequence[Skipped], now: datetime
) -> None:
    """Store skipped slots with the reason, in one transaction; at most the last MAX_SKIPPED.

    Earlier ones count as skipped once a later one is stored.
    """
    with site.database.transaction():
        for each in skipped[-MAX_SKIPPED:]:
            Issues(site.database).add(
                Issue(
                    newsletter=newsletter.name,
                    slot=each.slot.local,
                    due=format_timestamp(each.slot.due),
                    planned=1,
                    state=IssueState.SKIPPED,
                    created_at=format_timestamp(now),
                    reason=str(each.reason),
                )
            )


def _start(
    site: Site, newsletter: Newsletter, schedule: Schedule, now: datetime
) -> NewsletterStart | None:
    """When the schedule of a newsletter started, if that is stored."""
    start = Newsletters(site.database).all().get(newsletter.name)
    if start is None or start.schedule != _text(newsletter, schedule):
        return None
    return start if start.schedule_since <= format_timestamp(now) else None


def _text(newsletter: Newsletter, schedule: Schedule) -> str:
    """A schedule as the store keeps it."""
    return f"{newsletter.every}{newsletter.cron} {schedule.zone}"
