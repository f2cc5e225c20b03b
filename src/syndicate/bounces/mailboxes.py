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
from syndicate.config.model import BounceSettings
from syndicate.errors import UnreadableEmailError
from syndicate.store.database import Database
from syndicate.store.requests import SigningKeys
from syndicate.timestamps import format_timestamp

log = logging.getLogger(__name__)

Tally = Counter[BounceResult]
"""How many messages had which result."""

FLAGGED = (BounceResult.OTHER, BounceResult.UNMATCHED, BounceResult.UNREADABLE)
"""Results of messages that are flagged, because an operator should read them."""

MessageHandler = Callable[[bytes], BounceResult]
"""Handles the bytes of a message."""


class MailboxMessage(Protocol):
    """A message in a mailbox; `data` is its beginning if it is large."""

    data: bytes

    def done(self, *, needs_attention: bool) -> None:
        """Mark it as read, and flag it if `needs_attention`: an operator should read it."""


def message_handler(database: Database, now: datetime) -> MessageHandler:
    """The handler of bounce reports."""
    matching = return_path_reader(SigningKeys(database).valid(format_timestamp(now)))

    def handle_message(data: bytes) -> BounceResult:
        try:
            report = parse.read(data)
        except UnreadableEmailError as error:
            return unreadable(error)
        return handle(database, report, matching, now) if report else BounceResult.OTHER

    return handle_message


def unreadable(error: UnreadableEmailError) -> BounceResult:
    """Log a message that cannot be parsed; its result."""
    log.warning("an unreadable message", extra={"facts": {"reason": error.message}})
    return BounceResult.UNREADABLE


def read_mailboxes(settings: BounceSettings, base: Path, handler: MessageHandler) -> Tally:
    """Handle every new message in the configured mailboxes; `base` is the folder of config.yaml.

    Raises SyndicateError when a mailbox cannot be read; messages read before are handled.
    """
    tally = Tally()
    for mailbox in _mailboxes(settings, base):
        with mailbox as messages:
            for message in messages:
                result = handler(message.data)
                message.done(needs_attention=result in FLAGGED)
                tally[result] += 1
    return tally


def _mailboxes(
    settings: BounceSettings, base: Path
) -> Iterator[AbstractContextManager[Iterator[MailboxMessage]]]:
    if settings.maildir:
        yield maildir.opened(base / settings.maildir)
    if settings.imap.host:
        yield imap.opened(settings.imap)
