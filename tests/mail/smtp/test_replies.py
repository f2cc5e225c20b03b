"""Replies of mail servers are read within limits, or refused; never trusted to be well-formed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import RejectedStage
from syndicate.mail.smtp.replies import (
    BEGINNING,
    MAX_REPLY_LENGTH,
    MAX_TEXT_LENGTH,
    Replies,
    Reply,
    Step,
    UnreadableReplyError,
    error_for_reply,
    parse_extensions,
)


def read(data: bytes, cuts: Sequence[int] = ()) -> list[Reply | str]:
    """Every reply in `data`, which comes in pieces; and what is wrong, where it ends so."""
    replies, found = Replies(), list[Reply | str]()
    for start, end in pairwise(sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})):
        replies.feed(data[start:end])
        try:
            while reply := replies.take():
                found.append(reply)
        except UnreadableReplyError as error:
            return [*found, str(error)]
    return found


def one(data: bytes) -> Reply:
    (reply,) = read(data)
    assert isinstance(reply, Reply)
    return reply


def test_a_reply_has_a_code_lines_and_a_status() -> None:
    reply = one(b"550-5.1.1 The account does\r\n550-5.1.1 not  exist.\r\n550 5.1.1 Sorry\r\n")
    assert (reply.code, reply.status) == (550, "5.1.1")
    assert str(reply) == "550 5.1.1 The account does not exist. Sorry"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"250 2.1.0 ok\r\n", "2.1.0"),
        (b"250 2.1.0\r\n", "2.1.0"),
        (b"250 5.1.0 of another class\r\n", ""),
        (b"250 2.1.0.4 an address\r\n", ""),
        (b"250\r\n", ""),
        (b"250 ok\n", ""),
    ],
)
def test_a_status_is_one_only_with_a_code_of_its_class(line: bytes, status: str) -> None:
    assert one(line).status == status


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n",
        b"25\r\n",
        b"650 no such class\r\n",
        b"250x\r\n",
        b"\r\n",
        b"250-one\r\n550 two\r\n",
        "２５０ ok\r\n".encode(),
        b"250 " + b"x" * 70_000,
        b"250-x\r\n" * 101,
        (b"250-" + b"x" * 1000 + b"\r\n") * 80,
    ],
)
def test_invalid_replies_are_refused(data: bytes) -> None:
    assert isinstance(read(data)[-1], str)


def test_text_cannot_steer_a_terminal_and_is_bounded() -> None:
    reply = one(b"550 \x1b[2J\x00red\xff\xe2\x80\xae" + b"x" * 2000 + b"\r\n")
    text = str(reply)
    assert text.isprintable()
    assert text.startswith("550 [2J red\N{REPLACEMENT CHARACTER} xxx")
    assert len(text) == MAX_TEXT_LENGTH


pieces = st.lists(
    st.sampled_from([b"250 ok\r\n", b"250-a\r\n", b"354 go\n", b"\r\n", b"25", b"0-\xff", b" \x1b"])
    | st.binary(max_size=5),
    max_size=30,
).map(b"".join)


@given(pieces, st.lists(st.integers(0, 1000)))
def test_it_does_not_matter_in_which_pieces_replies_come(data: bytes, cuts: list[int]) -> None:
    # But where a piece begins like a reply, and the one before has no line end: those are two.
    within = [cut % (len(data) + 1) for cut in cuts]
    assert read(data, [cut for cut in within if not BEGINNING.match(data[cut:])]) == read(data)


@given(st.lists(st.tuples(st.integers(100, 599), st.lists(st.text(), min_size=1, max_size=5))))
def test_replies_are_read_as_they_were_written(written: list[tuple[int, list[str]]]) -> None:
    data = b""
    for code, texts in written:
        clean = [text.replace("\n", " ").replace("\r", " ") for text in texts]
        data += b"".join(
            f"{code}{'-' if at < len(clean) - 1 else ' '}{text}\r\n".encode(errors="replace")
            for at, text in enumerate(clean)
        )
    replies = read(data)
    assert [(r.code, len(r.lines)) for r in replies if isinstance(r, Reply)] == [
        (code, len(texts)) for code, texts in written
    ]
    assert all(str(reply).isprintable() and len(str(reply)) <= 500 for reply in replies)


def test_extensions_are_read_in_any_case() -> None:
    hello = one(b"250-host\r\n250-pipelining\r\n250-SIZE 1000\r\n250 AUTH=LOGIN PLAIN\r\n")
    assert parse_extensions(hello) == {"PIPELINING": "", "SIZE": "1000", "AUTH": "LOGIN PLAIN"}


@pytest.mark.parametrize(
    ("step", "code", "what", "permanent", "lost"),
    [
        (Step.SENDER, 451, RejectedStage.SENDER, False, False),
        (Step.SENDER, 553, RejectedStage.SENDER, True, False),
        (Step.SENDER, 530, RejectedStage.SERVER, True, False),
        (Step.RECIPIENT, 450, RejectedStage.RECIPIENT, False, False),
        (Step.RECIPIENT, 550, RejectedStage.RECIPIENT, True, False),
        (Step.RECIPIENT, 421, RejectedStage.SERVER, False, True),
        (Step.DATA, 451, RejectedStage.MESSAGE, False, False),
        (Step.MESSAGE, 554, RejectedStage.MESSAGE, True, False),
        (Step.MESSAGE, 421, RejectedStage.MESSAGE, False, True),
    ],
)
def test_a_refusal_is_about_the_sender_the_recipient_or_the_message(
    step: Step, code: int, what: RejectedStage, permanent: bool, lost: bool
) -> None:
    error = error_for_reply(step, Reply(code, ("no",)), "host", "b@example.org")
    assert error
    assert (error.stage, error.permanent, error.connection_lost) == (what, permanent, lost)
    assert not error.outcome_unknown


def test_a_refusal_does_not_contain_the_recipient() -> None:
    error = error_for_reply(
        Step.RECIPIENT, Reply(550, ("5.1.1 <B@example.org> unknown",)), "host", "b@example.org"
    )
    assert error
    assert str(error) == "host refused the recipient: 550 5.1.1 <…> unknown"
    assert error.status == "5.1.1"


@pytest.mark.parametrize(
    ("text", "to", "kept"),
    [
        ("user unknown", "user@example.org", "user unknown"),
        ("mailbox of jo full", "jo@example.org", "mailbox of … full"),
        ("Jo@Example.org, jo.smith, joe", "jo@example.org", "…, jo.smith, joe"),
        ('<"jo b"@example.org>', '"jo b"@example.org', "<…>"),
        ("to=j%c3%b6rg%40example.org", "jörg@example.org", "…"),
        ("forwarded to jo@other.example", "ann@example.org", "forwarded to …"),
        ("queued as 4XyZ", "ann@example.org", "queued as 4XyZ"),
        ("unavailable at this time", "ann@example.org", "unavailable at this time"),
        ("to bo&#x40;other.example, bo_at_other.example", "ann@example.org", "to …, …"),
        ("to SRS0=a=b=example.org=ann@other.example", "ann@example.org", "to …"),
    ],
)
def test_a_stored_reply_contains_no_address(text: str, to: str, kept: str) -> None:
    assert Reply(550, (text,)).anonymous(to).lines == (kept,)


@pytest.mark.parametrize(
    "unit", ["a", "a=", "\\", '"', '"a', "a@", "=40", "a.b@c", "(at)", "&", " "]
)
def test_a_reply_of_any_length_is_read_in_linear_time(unit: str) -> None:
    fill = (unit * MAX_REPLY_LENGTH)[:MAX_REPLY_LENGTH]  # quadratic time is minutes for each
    assert Reply(550, (fill,)).anonymous("ann.lee@example.org").lines


@given(st.text(), st.from_regex(r"[a-z0-9.+]{1,20}@[a-z]{1,9}\.example", fullmatch=True))
def test_no_stored_reply_contains_the_address_whatever_surrounds_it(around: str, to: str) -> None:
    (kept,) = Reply(550, (f"{around} {to.upper()} {around}",)).anonymous(to).lines
    assert to not in kept.lower()


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step.MESSAGE, 354),
        (Step.DATA, 250),
        (Step.SENDER, 354),
        (Step.RESET, 500),
        (Step.DATA, 120),
    ],
)
def test_a_reply_that_fits_nothing_is_unreadable(step: Step, code: int) -> None:
    with pytest.raises(UnreadableReplyError):
        error_for_reply(step, Reply(code, ("",)), "host", "b@example.org")
