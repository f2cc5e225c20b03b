"""The SMTP transport (RFC 5321): several messages over one connection.

The outcome of a message is exact. Until the system took the dot that ends it, nothing was sent,
whatever happens. From then on only a clear reply decides; without one the outcome is unknown.
Commands are pipelined where the server allows it (RFC 2920).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from syndicate.config.model import Server
from syndicate.errors import DeliveryError, MessageError, RejectedStage
from syndicate.mail.headers import ascii_host
from syndicate.mail.smtp.connection import SmtpConnection, trouble
from syndicate.mail.smtp.handshake import connect
from syndicate.mail.smtp.replies import (
    CLOSING,
    SHUTTING_DOWN,
    Step,
    UnreadableError,
    error_for_reply,
)
from syndicate.mail.transport import Envelope

# RFC 5321, section 4.5.3.2: a server may think about a whole message ten times as long as about
# anything else. Who gives up before does not know what became of it.
DATA_TIMEOUT_FACTOR = 10
FAREWELL = 5.0
DOT = b".\r\n"
# What can stand between angle brackets; quotation marks and what they allow are nobody's address.
MAILBOX = re.compile(r'[^\x00-\x20\x7f-\xa0"(),:;<>@\[\\\]]+@[^\x00-\x20\x7f-\xa0"(),;<>@\\]+')


class SmtpTransport:
    """Messages to one server, which is told the name `helo` of this machine."""

    def __init__(self, server: Server, helo: str) -> None:
        self._server = server
        self._helo = helo

    @contextmanager
    def session(self) -> Iterator[SmtpSession]:
        """A connection, encrypted and logged in as the configuration says.

        Raises DeliveryError about the server; nothing of it is about a recipient. It is for good
        where the server refuses what the configuration says. A certificate that is not good is
        not: it may be renewed by whoever runs the server.
        """
        wire, offered = connect(self._server, self._helo)
        session = SmtpSession(self._server, wire, offered)
        try:
            yield session
        finally:
            session.leave()


@dataclass(slots=True)
class _Announcement:
    """A message whose commands were sent; `refusal` says what came of it once `answered`."""

    envelope: Envelope
    answered: bool = False
    refusal: DeliveryError | None = None


class SmtpSession:
    """A connection that is ready for messages. See `transport.Session`.

    Replies carry no number: one too many or too few, and each later one would count for another
    command. So a refusal counts only when what follows shows that replies are in step: 354 to DATA,
    250 to RSET, 221 to QUIT, or that the server closed the connection and said nothing else. A
    message that was accepted is in doubt when what follows does not fit. Nothing that comes out of
    step counts for anything, and the connection ends.
    """

    def __init__(self, server: Server, wire: SmtpConnection, offered: dict[str, str]) -> None:
        self._host = server.host
        self._timeout = server.timeout
        self._wire = wire
        self._utf8 = "SMTPUTF8" in offered
        self._together = "PIPELINING" in offered
        self._ahead: _Announcement | None = None  # sent right behind the last message
        self._open: Envelope | None = None  # whose message the server waits for
        self._lost = False
        self._unproven = False  # nothing has shown yet that the last positive reply was in step
        self.doubt = ""

    def begin(self, envelope: Envelope) -> None:
        """Announce a message. Raises DeliveryError; nothing was sent then, for certain."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.answered and ahead.envelope == envelope:
            refusal = ahead.refusal
        elif self._lost:
            raise DeliveryError(f"the connection to {self._host} is over", connection_lost=True)
        elif ahead and (ahead.answered or ahead.envelope != envelope):
            raise self._give_up(f"another message was announced to {self._host}")
        else:
            refusal = self._announce(envelope, sent=ahead is not None)
        if refusal:
            raise refusal
        self._open = envelope

    def finish(self, message: bytes, following: Envelope | None = None) -> str:
        """Hand over the message that was announced; give the reply of the server.

        Raises DeliveryError: see `transport.Session`. RuntimeError if none was announced.
        """
        envelope, self._open = self._open, None
        if envelope is None:
            raise RuntimeError("no message was announced")
        self._send_body(message)
        commands = self._commands_ahead(following)
        try:
            self._wire.send(DOT + commands, self._timeout)
            reply = self._wire.reply(self._timeout * DATA_TIMEOUT_FACTOR)
            self._wire.heard.clear()
            refusal = error_for_reply(Step.MESSAGE, reply, self._host, envelope.to)
        except (OSError, UnreadableError) as error:
            outcome_unknown = self._wire.sent >= len(DOT)
            raise self._give_up(
                trouble(self._host, error), outcome_unknown=outcome_unknown
            ) from error
        if following and commands:
            self._ahead = _Announcement(following)
        if refusal:
            raise self._proven(refusal, following)
        self._unproven = True
        return str(reply.anonymous(envelope.to))

    def leave(self) -> None:
        """End the connection, politely if the server waits for nothing. Never raises."""
        if not (self._lost or self._open or self._ahead):
            try:
                self._wire.send(b"QUIT\r\n", FAREWELL)
                reply = self._wire.reply(min(FAREWELL, self._timeout))
                if reply.code not in (CLOSING, SHUTTING_DOWN):
                    self._out_of_step(f"{reply.code} to QUIT")
            except UnreadableError as error:
                self._out_of_step(str(error))
            except OSError:  # nothing depends on a farewell
                pass
        self._wire.close()

    # -- announcing --------------------------------------------------------------------------

    def _announce(self, envelope: Envelope, *, sent: bool) -> DeliveryError | None:
        """Have a message announced, unless it was `sent`; the refusal. Raises DeliveryError."""
        try:
            return self._answers(_commands(envelope, utf8=self._utf8), envelope, sent=sent)
        except (OSError, UnreadableError) as error:
            if isinstance(error, UnreadableError):
                self._out_of_step(str(error))
            raise self._give_up(trouble(self._host, error)) from error

    def _answers(
        self, commands: dict[Step, bytes], envelope: Envelope, *, sent: bool
    ) -> DeliveryError | None:
        """Read the replies to commands, all `sent` or sent here; the first refusal.

        Raises OSError, and UnreadableError when replies are out of step.
        """
        if self._together and not sent:
            self._send_asked(b"".join(commands.values()))
        refusal: DeliveryError | None = None
        for step, command in commands.items():
            try:
                if not self._together:
                    self._send_asked(command)
                refused = self._answer(step, envelope, refusal)
            except ConnectionError:
                if refusal is None:
                    raise
                return self._over(refusal)
            except TimeoutError as error:
                if refusal is None:
                    raise
                raise UnreadableError("fewer replies than commands") from error
            refusal = refusal or refused
            # Whoever waits for a message that is refused would get the next command as its text.
            if refusal and (refused.connection_lost if refused else step is Step.DATA):
                return self._over(refusal)
        return self._reset(refusal, envelope)

    def _answer(
        self, step: Step, envelope: Envelope, refusal: DeliveryError | None
    ) -> DeliveryError | None:
        """The next reply, as one to this step, after that refusal of a step before."""
        reply = self._wire.reply(self._timeout)
        refused = error_for_reply(step, reply, self._host, envelope.to)
        if refusal and not refused and step is not Step.DATA:
            raise UnreadableError(f"{reply.code} to {step} after a refusal")
        return refused

    def _reset(self, refusal: DeliveryError | None, envelope: Envelope) -> DeliveryError | None:
        """Take a refused announcement back. Its reply shows that those before were in step."""
        if refusal:
            try:
                self._send_asked(b"RSET\r\n")
                refused = error_for_reply(
                    Step.RESET, self._wire.reply(self._timeout), self._host, envelope.to
                )
            except ConnectionError:
                return self._over(refusal)
            if refused:
                return self._over(refusal)
        self._unproven = False
        return refusal

    def _commands_ahead(self, following: Envelope | None) -> bytes:
        """The commands of the next message, if they can be sent right behind this one."""
        if following is None or not self._together:
            return b""
        try:
            return b"".join(_commands(following, utf8=self._utf8).values())
        except DeliveryError:  # `begin` raises it
            return b""

    # -- handing over ------------------------------------------------------------------------

    def _send_body(self, message: bytes) -> None:
        """All of the message but the dot that ends it: until that is sent, nothing was.

        A server that hung up or already replied does not wait for the message, and gets no dot.
        """
        try:
            self._expect_silence()
            self._wire.send(_body(message), self._timeout)
            self._expect_silence()
        except (OSError, UnreadableError) as error:
            raise self._give_up(trouble(self._host, error)) from error

    def _proven(self, refusal: DeliveryError, following: Envelope | None) -> DeliveryError:
        """The refusal of a message, if what follows shows that it is the reply to its end."""
        if refusal.connection_lost:
            proven = self._quit(stops=True)
        elif self._ahead or following:
            proven = self._announced_next(following)
        else:
            proven = self._quit(stops=False)
        if proven or self._ended_after_it():
            refusal.connection_lost = refusal.connection_lost or self._lost
            return refusal
        text = f"{refusal.message}; its replies are out of step, so the outcome is unknown"
        return self._give_up(text, outcome_unknown=True)

    def _ended_after_it(self) -> bool:
        """Whether the server ended the connection and gave no second reply that could be the one.

        Some close at once after they refused a message, or say 421 to whatever comes next. All
        that a server sends before it closes arrives before the end (RFC 9293, section 3.6), but
        not before a reset.
        """
        heard = self._wire.heard
        return heard == [SHUTTING_DOWN] or (self._wire.ended and not heard)

    def _announced_next(self, following: Envelope | None) -> bool:
        """Announce the next message now; whether the replies are in step."""
        assert following is not None
        sent, self._ahead = self._ahead is not None, _Announcement(following, answered=True)
        try:
            commands = _commands(following, utf8=self._utf8)
        except DeliveryError as error:
            self._ahead.refusal = error
            return self._quit(stops=False)
        try:
            self._ahead.refusal = self._answers(commands, following, sent=sent)
        except (OSError, UnreadableError):
            self._ahead = None
            self._drop()
            return False
        return not self._lost

    def _quit(self, *, stops: bool) -> bool:
        """End the connection; whether the server's next reply shows that it is in step.

        A server that `stops` (421) may also end it at once (RFC 5321, section 3.8).
        """
        with suppress(OSError):  # what it said before it closed can still be read
            if not self._ahead:
                self._wire.send(b"QUIT\r\n", FAREWELL)
        try:
            reply = self._wire.reply(self._timeout)
        except ConnectionError:
            return stops
        except (OSError, UnreadableError):
            return False
        finally:
            self._drop()
        return reply.code == CLOSING or (stops and reply.code == SHUTTING_DOWN)

    # -- the connection ----------------------------------------------------------------------

    def _send_asked(self, commands: bytes) -> None:
        """Send commands to a server that has nothing more to say to those before."""
        self._expect_silence()
        self._wire.send(commands, self._timeout)

    def _expect_silence(self) -> None:
        """Raises UnreadableError for a reply that nothing asked for, OSError at the end."""
        reply = self._wire.poll_reply()
        if reply and reply.code == SHUTTING_DOWN:
            raise ConnectionAbortedError("it is shutting down (421)")
        if reply:
            raise UnreadableError(f"an unexpected reply: {reply.code}")

    def _out_of_step(self, reason: str) -> None:
        """Replies do not fit: the last message that was accepted may not have been."""
        if self._unproven:
            self.doubt = f"{self._host} accepted the message, and then answered with {reason}"

    def _over(self, refusal: DeliveryError) -> DeliveryError:
        self._drop()
        refusal.connection_lost = True
        return refusal

    def _give_up(self, message: str, *, outcome_unknown: bool = False) -> DeliveryError:
        self._drop()
        return DeliveryError(message, connection_lost=True, outcome_unknown=outcome_unknown)

    def _drop(self) -> None:
        self._lost = True
        self._wire.close()


