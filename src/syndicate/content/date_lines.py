"""A line that contains nothing but a date, such as `Published: 4 March 2026`. Pure."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

from syndicate.content.dates import DateError, to_utc
from syndicate.content.line_labels import split_label, unwrapped

_MAX_LINE = 200  # characters
_DATE = re.compile(r"(?=.*\d)(?!\d+$)[^\n]{6,40}$")


class DateLine(NamedTuple):
    """The date of a line, in UTC, and whether a label states that it is one."""

    date: datetime
    labelled: bool


def read_date_line(line: str, zone: tzinfo) -> DateLine | None:
    """The date of a line; None unless the line can mean only one day.

    A date without an offset is in `zone`.
    """
    text = unwrapped(line.strip())
    if len(text) > _MAX_LINE:
        return None
    label_and_text = split_label(text)
    labelled = label_and_text is not None and label_and_text.is_for_date
    if label_and_text and labelled:
        text = label_and_text.text.strip("*_").strip()
    if not _DATE.match(text):
        return None
    try:
        return DateLine(to_utc(text, zone), labelled)
    except DateError:
        return None
