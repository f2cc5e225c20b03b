"""Table of issues that are sent to subscribers. All its SQL is here."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database


class PauseKind(StrEnum):
    """What paused an issue; decides what follows when it is resumed."""

    OPERATOR = "operator"
    OLD_APPROVAL = "old_approval"  # approved long ago: it waits for a confirmation
    REFUSALS = "refusals"  # too many of its messages were refused
    SERVER = "server"  # a server refused the sender, or no server can be used
    MESSAGE = "message"  # its messages cannot be written


class Pause(NamedTuple):
    """Why an issue pauses: `reason` is for people only."""

    kind: PauseKind
    reason: str


class IssueSend(NamedTuple):
    """The sending of an issue, a row; times are UTC text, "" where not yet.

    `planned` is the number of deliveries that were planned, for subscribers up to `planned_to`; all
    are when this is `last_recipient`. `pause_kind` and `pause_reason`
    are "" unless it is paused. `confirmed_at` is when the operator confirmed that its refusals are
    right.
    """

    issue: int
    newsletter: str
    slot: str
    started_at: str
    planned: int = 0
    pause_kind: str = ""
    pause_reason: str = ""
    ended_at: str = ""
    confirmed_at: str = ""
    planned_to: int = 0
    last_recipient: int = 0

    @property
    def is_planned(self) -> bool:
        """Whether all its deliveries are planned."""
        return self.planned_to >= self.last_recipient

    @property
    def name(self) -> str:
        """The name of the issue in commands and messages."""
        return f"{self.newsletter}/{self.slot}"

    @property
    def is_paused(self) -> bool:
        """Whether it is paused."""
        return bool(self.pause_kind)


COLUMNS = ", ".join(IssueSend._fields)


class IssueSends:
    """The issues that are, or were, sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def get(self, issue: int) -> IssueSend | None:
        """The sending of an issue; None if it has not begun."""
        rows = self._rows(f"SELECT {COLUMNS} FROM issue_sends WHERE issue = :i", {"i": issue})
        return IssueSend._make(rows[0]) if rows else None

    def all(self) -> list[IssueSend]:
        """Every sending, the newest first."""
        rows = self._rows(f"SELECT {COLUMNS} FROM issue_sends ORDER BY issue DESC")
        return [IssueSend._make(row) for row in rows]

    def open(self) -> list[IssueSend]:
        """The issues being sent, including paused ones, the oldest first."""
        rows = self._rows(f"SELECT {COLUMNS} FROM issue_sends WHERE ended_at = '' ORDER BY issue")
        return [IssueSend._make(row) for row in rows]

    def stopping(self) -> list[int]:
        """Issues that were stopped while a server had some of their messages."""
        rows = self._rows(
            "SELECT s.issue FROM issue_sends s JOIN issues i ON i.sequence = s.issue "
            "WHERE s.ended_at = '' AND i.state = 'sent'"
        )
        return [int(issue) for (issue,) in rows]

    # -- writing, inside a transaction -----------------------------------------------------

    def add(self, sending: IssueSend) -> None:
        """Begin to send an issue."""
        self._database.upsert("issue_sends", IssueSend._fields, [sending])

    def add_planned(self, issue: int, number: int) -> None:
        """Count deliveries that were planned."""
        self._database.run(
            "UPDATE issue_sends SET planned = planned + :number WHERE issue = :issue",
            {"issue": issue, "number": number},
        )

    def set_planned_to(self, issue: int, subscriber: int) -> None:
        """Set up to which subscriber deliveries are planned."""
        self._database.run(
            "UPDATE issue_sends SET planned_to = :subscriber WHERE issue = :issue",
            {"issue": issue, "subscriber": subscriber},
        )

    def end_planning(self, issue: int) -> None:
        """Plan no more deliveries of an issue."""
        self._database.run(
            "UPDATE issue_sends SET last_recipient = planned_to WHERE issue = :issue",
            {"issue": issue},
        )

    def pause(self, issue: int, pause: Pause) -> bool:
        """Pause an issue; False if it is not being sent, or is paused already."""
        return self._changed(
            "UPDATE issue_sends SET pause_kind = :kind, pause_reason = :reason "
            "WHERE issue = :issue AND ended_at = '' AND pause_kind = '' RETURNING issue",
            {"issue": issue, **pause._asdict()},
        )

    def resume(self, issue: int, confirmed: str = "") -> bool:
        """Resume a paused issue; False if it is not paused.

        `confirmed` is the moment at which the operator confirms its refusals, if they do.
        """
        return self._changed(
            "UPDATE issue_sends SET pause_kind = '', pause_reason = '', "
            "confirmed_at = CASE :confirmed WHEN '' THEN confirmed_at ELSE :confirmed END "
            "WHERE issue = :issue AND ended_at = '' AND pause_kind <> '' RETURNING issue",
            {"issue": issue, "confirmed": confirmed},
        )

    def reopen(self, issue: int) -> None:
        """Have an issue that had ended sent again."""
        self._database.run(
            "UPDATE issue_sends SET ended_at = '', pause_kind = '', pause_reason = '' "
            "WHERE issue = :i",
            {"i": issue},
        )

    def end(self, issue: int, now: str) -> bool:
        """End the sending of an issue; False if it has ended, or has open deliveries."""
        return self._changed(
            "UPDATE issue_sends SET ended_at = :now WHERE issue = :issue AND ended_at = '' "
            "AND planned_to >= last_recipient AND NOT EXISTS ("
            "SELECT 1 FROM delivery_chunks WHERE issue = :issue AND owner = '' "
            "AND (pending > 0 OR retry > 0)) AND NOT EXISTS ("
            "SELECT 1 FROM delivery_chunks c JOIN deliveries d ON d.issue = c.issue "
            "AND d.subscriber BETWEEN c.first_subscriber AND c.last_subscriber "
            "WHERE c.issue = :issue AND c.owner <> '' "
            "AND d.state IN ('pending', 'sending', 'retry')) RETURNING issue",
            {"issue": issue, "now": now},
        )

    def _changed(self, statement: str, values: dict[str, object]) -> bool:
        return bool(self._rows(statement, values))
