"""A rendered issue as the bytes of a message."""

from __future__ import annotations

import email
import quopri
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.config.model import Newsletter
from syndicate.errors import MessageError
from syndicate.mail.message import (
    BasicHeaders,
    content_message_id,
    domain,
    list_id,
    newsletter_message,
    quoted_printable,
    transactional_message,
    unsubscribe_url,
)
from syndicate.newsletters.issue import IssueLinks, Rendered

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RENDERED = Rendered(
    subject="Lake Weekly: winter",
    preheader="",
    html="<!DOCTYPE html>\n<p>Winter — 湖 \U0001f9a2</p>\n.leading dot\n" + "<p>long</p>" * 200,
    text="Winter — 湖\n\n.leading dot\n..two\n" + "a word " * 100 + "\n",
    links=IssueLinks("https://e.org/w", "mailto:weekly@e.org", "https://e.org/"),
)
HEADERS: dict[str, str] = {
    "sender": "Lake Notes <weekly@news.example.org>",
    "to": "ada@example.net",
    "message_id": "abc@news.example.org",
    "list_id": "weekly.news.example.org",
    "unsubscribe": "mailto:weekly@news.example.org?subject=unsubscribe",
}


def built(rendered: Rendered = RENDERED, **changes: object) -> bytes:
    values = {"date": NOON, "one_click": False, **HEADERS, **changes}
    basic = BasicHeaders(**{each.name: values.pop(each.name) for each in fields(BasicHeaders)})  # type: ignore[arg-type]
    return newsletter_message(rendered, basic, **values)  # type: ignore[arg-type]


def parsed(rendered: Rendered = RENDERED, **changes: object) -> EmailMessage:
    read = email.message_from_bytes(built(rendered, **changes), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def head(data: bytes) -> str:
    return data.partition(b"\r\n\r\n")[0].decode("ascii")


def test_each_required_header_is_there_exactly_once() -> None:
    read = parsed()
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(read.get_all(name, [])) == 1, name
    assert read["From"] == HEADERS["sender"]
    assert read["To"] == HEADERS["to"]
    assert read["Subject"] == RENDERED.subject
    assert read["Message-ID"] == "<abc@news.example.org>"
    assert not read.defects


def test_the_headers_of_a_list() -> None:
    read = parsed()
    assert read["List-ID"] == "<weekly.news.example.org>"
    assert read["Precedence"] == "bulk"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["List-Unsubscribe"] == f"<{HEADERS['unsubscribe']}>"
    assert read["List-Unsubscribe-Post"] is None


def test_one_click_unsubscribing_is_offered_where_the_address_is_the_recipients_own() -> None:
    shared = parsed(unsubscribe="https://news.example.org/leave")
    assert shared["List-Unsubscribe"] == "<https://news.example.org/leave>"
    assert shared["List-Unsubscribe-Post"] is None
    read = parsed(unsubscribe="https://news.example.org/leave?t=abc", one_click=True)
    assert read["List-Unsubscribe"] == "<https://news.example.org/leave?t=abc>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for one_click in (False, True):
        with pytest.raises(MessageError):
            built(unsubscribe="http://news.example.org/leave", one_click=one_click)
    with pytest.raises(MessageError, match="one-click"):
        built(unsubscribe="mailto:leave@news.example.org", one_click=True)


def test_the_date_has_a_zone() -> None:
    berlin = datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))
    data = built(date=berlin)
    assert "Date: Sun, 22 Nov 2026 13:00:00 +0100\r\n" in data.decode("ascii")
    assert parsedate_to_datetime(str(parsed()["Date"])) == NOON
    with pytest.raises(MessageError):
        built(date=datetime(2026, 11, 22))  # noqa: DTZ001


def test_plain_text_first_html_last_both_in_utf_8_and_quoted_printable() -> None:
    read = parsed()
    parts = list(read.iter_parts())
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part, text in zip(parts, (RENDERED.text, RENDERED.html), strict=True):
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content().replace("\r\n", "\n") == text


def transactional(text: str) -> bytes:
    rendered = replace(RENDERED, text=text)
    return transactional_message(
        rendered, BasicHeaders(HEADERS["sender"], HEADERS["to"], NOON, "1@e.org")
    )


