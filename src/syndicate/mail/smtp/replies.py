"""SMTP replies and their meaning (RFC 5321, section 4.2; RFC 2034). Pure.

A reply may be malformed, endless, or contain control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from syndicate.address_spellings import AT
from syndicate.errors import DeliveryError, RejectedStage
from syndicate.mail.refusals import enhanced_status

MAX_REPLY_LENGTH = 65_536
MAX_LINES = 100
MAX_TEXT_LENGTH = 500

LINE = re.compile(rb"([1-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)

BEGINNING = re.compile(rb"[1-5][0-9]{2}[ -]")
JOINED = re.compile(rb"[A-Za-z]([245])[0-9]{2}[ -]\1\.[0-9]{1,3}\.[0-9]")
"""A reply without a line end, followed by another one in the same line."""

READY, CLOSING, LOGGED_IN, DONE = 220, 221, 235, 250
SHUTTING_DOWN = 421
GO_AHEAD = 354
_PART = r"""[^\s<>()\[\],;:"']"""
ADDRESS = re.compile(
    rf"""(?:"[^"]*"|(?<!{_PART}){_PART}+){AT}{_PART}+""",
    re.IGNORECASE,
)
"""An email address in a text, in any spelling that servers use, from the start of a word."""
ORDINARY = re.compile(
    "abuse|account|address|bad|box|blocked|contact|denied|domain|error|full|hello|host|info|inbox|"
    "invalid|mail|mailbox|me|message|name|no|not|office|ok|postmaster|quota|recipient|refused|"
    "rejected|sender|server|service|spam|support|team|the|unknown|users?|you",
    re.IGNORECASE,
)
"""Local parts that identify no person, and that occur in replies as words."""
# Replies to a client that must log in or encrypt first (RFC 4954, RFC 3207).
LOGIN_REQUIRED = frozenset({530, 534, 535, 538})


class UnreadableReplyError(Exception):
    """The server sent no valid SMTP reply; the text is what it sent."""


class Step(StrEnum):
    """What a server replies to: the commands that send a message, and the message."""

    RESET = "RSET"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    MESSAGE = "the message"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `lines` are printable, one line each, without the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def status(self) -> str:
        """The enhanced status code, or "".

        It should begin the text (RFC 2034, section 4); some write it elsewhere. Its first digit is
        that of the reply code.
        """
        return enhanced_status(" ".join(self.lines), str(self.code)[0])

    @property
    def positive(self) -> bool:
        """Success (2xx)."""
        return 200 <= self.code <= 299

    @property
    def accepts(self) -> bool:
        """Success, with a code that may occur within a session."""
        return self.positive and self.code not in (READY, CLOSING, LOGGED_IN)

    @property
    def negative(self) -> bool:
        """Failure, temporary (4xx) or permanent (5xx)."""
        return 400 <= self.code <= 599

    def anonymous(self, to: str) -> Reply:
        """The reply as it is stored and logged: without the address of the recipient."""
        return Reply(self.code, tuple(anonymous(line, to) for line in self.lines))

    def without(self, text: str) -> Reply:
        """The reply with `…` for a secret text, in upper or lower case."""
        hidden = re.compile(re.escape(_shown(text.encode())) or "(?!)", re.IGNORECASE)
        return Reply(self.code, tuple(hidden.sub("…", line) for line in self.lines))

    def __str__(self) -> str:
        """The reply in one line of bounded length; its status occurs once."""
        first, *others = self.lines
        rest = [line.removeprefix(self.status) for line in others]
        return " ".join(" ".join([str(self.code), first, *rest]).split())[:MAX_TEXT_LENGTH]


class Replies:
    """Received bytes -> replies. After an UnreadableError nothing more can be read."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._size = 0
        self._code = 0
        self._lines: list[str] = []
        self._joined = False

    @property
    def waiting(self) -> bool:
        """Whether received bytes are left."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> None:
        """Add received bytes.

        If they begin like a reply within an unfinished line, the reply before had no line end, and
        it is unknown which of the two belongs to which command.
        """
        if self._rest and not self._rest.endswith(b"\n") and BEGINNING.match(data):
            self._joined = True
        self._rest += data

    def take(self) -> Reply | None:
        """The next reply if it is complete. Raises UnreadableError."""
        while (end := self._rest.find(b"\n")) >= 0:
            self._size += end + 1
            line = bytes(self._rest[:end]).removesuffix(b"\r")
            del self._rest[: end + 1]
            self._bound(self._size)
            if self._is_last(line):
                reply = Reply(self._code, tuple(self._lines))
                self._lines, self._code, self._size = [], 0, 0
                return reply
        self._bound(self._size + len(self._rest))
        return None

    def _is_last(self, line: bytes) -> bool:
        match = LINE.fullmatch(line)
        if self._joined or JOINED.search(line):
            raise UnreadableReplyError("two replies in one line")
        if not match:
            text = ADDRESS.sub("…", _shown(line))
            raise UnreadableReplyError(f"{text[:80]!r}, which is not a reply")
        code = int(match[1])
        if self._lines and code != self._code:
            raise UnreadableReplyError(
                f"a reply that begins with {self._code} and continues with {code}"
            )
        self._code = code
        self._lines.append(_shown(match[3] or b""))
        return match[2] != b"-"

    def _bound(self, size: int) -> None:
        if size > MAX_REPLY_LENGTH or len(self._lines) >= MAX_LINES:
            raise UnreadableReplyError("an endless reply")


def anonymous(text: str, to: str) -> str:
    """A text of a server with `…` for each word that contains an email address.

    This includes other spellings (quoted, percent-encoded, with = for @) and other addresses, and
    the local part of `to` alone, unless it is an ordinary word.
    """
    text = ADDRESS.sub("…", text)
    local = to.rpartition("@")[0]
    if not local or ORDINARY.fullmatch(local.strip('"')):
        return text
    spellings = {local, local.strip('"'), quote(local), quote(local, safe="")}
    either = "|".join(re.escape(each) for each in sorted(spellings, key=len, reverse=True))
    return re.sub(rf"(?<![\w.+=%-])(?:{either})(?![\w+=%-]|\.\w)", "…", text, flags=re.IGNORECASE)


def _shown(line: bytes) -> str:
    """The text of a line, without control and invisible characters."""
    text = line.decode(errors="replace")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def parse_extensions(hello: Reply) -> dict[str, str]:
    """The extensions in a reply to EHLO: keyword -> parameters (RFC 5321, section 4.1.1.1)."""
    return dict(_extensions(hello.lines[1:]))


def _extensions(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        # Some write AUTH=PLAIN, as a draft of RFC 2554 had it.
        keyword, _, parameters = line.upper().replace("AUTH=", "AUTH ").partition(" ")
        yield keyword, parameters


def error_for_reply(step: Step, reply: Reply, host: str, to: str) -> DeliveryError | None:
    """The error that a reply to a step means for the message to `to`; None for success.

    The error does not contain the address: it may be logged. Raises UnreadableError if the reply
    is not a possible one to this step.
    """
    if reply.code == GO_AHEAD if step is Step.DATA else reply.accepts:
        return None
    reply = reply.anonymous(to)
    if reply.code == SHUTTING_DOWN:
        stage = RejectedStage.MESSAGE if step is Step.MESSAGE else RejectedStage.SERVER
        return DeliveryError(
            f"{host} is shutting down: {reply}",
            stage=stage,
            connection_lost=True,
            status=reply.status,
        )
    if reply.negative and step is not Step.RESET:
        return _refusal(step, reply, host)
    raise UnreadableReplyError(f"{str(reply)[:80]!r} to {step}")


def _refusal(step: Step, reply: Reply, host: str) -> DeliveryError:
    permanent, status = reply.code >= 500, reply.status
    if reply.code in LOGIN_REQUIRED and step is not Step.MESSAGE:
        return DeliveryError(
            f"{host} requires a login: {reply}",
            permanent=permanent,
            reply=str(reply),
            status=status,
            hint="check user, password and security of this server",
        )
    stage, hint = {
        Step.SENDER: (
            RejectedStage.SENDER,
            "check sender: the server must be allowed to send for it",
        ),
        Step.RECIPIENT: (RejectedStage.RECIPIENT, ""),
    }.get(step, (RejectedStage.MESSAGE, ""))
    return DeliveryError(
        f"{host} refused the {stage.value}: {reply}",
        stage=stage,
        permanent=permanent,
        reply=str(reply),
        status=status,
        hint=hint,
    )
