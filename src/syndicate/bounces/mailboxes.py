"""Read the configured mailboxes and handle each message. Touches mailboxes and store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from syndicate.bounces import imap, maildir, parse
from syndicate.bounces.handle import BounceResult, handle, return_path_reader
from syndicate.config.model import Bounces
from syndicate.store.database import Database
from syndicate.store.requests import SigningKeys
from syndicate.timestamps import format_timestamp

Tally = Counter[BounceResult]
"""How many mails came to what."""

Act = Callable[[bytes], BounceResult]


class Mail(Protocol):
    """A mail in a mailbox. Of a large one, `data` is the beginning."""

    data: bytes

    def done(self, *, odd: bool) -> None:
        """Mark it as read, so that it does not come again; as `odd` if a person should see it."""


def acting(database: Database, now: datetime) -> Act:
    """What acts on the bytes of a mail."""
    matches = return_path_reader(SigningKeys(database).good(format_timestamp(now)))

    def on(data: bytes) -> BounceResult:
        report = parse.read(data)
        return handle(database, report, matches, now) if report else BounceResult.OTHER

    return on


def read_mailboxes(settings: Bounces, base: Path, on: Act) -> Tally:
    """Act on every new mail in the mailboxes that are configured; `base` is config.yaml's folder.

    `on` acts on the bytes of a mail. Raises SyndicateError when a mailbox cannot be read; what was
    read until then is done.
    """
    tally = Tally()
    for mailbox in _mailboxes(settings, base):
        with mailbox as mails:
            for mail in mails:
                came = on(mail.data)
                mail.done(odd=came in (BounceResult.OTHER, BounceResult.UNMATCHED))
                tally[came] += 1
    return tally


def _mailboxes(settings: Bounces, base: Path) -> Iterator[AbstractContextManager[Iterator[Mail]]]:
    if settings.maildir:
        yield maildir.opened(base / settings.maildir)
    if settings.imap.host:
        yield imap.opened(settings.imap)
