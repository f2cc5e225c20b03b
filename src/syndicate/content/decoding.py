"""The bytes of a file -> its text: UTF-8 with line feeds, without characters XML forbids. Pure."""

from __future__ import annotations

from typing import NamedTuple, Never

from syndicate.content import plaintext
from syndicate.content.header import refuse
from syndicate.findings import Finding, Level

MAX_BYTES = 10_000_000
MAX_LINES = 300_000

_ILLEGAL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r")
_LEGAL_BYTES = bytes(code for code in range(256) if code not in _ILLEGAL_BYTES)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Decoded(NamedTuple):
    """The text of a file, and the finding about characters that were removed from it."""

    text: str
    finding: Finding | None = None


def decode(path: str, data: bytes) -> Decoded:
    """Decode the bytes of a file, without byte order mark. Raises ArticleError."""
    if len(data) > MAX_BYTES:
        size = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        refuse(path, None, size, "split the article")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        _refuse_bytes(path, data, error)
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MAX_LINES:
        size = f"the file has more than {MAX_LINES:,} lines"
        refuse(path, None, size, "split the article, or delete blank lines")
    if data.translate(None, _LEGAL_BYTES) or "\ufffe" in text or "\uffff" in text:
        return _without_illegal(path, text)
    return Decoded(text)


def _without_illegal(path: str, text: str) -> Decoded:
    first = plaintext.ILLEGAL.search(text)
    if first is None:
        return Decoded(text)
    if text.count("\0") * 4 > len(text):
        refuse(path, 1, "the file is not text in UTF-8", "save it as UTF-8")
    clean, count = plaintext.ILLEGAL.subn("", text)
    line = text.count("\n", 0, first.start()) + 1
    message = f"control characters that XML forbids are removed: {count}, the first on this line"
    hint = "delete them in the file"
    finding = Finding(Level.WARNING, "characters-illegal", message, path, line, hint)
    return Decoded(clean, finding)


def _refuse_bytes(path: str, data: bytes, error: UnicodeDecodeError) -> Never:
    if data.startswith(_UTF16):
        refuse(path, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    message = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
    refuse(path, before.count(b"\n") + 1, message, "save the file as UTF-8")
