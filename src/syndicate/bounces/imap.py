"""Bounce reports in an IMAP mailbox (IMAP4rev1, RFC 3501): read, handle, mark as read.

After a crash in between, a report is read again, which changes nothing. Messages that could not be
parsed are flagged as well. Nothing is deleted.
"""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from syndicate.bounces.mime import MAX_BYTES
from syndicate.config.model import Imap
from syndicate.errors import SyndicateError

TIMEOUT = 30
"""Seconds each answer may take."""


class Mail:
    """A mail that is not marked as read."""

    def __init__(self, connection: imaplib.IMAP4, uid: str) -> None:
        self._connection = connection
        self._uid = uid
        # Never more than this comes, whatever its size; PEEK leaves it unread.
        self.data = _literal(_ok(connection.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")))

    def done(self, *, odd: bool) -> None:
        """It was read, and is `odd` if a person should see it."""
        flags = r"(\Seen \Flagged)" if odd else r"(\Seen)"
        _ok(self._connection.uid("STORE", self._uid, "+FLAGS.SILENT", flags))


@contextmanager
def opened(settings: Imap) -> Iterator[Iterator[Mail]]:
    """The mails that are not read yet, the oldest first. Raises SyndicateError."""
    try:
        connection = _connected(settings)
        try:
            yield _unread(connection, settings)
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):  # all is said already
                connection.logout()
    except (imaplib.IMAP4.error, OSError, UnicodeEncodeError) as error:
        raise SyndicateError(
            f"the mailbox of bounces at {settings.host}:{settings.port} cannot be read: "
            f"{_reason(error)}",
            hint="see bounces.imap in config.yaml; it is tried again",
        ) from error


def _unread(connection: imaplib.IMAP4, settings: Imap) -> Iterator[Mail]:
    connection.login(settings.user, settings.password)
    _ok(connection.select(_quoted(settings.folder)))
    found = _ok(connection.uid("SEARCH", "UNSEEN"))
    for uid in (found[0] or b"").split():
        yield Mail(connection, uid.decode("ascii"))


def _connected(settings: Imap) -> imaplib.IMAP4:
    trusted = ssl.create_default_context()
    if settings.security == "tls":
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=trusted, timeout=TIMEOUT)
    connection = imaplib.IMAP4(settings.host, settings.port, timeout=TIMEOUT)
    if settings.security == "starttls":
        try:
            connection.starttls(trusted)
        except BaseException:
            with contextlib.suppress(OSError):  # TLS that failed has closed it
                connection.shutdown()
            raise
    return connection


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    """What the server answered. Raises IMAP4.error if it refused."""
    kind, said = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(said[0] if said else kind)
    return said


def _literal(said: list[Any]) -> bytes:
    """The mail in an answer to FETCH; nothing of one that is gone meanwhile."""
    return next((bytes(each[1]) for each in said if isinstance(each, tuple)), b"")


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", r"\\").replace('"', r"\"") + '"'


def _reason(error: Exception) -> str:
    """What went wrong, in words; imaplib hands on the bytes of the server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    said = error.args[0] if error.args else ""
    if isinstance(said, bytes):
        return said.decode("utf-8", "replace")
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
