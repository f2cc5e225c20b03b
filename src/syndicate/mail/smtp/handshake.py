"""Connect to a mail server until it accepts messages: connection, TLS, login (RFC 3207, RFC 4954).

Passwords go only to the server, and never into an error.
"""

from __future__ import annotations

import ssl

from syndicate.config.model import Server
from syndicate.errors import DeliveryError
from syndicate.mail.smtp import auth
from syndicate.mail.smtp.connection import SmtpConnection, describe
from syndicate.mail.smtp.replies import (
    DONE,
    LOGGED_IN,
    READY,
    Reply,
    UnreadableReplyError,
    parse_extensions,
)

CHALLENGE = 334
CHECK_PORT = "check host, port and security: tls is usual on port 465, starttls on port 587"
CHECK_CERTIFICATE = (
    "set host to the name in its certificate; "
    "if the certificate is self-signed, set SSL_CERT_FILE to its file"
)


def connect(server: Server, helo: str) -> tuple[SmtpConnection, dict[str, str]]:
    """A connection ready for messages, and the server's extensions.

    Raises DeliveryError about the server.
    """
    try:
        wire = SmtpConnection(server.host, server.port, server.timeout)
    except (OSError, UnicodeError) as error:
        raise _unreachable(server, error) from error
    try:
        return wire, _Handshake(server, helo, wire).enter()
    except BaseException as error:
        wire.close()
        if isinstance(error, OSError | UnreadableReplyError):
            raise _unusable(server, error) from error
        raise


class _Handshake:
    """The exchange before the first message: greeting, EHLO, STARTTLS, AUTH."""

    def __init__(self, server: Server, helo: str, wire: SmtpConnection) -> None:
        self._server = server
        self._helo = helo
        self._connection = wire

    def enter(self) -> dict[str, str]:
        """Perform all steps that the configuration needs; the server's extensions after them."""
        security = self._server.security
        if security == "tls":
            self._encrypt()
        greeting = self._connection.reply(self._server.timeout)
        self._positive(greeting, READY, "does not accept mail", CHECK_PORT)
        extensions = self._hello()
        if security == "starttls":
            self._start_tls(extensions)
            extensions = self._hello()  # extensions announced without encryption do not count
        if self._server.user:
            self._log_in(extensions.get("AUTH", ""))
        return extensions

    def _hello(self) -> dict[str, str]:
        reply = self._command(f"EHLO {self._helo}")
        return parse_extensions(self._positive(reply, DONE, "refused our greeting", CHECK_PORT))

    def _encrypt(self) -> None:
        context = ssl.create_default_context()
        self._connection.encrypt(context, self._server.host, self._server.timeout)

    def _start_tls(self, extensions: dict[str, str]) -> None:
        if "STARTTLS" not in extensions:
            raise self._refused(
                "offers no encryption (STARTTLS)",
                hint="use a port with encryption; security: tls for port 465; "
                "none only for a server on this machine",
                permanent=True,
            )
        self._positive(self._command("STARTTLS"), READY, "refused encryption", CHECK_PORT)
        self._encrypt()

    def _log_in(self, mechanisms: str) -> None:
        user, password = self._server.user, self._server.password
        mechanism = auth.choose(mechanisms)
        if not mechanism:
            supported = ", ".join(auth.MECHANISMS)
            raise self._refused(
                f"offers no login by password ({supported}), but {mechanisms or 'none at all'}",
                hint="check port and security; remove user and password if it needs none",
                permanent=True,
            )
        sent = [auth.command(mechanism, user, password)]
        reply = self._command(sent[0])
        for respond in auth.responses(mechanism, user, password):
            if reply.code != CHALLENGE:
                break
            sent.append(auth.response_line(respond, reply.lines[0]))
            reply = self._command(sent[-1])
        for secret in [password, *sent[0].split()[2:], *sent[1:]]:
            reply = reply.without(secret)
        self._positive(reply, LOGGED_IN, f"refused the login of {user}", "check user and password")

    def _command(self, command: str) -> Reply:
        if self._connection.poll_reply():
            raise UnreadableReplyError("more replies than commands")
        self._connection.send(f"{command}\r\n".encode(), self._server.timeout)
        return self._connection.reply(self._server.timeout)

    def _positive(self, reply: Reply, code: int, message: str, hint: str) -> Reply:
        """The reply, if it has that code: each step has its own (RFC 5321, section 4.3.2).

        Raises DeliveryError otherwise, permanent for 5xx.
        """
        if reply.code == code:
            return reply
        if not reply.negative:
            raise UnreadableReplyError(f"{str(reply)[:80]!r}")
        permanent = reply.code >= 500
        raise self._refused(
            f"{message}: {reply}", hint=hint, permanent=permanent, status=reply.status
        )

    def _refused(
        self, message: str, *, hint: str, permanent: bool, status: str = ""
    ) -> DeliveryError:
        return DeliveryError(
            f"{self._server.host} {message}",
            permanent=permanent,
            connection_lost=True,
            status=status,
            hint=hint,
        )


def _unreachable(server: Server, error: OSError | UnicodeError) -> DeliveryError:
    reason = error.strerror if isinstance(error, OSError) else None
    return DeliveryError(
        f"{server.host} port {server.port} cannot be reached: {reason or error}",
        connection_lost=True,
        hint="check host and port, and that this machine may connect to it",
    )


def _unusable(server: Server, error: OSError | UnreadableReplyError) -> DeliveryError:
    """The error of a server that was reached but cannot be used."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"the certificate of {server.host} is not valid: {error.verify_message}"
        return DeliveryError(message, connection_lost=True, hint=CHECK_CERTIFICATE)
    return DeliveryError(describe(server.host, error), connection_lost=True, hint=CHECK_PORT)
