"""A site with a newsletter that is delivered: subscribers, an issue, and the sender."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prepared_issue import SLOT, copy_issue, make_issue, was_built

from site_folder import SiteFolder
from syndicate.delivery.operations.report import DeliveryReport, reconcile
from syndicate.delivery.progress import IssueProgress, ProgressCallback
from syndicate.delivery.relays import RelayError
from syndicate.delivery.sender import SendReport, send
from syndicate.site import Site
from syndicate.store.chunks import STATES, Chunks
from syndicate.store.database import Database
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues
from syndicate.store.subscribers import Subscriber, Subscribers
from syndicate.subscribers.addresses import address

WEEKLY = {
    "title": "Weekly",
    "sender": "Lake Notes <letters@example.net>",
    "postal_address": "Here",
    "deliver": True,
    "max_age": "9999 days",  # tests make issues on a day in 2026, and send them on any day
}
NAME = f"weekly/{SLOT}"


def never_stop() -> bool:
    """Never ask the sender to stop."""
    return False


def ignore_progress(_: Sequence[IssueProgress], __: Sequence[RelayError]) -> None:
    """Ignore the progress."""


@dataclass
class MailingSite:
    """A site with one issue, approved, of a newsletter that has subscribers."""

    folder: SiteFolder

    def configure(self, **sending: object) -> None:
        """Change the settings below `sending`."""
        self.folder.configure(
            site={"url": "https://lake.example.net/"},
            newsletters={"weekly": WEEKLY},
            subscribers={"signup_pages": True},
            sending=sending,
        )

    def send_by_smtp(
        self, port: int, sending: Mapping[str, object] | None = None, **server: object
    ) -> None:
        """Send by a mail server on this machine; `sending` has more settings."""
        main = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 60, **server}
        self.configure(transport="smtp", servers={"main": main}, **(sending or {}))

    def subscribe(self, addresses: Sequence[str], newsletter: str = "weekly") -> list[Subscriber]:
        """Subscribe addresses."""
        with self.folder.opened() as site:
            subscribers, added = Subscribers(site.database), []
            with site.database.transaction():
                for each in addresses:
                    hashed = address(each).hashed(subscribers.salt())
                    subscribers.subscribe(each, hashed, "", newsletter, "in the shop", "2026-11-01")
                    added.append(subscribers.find(hashed))
        return [each for each in added if each]

    def issue(self) -> Issue:
        """Make the issue, or copy one that was made from the same input."""
        return make_issue(self.folder) if was_built(self.folder) else copy_issue(self.folder)

    def send(
        self,
        stopping: Callable[[], bool] = never_stop,
        progress: ProgressCallback = ignore_progress,
    ) -> SendReport:
        """One run of the sender."""
        with self.folder.opened() as site:
            return send(site, self.folder.root / "outbox", stopping, progress)

    def query(self, function: Callable[[Site], object]) -> object:
        """Call a function with the open site, and return its result."""
        with self.folder.opened() as site:
            return function(site)

    @property
    def issue_send(self) -> IssueSend:
        """The row of the only issue that is sent."""
        with self.folder.opened() as site:
            return only_issue_send(site)

    def delivery_report(self) -> DeliveryReport:
        """The delivery report of the issue, which always balances."""
        with self.folder.opened() as site:
            report = reconcile(site, only_issue_send(site))
        assert report.balanced, report
        return report

    def states(self) -> dict[str, str]:
        """The state of each delivery, by address."""
        with self.folder.opened() as site:
            issue = only_issue_send(site).issue
            named = Deliveries(site.database).with_recipients(issue, ALL_STATES)
            return {each.address: each.state for each in named}


def only_issue_send(site: Site) -> IssueSend:
    """The row of the only issue that is sent."""
    issues, sends = Issues(site.database).of("weekly"), IssueSends(site.database)
    (found,) = [send for issue in issues if (send := sends.get(issue.sequence))]
    return found


def change_deliveries(database: Database, assignments: str, owner: str = "") -> None:
    """Change all deliveries by SQL, inside a transaction; `owner`: a sender that claimed them."""
    database.run(f"UPDATE deliveries SET {assignments}")
    issues = [int(issue) for (issue,) in database.rows("SELECT issue FROM issue_sends")]
    chunks = Chunks(database)
    for issue in issues:
        if owner:
            chunks.claim(issue, owner, "2026", "2027")
        else:
            chunks.release(chunks.having(issue, STATES))


ALL_STATES = ("pending", "sending", "sent", "retry", "failed", "held", "suppressed")


def new_mailing_site(folder: Path, database_url: str) -> MailingSite:
    """A site with an article, to be sent to the outbox."""
    site = MailingSite(SiteFolder(folder, database_url))
    site.configure(transport="outbox")
    site.folder.article("one.md", "The first", date="2026-11-01", tags=["sea"])
    return site


def now() -> datetime:
    return datetime.now(UTC)
