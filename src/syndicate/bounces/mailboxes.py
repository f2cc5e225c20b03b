"""Read the configured mailboxes and handle each message. Touches mailboxes and store."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from syndicate.bounces import imap, maildir, parse
from syndicate.bounces.handle import BounceResult, handle, return_path_reader
from syndicate.config.model import Bounces
from syndicate.errors import UnreadableEmailError
from syndicate.store.database import Database
from syndicate.store.requests import SigningKeys
from syndicate.timestamps import format_timestamp

log = logging.getLogger(__name__)

Tally = Counter[BounceResult]
"""How many mails came to what."""

FOR_A_PERSON = (BounceResult.OTHER, BounceResult.UNMATCHED, BounceResult.UNREADABLE)
"""Results of messages that are flagged, because a person should read them."""

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
        try:
            report = parse.read(data)
        except UnreadableEmailError as error:
            return unreadable(error)
        return handle(database, report, matches, now) if report else BounceResult.OTHER

    return on


def unreadable(error: UnreadableEmailError) -> BounceResult:
    """The result for a message that cannot be parsed; it is logged."""
    log.warning("an unreadable message", extra={"facts": {"reason": error.message}})
    return BounceResult.UNREADABLE


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
                mail.done(odd=came in FOR_A_PERSON)
                tally[came] += 1
    return tally


def _mailboxes(settings: Bounces, base: Path) -> Iterator[AbstractContextManager[Iterator[Mail]]]:
    if settings.maildir:
        yield maildir.opened(base / settings.maildir)
    if settings.imap.host:
        yield imap.opened(settings.imap)
