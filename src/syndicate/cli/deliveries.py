"""`deliveries`, `send` and `send-test`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.issues import site_of
from syndicate.cli.options import config_option
from syndicate.cli.select_issue import began, has, has_text, is_made, issue_named, newest_draft
from syndicate.cli.show import counted, show_columns, show_table
from syndicate.findings import visible

if TYPE_CHECKING:
    from syndicate.config.model import Newsletter
    from syndicate.delivery.operator import DeliveryReport
    from syndicate.delivery.progress import IssueProgress
    from syndicate.delivery.relays import RelayError
    from syndicate.delivery.sender import SendReport
    from syndicate.site import Setup, Site
    from syndicate.store.issues import Issue
    from syndicate.store.subscribers import Subscriber

WAITING = "its web page is not served yet, or settings are still as in the example"

LIST = "list subscribers: syndicate subscribers list"
STATES = ("sent", "failed", "held", "suppressed", "pending", "retry")


@click.group(short_help="Show who got which issue; resolve unknown outcomes.")
def deliveries() -> None:
    """Show deliveries, and resolve those with unknown outcome.

    ISSUE is NEWSLETTER/SLOT, such as weekly/2026-11-30T08:00. NEWSLETTER alone means its newest
    issue to which the command applies.
    """


@deliveries.command(short_help="Show how many deliveries of an issue succeeded, failed or wait.")
@click.argument("issue", shell_complete=newsletter_names)
@click.option("--names", is_flag=True, help="Also list the recipients, one per line.")
@click.option("--state", type=click.Choice(STATES), help="List only recipients in this state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def report(config_file: Path, issue: str, names: bool, state: str | None, as_json: bool) -> int:
    """Show the delivery report of an ISSUE: planned = sent + failed + held + suppressed + pending.

    Exits with 1 if the numbers do not add up.
    """
    from syndicate.delivery.operator import reconcile, sending_of

    with site_of(config_file) as site:
        found = reconcile(site, sending_of(site, issue_named(site, issue, began, is_made)))
        wanted = _names(site, found, state) if names or state else None
        (_as_json if as_json else _as_table)(found, wanted)
    return int(not found.balanced)


def _names(site: Site, proof: DeliveryReport, state: str | None) -> Iterator[tuple[str, ...]]:
    from syndicate.delivery.states import OPEN, DeliveryState
    from syndicate.store.deliveries import Deliveries

    states: list[str] = [state] if state else list(DeliveryState)
    if state == DeliveryState.PENDING:
        states = list(OPEN)  # as the report counts it
    for each in Deliveries(site.database).with_recipients(proof.sending.issue, states):
        recipient = each.address or f"(erased subscriber {each.subscriber})"
        yield recipient, each.state, each.changed_at, each.server, each.reply


def _as_json(proof: DeliveryReport, names: Iterable[tuple[str, ...]] | None) -> None:

    sending = proof.sending
    fields: dict[str, object] = {"issue": sending.name, "planned": proof.planned, **proof.by_state}
    fields |= {"holds": proof.balanced, "began": sending.started_at, "ended": sending.ended_at}
    fields |= {"paused": sending.paused}
    if names is None:
        click.echo(json.dumps(fields, indent=2))
        return
    click.echo(json.dumps(fields)[:-1] + ', "deliveries": [')  # may be longer than memory
    keys, comma = ("address", "state", "at", "server", "reply"), ""
    for each in names:
        line = json.dumps(dict(zip(keys, each, strict=True)), ensure_ascii=False)
        click.echo(f"{comma}{line}", nl=False)
        comma = ",\n"
    click.echo("\n]}")


def _as_table(proof: DeliveryReport, names: Iterable[tuple[str, ...]] | None) -> None:
    from syndicate.delivery.operator import after_pause

    sending = proof.sending
    click.secho(sending.name, bold=True)
    rows = [("planned", f"{proof.planned:,}", "")]
    rows += [(name, f"{number:,}", "") for name, number in proof.by_state.items()]
    rows += [("began", sending.started_at, "")]
    rows += [("ended", sending.ended_at, "")] if sending.ended_at else []
    rows += [("paused", sending.paused, after_pause(sending))] if sending.paused else []
    show_table(rows)
    if not proof.balanced:
        click.secho(
            "These numbers do not add up: there are too few or too many deliveries.", fg="red"
        )
    if names is not None:
        click.echo()
        for address, state, at, server, reply in names:
            click.echo("\t".join((address, state, at, server, reply)).rstrip())


@deliveries.command(short_help="List deliveries with unknown outcome.")
@click.argument("issue", required=False, shell_complete=newsletter_names)
@config_option
def held(config_file: Path, issue: str | None) -> None:
    """List deliveries with unknown outcome, of ISSUE or of all issues.

    The connection broke or syndicate died after the message was handed to the server and before
    the server replied. They are not retried until you decide.
    """
    from syndicate.store.deliveries import Deliveries

    with site_of(config_file) as site:
        ledger = Deliveries(site.database)
        names = [_exact(site, issue)] if issue else list(ledger.held())
        rows = [
            (name, each.address or "(erased)", each.changed_at, each.server, each.reply)
            for name in names
            for each in ledger.with_recipients(issue_named(site, name).sequence, ["held"])
        ]
    if not rows:
        click.echo("No deliveries are held.")
        return
    show_columns(("issue", "to", "since", "server", "why"), rows)
    click.echo("\nMark them as sent, or send them again:")
    click.echo(f"    syndicate deliveries resolve {rows[0][0]} --sent")
    click.echo(f"    syndicate deliveries resolve {rows[0][0]} --resend")


def _exact(site: Site, issue: str) -> str:
    return issue_named(site, issue, has("held"), began, is_made).name


@deliveries.command(short_help="Mark held deliveries as sent, or send them again.")
@click.argument("issue", shell_complete=newsletter_names)
@click.argument("addresses", nargs=-1)
@click.option("--sent", "verdict", flag_value="sent", help="Mark them as sent.")
@click.option("--resend", "verdict", flag_value="resend", help="Send them again.")
@config_option
def resolve(config_file: Path, issue: str, addresses: tuple[str, ...], verdict: str | None) -> None:
    """Mark the held deliveries of ISSUE as sent, or send them again.

    Without ADDRESSES, all of them. With --resend, a subscriber whose message did arrive gets it
    twice.
    """
    from syndicate.delivery.operator import resolve as decide
    from syndicate.delivery.operator import sending_of

    if verdict is None:
        raise click.UsageError("choose one: --sent or --resend")
    with site_of(config_file) as site:
        sending = sending_of(site, issue_named(site, issue, has("held"), began, is_made))
        people = [_person(site, address).id for address in addresses]
        sent = verdict == "sent"
        many = decide(site, sending, datetime.now(UTC), sent=sent, people=people)
    became = "marked as sent" if sent else "queued again"
    click.echo(f"{counted(many, 'message')} {became}.")


@deliveries.command("for", short_help="Show what was sent to an address.")
@click.argument("address")
@config_option
def for_address(config_file: Path, address: str) -> None:
    """Show what was sent to ADDRESS, newest first, with the outcome."""
    from syndicate.store.deliveries import Deliveries
    from syndicate.store.delivery_events import DeliveryEvents

    with site_of(config_file) as site:
        ledger = Deliveries(site.database)
        who = _person(site, address)
        rows = []
        for sending, delivery in ledger.for_subscriber(who.id):
            rows.append((sending.name, delivery.state, delivery.changed_at, delivery.reply))
            rows += [
                ("", each.event, each.occurred_at, each.detail)
                for each in DeliveryEvents(site.database).of(sending.issue, who.id)
            ]
    if not rows:
        click.echo(f"Nothing was sent to {address} yet.")
    show_columns(("issue", "state", "at", "reply"), rows)


def _person(site: Site, text: str) -> Subscriber:
    from syndicate.errors import SyndicateError
    from syndicate.store.subscribers import Subscribers
    from syndicate.subscribers.addresses import address

    known = Subscribers(site.database)
    with site.database.transaction():
        salt = known.salt()
    found = known.find(address(text).hashed(salt))
    if found is None:
        raise SyndicateError(f"no subscriber with the address {text}", hint=LIST)
    return found


# -- sending ---------------------------------------------------------------------------------------


@click.command(short_help="Send approved issues and wait until all is sent.")
@config_option
def send(config_file: Path) -> int:
    """Send approved issues of newsletters with `deliver: true`; exit when all is sent.

    `syndicate run` does the same. Ctrl-C finishes the messages in progress; the next `send`
    continues. Exits with 1 if an issue is paused, if the outcome of a message is unknown, if a
    server or the outbox cannot take the remaining messages, or if all were refused.
    """
    from syndicate.cli.show import Progress
    from syndicate.delivery.sender import send as send_all
    from syndicate.issues.archive import is_written
    from syndicate.service_state.lock import holder, lock_file
    from syndicate.site import open_site, set_up

    setup = set_up(config_file, os.environ)
    lock = lock_file(setup)

    def shown(site: Site, issue: Issue) -> bool:
        """While a service runs, only it knows which pages it serves, so it sends new issues."""
        return is_written(site, issue) and holder(lock) is None

    with open_site(setup, Progress(quiet=False)) as site, _interrupted() as stopping:
        _publish_first(site)
        bars = _Bars()
        report = send_all(site, setup.base / setup.config.outbox, stopping.is_set, bars.note, shown)
        bars.close()
    _summarise(report, delivers=any(n.deliver for n in setup.config.newsletters.values()))
    nothing_went_out = bool(report.failed and not report.sent)
    is_stuck = bool(report.relay_errors and any(report.remaining.values()))
    return int(bool(report.paused or report.held_by_issue or nothing_went_out or is_stuck))


def _publish_first(site: Site) -> None:
    """Approve what is due, and write the documents that approved issues still lack."""
    from syndicate.build.builder import build
    from syndicate.documents.pending import has_pending
    from syndicate.issues.freeze import approve_due

    now = datetime.now(UTC)
    for issue in approve_due(site, now):
        click.echo(f"{issue.name} is approved.")
    if has_pending(site):
        build(site, now)


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


class _Bars:
    """Progress of sending: one updated line on a terminal, else a line every ten seconds."""

    def __init__(self) -> None:
        from syndicate.delivery.throughput import ThroughputMeter

        self._throughput = ThroughputMeter()
        self._clear = "\r\x1b[2K" if sys.stderr.isatty() else ""
        self._reported: set[str] = set()
        self._shown = monotonic()
        self._any = False
        self._last_line = ""

    def note(self, in_progress: Sequence[IssueProgress], troubles: Sequence[RelayError]) -> None:
        """Show the progress, and the errors of relays."""
        for trouble in troubles:
            if trouble.text not in self._reported:
                self._reported.add(trouble.text)
                click.echo(f"{self._clear}{visible(trouble.text)}{_next(trouble)}", err=True)
        done, planned = sum(w.done for w in in_progress), sum(w.planned for w in in_progress)
        self._throughput.record(monotonic(), done)
        if not planned or monotonic() - self._shown < (0.1 if self._clear else 10):
            return
        self._shown, self._any = monotonic(), True
        waits = _next(troubles[0]) if troubles else ""
        rate = self._throughput.per_second
        rest = f", {rate:,.0f} a second" if rate else waits
        self._show(done, planned, f"{done:,} of {planned:,}{rest}")

    def _show(self, done: int, planned: int, line: str) -> None:
        """Show a line; without a terminal, only if it differs from the last."""
        if not self._clear:
            if line != self._last_line:
                click.echo(f"Sending: {line}", err=True)
            self._last_line = line
            return
        full = 30 * done // planned
        bar = f"[{'#' * full}{'-' * (30 - full)}]"
        click.echo(f"{self._clear}Sending  {bar}  {line}", nl=False, err=True)

    def close(self) -> None:
        """Clear the progress line."""
        if self._any:
            click.echo(self._clear, nl=False, err=True)


def _next(trouble: RelayError) -> str:
    """When a server is tried again, in local time."""
    if trouble.is_disabled:
        return "; no further attempts"
    if not trouble.retry_in:
        return "; retrying"
    moment = datetime.now().astimezone() + timedelta(seconds=ceil(trouble.retry_in))
    return f"; next attempt at {moment:%H:%M:%S}"


def _summarise(report: SendReport, *, delivers: bool) -> None:
    from syndicate.delivery.operator import after_pause
    from syndicate.timestamps import format_timestamp

    rows = [("sent", f"{report.sent:,}", "")]
    rows += [("failed", f"{report.failed:,}", "")] if report.failed else []
    remaining = sum(report.remaining.values())
    rows += [("remaining", f"{remaining:,}", "")] if remaining else []
    rows += [
        ("held", f"{many:,} of {issue}", f"syndicate deliveries held {issue}")
        for issue, many in report.held_by_issue.items()
    ]
    rows += [("paused", f"{each.name}: {each.paused}", after_pause(each)) for each in report.paused]
    rows += [("waiting", f"{name}: {WAITING}", "syndicate check") for name in report.waiting]
    reasons = " ".join(each.paused for each in report.paused)
    troubles = dict.fromkeys(trouble.text for trouble in report.relay_errors)
    rows += [("error", text, "") for text in troubles if text not in reasons]
    if report.quiet_until:
        rows.append(
            ("quiet hours", f"until {format_timestamp(report.quiet_until)}", "sending.quiet_hours")
        )
    if report.next_try:
        rows.append(("next attempt", format_timestamp(report.next_try), "syndicate send, or run"))
    if report.sent or len(rows) > 1:
        show_table(rows)
        return
    if not delivers:
        click.echo("Nothing to send: no newsletter has deliver: true in config.yaml.")
        return
    click.echo(
        "Nothing to send, so no mail server was contacted. "
        "To try it: syndicate send-test NEWSLETTER ADDRESS"
    )


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
    from syndicate.cli.show import Progress
    from syndicate.site import open_site, set_up

    setup = set_up(config_file, os.environ)
    with open_site(setup, Progress(quiet=False)) as site:
        name, reply = _tested(setup, site, issue, address)
    click.echo(f"Sent a test of {name} to {address}: {reply}")


def _tested(setup: Setup, site: Site, name: str, address: str) -> tuple[str, str]:
    """Send the test: of what, and the server's reply."""
    from syndicate.config.named import newsletter_named
    from syndicate.delivery.send_test import send_test_of
    from syndicate.errors import SyndicateError

    outbox = setup.base / setup.config.outbox
    wanted, _, slot = name.strip("/").partition("/")
    if slot != "next" and (found := issue_named(site, name) if slot else newest_draft(site, name)):
        return found.name, send_test_of(site, outbox, found, address)
    newsletter = newsletter_named(site.config, wanted)
    if reply := _test_of_next(setup, site, newsletter, address):
        return f"the next issue of {wanted}", reply
    if slot:
        message = f"there is nothing new since the last issue of {wanted}, so no next issue yet"
        raise SyndicateError(message, hint=f"syndicate send-test {wanted} {address}")
    found = issue_named(site, name, has_text)
    return found.name, send_test_of(site, outbox, found, address)


def _test_of_next(setup: Setup, site: Site, newsletter: Newsletter, address: str) -> str:
    """Send the next issue as it would be made now; "" when nothing is new."""
    from syndicate.build.plan import next_texts
    from syndicate.cli.show import Progress
    from syndicate.delivery.send_test import send_test as send_texts

    texts = next_texts(setup, newsletter, Progress(quiet=False), datetime.now(UTC))
    if texts is None:
        return ""
    outbox = setup.base / setup.config.outbox
    return send_texts(site, outbox, newsletter, texts, "next", address)
