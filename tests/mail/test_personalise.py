"""The messages of an issue: each as if written by hand, with the values of its reader."""

from __future__ import annotations

import email
import random
import re
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from email.utils import parsedate_to_datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoded_issues import (
    ADA,
    DIGEST,
    NAMED,
    NOON,
    PERSONAL,
    PLACEHOLDERS,
    WEEKLY,
    encoded,
    with_variant,
)
from syndicate.errors import MessageError
from syndicate.mail.personalise import EncodedIssue, Recipient, delivery_message_id
from syndicate.newsletters.mime_rules import broken_rules
from syndicate.newsletters.personal import IssueVariant, PersonalisedIssue

ONCE = (
    *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-ID"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Auto-Submitted", "Feedback-ID"),
)
PIECES = st.sampled_from(
    (
        *(".", "..", " ", "=", "=?utf-8?q?x?=", "{{ name }}", "<script>", "&amp;", '"', "'", "\\"),
        *("From ", "x" * 74, "x" * 148 + " "),
        *("Ada", "é", "湖", "🦢🏽‍♀️", "شتاء", "ליאור", "\u202e", "x" * 90, ",", ";", "@", "-->"),
    )
)
NAMES = st.lists(PIECES, min_size=1, max_size=6).map("".join)
BREAKS = st.sampled_from(
    (
        "\n",
        "\r\n",
        "\n.",
        " \n",
        "\t\n",
        "\nFrom ",
        "\t",
        PLACEHOLDERS.name,
        PLACEHOLDERS.unsubscribe,
        DIGEST[::-1],
    )
)
TEXTS = st.lists(PIECES | BREAKS | st.characters(exclude_categories=["Cs"]), max_size=30).map(
    "".join
)


