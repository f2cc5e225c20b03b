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
"""Seconds for each response."""


class ImapMessage:
    """An unread message."""

    def __init__(self, connection: imaplib.IMAP4, uid: str) -> None:
        self._connection = connection
        self._uid = uid
        # At most this much is sent, whatever its size; PEEK leaves it unread.
        self.data = _literal(_ok(connection.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")))

    def done(self, *, needs_attention: bool) -> None:
        """Mark it as read, and flag it if `needs_attention`: an operator should read it."""
        flags = r"(\Seen \Flagged)" if needs_attention else r"(\Seen)"
        _ok(self._connection.uid("STORE", self._uid, "+FLAGS.SILENT", flags))


@contextmanager
def opened(settings: Imap) -> Iterator[Iterator[ImapMessage]]:
    """The unread messages, the oldest first. Raises SyndicateError."""
    try:
        connection = _connect(settings)
        try:
            yield _unread(connection, settings)
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):  # the outcome is known already
                connection.logout()
    except (imaplib.IMAP4.error, OSError, UnicodeEncodeError) as error:
        raise SyndicateError(
            f"the mailbox for bounces at {settings.host}:{settings.port} cannot be read: "
            f"{_reason(error)}",
            hint="check bounces.imap in config.yaml; it is retried",
        ) from error


def _unread(connection: imaplib.IMAP4, settings: Imap) -> Iterator[ImapMessage]:
    connection.login(settings.user, settings.password)
    _ok(connection.select(_quoted(settings.folder)))
    uids = _ok(connection.uid("SEARCH", "UNSEEN"))
    for uid in (uids[0] or b"").split():
        yield ImapMessage(connection, uid.decode("ascii"))


def _connect(settings: Imap) -> imaplib.IMAP4:
    trusted = ssl.create_default_context()
    if settings.security == "tls":
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=trusted, timeout=TIMEOUT)
    connection = imaplib.IMAP4(settings.host, settings.port, timeout=TIMEOUT)
    if settings.security == "starttls":
        try:
            connection.starttls(trusted)
        except BaseException:
            with contextlib.suppress(OSError):  # failed TLS has closed it already
                connection.shutdown()
            raise
    return connection


def _ok(response: tuple[str, list[Any]]) -> list[Any]:
    """The data of a response. Raises IMAP4.error if it is not OK."""
    kind, data = response
    if kind != "OK":
        raise imaplib.IMAP4.error(data[0] if data else kind)
    return data


def _literal(data: list[Any]) -> bytes:
    """The message in the data of FETCH; b"" if it was deleted meanwhile."""
    return next((bytes(each[1]) for each in data if isinstance(each, tuple)), b"")


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", r"\\").replace('"', r"\"") + '"'


def _reason(error: Exception) -> str:
    """The text of an error; imaplib passes on bytes of the server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    text = error.args[0] if error.args else ""
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
