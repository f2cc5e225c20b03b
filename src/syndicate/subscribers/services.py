"""Which service a CSV list comes from, and what its columns mean. Pure.

A row is active only if a column states it in words that are listed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from syndicate.errors import Location, SyndicateError

Cells = Mapping[str, str]


class SourceStatus(StrEnum):
    """The state of a subscriber at the other service, from best to worst."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    NEVER_SUBSCRIBED = "suppressed"


ACTIVE, LEFT, NEVER = SourceStatus
Meaning = SourceStatus | str
"""A standing, or the reason why a row is not taken."""

FILLED, EMPTY = "*", ""
YES = ("true", "1", "yes")
NO = ("false", "0", "no")
BOUNCED = "mail to this address came back"
UNCONFIRMED = "never confirmed that they want it"


@dataclass(frozen=True)
class ListFormat:
    """The format of the lists of a service, by lower-case names of columns.

    A list has this format if it has all `identifying_columns`. The first group of `names` in it
    gives the name of a person. `rules` map values of columns to a status; the first column whose
    value does not mean ACTIVE decides.
    """

    name: str
    identifying_columns: frozenset[str]
    addresses: Sequence[str]
    names: Sequence[Sequence[str]]
    since: Sequence[str]
    rules: Sequence[tuple[str, Mapping[str, Meaning]]]

    def status_of(self, cells: Cells) -> Meaning:
        """The meaning of a row."""
        for column, meanings in self.rules:
            if (value := cells.get(column)) is None:
                continue
            meaning = _meaning(value.strip(), meanings)
            if meaning is None:
                return f"{column} is {value.strip()[:40]!r}, which is not understood"
            if meaning != ACTIVE:
                return meaning
        return ACTIVE


def _meaning(value: str, meanings: Mapping[str, Meaning]) -> Meaning | None:
    meaning = meanings.get(value.lower())
    return meanings.get(FILLED) if meaning is None and value else meaning


def _all(meaning: Meaning, *values: str) -> dict[str, Meaning]:
    return dict.fromkeys(values, meaning)


STATES = {
    **_all(ACTIVE, "active", "subscribed", "enabled", "confirmed"),
    **_all(LEFT, "unsubscribed", "disabled", "left"),
    **_all(NEVER, "suppressed", "blocklisted", "complained", "cleaned"),
    **_all(BOUNCED, "bounced"),
    **_all(UNCONFIRMED, "unconfirmed", "pending"),
}
UNLESS_STATED = {**STATES, EMPTY: ACTIVE}
"""In a list of one's own an empty cell is as good as no column: it names no reason not to mail."""

SERVICES = (
    ListFormat(
        "listmonk",
        frozenset(("uuid", "email", "attributes", "status")),
        addresses=("email",),
        names=(("name",),),
        since=("created_at",),
        rules=(("status", STATES),),
    ),
    *(
        ListFormat(
            "Mailchimp",  # a file each for the subscribed, the unsubscribed and the cleaned
            frozenset(("optin_time", changed, "leid")),
            addresses=("email address", "email"),
            names=(("first name", "last name"), ("fname", "lname"), ("name",)),
            since=("confirm_time", "optin_time"),
            rules=(
                ("status", UNLESS_STATED),
                ("clean_time", {FILLED: NEVER, EMPTY: "clean_time is empty: did they bounce?"}),
                ("unsub_time", {FILLED: LEFT, EMPTY: "unsub_time is empty: did they unsubscribe?"}),
            ),
        )
        for changed in ("last_changed", "unsub_time", "clean_time")
    ),
    ListFormat(
        "Ghost",
        frozenset(("email", "subscribed_to_emails")),
        addresses=("email",),
        names=(("name",),),
        since=("created_at",),
        rules=(
            ("deleted_at", {FILLED: LEFT, EMPTY: ACTIVE}),
            ("subscribed_to_emails", {**_all(ACTIVE, *YES), **_all(LEFT, *NO)}),
        ),
    ),
    *(
        ListFormat(
            "Buttondown",
            frozenset(("creation_date", kind)),
            addresses=("email_address", "email"),
            names=(),
            since=("creation_date",),
            rules=(
                (
                    kind,
                    {
                        **_all(ACTIVE, "regular", "premium", "trialed", "unpaid", "gifted"),
                        **_all(ACTIVE, "churning", "churned", "paused", "past_due"),
                        **_all(LEFT, "unsubscribed", "removed"),
                        **_all(NEVER, "complained", "blocked"),
                        **_all(UNCONFIRMED, "unactivated"),
                        **_all(BOUNCED, "undeliverable"),
                        **_all("the service took them for spam", "spammy", "malicious"),
                    },
                ),
            ),
        )
        for kind in ("subscriber_type", "type")
    ),
    ListFormat(
        "Substack",
        frozenset(("email", "active_subscription")),
        addresses=("email",),
        names=(("name",),),
        since=("created_at",),
        rules=(("email_disabled", {**_all(LEFT, *YES), **_all(ACTIVE, *NO)}),),
    ),
)
PLAIN = ListFormat(  # also our own
    "a list",
    frozenset(),
    addresses=(
        *("email", "address", "email address", "email_address"),
        *("e-mail", "e-mail address", "e-mail-adresse", "mail"),
    ),
    names=(("name",), ("first name", "last name"), ("first_name", "last_name")),
    since=("since", "created_at"),
    rules=(("state", UNLESS_STATED), ("status", UNLESS_STATED)),
)
OURS = frozenset(("address", "newsletter", "state", "since", "tags"))
"""Columns of our own list, in which `tags` are chosen topics; elsewhere they may be anything."""

COLUMNS = {
    *PLAIN.addresses,
    *(column for group in PLAIN.names for column in group),
    *PLAIN.since,
    *("state", "status", "newsletter", "tags", "line", "reason", ""),
}
"""The columns a plain list may have: another one might mark people who unsubscribed."""

READ = COLUMNS - {""} | {
    column
    for service in SERVICES
    for column in (
        *service.identifying_columns,
        *service.addresses,
        *(name for group in service.names for name in group),
        *service.since,
        *(column for column, _ in service.rules),
    )
}
"""Columns that mean something: one that stands twice is ambiguous."""

HEADER = Location("", 1)
HINT = (
    "import an unchanged export of listmonk, Mailchimp, Ghost, Buttondown or Substack, or a CSV "
    "file with a column email or address, and optional columns name, state, since and newsletter"
)


def recognised(columns: Sequence[str]) -> ListFormat:
    """The service whose list has these columns. Raises SyndicateError that names them."""
    names = set(columns)
    if twice := [c for c in dict.fromkeys(columns) if c in READ and columns.count(c) > 1]:
        message = f"two columns are named {_shown(twice)}"
        raise SyndicateError(message, place=HEADER, hint="rename or remove one of them")
    for service in (*SERVICES, PLAIN):
        if service.identifying_columns <= names and not names.isdisjoint(service.addresses):
            if service is PLAIN and (unknown := names - COLUMNS):
                message = f"unknown column: {_shown(sorted(unknown))}"
                raise SyndicateError(message, place=HEADER, hint=HINT)
            return service
    message = f"this is not a list of subscribers: its columns are {_shown(columns)}"
    no_header = any("@" in column for column in columns)
    hint = "the first line must name the columns, such as: email,name" if no_header else HINT
    raise SyndicateError(message, place=HEADER, hint=hint)


def _shown(columns: Sequence[str]) -> str:
    names = [column[:40] or "(nameless)" for column in columns]
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
