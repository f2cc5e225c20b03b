"""The transport that hands messages to a mail server (RFC 5321), several over one connection.

What becomes of a message is told exactly. As long as the system did not take the dot that ends it,
nothing was sent, whatever happens. From then on only a clear reply says what became of it; without
one the message is uncertain. Commands go out together where the server allows it (RFC 2920).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from syndicate.config.model import Server
from syndicate.delivery.headers import ascii_host
from syndicate.delivery.smtp_connect import connect
from syndicate.delivery.smtp_replies import Step, UnreadableError, verdict
from syndicate.delivery.smtp_wire import Wire, trouble
from syndicate.delivery.transport import Envelope
from syndicate.errors import DeliveryError, MessageError, Refused

# RFC 5321, section 4.5.3.2: a server may think about a whole message ten times as long as about
# anything else. Who gives up before does not know what became of it.
PATIENCE = 10
FAREWELL = 5.0
# What can stand between angle brackets; quotation marks and what they allow are nobody's address.
MAILBOX = re.compile(r'[^\x00-\x20\x7f-\xa0"(),:;<>@\[\\\]]+@[^\x00-\x20\x7f-\xa0"(),;<>@\\]+')


class Smtp:
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


class SmtpSession:
    """A connection that is ready for messages. See `transport.Session`."""

    def __init__(self, server: Server, wire: Wire, offered: dict[str, str]) -> None:
        self._host = server.host
        self._timeout = server.timeout
        self._wire = wire
        self._utf8 = "SMTPUTF8" in offered
        self._together = "PIPELINING" in offered
        self._announced: Envelope | None = None  # in the same breath as the last message
        self._open: Envelope | None = None  # whose message the server waits for
        self._reset = False
        self._lost = False

    def begin(self, envelope: Envelope) -> None:
        """Announce a message. Raises DeliveryError; nothing was sent then, for certain."""
        if self._lost:
            raise DeliveryError(f"the connection to {self._host} is over", lost=True)
        if self._announced not in (None, envelope):
            raise self._give_up(f"another message was announced to {self._host}")
        commands = _commands(envelope, reset=self._reset, utf8=self._utf8)
        said, self._announced = self._announced is not None, None
        try:
            if self._together and not said:
                self._wire.send(b"".join(commands.values()), self._timeout)
            refusal = self._refusal(commands, envelope)
        except (OSError, UnreadableError) as error:
            raise self._give_up(trouble(self._host, error)) from error
        self._reset = refusal is not None
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
        self._look_up()
        body, ahead = _body(message), self._ahead(following)
        try:
            self._wire.send(body + ahead, self._timeout)
            reply = self._wire.reply(self._timeout * PATIENCE)
            refusal = verdict(Step.MESSAGE, reply, self._host, envelope.to)
        except (OSError, UnreadableError) as error:
            uncertain = self._wire.sent >= len(body)
            raise self._give_up(trouble(self._host, error), uncertain=uncertain) from error
        self._announced = following if ahead else None
        if refusal:
            self._drop(when=refusal.lost)
            raise refusal
        return str(reply)

    def leave(self) -> None:
        """End the connection, politely if the server waits for nothing. Never raises."""
        if not (self._lost or self._open or self._announced):
            with suppress(OSError, UnreadableError):  # nothing depends on a farewell
                self._wire.send(b"QUIT\r\n", FAREWELL)
                self._wire.reply(min(FAREWELL, self._timeout))
        self._wire.close()

    def _refusal(self, commands: dict[Step, bytes], envelope: Envelope) -> DeliveryError | None:
        """Read the replies to the commands, each said now if not together; the first refusal."""
        refusal: DeliveryError | None = None
        for step, command in commands.items():
            try:
                if not self._together:
                    self._wire.send(command, self._timeout)
                reply = self._wire.reply(self._timeout)
                refused = verdict(step, reply, self._host, envelope.to)
            except (OSError, UnreadableError):
                if refusal is None:
                    raise
                return self._over(refusal)
            refusal = refusal or refused
            # Whoever waits for a message that is refused would get the next command as its text.
            if refusal and (refused.lost if refused else step is Step.DATA):
                return self._over(refusal)
            if refusal and not self._together:
                return refusal
        return refusal

    def _look_up(self) -> None:
        """Whoever hung up or says something does not wait for the message: it is not sent."""
        try:
            said = self._wire.unasked()
        except (OSError, UnreadableError) as error:
            raise self._give_up(trouble(self._host, error)) from error
        if said:
            raise self._give_up(f"{self._host} does not wait for the message: {said}")

    def _ahead(self, following: Envelope | None) -> bytes:
        """The commands of the next message, if they can go out now."""
        if following is None or not self._together:
            return b""
        try:
            return b"".join(_commands(following, reset=False, utf8=self._utf8).values())
        except DeliveryError:  # `begin` tells of it
            return b""

    def _over(self, refusal: DeliveryError) -> DeliveryError:
        self._drop(when=True)
        refusal.lost = True
        return refusal

    def _give_up(self, message: str, *, uncertain: bool = False) -> DeliveryError:
        self._drop(when=True)
        return DeliveryError(message, lost=True, uncertain=uncertain)

    def _drop(self, *, when: bool) -> None:
        if when:
            self._lost = True
            self._wire.close()


def _commands(envelope: Envelope, *, reset: bool, utf8: bool) -> dict[Step, bytes]:
    """What announces a message. Raises DeliveryError for addresses that cannot be said."""
    sender = _said(envelope.sender, Refused.SENDER, utf8=utf8)
    to = _said(envelope.to, Refused.RECIPIENT, utf8=utf8)
    more = "" if sender.isascii() and to.isascii() else " SMTPUTF8"
    commands = {Step.RESET: b"RSET\r\n"} if reset else {}
    return commands | {
        Step.SENDER: f"MAIL FROM:<{sender}>{more}\r\n".encode(),
        Step.RECIPIENT: f"RCPT TO:<{to}>\r\n".encode(),
        Step.DATA: b"DATA\r\n",
    }


def _said(address: str, what: Refused, *, utf8: bool) -> str:
    """An address as it is said to a server: the domain in ASCII (RFC 5890, RFC 6531)."""
    local, _, domain = address.rpartition("@")
    try:
        address = f"{local}@{ascii_host(domain)}"
    except MessageError as error:
        raise DeliveryError(error.message, what=what, for_good=True) from error
    if not MAILBOX.fullmatch(address):
        message = f"the address of the {what.value} cannot be said to a mail server"
        raise DeliveryError(message, what=what, for_good=True)
    if not (utf8 or address.isascii()):
        message = f"the server takes no {what.value} with letters beyond ASCII (no SMTPUTF8)"
        raise DeliveryError(message, what=what, for_good=True)
    return address


def _body(message: bytes) -> bytes:
    """The message with the dot that ends it, and no other that could (RFC 5321, 4.5.2)."""
    if b"\n." in message or message.startswith(b"."):
        message = re.sub(rb"(?m)^\.", b"..", message)
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
