"""Connect to a mail server until it accepts messages: connection, TLS, login (RFC 3207, RFC 4954).

Passwords go only to the server, and never into an error.
"""

from __future__ import annotations

import ssl

from syndicate.config.model import Server
from syndicate.errors import DeliveryError
from syndicate.mail.smtp import auth
from syndicate.mail.smtp.connection import SmtpConnection, trouble
from syndicate.mail.smtp.replies import (
    DONE,
    LOGGED_IN,
    READY,
    Reply,
    UnreadableError,
    parse_extensions,
)

ASKED = 334
CHECK_PORT = "check host, port and security: tls is usual on port 465, starttls on port 587"
CHECK_CERTIFICATE = (
    "write under host the name that is in its certificate; "
    "if you made the certificate yourself, name its file in SSL_CERT_FILE"
)


def connect(server: Server, helo: str) -> tuple[SmtpConnection, dict[str, str]]:
    """A connection ready for messages, and what the server offers on it.

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
        if isinstance(error, OSError | UnreadableError):
            raise _unusable(server, error) from error
        raise


class _Handshake:
    """What is said before the first message."""

    def __init__(self, server: Server, helo: str, wire: SmtpConnection) -> None:
        self._server = server
        self._helo = helo
        self._wire = wire

    def enter(self) -> dict[str, str]:
        """Do all that is needed; give what the server offers then."""
        security = self._server.security
        if security == "tls":
            self._encrypt()
        greeting = self._wire.reply(self._server.timeout)
        self._positive(greeting, READY, "takes no mail", CHECK_PORT)
        offered = self._hello()
        if security == "starttls":
            self._start_tls(offered)
            offered = self._hello()  # what was said in the clear counts no more
        if self._server.user:
            self._log_in(offered.get("AUTH", ""))
        return offered

    def _hello(self) -> dict[str, str]:
        reply = self._ask(f"EHLO {self._helo}")
        return parse_extensions(self._positive(reply, DONE, "does not want to know us", CHECK_PORT))

    def _encrypt(self) -> None:
        context = ssl.create_default_context()
        self._wire.encrypt(context, self._server.host, self._server.timeout)

    def _start_tls(self, offered: dict[str, str]) -> None:
        if "STARTTLS" not in offered:
            raise self._refused(
                "offers no encryption (STARTTLS)",
                hint="use a port where it does; security: tls for port 465; "
                "none only for a server on this machine",
                permanent=True,
            )
        self._positive(self._ask("STARTTLS"), READY, "refused to encrypt", CHECK_PORT)
        self._encrypt()

    def _log_in(self, offered: str) -> None:
        user, password = self._server.user, self._server.password
        mechanism = auth.choose(offered)
        if not mechanism:
            known = ", ".join(auth.MECHANISMS)
            raise self._refused(
                f"offers no login by password ({known}), but {offered or 'none at all'}",
                hint="check port and security; leave out user and password if it needs none",
                permanent=True,
            )
        said = [auth.opening(mechanism, user, password)]
        reply = self._ask(said[0])
        for made in auth.answers(mechanism, user, password):
            if reply.code != ASKED:
                break
            said.append(auth.answer(made, reply.lines[0]))
            reply = self._ask(said[-1])
        for secret in [password, *said[0].split()[2:], *said[1:]]:
            reply = reply.without(secret)
        self._positive(reply, LOGGED_IN, f"refused the login of {user}", "check user and password")

    def _ask(self, command: str) -> Reply:
        if self._wire.poll_reply():
            raise UnreadableError("more replies than commands")
        self._wire.send(f"{command}\r\n".encode(), self._server.timeout)
        return self._wire.reply(self._server.timeout)

    def _positive(self, reply: Reply, code: int, what: str, hint: str) -> Reply:
        """The reply, if it has that code: each step has one of its own (RFC 5321, section 4.3.2).

        Raises DeliveryError, for good if it says so.
        """
        if reply.code == code:
            return reply
        if not reply.negative:
            raise UnreadableError(f"{str(reply)[:80]!r}")
        permanent = reply.code >= 500
        raise self._refused(f"{what}: {reply}", hint=hint, permanent=permanent, status=reply.status)

    def _refused(self, what: str, *, hint: str, permanent: bool, status: str = "") -> DeliveryError:
        return DeliveryError(
            f"{self._server.host} {what}",
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


def _unusable(server: Server, error: OSError | UnreadableError) -> DeliveryError:
    """What kept a server that was reached from taking messages."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"the certificate of {server.host} is not good: {error.verify_message}"
        return DeliveryError(message, connection_lost=True, hint=CHECK_CERTIFICATE)
    return DeliveryError(trouble(server.host, error), connection_lost=True, hint=CHECK_PORT)