def read(data: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(data, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def texts(data: bytes) -> tuple[str, str]:
    plain, html = read(data).iter_parts()
    return tuple(part.get_content().replace("\r\n", "\n") for part in (plain, html))


def lines_of(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Lines of the head and of the body."""
    head, _, body = data.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body.split(b"\r\n")


def assert_well_formed(data: bytes) -> None:
    head, body = lines_of(data)
    assert not list(broken_rules(data))
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(map(len, head)) <= 998
    assert max(map(len, body)) <= 76
    assert not any(line.startswith(b".") for line in head + body)
    assert not any(line.startswith(b"From ") for line in body)
    assert not any(line.endswith((b" ", b"\t")) for line in body)
    assert DIGEST.encode() not in data


def as_lines(text: str) -> str:
    return re.sub(r"\r\n?|\n", "\n", text)


def filled(text: str, who: Recipient, *, html: bool = False) -> str:
    for mark, value in (
        (PLACEHOLDERS.unsubscribe, who.unsubscribe),
        (PLACEHOLDERS.preferences, who.preferences),
        (PLACEHOLDERS.name, who.name),
    ):
        text = text.replace(mark, escape(value) if html else value)
    return as_lines(text)


def test_each_header_is_there_exactly_once() -> None:
    message = read(encoded().to(ADA))
    for name in ONCE:
        assert len(message.get_all(name, [])) == 1, name
    assert len(message.keys()) == len(ONCE)
    assert not message.defects
    assert message["From"] == WEEKLY.sender
    assert message["To"] == "Ada Brook <ada@example.net>"
    assert message["Subject"] == "Winter at the lake"
    assert message["Message-ID"] == "<5f3c@news.example.org>"
    assert parsedate_to_datetime(str(message["Date"])) == NOON


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(MessageError, match="zone"):
        encoded().to(replace(ADA, date=datetime(2026, 11, 22)))  # noqa: DTZ001


def test_unsubscribing_is_by_one_click_or_an_email() -> None:
    message = read(encoded().to(ADA))
    leave = str(message["List-Unsubscribe"]).strip()
    assert leave == f"<{ADA.unsubscribe}>, <{ADA.unsubscribe_by_mail}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with pytest.raises(MessageError, match="one-click"):
        encoded().to(replace(ADA, unsubscribe="mailto:weekly@news.example.org"))


def test_without_https_one_unsubscribes_by_email() -> None:
    message = read(encoded().to(replace(ADA, unsubscribe="http://127.0.0.1:8000/leave")))
    assert str(message["List-Unsubscribe"]).strip() == f"<{ADA.unsubscribe_by_mail}>"
    assert "List-Unsubscribe-Post" not in message


def test_the_headers_of_a_list() -> None:
    message = read(encoded().to(ADA))
    assert message["List-ID"] == "<weekly.news.example.org>"
    assert message["Precedence"] == "bulk"
    assert message["Auto-Submitted"] == "auto-generated"
    issue, newsletter, kind, sender = str(message["Feedback-ID"]).split(":")
    assert (issue, newsletter, kind) == ("2026-11-22-1200", "weekly", "newsletter")
    assert re.fullmatch("[0-9a-f]{12}", sender)


def test_the_feedback_id_has_four_parts_whatever_the_issue_is_called() -> None:
    slot = EncodedIssue(PERSONAL, WEEKLY, issue="2026-11-22T12:00")
    assert str(read(slot.to(ADA))["Feedback-ID"]).count(":") == 3


def test_no_structured_header_is_ever_encoded() -> None:
    who = replace(
        ADA,
        name="湖",
        unsubscribe=ADA.unsubscribe + "x" * 500,
        message_id="m" * 200 + "@news.example.org",
    )
    head = encoded().to(who).partition(b"\r\n\r\n")[0].decode()
    unfolded = head.replace("\r\n ", " ")
    assert [line.partition(":")[0] for line in unfolded.split("\r\n") if "=?" in line] == ["To"]
    assert f"<{who.unsubscribe}>, <{who.unsubscribe_by_mail}>" in unfolded


def test_the_id_is_one_recipients_alone_stable_and_on_the_senders_domain() -> None:
    one = delivery_message_id(7, 42, "salt", "news.example.org")
    assert one == delivery_message_id(7, 42, "salt", "news.example.org")
    assert one.endswith("@news.example.org")
    others = {
        delivery_message_id(8, 42, "salt", "news.example.org"),
        delivery_message_id(7, 43, "salt", "news.example.org"),
        delivery_message_id(74, 2, "salt", "news.example.org"),
        delivery_message_id(7, 42, "other", "news.example.org"),
    }
    assert len(others | {one}) == 5


def test_plain_text_first_html_last_with_the_readers_own_in_both() -> None:
    data = encoded().to(ADA)
    assert_well_formed(data)
    plain, html = texts(data)
    assert plain == filled(NAMED.text, ADA)
    assert html == filled(NAMED.html, ADA, html=True)
    assert "{{ name }}" in plain
    assert "{{ name }}" in html


def test_a_reader_without_a_name_gets_the_variant_without() -> None:
    data = encoded().to(replace(ADA, name=""))
    assert_well_formed(data)
    assert read(data)["To"] == "ada@example.net"
    assert "Hello reader," in texts(data)[0]


def test_a_name_is_escaped_in_html_and_nowhere_else() -> None:
    name = "<script>alert('\"1\" & 2')</script>"
    data = encoded().to(replace(ADA, name=name))
    plain, html = texts(data)
    assert f"Hello {name}," in plain
    assert "<script>" not in html
    assert f'<p title="{escape(name)}">' in html
    assert read(data)["To"].addresses[0].display_name == name


def test_the_name_of_a_reader_is_never_a_placeholder() -> None:
    name = f"{PLACEHOLDERS.unsubscribe} {PLACEHOLDERS.name}"
    assert f"Hello {name}," in texts(encoded().to(replace(ADA, name=name)))[0]


def test_the_subject_may_hold_the_name() -> None:
    ready = encoded(
        with_variant(IssueVariant(f"{PLACEHOLDERS.name}, winter is here", NAMED.html, NAMED.text))
    )
    for name in ("Ada", "Zoë", "湖" * 60, "x" * 200):
        data = ready.to(replace(ADA, name=name))
        assert read(data)["Subject"] == f"{name}, winter is here"
        assert_well_formed(data)


def test_again_is_the_same_and_another_issue_has_another_boundary() -> None:
    assert encoded().to(ADA) == encoded().to(ADA)
    other = encoded(with_variant(replace(NAMED, text="Another\n")))
    boundaries = {read(each.to(ADA)).get_boundary() for each in (encoded(), other)}
    assert len(boundaries) == 2


WRITTEN = [name for name in ADA.__dataclass_fields__ if name != "date"]


@pytest.mark.parametrize("field", WRITTEN)
@pytest.mark.parametrize("evil", ["\r\nBcc: x@e.org", "\n", "\r", "\u2028", "\u2029", "\x85", "\0"])
def test_line_breaks_in_values_of_a_reader_are_refused(field: str, evil: str) -> None:
    with pytest.raises(MessageError) as caught:
        encoded().to(replace(ADA, **{field: getattr(ADA, field) + evil}))
    assert caught.value.hint


def test_domains_are_written_in_punycode() -> None:
    data = encoded().to(replace(ADA, address="ada@bücher.example"))
    assert read(data)["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"


def test_a_non_ascii_local_part_needs_smtputf8() -> None:
    zoe = replace(ADA, address="zoë@bücher.example", name="Zoë")
    with pytest.raises(MessageError, match="SMTPUTF8"):
        encoded().to(zoe)
    data = encoded().to(zoe, smtputf8=True)
    assert "To: =?utf-8?q?Zo=C3=AB?= <zoë@xn--bcher-kva.example>\r\n" in data.decode()
    to = email.message_from_string(data.decode(), policy=SMTPUTF8)["To"]
    assert to.addresses[0].addr_spec == "zoë@xn--bcher-kva.example"
    ascii_only = encoded().to(ADA, smtputf8=True)
    assert ascii_only.isascii()
    for nobody in ("zo ë@e.org", "zoë\u0080@e.org", "zoë@e..org", "ë", "zoë.@e.org"):
        with pytest.raises(MessageError):
            encoded().to(replace(ADA, address=nobody), smtputf8=True)


@pytest.mark.parametrize(
    "form",
    [
        replace(NAMED, html=NAMED.html.replace(PLACEHOLDERS.name, PLACEHOLDERS.name.upper(), 1)),
        replace(NAMED, html=NAMED.html + PLACEHOLDERS.name[:25] + "…"),
        replace(
            NAMED,
            text=NAMED.text.replace(
                PLACEHOLDERS.name, f"{PLACEHOLDERS.name[:30]}\n{PLACEHOLDERS.name[30:]}"
            ),
        ),
        replace(NAMED, subject=f"Winter {PLACEHOLDERS.name[:-1]}"),
        replace(NAMED, subject=f"Winter {PLACEHOLDERS.unsubscribe}"),
        replace(NAMED, html=NAMED.html + f"https://{DIGEST}.invalid/else"),
    ],
)
def test_a_placeholder_changed_by_a_template_is_an_error_before_sending(form: IssueVariant) -> None:
    for personal in (replace(PERSONAL, named=form), replace(PERSONAL, nameless=form)):
        with pytest.raises(MessageError, match="template") as caught:
            encoded(personal)
        assert "recipient_name" in caught.value.hint


@pytest.mark.slow
@given(NAMES, TEXTS, TEXTS)
def test_the_decoded_message_is_the_issue_with_values_of_the_reader(
    name: str, text: str, html: str
) -> None:
    who = replace(ADA, name=name)
    data = encoded(with_variant(IssueVariant("Winter", html + "\n", text + "\n"))).to(who)
    assert_well_formed(data)
    assert texts(data) == (
        filled(text + "\n", who),
        filled(html + "\n", who, html=True),
    )
    assert " ".join(str(read(data)["To"].addresses[0].addr_spec).split()) == ADA.address


def test_two_thousand_readers_get_whole_messages_of_their_own() -> None:
    lots = random.Random(2026)
    alphabet = "abc DEF.=?<>&\"'{}éß湖🦢شתא,;:@\\"
    seen = set()
    ready = encoded()
    for number in range(2_000):
        name = "".join(lots.choices(alphabet, k=lots.randint(0, 60))).strip()
        who = replace(ADA, name=name, message_id=f"{number}@news.example.org")
        data = ready.to(who)
        head, body = lines_of(data)
        assert max(map(len, head)) <= 998
        assert max(map(len, body)) <= 76
        assert not any(line.startswith(b".") for line in body)
        assert DIGEST[:12].encode() not in data
        seen.add(data)
    assert len(seen) == 2_000


@given(NAMES, TEXTS)
def test_stored_values_are_read_back(subject: str, text: str) -> None:
    personal = PersonalisedIssue(
        PLACEHOLDERS, IssueVariant(subject, text, text), IssueVariant("", text, subject)
    )
    assert PersonalisedIssue.from_json(personal.to_json()) == personal
