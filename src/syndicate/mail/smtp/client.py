"""The SMTP transport (RFC 5321): several messages over one connection.

The outcome of a message is exact. Until the system accepted the dot that ends it, nothing was sent,
whatever happens. From then on only a clear reply decides; without one the outcome is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from syndicate.config.model import Server
from syndicate.errors import DeliveryError
from syndicate.mail.smtp.announce import Announcer
from syndicate.mail.smtp.connection import SmtpConnection, describe
from syndicate.mail.smtp.handshake import connect
from syndicate.mail.smtp.replies import (
    CLOSING,
    SHUTTING_DOWN,
    Step,
    UnreadableReplyError,
    error_for_reply,
)
from syndicate.mail.transport import Envelope

DATA_TIMEOUT_FACTOR = 10
"""How much longer a server may take for a whole message (RFC 5321, section 4.5.3.2).

A client that gives up before does not know the outcome.
"""

QUIT_SECONDS = 5.0
DOT = b".\r\n"


class SmtpTransport:
    """Sends messages through one server. `helo` is how this client names itself."""

    def __init__(self, server: Server, helo: str) -> None:
        self._server = server
        self._helo = helo

    @contextmanager
    def session(self) -> Iterator[SmtpSession]:
        """A connection, encrypted and logged in as the configuration says.

        Raises DeliveryError about the server, never about a recipient. It is permanent where the
        server refuses the configuration, but not for an invalid certificate, which may be renewed.
        """
        connection, extensions = connect(self._server, self._helo)
        session = SmtpSession(self._server, connection, extensions)
        try:
            yield session
        finally:
            session.close()


@dataclass(slots=True)
class _Announcement:
    """A message whose commands were sent; `refusal` is valid once `answered`."""

    envelope: Envelope
    answered: bool = False
    refusal: DeliveryError | None = None


class SmtpSession:
    """A connection that is ready for messages. See `transport.Session`.

    Replies carry no number: one too many or too few, and each later one would count for another
    command. So a refusal counts only when what follows shows that replies are in step: 354 to DATA,
    250 to RSET, 221 to QUIT, or that the server closed the connection without another reply. A
    message that was accepted is in doubt when what follows does not fit. Nothing out of step
    counts, and the connection ends.
    """

    def __init__(
        self, server: Server, connection: SmtpConnection, extensions: Mapping[str, str]
    ) -> None:
        self._host = server.host
        self._timeout = server.timeout
        self._connection = connection
        self._announcer = Announcer(server, connection, extensions)
        self._announcement: _Announcement | None = None  # sent right after the last message
        self._open: Envelope | None = None  # of the message that the server waits for
        self._lost = False
        self._unconfirmed = False  # nothing shows yet that the last positive reply was in step
        self.doubt = ""

    def begin(self, envelope: Envelope) -> None:
        """Announce a message. Raises DeliveryError; then nothing was sent, for certain."""
        ahead, self._announcement = self._announcement, None
        if ahead and ahead.answered and ahead.envelope == envelope:
            refusal = ahead.refusal
        elif self._lost:
            message = f"the connection to {self._host} has ended"
            raise DeliveryError(message, connection_lost=True)
        elif ahead and (ahead.answered or ahead.envelope != envelope):
            raise self._give_up(f"another message was announced to {self._host}")
        else:
            refusal = self._announce(envelope, sent=ahead is not None)
        if refusal:
            raise refusal
        self._open = envelope

    def finish(self, message: bytes, following: Envelope | None = None) -> str:
        """Send the message that was announced; the reply of the server.

        Raises DeliveryError: see `transport.Session`. RuntimeError if none was announced.
        """
        envelope, self._open = self._open, None
        if envelope is None:
            raise RuntimeError("no message was announced")
        self._send_body(message)
        commands = self._commands_ahead(following)
        try:
            self._connection.send(DOT + commands, self._timeout)
            reply = self._connection.reply(self._timeout * DATA_TIMEOUT_FACTOR)
            self._connection.reply_codes.clear()
            refusal = error_for_reply(Step.MESSAGE, reply, self._host, envelope.to)
        except (OSError, UnreadableReplyError) as error:
            may_be_sent = self._connection.sent >= len(DOT)
            message_text = describe(self._host, error)
            raise self._give_up(message_text, outcome_unknown=may_be_sent) from error
        if following and commands:
            self._announcement = _Announcement(following)
        if refusal:
            raise self._proven(refusal, following)
        self._unconfirmed = True
        return str(reply.anonymous(envelope.to))

    def close(self) -> None:
        """End the connection, with QUIT unless the server waits for something. Never raises."""
        if not (self._lost or self._open or self._announcement):
            try:
                self._connection.send(b"QUIT\r\n", QUIT_SECONDS)
                reply = self._connection.reply(min(QUIT_SECONDS, self._timeout))
                if reply.code not in (CLOSING, SHUTTING_DOWN):
                    self._record_doubt(f"{reply.code} to QUIT")
            except UnreadableReplyError as error:
                self._record_doubt(str(error))
            except OSError:  # no outcome depends on QUIT
                pass
        self._connection.close()

    # -- announcing --------------------------------------------------------------------------

    def _announce(self, envelope: Envelope, *, sent: bool) -> DeliveryError | None:
        """Announce a message, unless it was `sent`; the refusal. Raises DeliveryError."""
        try:
            refusal = self._announcer.announce(envelope, sent=sent)
        except (OSError, UnreadableReplyError) as error:
            if isinstance(error, UnreadableReplyError):
                self._record_doubt(str(error))
            raise self._give_up(describe(self._host, error)) from error
        self._update_state(refusal)
        return refusal

    def _update_state(self, refusal: DeliveryError | None) -> None:
        """After an announcement: replies are in step, unless its refusal ended the connection."""
        if refusal and refusal.connection_lost:
            self._drop()
        else:
            self._unconfirmed = False

    def _commands_ahead(self, following: Envelope | None) -> bytes:
        """The commands of the next message, if they can be sent right after this one."""
        if following is None or not self._announcer.pipelining:
            return b""
        try:
            return b"".join(self._announcer.commands(following).values())
        except DeliveryError:  # `begin` raises it
            return b""

    # -- sending -----------------------------------------------------------------------------

    def _send_body(self, message: bytes) -> None:
        """Send all of the message but the dot that ends it: until that is sent, nothing is.

        A server that hung up or already replied does not wait for the message, and gets no dot.
        """
        try:
            self._announcer.expect_silence()
            self._connection.send(_body(message), self._timeout)
            self._announcer.expect_silence()
        except (OSError, UnreadableReplyError) as error:
            raise self._give_up(describe(self._host, error)) from error

    def _proven(self, refusal: DeliveryError, following: Envelope | None) -> DeliveryError:
        """The refusal of a message, if what follows shows that it is the reply to its end."""
        if refusal.connection_lost:
            in_step = self._quit(may_hang_up=True)
        elif following:
            in_step = self._announce_next(following)
        else:
            in_step = self._quit(may_hang_up=False)
        if in_step or self._hung_up_after_refusal():
            refusal.connection_lost = refusal.connection_lost or self._lost
            return refusal
        text = f"{refusal.message}; its replies are out of step, so the outcome is unknown"
        return self._give_up(text, outcome_unknown=True)

    def _hung_up_after_refusal(self) -> bool:
        """Whether the server ended the connection without a second reply that could be the one.

        Some close right after a refusal, or reply 421 to the next command. All that a server sends
        before it closes arrives before the end (RFC 9293, section 3.6), but not before a reset.
        """
        codes = self._connection.reply_codes
        return codes == [SHUTTING_DOWN] or (self._connection.ended and not codes)

    def _announce_next(self, following: Envelope) -> bool:
        """Announce the next message now; whether the replies are in step."""
        sent, self._announcement = (
            self._announcement is not None,
            _Announcement(following, answered=True),
        )
        try:
            self._announcement.refusal = self._announcer.announce(following, sent=sent)
        except DeliveryError as error:  # of its addresses: nothing was sent
            self._announcement.refusal = error
            return self._quit(may_hang_up=False)
        except (OSError, UnreadableReplyError):
            self._announcement = None
            self._drop()
            return False
        self._update_state(self._announcement.refusal)
        return not self._lost

    def _quit(self, *, may_hang_up: bool) -> bool:
        """End the connection; whether the server's next reply shows that it is in step.

        After 421 it may also hang up at once (RFC 5321, section 3.8).
        """
        with suppress(OSError):  # its replies from before it closed can still be read
            if (
                self._announcement is None or self._announcement.answered
            ):  # else it is to reply to that
                self._connection.send(b"QUIT\r\n", QUIT_SECONDS)
        try:
            reply = self._connection.reply(self._timeout)
        except ConnectionError:
            return may_hang_up
        except (OSError, UnreadableReplyError):
            return False
        finally:
            self._drop()
        return reply.code == CLOSING or (may_hang_up and reply.code == SHUTTING_DOWN)

    # -- the connection ----------------------------------------------------------------------

    def _record_doubt(self, reason: str) -> None:
        """Replies do not fit: the last message that was accepted may not have been."""
        if self._unconfirmed:
            self.doubt = f"{self._host} accepted the message, and then answered with {reason}"

    def _give_up(self, message: str, *, outcome_unknown: bool = False) -> DeliveryError:
        self._drop()
        return DeliveryError(message, connection_lost=True, outcome_unknown=outcome_unknown)

    def _drop(self) -> None:
        self._lost = True
        self._connection.close()


def _body(message: bytes) -> bytes:
    """The message as it is sent before the dot that ends it (RFC 5321, section 4.5.2)."""
    if b"\n." in message or message.startswith(b"."):
        message = re.sub(rb"(?m)^\.", b"..", message)
    return message if message.endswith(b"\r\n") else message + b"\r\n"
