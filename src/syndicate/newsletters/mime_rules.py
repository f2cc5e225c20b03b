"""The format of a message, checked in its bytes (RFC 5322, RFC 2045, RFC 2046). Pure."""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from syndicate.findings import Level

MAX_LINE_LENGTH, MAX_ENCODED_LENGTH = 998, 76
HINT = "this is a fault in syndicate: please report it"

Broken = tuple[int, Level, str, str, str]


def broken_rules(message: bytes) -> Iterator[Broken]:
    """Yield (number, level, what is wrong, what to do, the text of the line) for rules 12 and 14.

    The text is that of the line which breaks the rule, decoded; "" where it is not one line.
    """
    parsed = message_from_bytes(message, policy=policy.default)
    parts = [each for each in parsed.iter_parts() if isinstance(each, EmailMessage)]
    kinds = [(each.get_content_type(), each.get_content_charset()) for each in parts]
    if parsed.get_content_type() != "multipart/alternative" or kinds != [
        ("text/plain", "utf-8"),
        ("text/html", "utf-8"),
    ]:
        wrong = "the message is not plain text and then HTML, both in UTF-8"
        yield 12, Level.ERROR, wrong, HINT, ""
    if any(each["Content-Transfer-Encoding"] != "quoted-printable" for each in parts):
        yield 14, Level.ERROR, "a text of the message is not quoted-printable", HINT, ""
    for wrong, line in _lines(message):
        text = a2b_qp(line).decode(errors="ignore")
        yield 14, Level.ERROR, wrong, HINT, text


def _lines(message: bytes) -> Iterator[tuple[str, bytes]]:
    """What is wrong with lines, and the first that is wrong so."""
    lines = message.split(b"\r\n")
    body = lines[lines.index(b"") :] if b"" in lines else []
    rules: tuple[tuple[list[bytes], Callable[[bytes], bool], str], ...] = (
        (lines, lambda line: b"\n" in line or b"\r" in line, "does not end in CR LF"),
        (lines, _longer_than(MAX_LINE_LENGTH), f"is longer than {MAX_LINE_LENGTH} characters"),
        (
            body,
            _longer_than(MAX_ENCODED_LENGTH),
            f"is longer than {MAX_ENCODED_LENGTH} characters, encoded",
        ),
        (body, lambda line: line.startswith(b"."), "begins with a dot, which servers may remove"),
    )
    for where, breaks, wrong in rules:
        first = next(filter(breaks, where), None)
        if first is not None:
            yield f"a line of the message {wrong}", first


def _longer_than(maximum: int) -> Callable[[bytes], bool]:
    return lambda line: len(line) > maximum
