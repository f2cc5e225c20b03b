"""A reply too many or too few at any step: no outcome is wrong or counts for another recipient.

Replies carry no number. A server that gives one that nothing asked for, or leaves one out, has
each later reply count for another command, unless that is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from smtp_server import EXTENSIONS, Action, Reply, SmtpServer, Step, scripted
from syndicate.config.model import Server
from syndicate.errors import DeliveryError, RejectedStage
from syndicate.mail.smtp import client
from syndicate.mail.smtp.client import SmtpSession, SmtpTransport
from syndicate.mail.transport import Envelope

PEOPLE = ("ann", "bob", "cy")
MESSAGE = b"Subject: x\r\n\r\nHello\r\nand more\r\n"
USUAL = {
    "GREETING": "220 loopback ESMTP",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "MESSAGE": "250 2.0.0 taken",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
PLANS = {
    "all is well": ("", ""),
    "the sender is refused": ("MAIL", "550 5.7.1 not you"),
    "the recipient is refused": ("RCPT", "550 5.1.1 no such user"),
    "the message is refused": ("MESSAGE", "554 5.7.1 spam"),
    "the message is refused for now": ("MESSAGE", "451 4.3.0 not now"),
}
"""What the server means, of the message to bob."""
STRAY = ["250 2.0.0 ok", "354 go", "451 4.3.0 not now", "550 5.1.1 no such user", "220 hello"]


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DATA_TIMEOUT_FACTOR", 1)


@dataclass
class Meaning:
    """A server that means `plan`, and gives one reply too many or too few on its first connection.

    `odd` is that reply, or what stands around the one that is meant, `at` its step.
    """

    plan: tuple[str, str]
    odd: Reply
    at: str
    extensions: tuple[str, ...]
    sender: bool = False
    to: str = ""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """At which steps it refused what of whom."""

    def __call__(self, step: Step) -> Action | None:
        odd = (step.name, step.connection, step.times) == (self.at, 1, 0)
        if step.name == "BODY":
            return self.odd if odd else None
        action = self.meant(step)
        return replace(self.odd, text=action.text) if odd else action

    def meant(self, step: Step) -> Reply:
        if step.name == "EHLO":
            lines = ["loopback", *self.extensions]
            return Reply("".join(f"250-{each}\r\n" for each in lines) + "250 HELP")
        if step.name == "MAIL":
            second = (step.connection, step.times) == (1, 1)
            self.sender, self.to = not self.refuses("MAIL", "bob" if second else ""), ""
            return self.said(step.name, self.sender)
        if step.name == "RCPT":
            name = step.argument.partition("<")[2].partition("@")[0]
            self.to = "" if not self.sender or self.refuses("RCPT", name) else name
            return self.said(step.name, bool(self.to))
        if step.name == "DATA" and not self.to:
            return Reply("503 5.5.1 no valid recipients")
        return self.said(
            step.name, not (step.name == "MESSAGE" and self.refuses("MESSAGE", self.to))
        )

    def refuses(self, step: str, name: str) -> bool:
        if self.plan[0] == step and name == "bob":
            self.refused.append((step, name))
            return True
        return False

    def said(self, step: str, yes: bool) -> Reply:
        no = self.plan[1] if step == self.plan[0] else "503 5.5.1 bad sequence"
        return Reply(USUAL[step] if yes else no)


@dataclass
class Round:
    """Messages to all, as a round sends them: over a new connection when one is over."""

    way: SmtpTransport
    waiting: list[str] = field(default_factory=lambda: list(PEOPLE))
    found: dict[str, DeliveryError | None] = field(default_factory=dict)
    taken: str = ""

    def run(self) -> dict[str, DeliveryError | None]:
        """What became of each; None is that it was taken."""
        while self.waiting:
            with suppress(DeliveryError):
                with self.way.session() as session:
                    while self.waiting and not self.is_over(session):
                        pass
                if session.doubt:
                    self.found[self.taken] = DeliveryError(session.doubt, outcome_unknown=True)
        return self.found

    def is_over(self, session: SmtpSession) -> bool:
        """Send one message; whether the session is over then."""
        name, *others = self.waiting
        try:
            session.begin(to(name))
        except DeliveryError as error:
            if error.stage is not RejectedStage.SERVER:
                self.found[self.waiting.pop(0)] = error
            return error.connection_lost
        self.waiting.pop(0)
        try:
            session.finish(MESSAGE, to(others[0]) if others else None)
        except DeliveryError as error:
            self.found[name] = error
            return error.connection_lost
        self.found[name], self.taken = None, name
        return False


def to(name: str) -> Envelope:
    return Envelope("letters@example.org", f"{name}@example.org")


def transport(server: SmtpServer, timeout: float = 60) -> SmtpTransport:
    settings = Server(
        name="main", host="127.0.0.1", port=server.port, security="none", timeout=timeout
    )
    return SmtpTransport(settings, "here.example.org")


def unexpected_replies(at: str) -> Iterator[Reply]:
    for stray in STRAY:
        if at == "BODY":
            yield Reply(stray)
            continue
        yield Reply("", before=f"{stray}\r\n")
        yield Reply("", after=f"{stray}\r\n")
    if at != "BODY":
        yield Reply("", withheld=True)


SOAKED = {"the sender is refused", "the message is refused for now"}
"""Plans that only the soak tests try at each step: each waits for replies that never come."""
STEPS = [*USUAL, "EHLO", "BODY"]
CLOSING = {
    "at once": Reply("554 5.7.1 spam", close=True),
    "for now": Reply("451 4.3.0 not now", close=True),
    "after it said so": Reply("554 5.7.1 spam", after="421 4.7.0 too many errors\r\n", close=True),
}
BLAMED = {
    "MAIL": RejectedStage.SENDER,
    "RCPT": RejectedStage.RECIPIENT,
    "MESSAGE": RejectedStage.MESSAGE,
}


@pytest.mark.parametrize("extensions", [EXTENSIONS, ("8BITMIME",)], ids=["together", "one by one"])
@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize(
    "plan", [pytest.param(each, marks=[pytest.mark.soak] * (each in SOAKED)) for each in PLANS]
)
def test_a_reply_too_many_or_too_few_makes_no_outcome_wrong(
    plan: str, at: str, extensions: tuple[str, ...]
) -> None:
    for odd in unexpected_replies(at):
        meaning = Meaning(PLANS[plan], odd, at, extensions)
        with SmtpServer(meaning) as server:
            # Only silence is waited out: a busy machine must not look like it.
            found = Round(transport(server, 0.3 if odd.withheld else 60)).run()
            server.disconnect_all()
        taken = [to.partition("@")[0] for mail in server.accepted for to in mail.to]
        for name, error in found.items():
            wrong = f"{plan}, {odd} at {at}: {name} has {error or 'sent'}, and {taken} got it"
            if error is None:
                assert taken.count(name) == 1, wrong
            elif not error.outcome_unknown:
                assert name not in taken, wrong
                blamed = {BLAMED[step] for step, who in meaning.refused if who == name}
                assert error.stage in blamed or not error.permanent, wrong
        assert set(found) == set(PEOPLE)
        assert sum(bool(error and error.outcome_unknown) for error in found.values()) <= 1


@pytest.mark.parametrize("extensions", [EXTENSIONS, ("8BITMIME",)], ids=["together", "one by one"])
@pytest.mark.parametrize("plan", PLANS)
def test_with_every_reply_in_place_no_outcome_is_unknown(
    plan: str, extensions: tuple[str, ...]
) -> None:
    step, reply = PLANS[plan]
    with SmtpServer(Meaning((step, reply), Reply(""), "", extensions)) as server:
        found = Round(transport(server)).run()
    (ann, bob, cy) = (found[name] for name in PEOPLE)
    assert (ann, cy) == (None, None)
    assert (bob.stage if bob else None) == BLAMED.get(step)
    assert bob is None or (bob.permanent, bob.outcome_unknown) == (reply[0] == "5", False)


@pytest.mark.parametrize("extensions", [EXTENSIONS, ("8BITMIME",)], ids=["together", "one by one"])
@pytest.mark.parametrize("last", [False, True], ids=["more to send", "the last"])
@pytest.mark.parametrize("how", CLOSING)
def test_a_refusal_by_a_server_that_then_closes_the_connection_counts(
    how: str, last: bool, extensions: tuple[str, ...]
) -> None:
    refused = PEOPLE[-1] if last else "bob"

    def closing(step: Step) -> Action | None:
        mails = [mail.to[0] for mail in server.accepted]
        in_hand = step.connection == 1 and len(mails) == PEOPLE.index(refused)
        return CLOSING[how] if step.name == "MESSAGE" and in_hand else None

    with SmtpServer(closing, extensions=extensions) as server:
        found = Round(transport(server)).run()
    error = found.pop(refused)
    assert error is not None
    assert (error.stage, error.outcome_unknown) == (RejectedStage.MESSAGE, False)
    assert error.permanent == (how != "for now")
    assert set(found.values()) == {None}
    assert len(server.accepted) == len(PEOPLE) - 1


@pytest.mark.parametrize("second", ["250 2.0.0 taken", "25"])
@pytest.mark.parametrize("extensions", [EXTENSIONS, ("8BITMIME",)], ids=["together", "one by one"])
def test_two_replies_before_the_end_of_a_connection_are_ignored(
    second: str, extensions: tuple[str, ...]
) -> None:
    both = Reply("554 5.7.1 spam", after=second + "\r\n" * (len(second) > 3), close=True)
    with (
        SmtpServer(scripted(MESSAGE=[both]), extensions=extensions) as server,
        transport(server).session() as session,
    ):
        session.begin(to("ann"))
        with pytest.raises(DeliveryError) as caught:
            session.finish(MESSAGE, to("bob"))
    assert caught.value.outcome_unknown
    assert caught.value.connection_lost
