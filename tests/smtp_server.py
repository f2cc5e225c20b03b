"""A mail server on loopback with scripted behaviour, which stores accepted messages.

    with SmtpServer(scripted(RCPT=[None, Say("550 5.1.1 nobody")])) as server: ...

A behaviour is asked at each step what to do: GREETING, each command by its name, BODY in the middle
of a message and MESSAGE after its dot. None is what a good server does.
"""

from __future__ import annotations

import hmac
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from typing import NamedTuple, Self

EXTENSIONS = ("PIPELINING", "SIZE 0", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8")


class Step(NamedTuple):
    """Where a connection is. `times` is how often it was at such a step before."""

    name: str
    argument: str
    connection: int
    times: int


@dataclass(frozen=True, slots=True)
class Say:
    """Give this reply. A message counts as taken if it is 2xx. `every`: seconds between bytes.

    `then` is called when it is said. Replies that nothing asked for come `before` and `behind` it;
    a `silent` one is meant, and not given.
    """

    reply: str | bytes
    every: float = 0
    close: bool = False
    then: Callable[[], object] = bool
    before: str = ""
    behind: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection without a word; the message counts as taken if so `kept`."""

    kept: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """Say and read nothing more, until the server ends."""

    kept: bool = False


Action = Say | Close | Stall
Behaviour = Callable[[Step], Action | None]


def good(_: Step) -> Action | None:
    """What a good server does, at each step."""
    return None


def scripted(**steps: Action | Sequence[Action | None]) -> Behaviour:
    """At each step the action named for it; of several, one each time, on every connection."""

    def behaviour(step: Step) -> Action | None:
        actions = steps.get(step.name, ())
        if not isinstance(actions, Sequence):
            return actions
        return actions[step.times] if step.times < len(actions) else None

    return behaviour


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was taken, without the dots of SMTP. `announced` is what MAIL said."""

    sender: str
    to: tuple[str, ...]
    body: bytes
    announced: str


class SmtpServer:
    """Listens on a port of its own, a thread for each connection, from entering to leaving."""

    def __init__(
        self,
        behaviour: Behaviour = good,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        users: Mapping[str, str] | None = None,
        mechanisms: str = "PLAIN LOGIN CRAM-MD5",
    ) -> None:
        """`tls` is offered by STARTTLS, or `implicit` from the beginning; `users` must log in."""
        self.behaviour = behaviour
        self.extensions = tuple(extensions)
        self.tls = tls
        self.implicit = implicit
        self.users = users
        self.mechanisms = mechanisms
        self.mails: list[Mail] = []
        self.broken: list[bytes] = []
        """What came of messages that never ended."""
        self.commands: list[str] = []
        self.connections = 0
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        _shut(self._listener)
        self._threads[0].join()  # so that no connection comes after those that end now
        self.hang_up()

    def left_alone(self) -> None:
        """Wait until all connections there were have ended: nothing more is taken from them."""
        for thread in self._threads[1:]:
            thread.join()

    def hang_up(self) -> None:
        """End all connections there are."""
        for each in self._sockets:
            _shut(each)
        self.left_alone()

    def _listen(self) -> None:
        while not self.ended.is_set():
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(connected)
            served = _Connection(self, connected, self.connections)
            thread = threading.Thread(target=served.serve)
            thread.start()
            self._threads.append(thread)


def _shut(open_socket: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        open_socket.shutdown(socket.SHUT_RDWR)
    open_socket.close()


class _OverError(Exception):
    """The connection has ended."""


@dataclass
class _Connection:
    server: SmtpServer
    socket: socket.socket
    number: int
    counts: Counter[str] = field(default_factory=Counter)
    encrypted: bool = False
    user: str = ""
    sender: str | None = None
    announced: str = ""
    to: list[str] = field(default_factory=list)
    file: BufferedReader = field(init=False)

    def serve(self) -> None:
        try:
            if self.server.implicit:
                self.encrypt()
            self.file = self.socket.makefile("rb")
            self.answer("GREETING", "", "220 loopback ESMTP")
            while line := self.file.readline():
                self.server.commands.append(line.decode().rstrip("\r\n"))
                name, _, argument = self.server.commands[-1].partition(" ")
                self.command(name.upper(), argument)
        except (_OverError, OSError, ValueError):
            pass
        finally:
            _shut(self.socket)

    def command(self, name: str, argument: str) -> None:
        known = getattr(self, f"on_{name.lower()}", None)
        if known is None:
            self.answer(name, argument, "500 5.5.2 unknown")
        else:
            known(argument)

    def answer(self, name: str, argument: str, usual: str) -> bool:
        """Do what is told or usual at a step; True if that was a yes."""
        return self.act(self.asked(name, argument), usual)

    def asked(self, name: str, argument: str = "") -> Action | None:
        count = self.counts[name]
        self.counts[name] += 1
        return self.server.behaviour(Step(name, argument, self.number, count))

    def act(self, action: Action | None, usual: str) -> bool:
        action = action or Say(usual)
        if isinstance(action, Stall):
            self.server.ended.wait()
        if not isinstance(action, Say):
            raise _OverError
        self.say(action)
        return action.reply[:1] in ("2", "3", b"2", b"3")

    def say(self, action: Say) -> None:
        text = action.reply
        data = text if isinstance(text, bytes) else f"{text}\r\n".encode()
        data = action.before.encode() + (b"" if action.silent else data) + action.behind.encode()
        if action.every:
            for byte in data:
                self.socket.sendall(bytes([byte]))
                if self.server.ended.wait(action.every):
                    raise _OverError
        else:
            self.socket.sendall(data)
        action.then()
        if action.close:
            raise _OverError

    # -- commands ----------------------------------------------------------------------------

    def on_ehlo(self, argument: str) -> None:
        lines = ["loopback", *self.server.extensions]
        if self.server.tls and not self.encrypted:
            lines.append("STARTTLS")
        if self.server.users is not None:
            lines.append(f"AUTH {self.server.mechanisms}")
        usual = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}"
        self.answer("EHLO", argument, usual)

    def on_starttls(self, argument: str) -> None:
        if self.answer("STARTTLS", argument, "220 2.0.0 go ahead"):
            self.encrypt()
            self.file = self.socket.makefile("rb")

    def encrypt(self) -> None:
        assert self.server.tls is not None
        self.socket = self.server.tls.wrap_socket(self.socket, server_side=True)
        self.encrypted = True

    def on_auth(self, argument: str) -> None:
        action = self.asked("AUTH", argument)
        if action:
            self.act(action, "")
            return
        mechanism, _, initial = argument.partition(" ")
        user, good = self.login(mechanism, initial)
        self.user = user if good else ""
        self.act(None, "235 2.7.0 welcome" if good else "535 5.7.8 wrong user or password")

    def login(self, mechanism: str, initial: str) -> tuple[str, bool]:
        """Who it is, and whether they proved it."""
        users = self.server.users or {}
        if mechanism == "PLAIN":
            _, user, password = b64decode(initial).decode().split("\0")
            return user, users.get(user) == password
        if mechanism == "LOGIN":
            user = self.question(b"Username:").decode()
            return user, users.get(user) == self.question(b"Password:").decode()
        challenge = b"<1.2@loopback>"
        user, _, proof = self.question(challenge).decode().rpartition(" ")
        expected = hmac.new(users.get(user, "").encode(), challenge, "md5").hexdigest()
        return user, user in users and proof == expected

    def question(self, text: bytes) -> bytes:
        self.socket.sendall(b"334 " + b64encode(text) + b"\r\n")
        return b64decode(self.file.readline())

    def on_mail(self, argument: str) -> None:
        locked = self.server.users is not None and not self.user
        usual = "530 5.7.0 log in first" if locked else "250 2.1.0 ok"
        if self.answer("MAIL", argument, usual):
            self.sender = argument.partition("<")[2].partition(">")[0]
            self.announced, self.to = argument, []

    def on_rcpt(self, argument: str) -> None:
        usual = "503 5.5.1 MAIL first" if self.sender is None else "250 2.1.5 ok"
        if self.answer("RCPT", argument, usual):
            self.to.append(argument.partition("<")[2].partition(">")[0])

    def on_data(self, argument: str) -> None:
        usual = "354 go ahead" if self.to else "554 5.5.1 nobody to send it to"
        if self.answer("DATA", argument, usual):
            body = self.body()
            self.took(body, self.asked("MESSAGE"))

    def body(self) -> bytes:
        lines: list[bytes] = []
        ended = False
        try:
            while (line := self.file.readline()) != b".\r\n":
                if not line:
                    raise _OverError
                lines.append(line[1:] if line.startswith(b".") else line)
                if len(lines) == 1 and (action := self.asked("BODY")):
                    self.act(action, "")
            ended = True
        finally:
            if not ended:
                self.server.broken.append(b"".join(lines))
        return b"".join(lines)

    def took(self, body: bytes, action: Action | None) -> None:
        action = action or Say(f"250 2.0.0 taken as {len(self.server.mails) + 1}")
        taken = action.reply[:1] in ("2", b"2") if isinstance(action, Say) else action.kept
        if taken and self.sender is not None:
            mail = Mail(self.sender, tuple(self.to), body, self.announced)
            self.server.mails.append(mail)
        self.sender, self.to = None, []
        self.act(action, "")

    def on_rset(self, argument: str) -> None:
        self.answer("RSET", argument, "250 2.0.0 ok")
        self.sender, self.to = None, []

    def on_quit(self, argument: str) -> None:
        self.answer("QUIT", argument, "221 2.0.0 bye")
        raise _OverError
