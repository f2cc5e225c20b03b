"""All errors, in one tree. Each has a message, a place and a hint.

Only the command line turns them into text for people.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Location:
    """Where something is: a file as the user knows it, and a line counted from 1 if known."""

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


class SyndicateError(Exception):
    """An error that a user can fix: `message` is the problem, `place` where, `hint` what to do."""

    def __init__(self, message: str, *, place: Location | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in the configuration."""

    message: str
    place: Location
    hint: str = ""


class ConfigError(SyndicateError):
    """The configuration cannot be used; `faults` holds everything wrong with it at once."""

    def __init__(self, faults: tuple[ConfigProblem, ...]) -> None:
        first = faults[0]
        super().__init__(first.message, place=first.place, hint=first.hint)
        self.faults = faults


class ScheduleError(SyndicateError):
    """A schedule or a length of time that cannot be understood, or never comes."""


class ArticleError(SyndicateError):
    """One file in the content folder cannot be read. It costs only itself."""


class UnreadableEmailError(SyndicateError):
    """An email that cannot be parsed: malformed, or nested too deeply. It costs only itself."""


class TemplateError(SyndicateError):
    """A template cannot be found, parsed or rendered."""


class MessageError(SyndicateError):
    """A message cannot be written: an address or a header value mail does not allow."""


class AddressError(SyndicateError):
    """A text is not an address that email can be sent to."""


class RejectedStage(StrEnum):
    """What a mail server rejected."""

    SERVER = "server"  # the connection or the login, or it ended the connection
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


class DeliveryError(SyndicateError):
    """A message was not accepted, or its outcome is unknown.

    `permanent` if a retry would change nothing, `outcome_unknown` if it may have been accepted,
    `connection_lost` if the session has ended. `reply` is the server's reply without the address of
    the recipient, and `status` the enhanced status code (RFC 3463) in it; both may be "".
    """

    def __init__(
        self,
        message: str,
        *,
        stage: RejectedStage = RejectedStage.SERVER,
        permanent: bool = False,
        outcome_unknown: bool = False,
        connection_lost: bool = False,
        reply: str = "",
        status: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.stage = stage
        self.permanent = permanent
        self.outcome_unknown = outcome_unknown
        self.connection_lost = connection_lost
        self.reply = reply
        self.status = status


class StoreError(SyndicateError):
    """The database cannot be opened, is of another version, or refuses."""


class OutputError(SyndicateError):
    """A document cannot be written."""


NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


def refused(error: OSError) -> SyndicateError:
    """Something the machine does not let us do."""
    if error.errno in NO_RIGHT and error.filename:
        return SyndicateError(
            f"cannot be read or written: {error.strerror}",
            place=Location(str(error.filename)),
            hint="let the user who runs syndicate write this file and its folder",
        )
    return SyndicateError(
        f"the system refuses: {error.strerror or error}",
        place=Location(str(error.filename)) if error.filename else None,
        hint="check the rights and the free space there, then try again",
    )
