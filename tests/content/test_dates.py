"""Dates in headers: every form that can be meant in one way is read, all others are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.content.dates import DateError, to_utc

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-03-01", "2024-02-29T23:00:00"),
        ("2024-03-01T10:00:00+01:00", "2024-03-01T09:00:00"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00"),
        ("2024-03-01T10:00:00.123456789Z", "2024-03-01T10:00:00.123456"),
        ("2019-08-02T8:00:00+01:00", "2019-08-02T07:00:00"),
        ("2019/08/02 10:00", "2019-08-02T08:00:00"),
        ("2019-8-2", "2019-08-01T22:00:00"),
        ("20190802", "2019-08-01T22:00:00"),
        (20190802, "2019-08-01T22:00:00"),
        (1564732800, "2019-08-02T08:00:00"),
        ("1564732800", "2019-08-02T08:00:00"),
        (1564732800000, "2019-08-02T08:00:00"),
        ("2013-03-05 10:00 +0100", "2013-03-05T09:00:00"),
        ("2013-03-05 10:00:00 +09:00", "2013-03-05T01:00:00"),
        ("2013-03-05 10:00:00 UTC", "2013-03-05T10:00:00"),
        ("2013-03-05 10:00 CET", "2013-03-05T09:00:00"),
        ("2013-03-05 10:00 PM", "2013-03-05T21:00:00"),
        ("2013年3月5日", "2013-03-04T23:00:00"),
        ("March 5, 2013", "2013-03-04T23:00:00"),
        ("5 Mar 2013 10:00", "2013-03-05T09:00:00"),
        ("5-Mar-2013", "2013-03-04T23:00:00"),
        ("Mon, 04 Mar 2013 10:00:00 +0100", "2013-03-04T09:00:00"),
        ("Mon, 04 Mar 2013 10:00:00 GMT", "2013-03-04T10:00:00"),
        ("Mon, 04 Mar 2013 10:00:00 EST", "2013-03-04T15:00:00"),
        ("Fri Aug 02 2019 10:00:00 GMT+0200 (CEST)", "2019-08-02T08:00:00"),
        ("13/04/2013", "2013-04-12T22:00:00"),
        (date(2024, 3, 1), "2024-02-29T23:00:00"),
        (datetime(2024, 3, 1, 10), "2024-03-01T09:00:00"),  # noqa: DTZ001
        (datetime(2024, 3, 1, 10, tzinfo=timezone(timedelta(hours=5))), "2024-03-01T05:00:00"),
    ],
)
def test_a_date_that_means_one_moment_is_read(written: object, moment: str) -> None:
    assert to_utc(written, BERLIN) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "03/04/2013", "05.03.2013", "Mar 2013", "March 5", "Mon, 4 Mar 13 10:00:00 GMT", "2019",
        "201908", 2019, 201908, "tomorrow", "", "2013-13-05", "2013-02-30", "2013-03-05 25:00",
        "2013-03-05 13:00 PM", "2019-08-02+10:00", "2019-08-02-10:00", "0001-01-01", True, None,
        "9999-12-31T23:59:59-10:00", [], {}, float("nan"), float("inf"),
        pytest.param(10**5000, id="huge"), "9" * 5000,
        "2013-03-05 10:00 +25:00", "2013-3-5 10:00 +01:75", "１９９９-01-01x",
        "1 May " * 4000,
    ],
)  # fmt: skip
def test_a_date_that_is_incomplete_ambiguous_or_invalid_is_refused(written: object) -> None:
    with pytest.raises(DateError) as refusal:
        to_utc(written, BERLIN)
    assert refusal.value.hint
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("written", ["2013-03-05 10:00 IST", "4 Mar 2013 10:00:00 CST"])
def test_an_ambiguous_zone_name_is_refused_with_a_hint(written: str) -> None:
    with pytest.raises(DateError, match="different zones") as refusal:
        to_utc(written, BERLIN)
    assert "offset in figures" in refusal.value.hint


def test_local_times_that_are_missing_or_doubled_take_the_offset_before_the_change() -> None:
    assert to_utc("2013-03-31 02:30", BERLIN) == datetime(2013, 3, 31, 1, 30, tzinfo=UTC)
    assert to_utc("2013-10-27 02:30", BERLIN) == datetime(2013, 10, 27, 0, 30, tzinfo=UTC)


@given(st.datetimes(timezones=st.timezones()))
def test_any_moment_written_in_iso_form_is_read_back(moment: datetime) -> None:
    try:
        wanted = moment.astimezone(UTC)
    except OverflowError:
        return
    if moment.utcoffset() is not None:
        assert to_utc(moment.isoformat(), BERLIN) == wanted


@given(
    st.text(max_size=80)
    | st.text("0123456789/-:. TZ+apmJanFebMarMaySep,()", max_size=40)
    | st.integers()
    | st.floats()
    | st.binary()
)
def test_whatever_is_written_gives_a_moment_in_utc_or_a_refusal(written: object) -> None:
    try:
        moment = to_utc(written, BERLIN)
    except DateError:
        return
    assert moment.utcoffset() == timedelta(0)