def test_a_long_link_in_an_ascii_transactional_email_stays_in_one_piece() -> None:
    link = "https://newsletters.example.org/subscribe/confirm/" + "x=y" * 100
    data = transactional(f"Confirm:\n\n{link}\n")
    assert f"\r\n\r\n{link}\r\n".encode() in data
    assert max(map(len, data.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "text",
    ["Bestätigen\n", "x" * 999, "above\n.\nbelow", "From here\n", "a\x0cb", "a\rb", ".", "a\x00"],
)
def test_a_transactional_email_that_is_not_7bit_is_encoded(text: str) -> None:
    data = transactional(text)
    assert data.isascii()
    (plain, _) = email.message_from_bytes(data, policy=default).iter_parts()
    assert plain["Content-Transfer-Encoding"] == "quoted-printable"
    assert plain.get_content().replace("\r\n", "\n") == text.replace("\r", "\n")
    assert b"\r\n." not in data


def test_lines_end_in_crlf_and_encoded_ones_are_at_most_76_long() -> None:
    data = built()
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(map(len, data.split(b"\r\n"))) <= 78
    body = data.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert data.isascii()


def test_a_leading_dot_is_encoded() -> None:
    data = built()
    assert b"\r\n." not in data
    assert b"\r\n=2Eleading dot" in data


def test_a_line_of_many_dots_never_begins_with_one() -> None:
    lines = quoted_printable("." * 300).split(b"\r\n")
    assert all(len(line) <= 76 and not line.startswith(b".") for line in lines)
    assert quopri.decodestring(b"\r\n".join(lines)) == b"." * 300


@pytest.mark.parametrize("end", [" ", "\t", "é", "="])
def test_a_line_that_ends_in_white_space_is_never_too_long(end: str) -> None:
    for length in range(60, 310):
        for start in ("", "F", "From ", "."):
            text = f"{start}{'x' * length}{end}\nnext"
            encoded = quoted_printable(text)
            assert max(map(len, encoded.split(b"\r\n"))) <= 76
            assert quopri.decodestring(encoded).decode() == text.replace("\n", "\r\n")


LETTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from("..\n\r= \t")
# Lines of about the length at which encoders go wrong.
LONG = st.builds(
    "{}{}{}".format,
    st.sampled_from(("", ".", "From ", "From", " ")),
    st.integers(0, 230).map(lambda length: "x" * length),
    st.sampled_from((" \n", "\t\n", "  \n", " ", "é\n", "=\n", ".\n", "\n", "From ", "🦢 \n")),
)
TEXTS = st.text(LETTERS, max_size=400) | st.lists(LONG, max_size=5).map("".join)


@given(TEXTS)
def test_quoted_printable_can_always_be_read_back(text: str) -> None:
    encoded = quoted_printable(text)
    lines = encoded.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert all(len(line) <= 76 and not line.startswith((b".", b"From ")) for line in lines)
    assert not any(line.endswith((b" ", b"\t")) for line in lines)
    assert quopri.decodestring(encoded).decode() == re.sub(r"\r\n?|\n", "\r\n", text)


def test_the_same_input_gives_the_same_bytes_and_other_content_another_boundary() -> None:
    assert built() == built()
    one, other = parsed(), parsed(replace(RENDERED, text="Something else\n"))
    assert one.get_boundary() != other.get_boundary()


def test_a_subject_in_any_script_is_read_back_and_folded() -> None:
    for subject in (
        "Schwäne am See " * 12,
        "湖上的冬天" * 30,
        "a plain but rather long subject " * 8,
        "x" * 300,
        "=?utf-8?q?looks_encoded?=",
        "\U0001f9a2 swans",
    ):
        data = built(replace(RENDERED, subject=subject.strip()))
        assert max(map(len, head(data).split("\r\n"))) <= 78
        read = email.message_from_bytes(data, policy=default)
        assert read["Subject"] == subject.strip()


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("ada@example.org", "", "ada@example.org"),
        ("Ada Brook <ada@example.org>", "Ada Brook", "ada@example.org"),
        ('"Brook, Ada" <ada@example.org>', "Brook, Ada", "ada@example.org"),
        ("Zoë am Ähsee <zoe@example.org>", "Zoë am Ähsee", "zoe@example.org"),
        ("湖 <lake@bücher.example>", "湖", "lake@xn--bcher-kva.example"),
        ("Straße <a@straße.example>", "Straße", "a@xn--strae-oqa.example"),
        (f"{'Long Name ' * 9}<ada@example.org>", "Long Name " * 8 + "Long Name", "ada@example.org"),
    ],
)
def test_names_of_any_script_and_domains_in_their_ascii_form(
    value: str, name: str, address: str
) -> None:
    read = parsed(sender=value, to=value)
    for header in ("From", "To"):
        (mailbox,) = read[header].addresses
        assert (mailbox.display_name, mailbox.addr_spec) == (name, address)
    assert domain(value) == address.partition("@")[2]


