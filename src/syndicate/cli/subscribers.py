"""`subscribers`: who gets which newsletter, and who must never be mailed again."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndicate.cli.options import config_option
from syndicate.cli.show import Progress, show_table

if TYPE_CHECKING:
    from syndicate.build import Site
    from syndicate.store.subscribers import Subscriber, Subscribers
    from syndicate.subscribers.addresses import Address

STATES = ("active", "unsubscribed", "suppressed")
NOT_ALL = 1
REFUSED = {"unsubscribed": "left before: not added", "suppressed": "suppressed: not added"}


@click.group(short_help="Add, list, export, unsubscribe, remove and suppress people.")
def subscribers() -> None:
    """Keep who gets which newsletter, and who must never be mailed again."""


@subscribers.command(short_help="Add people who agreed to get a newsletter.")
@click.argument("newsletter")
@click.argument("address", nargs=-1, required=True)
@click.option("--name", default="", help="What they are called, if it is one person.")
@click.option("--agreed", required=True, help="How they agreed to it, for the record.")
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


@subscribers.command("list", short_help="Who gets a newsletter, also as CSV.")
@click.argument("newsletter", required=False)
@click.option("--state", type=click.Choice(STATES), help="Only these.  [default: all]")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, for another program.")
@config_option
def list_subscribers(
    config_file: Path, newsletter: str | None, state: str | None, *, as_csv: bool
) -> None:
    """List who gets or got NEWSLETTER, or any."""
    from syndicate.store.subscribers import Listed, Subscribers

    with _opened(config_file) as site:
        if newsletter:
            _newsletter(site, newsletter)
        found = Subscribers(site.database).listed(newsletter, state)
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(Listed._fields)
        writer.writerows(found)
        return
    if not found:
        click.echo("Nobody.")
    show_table((each.address, each.newsletter, each.state) for each in found)


@subscribers.command(short_help="All that is known of one person, as JSON.")
@click.argument("address")
@config_option
def export(config_file: Path, address: str) -> None:
    """Write all that is known of the person with ADDRESS, as JSON."""
    with _opened(config_file) as site:
        with site.database.transaction():
            known, who = _person(site, address)
        suppression = known.suppression(who.hash)
        record = {
            "address": who.address,
            "name": who.name,
            "since": who.made,
            "subscriptions": [
                {"newsletter": each.newsletter, "state": each.state, "since": each.since}
                for each in known.subscriptions(who.id)
            ],
            "consents": [
                {"newsletter": e.newsletter, "at": e.at, "event": e.event, "detail": e.detail}
                for e in known.consents(who.id)
            ],
            "suppressed": suppression
            and {"reason": suppression.reason, "since": suppression.since},
        }
    click.echo(json.dumps(record, ensure_ascii=False, indent=2))


@subscribers.command(short_help="Have somebody leave newsletters.")
@click.argument("address")
@click.option("--from", "newsletter", help="Only this newsletter.  [default: all]")
@click.option("--reason", default="", help="Why, for the record.")
@config_option
def unsubscribe(config_file: Path, address: str, newsletter: str | None, reason: str) -> None:
    """Have the person with ADDRESS leave: they are not added again."""
    with _opened(config_file) as site, site.database.transaction():
        known, who = _person(site, address)
        names = [each.newsletter for each in known.subscriptions(who.id)]
        if newsletter:
            _newsletter(site, newsletter)
            names = [newsletter]
        left = known.unsubscribe(who.id, names, reason, _now())
    click.echo(f"{who.address} left {', '.join(left)}." if left else "They got none of it.")


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
    from syndicate.store.subscribers import Subscribers, Why

    with _opened(config_file) as site, site.database.transaction():
        known, given = Subscribers(site.database), _address(address)
        hashed = given.hashed(known.salt())
        if lift and not known.lift(hashed):
            message = f"{given.mail} was not suppressed by this command"
            raise SyndicateError(message, way_out="whoever was erased is never added again")
        if not lift:
            known.suppress(hashed, Why.REQUEST, reason, _now())
    click.echo(f"{given.mail} {'may be mailed again' if lift else 'is suppressed'}.")


@subscribers.command(short_help="Erase a person for good.")
@click.argument("address")
@config_option
def remove(config_file: Path, address: str) -> None:
    """Erase all that is known of the person with ADDRESS.

    What stays is a hash of the address, so that nobody adds it again by mistake.
    """
    from syndicate.store.subscribers import Why

    with _opened(config_file) as site, site.database.transaction():
        known, who = _person(site, address)
        known.erase(who)
        known.suppress(who.hash, Why.ERASED, "", _now())
    click.echo(f"{who.address} is erased.")


# -- helpers -----------------------------------------------------------------------------------


def _add(site: Site, newsletter: str, text: str, name: str, agreed: str) -> tuple[str, str]:
    """An address as it is shown, and what became of it."""
    from syndicate.store.subscribers import Subscribers

    known, given = Subscribers(site.database), _address(text)
    hashed = given.hashed(known.salt())
    outcome = known.subscribe(given.mail, hashed, name, newsletter, agreed, _now())
    return given.mail, REFUSED.get(outcome, outcome)


def _person(site: Site, text: str) -> tuple[Subscribers, Subscriber]:
    """The person with an address. Raises SyndicateError when there is none."""
    from syndicate.errors import SyndicateError
    from syndicate.store.subscribers import Subscribers

    known, given = Subscribers(site.database), _address(text)
    who = known.find(given.hashed(known.salt()))
    if who is None:
        way_out = "see who there is: syndicate subscribers list"
        raise SyndicateError(f"nobody here has the address {given.mail}", way_out=way_out)
    return known, who


def _address(text: str) -> Address:
    """An address. Raises AddressError that names it."""
    from syndicate.errors import AddressError
    from syndicate.subscribers.addresses import address

    try:
        return address(text)
    except AddressError as error:
        message = f"{text!r} is no address of mail: {error.message}"
        raise AddressError(message, way_out="write it as name@example.org") from None


def _newsletter(site: Site, name: str) -> None:
    """Raises SyndicateError when there is no newsletter of this name."""
    from syndicate.errors import SyndicateError

    known: Sequence[str] = tuple(site.config.newsletters)
    if name not in known:
        way_out = f"there is {', '.join(known)}" if known else "add it to config.yaml"
        raise SyndicateError(f"there is no newsletter {name}", way_out=way_out)


def _now() -> str:
    from syndicate.moments import to_text

    return to_text(datetime.now(UTC))


@contextmanager
def _opened(config_file: Path) -> Iterator[Site]:
    from syndicate.app import opened

    with opened(config_file, os.environ, Progress(quiet=True)) as site:
        yield site
