"""Freeze the issue of a slot: exactly once, in spite of crashes.

    choose    the articles, as they are now
    compose   subject, HTML, text, message; a broken rule of level error stops here
    keep      ONE transaction: the issue, its articles, its pending documents

The next build that succeeds writes the documents. A slot whose issue cannot be made now stays due.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.documents.pending import mark_pending
from syndicate.documents.site_documents import SiteDocuments, current_documents
from syndicate.errors import Location, SyndicateError
from syndicate.issues.compose import ComposedIssue, IssueKey, compose
from syndicate.issues.due_slots import due_slots, record_skipped, start_schedule
from syndicate.issues.next_issue import articles_of
from syndicate.issues.transitions import announce
from syndicate.schedule.slots import Slot
from syndicate.site import Site
from syndicate.starter_values import not_to_be_mailed
from syndicate.store.incarnation import Incarnation
from syndicate.store.issues import Carried, Issue, Issues, IssueState, articles_json, slot_name
from syndicate.store.newsletters import Newsletters
from syndicate.timestamps import format_timestamp

NOTHING_NEW = "nothing new since the last issue"

DRAFT_KEY_BYTES = 16
"""Random bytes in the address of a draft: 128 bits cannot be guessed."""


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue that is being made. `slot` is local wall time, `due` the same in UTC."""

    site: Site
    documents: SiteDocuments
    newsletter: Newsletter
    slot: str
    due: datetime
    now: datetime
    planned: bool
    draft: bool

    def choose(self) -> Sequence[Published]:
        """The articles it carries, newest first."""
        return articles_of(self.documents, self.newsletter)

    def compose(self, carried: Sequence[Published]) -> ComposedIssue:
        """Its texts. Raises SyndicateError when it must not be sent."""
        if keys := not_to_be_mailed(self.site.config, self.newsletter):
            raise SyndicateError(
                f"the issue of {self.slot} is not made: still as in the example: {', '.join(keys)}",
                place=Location(self.site.config_file),
                hint="replace them with your own: syndicate check lists them",
            )
        key = IssueKey(slot_name(self.slot), self.due.astimezone(UTC))
        composed = compose(self.documents, self.newsletter, carried, self.site.config_file, key)
        for finding in composed.blocking:
            raise SyndicateError(
                f"the issue of {self.slot} is not made: {finding.message}",
                place=Location(finding.path, finding.line),
                hint=finding.hint,
            )
        return composed

    def save(self, carried: Sequence[Published], composed: ComposedIssue | None) -> Issue | None:
        """Store the issue, unless its slot has one; the issue of the slot.

        None when another issue took one of its articles meanwhile.
        """
        issues = self.documents.issues
        name = self.newsletter.name
        with self.site.database.transaction():
            if kept := issues.kept(name, self.slot, format_timestamp(self.now)):
                return kept
            if issues.taken(name) & {article.id for article in carried}:
                return None
            issue = self._issue(carried, composed)
            issues.add(issue)
            announce(self.site, issue, IssueState(issue.state), self.now)
            mark_pending(self.documents.articles, name, [self.slot])
        return issues.get(name, self.slot)

    def _issue(self, carried: Sequence[Published], composed: ComposedIssue | None) -> Issue:
        issue = Issue(
            newsletter=self.newsletter.name,
            slot=self.slot,
            due=format_timestamp(self.due),
            planned=int(self.planned),
            state=IssueState.SKIPPED,
            created_at=format_timestamp(self.now),
            reason=NOTHING_NEW,
        )
        if composed is None:
            return issue
        taken = [Carried(a.id, a.title, a.url, format_timestamp(a.updated)) for a in carried]
        return issue._replace(
            state=IssueState.DRAFT if self.draft else IssueState.APPROVED,
            reason="",
            subject=composed.rendered.subject,
            html=composed.rendered.html,
            text=composed.rendered.text,
            page=composed.page,
            message=composed.message.decode("ascii"),
            articles=articles_json(taken),
            draft_key=secrets.token_hex(DRAFT_KEY_BYTES) if self.draft else "",
            approved_at="" if self.draft else format_timestamp(self.now),
            personal=composed.personal.to_json() if composed.personal else "",
        )


def freeze_issue(
    site: Site, newsletter: Newsletter, slot: str, due: datetime, now: datetime
) -> Issue:
    """Make the issue of a slot of the schedule, unless it exists; the issue.

    It is `skipped` when nothing is new. Raises SyndicateError when it cannot be made, breaks a rule
    of level error, or when the store may be a copy or older than what was sent from it.
    """
    issue = _made(site, newsletter, Slot(slot, due), now, planned=True)
    assert issue is not None, "a slot of the schedule is made or skipped"
    return issue


def make_by_hand(
    site: Site, newsletter: Newsletter, now: datetime, *, draft: bool = False
) -> Issue | None:
    """Make an issue whose slot is the present minute, or the next that has none.

    A `draft` waits for approval in any case. None, and nothing is stored, when nothing is new.
    Raises SyndicateError, as `freeze_issue`.
    """
    issues, due = Issues(site.database), now.replace(second=0, microsecond=0)
    while issues.get(newsletter.name, slot := f"{due.astimezone(site.zone):%Y-%m-%dT%H:%M}"):
        due += timedelta(minutes=1)
    return _made(site, newsletter, Slot(slot, min(due, now)), now, planned=False, draft=draft)


def _made(
    site: Site,
    newsletter: Newsletter,
    slot: Slot,
    now: datetime,
    *,
    planned: bool,
    draft: bool = False,
) -> Issue | None:
    site.database.lock()
    incarnation = Incarnation(site.database, site.sent_record)
    incarnation.require()
    with site.database.transaction():
        Newsletters(site.database).begin([newsletter.name], format_timestamp(now))
    draft = draft or newsletter.approval == "manual"
    while True:
        documents = current_documents(site, now)
        making = IssueDraft(site, documents, newsletter, slot.local, slot.due, now, planned, draft)
        if kept := documents.issues.kept(newsletter.name, slot.local, format_timestamp(now)):
            return kept
        carried = making.choose()
        if not (carried or planned):
            return None
        composed = making.compose(carried) if carried else None
        if kept := making.save(carried, composed):
            incarnation.synchronise()
            return kept


def make_due(site: Site, newsletter: Newsletter, now: datetime) -> list[Issue]:
    """Make the due issues of a newsletter, the oldest first, and store skipped slots.

    Raises SyndicateError when an issue cannot be made; its slot and later ones stay due.
    """
    Incarnation(site.database, site.sent_record).require()
    if start_schedule(site, newsletter, now):
        return []
    slots = due_slots(site, newsletter, now)
    if slots.skip:
        record_skipped(site, newsletter, slots.skip, now)
    return [freeze_issue(site, newsletter, slot.local, slot.due, now) for slot in slots.make]
