"""Announce a message to a server: MAIL, RCPT and DATA, pipelined where possible (RFC 2920).

Replies carry no number, so one too many or too few shifts all that follow. A refusal counts only if
the reply to RSET shows that the replies before it were in step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from syndicate.config.model import Server
from syndicate.errors import DeliveryError, MessageError, RejectedStage
from syndicate.mail.headers import ascii_domain
from syndicate.mail.smtp.connection import SmtpConnection
from syndicate.mail.smtp.replies import SHUTTING_DOWN, Step, UnreadableReplyError, error_for_reply
from syndicate.mail.transport import Envelope

MAILBOX = re.compile(r'[^\x00-\x20\x7f-\xa0"(),:;<>@\[\\\]]+@[^\x00-\x20\x7f-\xa0"(),;<>@\\]+')
"""What may stand between angle brackets; quoted local parts are not supported."""


class Announcer:
    """Announces messages on one connection to a server with these extensions."""

    def __init__(
        self, server: Server, connection: SmtpConnection, extensions: Mapping[str, str]
    ) -> None:
        self._host = server.host
        self._timeout = server.timeout
        self._connection = connection
        self._utf8 = "SMTPUTF8" in extensions
        self.pipelining = "PIPELINING" in extensions

    def commands(self, envelope: Envelope) -> Mapping[Step, bytes]:
        """The commands. Raises DeliveryError for addresses the server does not support."""
        sender = _smtp_address(envelope.sender, RejectedStage.SENDER, utf8=self._utf8)
        to = _smtp_address(envelope.to, RejectedStage.RECIPIENT, utf8=self._utf8)
        more = "" if sender.isascii() and to.isascii() else " SMTPUTF8"
        return {
            Step.SENDER: f"MAIL FROM:<{sender}>{more}\r\n".encode(),
            Step.RECIPIENT: f"RCPT TO:<{to}>\r\n".encode(),
            Step.DATA: b"DATA\r\n",
        }

    def announce(self, envelope: Envelope, *, sent: bool) -> DeliveryError | None:
        """Send the commands, unless they were `sent`; the first refusal, None if all succeeded.

        After a refusal with `connection_lost` the session must end. Raises DeliveryError for
        addresses, OSError, and UnreadableError when replies are out of step.
        """
        commands = self.commands(envelope)
        if self.pipelining and not sent:
            self.send(b"".join(commands.values()))
        refusal: DeliveryError | None = None
        for step, command in commands.items():
            try:
                if not self.pipelining:
                    self.send(command)
                error = self._read_reply(step, envelope, refusal)
            except ConnectionError:
                if refusal is None:
                    raise
                return _with_lost_connection(refusal)
            except TimeoutError as timeout:
                if refusal is None:
                    raise
                raise UnreadableReplyError("fewer replies than commands") from timeout
            refusal = refusal or error
            # A server that accepts DATA after a refusal would read RSET as text of the message.
            if refusal and (error.connection_lost if error else step is Step.DATA):
                return _with_lost_connection(refusal)
        return self._reset(refusal, envelope) if refusal else None

    def send(self, commands: bytes) -> None:
        """Send commands to a server that has replied to all before. Raises as `announce`."""
        self.expect_silence()
        self._connection.send(commands, self._timeout)

    def expect_silence(self) -> None:
        """Raise UnreadableError for an unsolicited reply, OSError if the connection has ended."""
        reply = self._connection.poll_reply()
        if reply and reply.code == SHUTTING_DOWN:
            raise ConnectionAbortedError("it is shutting down (421)")
        if reply:
            raise UnreadableReplyError(f"an unexpected reply: {reply.code}")

    def _read_reply(
        self, step: Step, envelope: Envelope, refusal: DeliveryError | None
    ) -> DeliveryError | None:
        """Read the reply to a step; `refusal` is that of an earlier step, if there was one."""
        reply = self._connection.reply(self._timeout)
        error = error_for_reply(step, reply, self._host, envelope.to)
        if refusal and not error and step is not Step.DATA:
            raise UnreadableReplyError(f"{reply.code} to {step} after a refusal")
        return error

    def _reset(self, refusal: DeliveryError, envelope: Envelope) -> DeliveryError:
        """Take a refused announcement back; the refusal."""
        try:
            self.send(b"RSET\r\n")
            reply = self._connection.reply(self._timeout)
            error = error_for_reply(Step.RESET, reply, self._host, envelope.to)
        except ConnectionError:
            return _with_lost_connection(refusal)
        return _with_lost_connection(refusal) if error else refusal


def _with_lost_connection(refusal: DeliveryError) -> DeliveryError:
    refusal.connection_lost = True
    return refusal


def _smtp_address(address: str, stage: RejectedStage, *, utf8: bool) -> str:
    """An address in an SMTP command: its domain in ASCII (RFC 5890, RFC 6531)."""
    local, _, domain = address.rpartition("@")
    try:
        address = f"{local}@{ascii_domain(domain)}"
    except MessageError as error:
        raise DeliveryError(error.message, stage=stage, permanent=True) from error
    if not MAILBOX.fullmatch(address):
        message = f"the address of the {stage.value} cannot be used in SMTP"
        raise DeliveryError(message, stage=stage, permanent=True)
    if not (utf8 or address.isascii()):
        message = f"the server accepts no {stage.value} with non-ASCII characters (no SMTPUTF8)"
        raise DeliveryError(message, stage=stage, permanent=True)
    return address
