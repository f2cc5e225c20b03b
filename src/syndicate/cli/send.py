"""`send` and `send-test`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.options import config_option
from syndicate.cli.send_progress import SendProgress
from syndicate.cli.show import show_table

if TYPE_CHECKING:
    from syndicate.delivery.sender import SendReport
    from syndicate.site import Site
    from syndicate.store.issues import Issue

WAITING = "its web page is not served yet, or settings are still as in the example"


@click.command(short_help="Send approved issues and wait until all is sent.")
@config_option
def send(config_file: Path) -> int:
    """Send approved issues of newsletters with `deliver: true`; exit when all is sent.

    `syndicate run` does the same. Ctrl-C finishes the messages in progress; the next `send`
    continues. Exits with 1 if an issue is paused, if the outcome of a message is unknown, if a
    server or the outbox cannot take the remaining messages, or if all were refused.
    """
    from syndicate.cli.show import ProgressBar
    from syndicate.delivery.operations.approval import publish_due
    from syndicate.delivery.sender import send as send_all
    from syndicate.issues.archive import is_written
    from syndicate.service_state.lock import holder, lock_file
    from syndicate.site import open_site, set_up

    setup = set_up(config_file, os.environ)
    lock = lock_file(setup)

    def shown(site: Site, issue: Issue) -> bool:
        """While a service runs, only it knows which pages it serves, so it sends new issues."""
        return is_written(site, issue) and holder(lock) is None

    with open_site(setup, ProgressBar(quiet=False)) as site, _interrupted() as stopping:
        for issue in publish_due(site, datetime.now(UTC)):
            click.echo(f"{issue.name} is approved.")
        bars = SendProgress()
        report = send_all(site, setup.outbox, stopping.is_set, bars.note, shown)
        bars.close()
    _summarise(report, delivers=any(n.deliver for n in setup.config.newsletters.values()))
    return int(report.needs_operator)


@contextmanager
def _interrupted() -> Iterator[_Stopping]:
    """Catch SIGINT and SIGTERM: the first one ends sending in order, the second at once."""
    stopping = _Stopping()
    before = {number: signal.signal(number, stopping.request) for number in ENDING}
    yield stopping
    for number, handler in before.items():
        signal.signal(number, handler)


ENDING = (signal.SIGINT, signal.SIGTERM)


class _Stopping:
    """Set by a signal."""

    def __init__(self) -> None:
        self._requested = False

    def request(self, number: int, _: object) -> None:
        """Handle a signal."""
        if self._requested:
            os._exit(128 + number)  # the next run holds what is unknown
        self._requested = True

    def is_set(self) -> bool:
        """Whether a signal came."""
        return self._requested


def _summarise(report: SendReport, *, delivers: bool) -> None:
    unsent = list(_unsent_rows(report))
    if report.sent or unsent:
        show_table([("sent", f"{report.sent:,}", ""), *unsent])
    elif delivers:
        click.echo(
            "Nothing to send, so no mail server was contacted. "
            "To try it: syndicate send-test NEWSLETTER ADDRESS"
        )
    else:
        click.echo("Nothing to send: no newsletter has deliver: true in config.yaml.")


def _unsent_rows(report: SendReport) -> Iterator[tuple[str, str, str]]:
    """What was not sent, why, and when sending continues."""
    from syndicate.delivery.pauses import resume_hint
    from syndicate.timestamps import format_timestamp

    if report.failed:
        yield "failed", f"{report.failed:,}", ""
    if remaining := sum(report.remaining.values()):
        yield "remaining", f"{remaining:,}", ""
    for issue, count in report.held_by_issue.items():
        yield "held", f"{count:,} of {issue}", f"syndicate deliveries held {issue}"
    for each in report.paused:
        yield "paused", f"{each.name}: {each.pause_reason}", resume_hint(each)
    for name in report.waiting:
        yield "waiting", f"{name}: {WAITING}", "syndicate check"
    reasons = " ".join(each.pause_reason for each in report.paused)
    for text in dict.fromkeys(error.text for error in report.relay_errors):
        if text not in reasons:  # not twice
            yield "error", text, ""
    if report.quiet_until:
        end = format_timestamp(report.quiet_until)
        yield "quiet hours", f"until {end}", "sending.quiet_hours"
    if report.next_try:
        yield "next attempt", format_timestamp(report.next_try), "syndicate send, or run"


@click.command("send-test", short_help="Send a test email of an issue to one address.")
@click.argument("issue", shell_complete=newsletter_names)
@click.argument("address")
@config_option
def send_test(config_file: Path, issue: str, address: str) -> None:
    """Send a test email of an ISSUE to one ADDRESS, as subscribers will get it.

    NEWSLETTER means the draft that waits for approval; without a draft, the next issue as it would
    be made now; with nothing new, the newest issue. NEWSLETTER/next always means the next issue.
    The subject begins with [Test]; links to unsubscribe and to preferences do nothing. It is not
    recorded as a delivery.
    """
    from syndicate.cli.show import ProgressBar
    from syndicate.delivery.send_test import issue_to_test
    from syndicate.delivery.send_test import send_test as send_to
    from syndicate.site import open_site, set_up

    setup = set_up(config_file, os.environ)
    with open_site(setup, ProgressBar(quiet=False)) as site:
        tested = issue_to_test(setup, site, issue, datetime.now(UTC))
        reply = send_to(site, setup.outbox, tested, address)
    click.echo(f"Sent a test of {tested.description} to {address}: {reply}")
