"""`subscribers`: who gets which newsletter, and who must never be mailed again."""

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
REFUSED = {"unsubscribed": "left before: not added", "suppressed": "suppressed: not added"}
BAD_HELP = "Where to write rows that cannot be used.  [default: FILE.bad.csv]"
OUTCOMES = {
    "added": "added",
    "known": "known already",
    "left": "left there: left here too",
    "left before": "left here before: not added",
    "suppressed": "suppressed there: here too",
    "suppressed before": "suppressed here: not added",
}


def _evidence(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """How people agreed. Raises UsageError when that is missing."""
    if value and value.strip():
        return value
    raise click.UsageError(
        "--consent is missing: state how and when they agreed to get it. "
        "For example: --consent 'signed the list at the market, 2026-11-28'"
    )


@click.group(short_help="Add, list, export, unsubscribe, remove and suppress people.")
def subscribers() -> None:
    """Keep who gets which newsletter, and who must never be mailed again."""


@subscribers.command(short_help="Add people who agreed to get a newsletter.")
@click.argument("newsletter", shell_complete=newsletter_names)
@click.argument("address", nargs=-1, required=True)
@click.option("--name", default="", help="What they are called, if it is one person.")
@click.option(
    "--consent",
    "agreed",
    callback=_evidence,
    help="How they agreed to it, for the record.  [required]",
)
@config_option
def add(
    config_file: Path, newsletter: str, address: tuple[str, ...], name: str, agreed: str
) -> int:
    """Add each ADDRESS to NEWSLETTER.

    People who left it, and suppressed addresses, are not added: they would have to ask for it
    themselves. Exits with 1 when somebody was not added.
    """
    if name and len(address) > 1:
        raise click.UsageError("--name is for one ADDRESS alone")
    with _opened(config_file) as site:
        _newsletter(site, newsletter)
        with site.database.transaction():
            rows = [_add(site, newsletter, each, name, agreed) for each in address]
    show_table((each, outcome, "") for each, outcome in rows)
    return NOT_ALL if any(outcome in REFUSED.values() for _, outcome in rows) else 0


@subscribers.command("import", short_help="Add all people of a file, as other services write it.")
@click.argument("file", type=click.File("rb"))
@click.option("--to", "newsletter", required=True, help="The newsletter they agreed to get.")
@click.option(
    "--consent",
    "agreed",
    callback=_evidence,
    help="How they agreed to it, for the record.  [required]",
)
@click.option("--bad", type=click.Path(dir_okay=False, path_type=Path), help=BAD_HELP)
@config_option
def import_people(
    config_file: Path, file: BinaryIO, newsletter: str, agreed: str, bad: Path | None
) -> int:
    """Add all people in FILE: CSV of listmonk, Mailchimp, Ghost, Buttondown, Substack, or your own.

    Who left there is known as one who left, here too, and nobody who left here comes back. A
    second time changes nothing. Exits with 1 when there were rows that could not be used.
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
        show_table([("bad rows", f"{found.bad:,}", from_here(bad))])
    return NOT_ALL if found.bad else 0


@subscribers.command("list", short_help="Who gets a newsletter, also as CSV.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--state", type=click.Choice(STATES), help="Only these.  [default: all]")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, for another program.")
@click.option(
    "--links", is_flag=True, help="With --csv: also each one's links to leave and choose."
)
@config_option
def list_subscribers(
    config_file: Path, newsletter: str | None, state: str | None, *, as_csv: bool, links: bool
) -> None:
    """List who gets or got NEWSLETTER, or any."""
    from syndicate.store.subscribers import Subscribers

    if links and not as_csv:
        raise click.UsageError("--links is for --csv alone")
    with _opened(config_file) as site:
        if newsletter:
            _newsletter(site, newsletter)
        found = Subscribers(site.database).listed(newsletter, state)
        if as_csv:
            _write_csv(found, _links(site) if links else None)
        else:
            _write_lines(found)


@subscribers.command(short_help="What one person gets, and the evidence.")
@click.argument("address")
@config_option
def show(config_file: Path, address: str) -> None:
    """Show what the person with ADDRESS gets, whether they are suppressed, and the evidence."""
    from syndicate.store.requests import SignupRequests

    with _opened(config_file) as site:
        known, given, hashed = _asked(site, address)
        who, suppression = known.find(hashed), known.suppression(hashed)
        requests = SignupRequests(site.database).of(hashed)
        if not (who or suppression or requests):
            raise _nobody(given)
        subscriptions = known.subscriptions(who.id) if who else []
        consents = known.consents(who.id) if who else []
    name = f" ({who.name})" if who and who.name else ""
    click.echo(f"{who.address if who else given.mail}{name}")
    if suppression:
        detail = f": {suppression.detail}" if suppression.detail else ""
        click.echo(f"Never mailed since {suppression.since} ({suppression.reason}{detail})")
    show_columns(
        ("newsletter", "state", "since", "tags"),
        [(s.newsletter, s.state, s.since, _tags(s.tags) or "all") for s in subscriptions],
    )
    show_columns(
        ("evidence of", "what", "when", "how"),
        [(c.newsletter, c.event, c.at, c.detail) for c in reversed(consents)],
    )
    show_columns(
        ("asked for", "state", "when", "newsletters"),
        [(r.kind, r.state, r.asked, ", ".join(r.wanted)) for r in reversed(requests)],
    )


@subscribers.command(short_help="How many people there are, and come and go.")
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for another program.")
@config_option
def stats(config_file: Path, newsletter: str | None, *, as_json: bool) -> None:
    """Count the people of NEWSLETTER, or of each: now, and in the last 7 and 30 days."""
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
    headings = ("", "active", "left", "suppressed", "7 days", "30 days", "waiting")
    show_columns(headings, [_counted(each) for each in all_counts])


@subscribers.command(short_help="All that is known of one person, as JSON.")
@click.argument("address")
@config_option
def export(config_file: Path, address: str) -> None:
    """Write all that is known of the person with ADDRESS, as JSON."""
    from syndicate.store.bounces import Bounces
    from syndicate.store.requests import SignupRequests

    with _opened(config_file) as site:
        known, given, hashed = _asked(site, address)
        who, requests = known.find(hashed), SignupRequests(site.database).of(hashed)
        if not (who or requests):
            raise _nobody(given)
        suppression = known.suppression(hashed)
        record = {
            "address": who.address if who else given.mail,
            "name": who.name if who else "",
            "since": who.made if who else "",
            "subscriptions": [
                {"newsletter": s.newsletter, "state": s.state, "since": s.since}
                | {"tags": s.tags.splitlines()}
                for s in (known.subscriptions(who.id) if who else ())
            ],
            "consents": [
                {"newsletter": e.newsletter, "at": e.at, "event": e.event}
                | {"detail": e.detail, "client": e.client}
                for e in (known.consents(who.id) if who else ())
            ],
            "requests": [
                {"kind": r.kind, "newsletters": r.wanted, "asked": r.asked}
                | {"client": r.client, "agreed": r.agreed, "state": r.state}
                for r in requests
            ],
            "bounces": [
                {"issue": b.issue, "kind": b.kind, "status": b.status}
                | {"detail": b.detail, "at": b.at}
                for b in (Bounces(site.database).of(who.id) if who else ())
            ],
            "suppressed": suppression
            and {"reason": suppression.reason, "since": suppression.since},
        }
    click.echo(json.dumps(record, ensure_ascii=False, indent=2))


@subscribers.command(short_help="Have somebody leave newsletters.")
@click.argument("address", required=False)
@click.option("--from", "newsletter", help="Only this newsletter.  [default: all]")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--mail", type=click.File("rb"), help="A message whose subject says who leaves what.")
@config_option
def unsubscribe(
    config_file: Path,
    address: str | None,
    newsletter: str | None,
    reason: str,
    mail: BinaryIO | None,
) -> None:
    """Have the person with ADDRESS leave: they are not added again."""
    if mail and not (address or newsletter):
        click.echo(_left_by_mail(config_file, mail.read(MAX_EMAIL_BYTES)))
        return
    if mail or not address:
        raise click.UsageError("name an ADDRESS, or a message with --mail, and nothing else")
    with _opened(config_file) as site, site.database.transaction():
        known, who = _person(site, address)
        names = [each.newsletter for each in known.subscriptions(who.id)]
        if newsletter:
            _newsletter(site, newsletter)
            names = [newsletter]
        left = known.unsubscribe(who.id, names, reason, _now())
    done = f"Unsubscribed {who.address} from {', '.join(left)}."
    click.echo(done if left else "Not subscribed.")


@subscribers.command("rotate-keys", short_help="Sign the links of subscribers with a new key.")
@click.option("--grace", default="60 days", show_default=True, help="How long old links work.")
@config_option
def rotate_keys(config_file: Path, grace: str) -> None:
    """Sign all links of subscribers with a new secret from now on.

    For when the one before may have got out. Links that were mailed with it work for a while.
    """
    from syndicate.schedule.words import duration
    from syndicate.store.requests import SigningKeys
    from syndicate.timestamps import format_timestamp

    now = datetime.now(UTC)
    until = format_timestamp(now + duration(grace))
    with _opened(config_file) as site, site.database.transaction():
        SigningKeys(site.database).rotate(until, format_timestamp(now))
    click.echo(f"Links are signed anew; those before work until {until}.")


@subscribers.command(short_help="Never mail an address again.")
@click.argument("address")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--lift", is_flag=True, help="It was a mistake: the address may be mailed again.")
@config_option
def suppress(config_file: Path, address: str, reason: str, *, lift: bool) -> None:
    """Never mail ADDRESS again, whether it is a subscriber's or not.

    Of one that is not, only a hash is kept.
    """
    from syndicate.errors import SyndicateError
    from syndicate.store.subscribers import Subscribers, SuppressionReason

    with _opened(config_file) as site, site.database.transaction():
        known, given = Subscribers(site.database), _address(address)
        hashed = given.hashed(known.salt())
        if lift and not known.unsuppress(hashed, _now()):
            message = f"{given.mail} is not suppressed, or was erased"
            raise SyndicateError(message, hint="whoever was erased is never added again")
        if not lift:
            known.suppress(hashed, SuppressionReason.REQUEST, reason, _now())
    click.echo(f"{given.mail} {'may be mailed again' if lift else 'is suppressed'}.")


@subscribers.command(short_help="Erase a person for good.")
@click.argument("address")
@config_option
def erase(config_file: Path, address: str) -> None:
    """Erase all that is known of the person with ADDRESS.

    What stays is a hash of the address, so that nobody adds it again by mistake.
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
                raise _nobody(given)
            if who:
                known.erase(who)
            requests.erase(hashed)
            forget_in_texts(site.database, given.mail, given.key, *([who.address] if who else []))
            known.suppress(hashed, SuppressionReason.ERASED, "", _now())
        purged = site.database.purge()
    click.echo(f"{given.mail} is erased.")
    if not purged:
        click.echo(
            "Another program reads the database: until it is written to again, the file that ends "
            "in -wal may still contain the address. Stop the other program to empty it.",
            err=True,
        )


# -- helpers -----------------------------------------------------------------------------------


def _add(site: Site, newsletter: str, text: str, name: str, agreed: str) -> tuple[str, str]:
    """An address as it is shown, and what became of it."""
    from syndicate.store.subscribers import Subscribers
    from syndicate.subscribers.addresses import named

    title, text = named(text)
    name = name or title
    known, given = Subscribers(site.database), _address(text)
    hashed = given.hashed(known.salt())
    outcome = known.subscribe(given.mail, hashed, name, newsletter, agreed, _now())
    return given.mail, REFUSED.get(outcome, outcome)


def _asked(site: Site, text: str) -> tuple[Subscribers, Address, str]:
    """What is asked about: an address, and what it is known by."""
    from syndicate.store.subscribers import Subscribers

    known, given = Subscribers(site.database), _address(text)
    with site.database.transaction():
        return known, given, given.hashed(known.salt())


def _person(site: Site, text: str) -> tuple[Subscribers, Subscriber]:
    """The person with an address, in a transaction. Raises SyndicateError when there is none."""
    from syndicate.store.subscribers import Subscribers

    known, given = Subscribers(site.database), _address(text)
    who = known.find(given.hashed(known.salt()))
    if who is None:
        raise _nobody(given)
    return known, who


def _nobody(given: Address) -> SyndicateError:
    from syndicate.errors import SyndicateError

    hint = "see who there is: syndicate subscribers list"
    return SyndicateError(f"nobody here has the address {given.mail}", hint=hint)


def _left_by_mail(config_file: Path, message: bytes) -> str:
    """Have somebody leave who says so by mail; what became of it."""
    from syndicate.signup.unsubscribe_mail import LinkRequested
    from syndicate.signup.unsubscribe_mail import unsubscribe as unsubscribe_by_mail
    from syndicate.subscribers.tokens import TokenError

    with _opened(config_file) as site:
        try:
            done = unsubscribe_by_mail(site, message, datetime.now(UTC))
        except TokenError:
            return "The link this message came from is not valid any more."
    if done is None:
        return "This message does not ask to unsubscribe, or no subscriber has its address."
    if isinstance(done, LinkRequested):
        return f"The running service emails {done.address} a link to unsubscribe."
    if done.was_active:
        return f"Unsubscribed {done.address} from {done.newsletter}."
    return "Not subscribed."


def _links(site: Site) -> Links:
    """Links to the pages of subscribers. Raises SyndicateError when there are no pages."""
    from syndicate.errors import Location, SyndicateError
    from syndicate.signup.subscriptions import SubscriptionService

    if not site.config.subscribers.signup_pages:
        raise SyndicateError(
            "there are no pages to link to",
            place=Location(site.config_file),
            hint="serve them: subscribers: {signup_pages: true}",
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
    """A table for each so many, for all would not fit into memory."""
    rows, nobody = iter(found), True
    while page := list(islice(rows, 1000)):
        show_table((each.address, each.newsletter, each.state) for each in page)
        nobody = False
    if nobody:
        click.echo("Nobody.")


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
        message = f"{text!r} is no address of mail: {error.message}"
        raise AddressError(message, hint="write it as name@example.org") from None


def _file_of_bad_rows(file: BinaryIO, chosen: Path | None) -> Path:
    """Where to write bad rows of a file."""
    name = str(file.name)
    if chosen is None and not Path(name).is_file():
        raise click.UsageError("--bad is needed, for FILE is no file in a folder")
    bad = chosen or Path(f"{name}.bad.csv")
    if bad.exists() and Path(name).exists() and bad.samefile(name):
        raise click.UsageError("--bad is FILE itself, which would be overwritten")
    return bad


def _newsletter(site: Site, name: str) -> None:
    """Raises SyndicateError when there is no newsletter of this name."""
    from syndicate.errors import SyndicateError

    known: Sequence[str] = tuple(site.config.newsletters)
    if name not in known:
        hint = f"there is {', '.join(known)}" if known else "add it to config.yaml"
        raise SyndicateError(f"there is no newsletter {name}", hint=hint)


def _now() -> str:
    from syndicate.timestamps import format_timestamp

    return format_timestamp(datetime.now(UTC))


@contextmanager
def _opened(config_file: Path) -> Iterator[Site]:
    from syndicate.site import load_site

    with load_site(config_file, os.environ, Progress(quiet=True)) as site:
        yield site
