"""A connection to a mail server: bytes out, replies in, each with a deadline.

A deadline covers a whole reply: a server that sends single bytes does not extend it. Raises OSError
or UnreadableError when the connection can no longer be used.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from syndicate.mail.smtp.replies import Replies, Reply, UnreadableReplyError

Done = TypeVar("Done")

MAX_BYTES = 65_536
"""Bytes sent or received by one call."""

TLS_RECORD = 16_384
"""Bytes sent by one call over TLS: one record (RFC 8446, section 5.1).

A call that fails has then sent nothing that the server can read.
"""


class SmtpConnection:
    """A connected socket, plain or encrypted. Used by one thread."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._socket = socket.create_connection((host, port), seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._piece = MAX_BYTES
        self._replies = Replies()
        self.sent = 0
        """How many bytes of the last `send` the system accepted."""
        self.reply_codes: list[int] = []
        """The codes of the replies that were read since this list was last cleared."""
        self.ended = False
        """Whether the server closed the connection and all its replies were read."""

    def encrypt(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Continue with TLS; the server's certificate must be for `host`."""
        if self._replies.waiting:
            raise UnreadableReplyError("unencrypted data before the TLS handshake (RFC 3207)")
        encrypted = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )
        self._socket, self._piece = encrypted, TLS_RECORD
        _by(monotonic() + seconds, encrypted, select.POLLIN, encrypted.do_handshake)

    def send(self, data: bytes, seconds: float) -> None:
        """Send everything; `sent` counts the bytes, also on failure."""
        deadline, rest = monotonic() + seconds, memoryview(data)
        self.sent = 0
        while self.sent < len(data):
            piece = rest[self.sent : self.sent + self._piece]
            self.sent += _by(deadline, self._socket, select.POLLOUT, self._socket.send, piece)

    def reply(self, seconds: float) -> Reply:
        """The next reply."""
        deadline = monotonic() + seconds
        while (reply := self._replies.take()) is None:
            self._feed(_by(deadline, self._socket, select.POLLIN, self._socket.recv, MAX_BYTES))
        self.reply_codes.append(reply.code)
        return reply

    def poll_reply(self) -> Reply | None:
        """An unsolicited reply, if one has arrived. Does not wait."""
        if not self._replies.waiting:
            try:
                self._feed(self._socket.recv(MAX_BYTES))
            except (BlockingIOError, ssl.SSLWantReadError):
                return None
        reply = self._replies.take()
        if reply is None:
            raise UnreadableReplyError("partial unsolicited reply")
        self.reply_codes.append(reply.code)
        return reply

    def close(self) -> None:
        """Close the connection without QUIT."""
        self._socket.close()

    def _feed(self, data: bytes) -> None:
        if not data:
            self.ended = not self._replies.waiting
            raise ConnectionResetError("it closed the connection")
        self._replies.feed(data)


def _by(
    deadline: float,
    sock: socket.socket,
    event: int,
    do: Callable[..., Done],
    *arguments: object,
) -> Done:
    """Call `do`, again after each wait for `event` on a non-blocking socket."""
    while True:
        try:
            return do(*arguments)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as waiting:
            if isinstance(waiting, ssl.SSLWantReadError):
                event = select.POLLIN
            elif isinstance(waiting, ssl.SSLWantWriteError):
                event = select.POLLOUT
        _wait(sock, event, deadline - monotonic())


def _wait(sock: socket.socket, event: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(sock, event)
    if seconds <= 0 or not poll.poll(seconds * 1000):
        raise TimeoutError("it does not answer in time")


def describe(host: str, error: OSError | UnreadableReplyError) -> str:
    """The message for an error on the connection to `host`."""
    if isinstance(error, UnreadableReplyError):
        return f"{host} answered with {error}"
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time"
    if isinstance(error, ssl.SSLError):
        return f"encryption with {host} failed: {error.reason or error.strerror or error}"
    return f"the connection to {host} broke: {error.strerror or error}"
