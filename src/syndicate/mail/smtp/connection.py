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

from syndicate.mail.smtp.replies import Replies, Reply, UnreadableError

Done = TypeVar("Done")

AT_ONCE = 65_536
# What is sent by one call is one record of TLS (RFC 8446, section 5.1): a call that fails has
# handed over nothing that could be read.
RECORD = 16_384


class SmtpConnection:
    """A connected socket, plain or encrypted. Used by one thread."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._socket = socket.create_connection((host, port), seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._piece = AT_ONCE
        self._replies = Replies()
        self.sent = 0
        """How many bytes of what was sent last the system took."""
        self.heard: list[int] = []
        """The codes of the replies that were read since this list was last cleared."""
        self.ended = False
        """It closed the connection, and everything it said before was read."""

    def encrypt(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Go on by TLS with a server that proves to be `host`."""
        if self._replies.waiting:
            raise UnreadableError("something in the clear that was to be encrypted (RFC 3207)")
        encrypted = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )
        self._socket, self._piece = encrypted, RECORD
        _by(monotonic() + seconds, encrypted, select.POLLIN, encrypted.do_handshake)

    def send(self, data: bytes, seconds: float) -> None:
        """Hand everything over to the system. `sent` says how much it took, also on failure."""
        deadline, rest = monotonic() + seconds, memoryview(data)
        self.sent = 0
        while self.sent < len(data):
            piece = rest[self.sent : self.sent + self._piece]
            self.sent += _by(deadline, self._socket, select.POLLOUT, self._socket.send, piece)

    def reply(self, seconds: float) -> Reply:
        """The next reply."""
        deadline = monotonic() + seconds
        while (reply := self._replies.take()) is None:
            self._take_in(_by(deadline, self._socket, select.POLLIN, self._socket.recv, AT_ONCE))
        self.heard.append(reply.code)
        return reply

    def poll_reply(self) -> Reply | None:
        """A reply to nothing that was sent, if one is here now. Does not wait."""
        if not self._replies.waiting:
            try:
                self._take_in(self._socket.recv(AT_ONCE))
            except (BlockingIOError, ssl.SSLWantReadError):
                return None
        reply = self._replies.take()
        if reply is None:
            raise UnreadableError("partial unsolicited reply")
        self.heard.append(reply.code)
        return reply

    def close(self) -> None:
        """End it without a word."""
        self._socket.close()

    def _take_in(self, data: bytes) -> None:
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
    """Do what may have to wait for `event` on a socket that does not block."""
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


def trouble(host: str, error: OSError | UnreadableError) -> str:
    """What went wrong on a connection to `host`, for a person."""
    if isinstance(error, UnreadableError):
        return f"{host} answered with {error}"
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time"
    if isinstance(error, ssl.SSLError):
        return f"encryption with {host} failed: {error.reason or error.strerror or error}"
    return f"the connection to {host} broke: {error.strerror or error}"
