"""`subscribers`: subscriptions and suppressed addresses."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from syndicate.cli.completing import newsletter_names
from syndicate.cli.options import config_option
from syndicate.cli.show import Progress, from_here, show_columns, show_table

if TYPE_CHECKING:
    from syndicate.errors import SyndicateError
    from syndicate.signup.links import Links
    from syndicate.site import Site
    from syndicate.store.subscriber_counts import Counts
    from syndicate.store.subscribers import Listed, Subscriber, Subscribers
    from syndicate.subscribers.addresses import Address

STATES = ("active", "unsubscribed", "suppressed")
NOT_ALL = 1
MAX_EMAIL_BYTES = 1_000_000
REFUSED = {"unsubscribed": "unsubscribed before: not added", "suppressed": "suppressed: not added"}
BAD_HELP = "Where to write rejected rows.  [default: FILE.bad.csv]"
OUTCOMES = {
    "added": "added",
    "known": "already subscribed",
    "left": "unsubscribed there: unsubscribed here too",
    "left before": "unsubscribed here before: not added",
    "suppressed": "suppressed there: suppressed here too",
    "suppressed before": "suppressed here: not added",
}


def _evidence(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """The evidence of consent. Raises UsageError if it is missing."""
    if value and value.strip():
        return value
    raise click.UsageError(
        "--consent is missing: state how and when they agreed. "
        "For example: --consent 'signed the list at the market, 2026-11-28'"
    )


@click.group(short_help="Add, import, list, unsubscribe and erase subscribers.")
def subscribers() -> None:
    """Manage subscribers, their consent, and addresses that must not be mailed."""


@subscribers.command(short_help="Add subscribers who gave their consent.")
@click.argument("newsletter", shell_complete=newsletter_names)
@click.argument("address", nargs=-1, required=True)
@click.option("--name", default="", help="Their name, if you add one address.")
@click.option(
    "--consent",
    "agreed",
    callback=_evidence,
    help="How and when they agreed, for the record.  [required]",
)
@config_option
def add(
    config_file: Path, newsletter: str, address: tuple[str, ...], name: str, agreed: str
) -> int:
    """Subscribe each ADDRESS to NEWSLETTER.

    Skips suppressed addresses and subscribers who unsubscribed: they have to sign up themselves.
    Exits with 1 if an address was skipped.
    """
    if name and len(address) > 1:
        raise click.UsageError("--name works with one ADDRESS only")
    with _opened(config_file) as site:
        _newsletter(site, newsletter)
        with site.database.transaction():
            rows = [_add(site, newsletter, each, name, agreed) for each in address]
    show_table((each, outcome, "") for each, outcome in rows)
    return NOT_ALL if any(outcome in REFUSED.values() for _, outcome in rows) else 0


@subscribers.command("import", short_help="Import subscribers from CSV.")
@click.argument("file", type=click.File("rb"))
@click.option("--to", "newsletter", required=True, help="The newsletter they agreed to get.")
@click.option(
    "--consent",
    "agreed",
    callback=_evidence,
    help="How and when they agreed, for the record.  [required]",
)
@click.option("--bad", type=click.Path(dir_okay=False, path_type=Path), help=BAD_HELP)
@config_option
def import_people(
    config_file: Path, file: BinaryIO, newsletter: str, agreed: str, bad: Path | None
) -> int:
    """Import FILE: CSV of listmonk, Mailchimp, Ghost, Buttondown, Substack, or your own.

    Subscribers who unsubscribed there are unsubscribed here too; those who unsubscribed here are
    not added again. Importing twice changes nothing. Exits with 1 if rows were rejected.
    """
    from syndicate.store.subscriber_import import ImportOutcome
    from syndicate.subscribers.import_csv import Agreement, import_file

    bad = _file_of_bad_rows(file, bad)
    progress = Progress(quiet=False)
    with _opened(config_file) as site:
        _newsletter(site, newsletter)
        agreement = Agreement(newsletter, agreed, _now())
        found = import_file(site.database, file, bad, agreement, progress)
    rows = [(label, found.rows[ImportOutcome(became)]) for became, label in OUTCOMES.items()]
    show_table((label, f"{many:,}", "") for label, many in rows if many or label == "added")
    if found.bad:
        show_table([("rejected rows", f"{found.bad:,}", from_here(bad))])
    return NOT_ALL if found.bad else 0


@subscribers.command("list", short_help="List subscribers, also as CSV.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--state", type=click.Choice(STATES), help="List only this state.  [default: all]")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--links", is_flag=True, help="With --csv: add links to unsubscribe and to preferences."
)
@config_option
def list_subscribers(
    config_file: Path, newsletter: str | None, state: str | None, *, as_csv: bool, links: bool
) -> None:
    """List the subscribers of NEWSLETTER, or of all newsletters, with their state."""
    from syndicate.store.subscribers import Subscribers

    if links and not as_csv:
        raise click.UsageError("--links works with --csv only")
    with _opened(config_file) as site:
        if newsletter:
            _newsletter(site, newsletter)
        found = Subscribers(site.database).listed(newsletter, state)
        if as_csv:
            _write_csv(found, _links(site) if links else None)
        else:
            _write_lines(found)


@subscribers.command(short_help="Show the subscriptions and consent of one person.")
@click.argument("address")
@config_option
def show(config_file: Path, address: str) -> None:
    """Show subscriptions, consent and suppression of ADDRESS."""
    from syndicate.store.requests import SignupRequests

    with _opened(config_file) as site:
        known, given, hashed = _asked(site, address)
        who, suppression = known.find(hashed), known.suppression(hashed)
        requests = SignupRequests(site.database).of(hashed)
        if not (who or suppression or requests):
            raise _no_subscriber(given)
        subscriptions = known.subscriptions(who.id) if who else []
        consents = known.consents(who.id) if who else []
    name = f" ({who.name})" if who and who.name else ""
    click.echo(f"{who.address if who else given.mail}{name}")
    if suppression:
        detail = f": {suppression.detail}" if suppression.detail else ""
        click.echo(f"Suppressed since {suppression.since} ({suppression.reason}{detail})")
    show_columns(
        ("newsletter", "state", "since", "tags"),
        [(s.newsletter, s.state, s.since, _tags(s.tags) or "all") for s in subscriptions],
    )
    show_columns(
        ("consent to", "event", "when", "how"),
        [(c.newsletter, c.event, c.occurred_at, c.detail) for c in reversed(consents)],
    )
    show_columns(
        ("request", "state", "when", "newsletters"),
        [(r.kind, r.state, r.requested_at, ", ".join(r.wanted)) for r in reversed(requests)],
    )


@subscribers.command(short_help="Count subscribers, new and lost.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def stats(config_file: Path, newsletter: str | None, *, as_json: bool) -> None:
    """Count the subscribers of NEWSLETTER, or of each, now and in the last 7 and 30 days."""
    from syndicate.store.subscriber_counts import Counts, counts
    from syndicate.timestamps import format_timestamp

    now = datetime.now(UTC)
    week, month = (format_timestamp(now - timedelta(days=days)) for days in (7, 30))
    with _opened(config_file) as site:
        if newsletter:
            _newsletter(site, newsletter)
        found = {each.newsletter: each for each in counts(site.database, week, month)}
        names = [newsletter] if newsletter else sorted({*found, *site.config.newsletters})
    none = (0,) * (len(Counts._fields) - 1)
    all_counts = [found.get(name, Counts(name, *none)) for name in names]
    if as_json:
        click.echo(json.dumps([each._asdict() for each in all_counts], indent=2))
        return
    headings = ("", "active", "unsubscribed", "suppressed", "7 days", "30 days", "unconfirmed")
    show_columns(headings, [_counted(each) for each in all_counts])


@subscribers.command(short_help="Export all data about one person as JSON.")
@click.argument("address")
@config_option
def export(config_file: Path, address: str) -> None:
    """Export all data about ADDRESS as JSON (for a GDPR access request)."""
    from syndicate.store.bounces import Bounces
    from syndicate.store.requests import SignupRequests

    with _opened(config_file) as site:
        known, given, hashed = _asked(site, address)
        who, requests = known.find(hashed), SignupRequests(site.database).of(hashed)
        if not (who or requests):
            raise _no_subscriber(given)
        suppression = known.suppression(hashed)
        record = {
            "address": who.address if who else given.mail,
            "name": who.name if who else "",
            "since": who.created_at if who else "",
            "subscriptions": [
                {"newsletter": s.newsletter, "state": s.state, "since": s.since}
                | {"tags": s.tags.splitlines()}
                for s in (known.subscriptions(who.id) if who else ())
            ],
            "consents": [
                {"newsletter": e.newsletter, "at": e.occurred_at, "event": e.event}
                | {"detail": e.detail, "client": e.client}
                for e in (known.consents(who.id) if who else ())
            ],
            "requests": [
                {"kind": r.kind, "newsletters": r.wanted, "asked": r.requested_at}
                | {"client": r.client, "agreed": r.consent_text, "state": r.state}
                for r in requests
            ],
            "bounces": [
                {"issue": b.issue, "kind": b.kind, "status": b.status}
                | {"detail": b.detail, "at": b.received_at}
                for b in (Bounces(site.database).of(who.id) if who else ())
            ],
            "suppressed": suppression
            and {"reason": suppression.reason, "since": suppression.since},
        }
    click.echo(json.dumps(record, ensure_ascii=False, indent=2))


@subscribers.command(short_help="Unsubscribe an address.")
@click.argument("address", required=False)
@click.option("--from", "newsletter", help="Only this newsletter.  [default: all]")
@click.option("--reason", default="", help="Reason, for the record.")
@click.option("--mail", type=click.File("rb"), help="Process this unsubscribe email.")
@config_option
def unsubscribe(
    config_file: Path,
    address: str | None,
    newsletter: str | None,
    reason: str,
    mail: BinaryIO | None,
) -> None:
    """Unsubscribe ADDRESS: `add` and `import` will not add it again."""
    if mail and not (address or newsletter):
        click.echo(_unsubscribe_by_mail(config_file, mail.read(MAX_EMAIL_BYTES)))
        return
    if mail or not address:
        raise click.UsageError("give either an ADDRESS or an email with --mail")
    with _opened(config_file) as site, site.database.transaction():
        known, who = _person(site, address)
        names = [each.newsletter for each in known.subscriptions(who.id)]
        if newsletter:
            _newsletter(site, newsletter)
            names = [newsletter]
        left = known.unsubscribe(who.id, names, reason, _now())
    done = f"Unsubscribed {who.address} from {', '.join(left)}."
    click.echo(done if left else "Not subscribed.")


@subscribers.command("rotate-keys", short_help="Sign subscriber links with a new key.")
@click.option(
    "--grace", default="60 days", show_default=True, help="How long old links keep working."
)
@config_option
def rotate_keys(config_file: Path, grace: str) -> None:
    """Sign the links in emails to subscribers with a new key.

    Use it if the old key may have leaked. Old links keep working for the grace period.
    """
    from syndicate.schedule.words import duration
    from syndicate.store.requests import SigningKeys
    from syndicate.timestamps import format_timestamp

    now = datetime.now(UTC)
    until = format_timestamp(now + duration(grace))
    with _opened(config_file) as site, site.database.transaction():
        SigningKeys(site.database).rotate(until, format_timestamp(now))
    click.echo(f"New links are signed with a new key. Old links work until {until}.")


@subscribers.command(short_help="Suppress an address: never email it.")
@click.argument("address")
@click.option("--reason", default="", help="Reason, for the record.")
@click.option("--lift", is_flag=True, help="Lift the suppression.")
@config_option
def suppress(config_file: Path, address: str, reason: str, *, lift: bool) -> None:
    """Never email ADDRESS again, whether it is a subscriber or not.

    For an address that is not a subscriber, only its hash is stored.
    """
    from syndicate.errors import SyndicateError
    from syndicate.store.subscribers import Subscribers, SuppressionReason

    with _opened(config_file) as site, site.database.transaction():
        known, given = Subscribers(site.database), _address(address)
        hashed = given.hashed(known.salt())
        if lift and not known.unsuppress(hashed, _now()):
            message = f"{given.mail} is not suppressed, or was erased"
            raise SyndicateError(message, hint="an erased address cannot be added again")
        if not lift:
            known.suppress(hashed, SuppressionReason.REQUEST, reason, _now())
    click.echo(f"{given.mail} {'is no longer suppressed' if lift else 'is suppressed'}.")


@subscribers.command(short_help="Erase all data about a person.")
@click.argument("address")
@config_option
def erase(config_file: Path, address: str) -> None:
    """Erase all data about ADDRESS (GDPR, right to erasure).

    A hash of the address stays, so that it is not added again by mistake.
    """
    from syndicate.store.erasing import forget_in_texts
    from syndicate.store.requests import SignupRequests
    from syndicate.store.subscribers import SuppressionReason

    with _opened(config_file) as site:
        known, given, hashed = _asked(site, address)
        requests = SignupRequests(site.database)
        with site.database.transaction():
            who = known.find(hashed)
            if not (who or requests.of(hashed)):
                raise _no_subscriber(given)
            if who:
                known.erase(who)
            requests.erase(hashed)
            forget_in_texts(site.database, given.mail, given.key, *([who.address] if who else []))
            known.suppress(hashed, SuppressionReason.ERASED, "", _now())
        purged = site.database.purge()
    click.echo(f"Erased {given.mail}.")
    if not purged:
        click.echo(
            "Another program has the database open: until the next write, the file ending in -wal "
            "may still contain the address. Stop the other program to empty it.",
            err=True,
        )


# -- helpers -----------------------------------------------------------------------------------


def _add(site: Site, newsletter: str, text: str, name: str, agreed: str) -> tuple[str, str]:
    """Add one address: how it is shown, and the outcome."""
    from syndicate.store.subscribers import Subscribers
    from syndicate.subscribers.addresses import named

    title, text = named(text)
    name = name or title
    known, given = Subscribers(site.database), _address(text)
    hashed = given.hashed(known.salt())
    outcome = known.subscribe(given.mail, hashed, name, newsletter, agreed, _now())
    return given.mail, REFUSED.get(outcome, outcome)


def _asked(site: Site, text: str) -> tuple[Subscribers, Address, str]:
    """The store, an address, and its hash."""
    from syndicate.store.subscribers import Subscribers

    known, given = Subscribers(site.database), _address(text)
    with site.database.transaction():
        return known, given, given.hashed(known.salt())


def _person(site: Site, text: str) -> tuple[Subscribers, Subscriber]:
    """The subscriber with an address, in a transaction. Raises SyndicateError if there is none."""
    from syndicate.store.subscribers import Subscribers

    known, given = Subscribers(site.database), _address(text)
    who = known.find(given.hashed(known.salt()))
    if who is None:
        raise _no_subscriber(given)
    return known, who


def _no_subscriber(given: Address) -> SyndicateError:
    from syndicate.errors import SyndicateError

    hint = "list subscribers: syndicate subscribers list"
    return SyndicateError(f"no subscriber with the address {given.mail}", hint=hint)


def _unsubscribe_by_mail(config_file: Path, message: bytes) -> str:
    """Unsubscribe the sender of an email that asks for it; the outcome."""
    from syndicate.signup.unsubscribe_mail import LinkRequested
    from syndicate.signup.unsubscribe_mail import unsubscribe as unsubscribe_by_mail
    from syndicate.subscribers.tokens import TokenError

    with _opened(config_file) as site:
        try:
            done = unsubscribe_by_mail(site, message, datetime.now(UTC))
        except TokenError:
            return "The unsubscribe link of this email is no longer valid."
    if done is None:
        return "This email does not ask to unsubscribe, or its sender is not a subscriber."
    if isinstance(done, LinkRequested):
        return f"The running service will email {done.address} a link to unsubscribe."
    if done.was_active:
        return f"Unsubscribed {done.address} from {done.newsletter}."
    return "Not subscribed."


def _links(site: Site) -> Links:
    """Links to the pages of subscribers. Raises SyndicateError when there are no pages."""
    from syndicate.errors import Location, SyndicateError
    from syndicate.signup.subscriptions import SubscriptionService

    if not site.config.subscribers.signup_pages:
        raise SyndicateError(
            "there are no pages for subscribers to link to",
            place=Location(site.config_file),
            hint="turn them on with subscribers: {signup_pages: true}",
        )
    return SubscriptionService(site, datetime.now(UTC)).links()


def _write_csv(found: Iterable[Listed], links: Links | None) -> None:
    from syndicate.store.subscribers import Listed
    from syndicate.subscribers.csv_lists import guarded

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow((*Listed._fields[1:], *(("unsubscribe", "preferences") if links else ())))
    for each in found:
        row = each._replace(name=guarded(each.name), tags=_tags(each.tags))[1:]
        own = (
            (
                links.unsubscribe(each.newsletter, each.subscriber),
                links.preferences(each.subscriber),
            )
            if links
            else ()
        )
        writer.writerow((*row, *own))


def _write_lines(found: Iterable[Listed]) -> None:
    """Print tables of 1000 rows: all would not fit into memory."""
    rows, is_empty = iter(found), True
    while page := list(islice(rows, 1000)):
        show_table((each.address, each.newsletter, each.state) for each in page)
        is_empty = False
    if is_empty:
        click.echo("No subscribers.")


def _tags(text: str) -> str:
    return ", ".join(text.splitlines())


def _counted(of: Counts) -> tuple[str, ...]:
    """A row of numbers."""
    now = (of.active, of.unsubscribed, of.suppressed)
    lately = ((of.joined_7_days, of.left_7_days), (of.joined_30_days, of.left_30_days))
    return (
        of.newsletter,
        *(f"{many:,}" for many in now),
        *(f"+{joined:,} -{left:,}" for joined, left in lately),
        f"{of.waiting:,}",
    )


def _address(text: str) -> Address:
    """An address. Raises AddressError that names it."""
    from syndicate.errors import AddressError
    from syndicate.subscribers.addresses import address

    try:
        return address(text)
    except AddressError as error:
        message = f"{text!r} is not a valid email address: {error.message}"
        raise AddressError(message, hint="write it like name@example.org") from None


def _file_of_bad_rows(file: BinaryIO, chosen: Path | None) -> Path:
    """Where to write rejected rows of a file."""
    name = str(file.name)
    if chosen is None and not Path(name).is_file():
        raise click.UsageError(
            "FILE is not a regular file: choose a file for rejected rows with --bad"
        )
    bad = chosen or Path(f"{name}.bad.csv")
    if bad.exists() and Path(name).exists() and bad.samefile(name):
        raise click.UsageError("--bad must not be FILE itself: it would be overwritten")
    return bad


def _newsletter(site: Site, name: str) -> None:
    """Raise SyndicateError if there is no newsletter of this name."""
    from syndicate.errors import SyndicateError

    known: Sequence[str] = tuple(site.config.newsletters)
    if name not in known:
        hint = f"choose from: {', '.join(known)}" if known else "add it to config.yaml"
        raise SyndicateError(f"there is no newsletter {name}", hint=hint)


def _now() -> str:
    from syndicate.timestamps import format_timestamp

    return format_timestamp(datetime.now(UTC))


@contextmanager
def _opened(config_file: Path) -> Iterator[Site]:
    from syndicate.site import load_site

    with load_site(config_file, os.environ, Progress(quiet=True)) as site:
        yield site