def test_only_names_and_subjects_are_encoded_however_long_the_other_headers() -> None:
    url = "https://news.example.org/leave?token=" + "x" * 500
    data = built(
        replace(RENDERED, subject="湖"),
        sender="湖 <a@b.org>",
        unsubscribe=url,
        message_id="m" * 90 + "@b.org",
    )
    unfolded = head(data).replace("\r\n ", " ")
    encoded = [line.partition(":")[0] for line in unfolded.split("\r\n") if "=?" in line]
    assert encoded == ["From", "Subject"]
    assert f"<{url}>" in unfolded


def test_an_unsubscribe_address_is_written_in_ascii() -> None:
    read = parsed(unsubscribe="https://bücher.example/abmelden/für,immer")
    assert read["List-Unsubscribe"] == ("<https://xn--bcher-kva.example/abmelden/f%C3%BCr%2Cimmer>")


@pytest.mark.parametrize("field", ["sender", "to", "message_id", "list_id", "unsubscribe"])
@pytest.mark.parametrize("evil", ["\r\nBcc: x@e.org", "\n", "\r", "\u2028", "\u2029", "\x00"])
def test_line_breaks_are_refused_in_every_header(field: str, evil: str) -> None:
    with pytest.raises(MessageError):
        built(RENDERED, **{field: HEADERS[field] + evil})


@pytest.mark.parametrize("evil", ["\r\nBcc: x@e.org", "\u2028", "\x07"])
def test_line_breaks_are_refused_in_the_subject(evil: str) -> None:
    with pytest.raises(MessageError):
        built(replace(RENDERED, subject="Winter" + evil))


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@", "@b.org", "zoë@example.org", "a b@c.org", "a@b.org, c@d.org", "a@b..org"],
)
def test_text_that_is_not_exactly_one_address_is_refused(address: str) -> None:
    with pytest.raises(MessageError) as caught:
        built(sender=address)
    assert caught.value.hint


def test_the_id_is_stable_for_one_content_and_recipient_and_on_the_senders_domain() -> None:
    facts = {"sender": HEADERS["sender"], "to": HEADERS["to"], "date": NOON}
    one = content_message_id(RENDERED, **facts)  # type: ignore[arg-type]
    assert one == content_message_id(RENDERED, **facts)  # type: ignore[arg-type]
    assert one.endswith("@news.example.org")
    others = {
        content_message_id(RENDERED, **(facts | {"to": "bob@example.net"})),  # type: ignore[arg-type]
        content_message_id(replace(RENDERED, text="x"), **facts),  # type: ignore[arg-type]
        content_message_id(RENDERED, **(facts | {"date": NOON + timedelta(days=7)})),  # type: ignore[arg-type]
    }
    assert len(others | {one}) == 4


def test_unsubscribing_is_by_the_stated_url_or_an_email_to_the_sender() -> None:
    newsletter = Newsletter(name="n", title="N", sender="Lake <a+b@bücher.example>")
    assert unsubscribe_url(newsletter) == ("mailto:a%2Bb@xn--bcher-kva.example?subject=unsubscribe")
    stated = replace(newsletter, unsubscribe="https://e.org/leave")
    assert unsubscribe_url(stated) == "https://e.org/leave"


def test_the_list_id_is_the_newsletters_name_on_the_senders_domain() -> None:
    assert list_id("Weekly", "Lake <a@News.example.org>") == "weekly.news.example.org"
