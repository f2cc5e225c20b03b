"""A fake SMTP server on loopback with scripted behaviour; it stores accepted messages.

    with SmtpServer(scripted(RCPT=[None, Reply("550 5.1.1 unknown")])) as server: ...

A behaviour returns the action for each step: GREETING, each command by its name, BODY after the
first line of a message, and MESSAGE after its final dot. For None, the server accepts the step.
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
    """A step of a connection. `times` is how often the connection had this step before."""

    name: str
    argument: str
    connection: int
    times: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Send a reply, with `byte_delay` seconds between bytes. A message is accepted if it is 2xx.

    `on_sent` is called after it was sent. `before` and `after` are unsolicited replies around it;
    if it is `withheld`, only those are sent.
    """

    text: str | bytes
    byte_delay: float = 0
    close: bool = False
    on_sent: Callable[[], object] = bool
    before: str = ""
    after: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection without a reply."""

    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """Send and read nothing more, until the server ends."""

    accepted: bool = False


Action = Reply | Close | Stall
Behaviour = Callable[[Step], Action | None]


def accept_everything(_: Step) -> Action | None:
    """Accept every step."""
    return None


def scripted(**steps: Action | Sequence[Action | None]) -> Behaviour:
    """The actions by step; of a sequence, the n-th action is for the n-th time in a connection."""

    def behaviour(step: Step) -> Action | None:
        actions = steps.get(step.name, ())
        if not isinstance(actions, Sequence):
            return actions
        return actions[step.times] if step.times < len(actions) else None

    return behaviour


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """An accepted message, without dot-stuffing. `mail_argument` is the argument of MAIL."""

    sender: str
    to: tuple[str, ...]
    body: bytes
    mail_argument: str


class SmtpServer:
    """A context: listens on a free port of loopback, with a thread for each connection."""

    def __init__(
        self,
        behaviour: Behaviour = accept_everything,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        users: Mapping[str, str] | None = None,
        mechanisms: str = "PLAIN LOGIN CRAM-MD5",
    ) -> None:
        """`tls` is for STARTTLS, or `implicit`; with `users`, clients have to log in."""
        self.behaviour = behaviour
        self.extensions = tuple(extensions)
        self.tls = tls
        self.implicit = implicit
        self.users = users
        self.mechanisms = mechanisms
        self.accepted: list[AcceptedMessage] = []
        self.incomplete: list[bytes] = []
        """The received parts of messages that did not end."""
        self.commands: list[str] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        _close(self._listener)
        self._threads[0].join()  # so that no connection comes after those that end now
        self.disconnect_all()

    def wait_for_clients(self) -> None:
        """Wait until all present connections have ended: they deliver nothing more."""
        for thread in self._threads[1:]:
            thread.join()

    def disconnect_all(self) -> None:
        """Close all present connections."""
        for each in self._sockets:
            _close(each)
        self.wait_for_clients()

    def _listen(self) -> None:
        while not self.stopping.is_set():
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


def _close(open_socket: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        open_socket.shutdown(socket.SHUT_RDWR)
    open_socket.close()


class _DisconnectedError(Exception):
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
    mail_argument: str = ""
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
        except (_DisconnectedError, OSError, ValueError):
            pass
        finally:
            _close(self.socket)

    def command(self, name: str, argument: str) -> None:
        known = getattr(self, f"on_{name.lower()}", None)
        if known is None:
            self.answer(name, argument, "500 5.5.2 unknown")
        else:
            known(argument)

    def answer(self, name: str, argument: str, usual: str) -> bool:
        """Perform the action for a step, or send the usual reply; whether it was positive."""
        return self.perform(self.next_action(name, argument), usual)

    def next_action(self, name: str, argument: str = "") -> Action | None:
        count = self.counts[name]
        self.counts[name] += 1
        return self.server.behaviour(Step(name, argument, self.number, count))

    def perform(self, action: Action | None, usual: str) -> bool:
        action = action or Reply(usual)
        if isinstance(action, Stall):
            self.server.stopping.wait()
        if not isinstance(action, Reply):
            raise _DisconnectedError
        self.send_reply(action)
        return action.text[:1] in ("2", "3", b"2", b"3")

    def send_reply(self, action: Reply) -> None:
        text = action.text
        data = text if isinstance(text, bytes) else f"{text}\r\n".encode()
        data = action.before.encode() + (b"" if action.withheld else data) + action.after.encode()
        if action.byte_delay:
            for byte in data:
                self.socket.sendall(bytes([byte]))
                if self.server.stopping.wait(action.byte_delay):
                    raise _DisconnectedError
        else:
            self.socket.sendall(data)
        action.on_sent()
        if action.close:
            raise _DisconnectedError

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
        action = self.next_action("AUTH", argument)
        if action:
            self.perform(action, "")
            return
        mechanism, _, initial = argument.partition(" ")
        user, good = self.authenticate(mechanism, initial)
        self.user = user if good else ""
        self.perform(None, "235 2.7.0 welcome" if good else "535 5.7.8 wrong user or password")

    def authenticate(self, mechanism: str, initial: str) -> tuple[str, bool]:
        """The user, and whether the password is right."""
        users = self.server.users or {}
        if mechanism == "PLAIN":
            _, user, password = b64decode(initial).decode().split("\0")
            return user, users.get(user) == password
        if mechanism == "LOGIN":
            user = self.ask_credentials(b"Username:").decode()
            return user, users.get(user) == self.ask_credentials(b"Password:").decode()
        challenge = b"<1.2@loopback>"
        user, _, proof = self.ask_credentials(challenge).decode().rpartition(" ")
        expected = hmac.new(users.get(user, "").encode(), challenge, "md5").hexdigest()
        return user, user in users and proof == expected

    def ask_credentials(self, text: bytes) -> bytes:
        self.socket.sendall(b"334 " + b64encode(text) + b"\r\n")
        return b64decode(self.file.readline())

    def on_mail(self, argument: str) -> None:
        locked = self.server.users is not None and not self.user
        usual = "530 5.7.0 log in first" if locked else "250 2.1.0 ok"
        if self.answer("MAIL", argument, usual):
            self.sender = argument.partition("<")[2].partition(">")[0]
            self.mail_argument, self.to = argument, []

    def on_rcpt(self, argument: str) -> None:
        usual = "503 5.5.1 MAIL first" if self.sender is None else "250 2.1.5 ok"
        if self.answer("RCPT", argument, usual):
            self.to.append(argument.partition("<")[2].partition(">")[0])

    def on_data(self, argument: str) -> None:
        usual = "354 go ahead" if self.to else "554 5.5.1 no valid recipients"
        if self.answer("DATA", argument, usual):
            body = self.read_message()
            self.end_message(body, self.next_action("MESSAGE"))

    def read_message(self) -> bytes:
        lines: list[bytes] = []
        ended = False
        try:
            while (line := self.file.readline()) != b".\r\n":
                if not line:
                    raise _DisconnectedError
                lines.append(line[1:] if line.startswith(b".") else line)
                if len(lines) == 1 and (action := self.next_action("BODY")):
                    self.perform(action, "")
            ended = True
        finally:
            if not ended:
                self.server.incomplete.append(b"".join(lines))
        return b"".join(lines)

    def end_message(self, body: bytes, action: Action | None) -> None:
        action = action or Reply(f"250 2.0.0 queued as {len(self.server.accepted) + 1}")
        taken = action.text[:1] in ("2", b"2") if isinstance(action, Reply) else action.accepted
        if taken and self.sender is not None:
            mail = AcceptedMessage(self.sender, tuple(self.to), body, self.mail_argument)
            self.server.accepted.append(mail)
        self.sender, self.to = None, []
        self.perform(action, "")

    def on_rset(self, argument: str) -> None:
        self.answer("RSET", argument, "250 2.0.0 ok")
        self.sender, self.to = None, []

    def on_quit(self, argument: str) -> None:
        self.answer("QUIT", argument, "221 2.0.0 bye")
        raise _DisconnectedError
