"""The rules of a message's form, judged on its bytes (RFC 5322, RFC 2045, RFC 2046)."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from syndicate.findings import Level

LONGEST_LINE, LONGEST_ENCODED = 998, 76
WAY_OUT = "this is a fault in syndicate: please report it"

Broken = tuple[int, Level, str, str]


def broken_rules(message: bytes) -> Iterator[Broken]:
    """Yield (number, level, what is wrong, way out) for rules 12 and 14."""
    parsed = message_from_bytes(message, policy=policy.default)
    parts = [each for each in parsed.iter_parts() if isinstance(each, EmailMessage)]
    kinds = [(each.get_content_type(), each.get_content_charset()) for each in parts]
    if parsed.get_content_type() != "multipart/alternative" or kinds != [
        ("text/plain", "utf-8"),
        ("text/html", "utf-8"),
    ]:
        wrong = "the message is not plain text and then HTML, both in UTF-8"
        yield 12, Level.ERROR, wrong, WAY_OUT
    if any(each["Content-Transfer-Encoding"] != "quoted-printable" for each in parts):
        yield 14, Level.ERROR, "a text of the message is not quoted-printable", WAY_OUT
    yield from ((14, Level.ERROR, wrong, WAY_OUT) for wrong in _lines(message))


def _lines(message: bytes) -> Iterator[str]:
    lines = message.split(b"\r\n")
    body = lines[lines.index(b"") :] if b"" in lines else []
    if any(b"\n" in each or b"\r" in each for each in lines):
        yield "a line of the message does not end in CR LF"
    if any(len(each) > LONGEST_LINE for each in lines):
        yield f"a line of the message is longer than {LONGEST_LINE} characters"
    if any(len(each) > LONGEST_ENCODED for each in body):
        yield f"an encoded line of the message is longer than {LONGEST_ENCODED} characters"
    if any(each.startswith(b".") for each in body):
        yield "a line of the message begins with a dot, which mail servers may eat"