def _commands(envelope: Envelope, *, utf8: bool) -> dict[Step, bytes]:
    """What announces a message. Raises DeliveryError for addresses that cannot be said."""
    sender = _smtp_address(envelope.sender, RejectedStage.SENDER, utf8=utf8)
    to = _smtp_address(envelope.to, RejectedStage.RECIPIENT, utf8=utf8)
    more = "" if sender.isascii() and to.isascii() else " SMTPUTF8"
    return {
        Step.SENDER: f"MAIL FROM:<{sender}>{more}\r\n".encode(),
        Step.RECIPIENT: f"RCPT TO:<{to}>\r\n".encode(),
        Step.DATA: b"DATA\r\n",
    }


def _smtp_address(address: str, what: RejectedStage, *, utf8: bool) -> str:
    """An address as it is said to a server: the domain in ASCII (RFC 5890, RFC 6531)."""
    local, _, domain = address.rpartition("@")
    try:
        address = f"{local}@{ascii_host(domain)}"
    except MessageError as error:
        raise DeliveryError(error.message, stage=what, permanent=True) from error
    if not MAILBOX.fullmatch(address):
        message = f"the address of the {what.value} cannot be said to a mail server"
        raise DeliveryError(message, stage=what, permanent=True)
    if not (utf8 or address.isascii()):
        message = f"the server takes no {what.value} with letters beyond ASCII (no SMTPUTF8)"
        raise DeliveryError(message, stage=what, permanent=True)
    return address


def _body(message: bytes) -> bytes:
    """The message as it is sent before the dot that ends it (RFC 5321, section 4.5.2)."""
    if b"\n." in message or message.startswith(b"."):
        message = re.sub(rb"(?m)^\.", b"..", message)
    return message if message.endswith(b"\r\n") else message + b"\r\n"
