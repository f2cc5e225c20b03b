"""Blocks of a CSV file, as programs save it -> its lines in UTF-8. Pure.

Excel saves "Unicode text" in UTF-16, and programs of old Macs end lines with CR alone.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from syndicate.errors import Location, SyndicateError

MAX_LINE: Final = 1_000_000
"""Bytes."""


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file, each with LF at its end, except maybe the last.

    UTF-16 is recognised by its byte order mark; CR ends lines if the first block has no LF. Raises
    SyndicateError with the line for one longer than MAX_LINE, and for invalid UTF-16.
    """
    rest, number = b"", 1
    source = _in_utf8(iter(blocks))
    first = next(source, b"")
    end = b"\r" if b"\r" in first and b"\n" not in first else b"\n"
    for block in chain([first], source):
        *whole, rest = (rest + block).split(end)
        for line in whole:
            yield _checked(line, number) + b"\n"
            number += 1
        _checked(rest, number)
    if rest:
        yield rest


def _checked(line: bytes, number: int) -> bytes:
    if len(line) > MAX_LINE:
        message = f"this line is longer than {MAX_LINE:,} bytes"
        raise SyndicateError(message, place=Location("", number), hint="is it a CSV file?")
    return line


def _in_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    whole = chain([first], blocks)
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from whole
        return
    try:
        yield from (text.encode() for text in codecs.iterdecode(whole, "utf-16"))
    except UnicodeError:
        message, hint = "this file is not valid UTF-16", "save it as CSV in UTF-8"
        raise SyndicateError(message, place=Location("", 1), hint=hint) from None
