"""CSV files of people, as services write them -> who is in them, and how they stood there."""

from __future__ import annotations

import pytest

from syndicate.errors import SyndicateError
from syndicate.subscribers.csv_lists import Person, RejectedRow, read

LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
0f5e,ada@example.org,Ada Lane,"{""city"": ""Bern""}",enabled,2024-03-01T08:00:00Z,
1f5e,bob@example.org,Bob,{},disabled,2024-03-02T08:00:00Z,2025-01-01T08:00:00Z
2f5e,eve@example.org,Eve,{},blocklisted,2024-03-03T08:00:00Z,2025-01-01T08:00:00Z
"""
MAILCHIMP = """\
"Email Address","First Name","Last Name",Newsletter,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,\
CONFIRM_IP,LAST_CHANGED,LEID,EUID,NOTES,TAGS
ada@example.org,Ada,Lane,yes,2,,,"2024-03-01 08:00:00",192.0.2.1,"2024-03-01 08:00:00",1,a1,,
"""
MAILCHIMP_LEFT = """\
"Email Address","First Name","Last Name",OPTIN_TIME,UNSUB_TIME,UNSUB_REASON,LAST_CHANGED,LEID,EUID
bob@example.org,Bob,,"2024-03-02 08:00:00","2025-05-05 05:05:05",N/A,"2025-05-05 05:05:05",2,b2
eve@example.org,Eve,,"2024-03-02 08:00:00",,,"2025-05-05 05:05:05",3,c3
"""
MAILCHIMP_CLEANED = """\
"Email Address","First Name","Last Name",OPTIN_TIME,CLEAN_TIME,LAST_CHANGED,LEID,EUID
eve@example.org,Eve,,"2024-03-02 08:00:00","2025-05-05 05:05:05","2025-05-05 05:05:05",3,c3
"""
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,\
labels,tiers
a1,ada@example.org,Ada Lane,,true,false,,2024-03-01T08:00:00.000Z,,,
b2,bob@example.org,Bob,"Called,
twice",false,false,,2024-03-02T08:00:00.000Z,,,
c3,eve@example.org,Eve,,,false,,2024-03-03T08:00:00.000Z,,,
"""
BUTTONDOWN = """\
id,email_address,notes,metadata,tags,type,source,creation_date
a1,ada@example.org,,{},,premium,import,2024-03-01T08:00:00Z
b2,bob@example.org,,{},,unsubscribed,import,2024-03-02T08:00:00Z
c3,eve@example.org,,{},,unactivated,import,2024-03-03T08:00:00Z
"""
SUBSTACK = """\
email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
ada@example.org,false,,other,false,2024-03-01T08:00:00.000Z,
bob@example.org,true,2026-12-01T00:00:00.000Z,yearly,true,2024-03-02T08:00:00.000Z,
"""
OWN = """\
address,name,newsletter,state,since,tags
ada@example.org,'=Ada,weekly,active,2024-03-01T08:00:00Z,
bob@example.org,Bob,weekly,unsubscribed,2024-03-02T08:00:00Z,
eve@example.org,Eve,birds,suppressed,2024-03-03T08:00:00Z,
"""


def people(text: str | bytes) -> tuple[str, list[tuple[str, str]]]:
    """The service, and of each row its address and standing, or the reason."""
    data = text.encode() if isinstance(text, str) else text
    found = read(data.splitlines(keepends=True), "weekly")
    rows = [
        (row.address.mail.partition("@")[0], row.status.value)
        if isinstance(row, Person)
        else (str(row.line), row.reason)
        for row in found.rows
    ]
    return found.service.name, rows


def one(text: str) -> Person | RejectedRow:
    return next(read(text.encode().splitlines(keepends=True), "weekly").rows)


ADA, BOB, EVE = ("ada", "active"), ("bob", "unsubscribed"), ("eve", "suppressed")


@pytest.mark.parametrize(
    ("text", "service", "rows"),
    [
        (LISTMONK, "listmonk", [ADA, BOB, EVE]),
        (MAILCHIMP, "Mailchimp", [ADA]),
        (MAILCHIMP_LEFT, "Mailchimp", [BOB, ("3", "unsub_time is empty: did they unsubscribe?")]),
        (MAILCHIMP_CLEANED, "Mailchimp", [EVE]),
        (
            GHOST,
            "Ghost",
            [ADA, BOB, ("5", "subscribed_to_emails is '', which is not understood")],
        ),
        (BUTTONDOWN, "Buttondown", [ADA, BOB, ("4", "never confirmed that they want it")]),
        (SUBSTACK, "Substack", [ADA, BOB]),
        (OWN, "a list", [ADA, BOB, ("4", "of the newsletter birds")]),
        ("Email\nada@example.org\n", "a list", [ADA]),
    ],
)
def test_the_service_of_a_list_is_recognised_by_its_columns(
    text: str, service: str, rows: list[tuple[str, str]]
) -> None:
    assert people(text) == (service, rows)


@pytest.mark.parametrize(
    ("text", "name", "since"),
    [
        (LISTMONK, "Ada Lane", "2024-03-01T08:00:00Z"),
        (MAILCHIMP, "Ada Lane", "2024-03-01 08:00:00"),
        (GHOST, "Ada Lane", "2024-03-01T08:00:00.000Z"),
        (BUTTONDOWN, "", "2024-03-01T08:00:00Z"),
        (SUBSTACK, "", "2024-03-01T08:00:00.000Z"),
        (OWN, "=Ada", "2024-03-01T08:00:00Z"),
        ('email,name\nada@example.org,"A\n da\x07\0"\n', "A da", ""),
        (f"email,name\nada@example.org,{'x' * 999}\n", "x" * 200, ""),
    ],
)
def test_names_and_dates_come_along(text: str, name: str, since: str) -> None:
    row = one(text)
    assert isinstance(row, Person)
    assert (row.name, row.since) == (name, since)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_delimiter_line_end_and_byte_order_mark_is_read(delimiter: str) -> None:
    text = f"\ufeffEmail{delimiter}Name\r\nada@example.org{delimiter}Ada\r\n\r\n{delimiter}\r\n"
    assert people(text) == ("a list", [ADA])


def test_a_broken_row_affects_no_other_and_is_reported_with_its_line() -> None:
    text = 'email,name\nx,y\n"a\nb",\n"ada@example.org"z,\nada@example.org\nada@example.org,A\n'
    _, rows = people(text)
    assert [line for line, _ in rows] == ["2", "3", "5", "ada", "ada"]


def refused(text: str) -> list[RejectedRow]:
    rows = read(text.encode().splitlines(keepends=True), "weekly").rows
    return [each for each in rows if isinstance(each, RejectedRow)]


def test_an_unclosed_quote_affects_only_its_line() -> None:
    text = 'email,name\nada@example.org,"A\n' + "bob@example.org,B\n" * 1_000
    _, rows = people(text)
    assert rows[0] == ("2", "a quote on this line is not closed")
    assert rows[1:] == [("bob", "active")] * 1_000
    assert people('email,name\nada@example.org,"A\n')[1] == rows[:1]


ROWS = [f"p{number}@example.org,P,active" for number in range(1, 21)]
LAST = [
    'z@example.org,"Zed",unsubscribed',  # closes the quote, and more follows
    'z@example.org,Zed",unsubscribed',  # closes it as a cell should be closed
    "z@example.org,Zed,unsubscribed",  # leaves it open
]


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("odd", ['5"" tall', '\\"the boss\\"', "the"])
def test_a_quote_that_closes_in_a_later_row_loses_no_row(odd: str, last: str) -> None:
    broken = f'x@example.org,"{odd},active'
    text = "\n".join(["email,name,state", *ROWS, broken, *ROWS, last, *ROWS]) + "\n"
    _, rows = people(text)
    (line, _), *_others = [row for row in rows if row[0].isdigit()]
    assert line == "22"
    standings = [row[1] for row in rows if not row[0].isdigit()]
    assert standings.count("active") == 60
    bad = refused(text)
    assert bad[0].cells[0] == "x@example.org"
    assert ",".join(bad[0].cells) == broken


def test_every_line_is_a_person_or_refused_with_its_cells() -> None:
    lines = [
        f'a{n}@example.org,"A{n}\n' if n % 7 == 0 else f"a{n}@example.org,A\n" for n in range(500)
    ]
    text = "email,name\n" + "".join(lines)
    _, rows = people(text)
    assert len(rows) == 500
    assert [each.line for each in refused(text)] == [n + 2 for n in range(0, 500, 7)]
    assert all(each.cells[0].startswith("a") for each in refused(text))


def test_a_cell_may_have_several_lines() -> None:
    text = 'email,name\nada@example.org,"Ada\nLane, of\n\nBern"\nbob@example.org,B\n'
    assert [line for line, _ in people(text)[1]] == ["ada", "bob"]


@pytest.mark.parametrize("header", ["email,email,name", "email,name,Name", "email,state,state"])
def test_two_columns_of_one_name_are_refused(header: str) -> None:
    with pytest.raises(SyndicateError, match="two columns are named"):
        people(f"{header}\na@example.org,b,c\n")


def test_columns_that_mean_nothing_may_have_one_name() -> None:
    twice = LISTMONK.replace("updated_at", "created_at2").replace(
        ",attributes,", ",attributes,note,note,"
    )
    assert people(twice)[0] == "listmonk"


WITHOUT_LAST_CHANGED = [
    ("UNSUB_TIME,UNSUB_REASON", '"2025-05-05 05:05:05",N/A', "unsubscribed"),
    ("CLEAN_TIME,CLEAN_CAMPAIGN_TITLE", '"2025-05-05 05:05:05",', "suppressed"),
]


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("subscribed", "active"),
        ("", "active"),
        ("unsubscribed", "unsubscribed"),
        ("cleaned", "suppressed"),
        ("archived", "status is 'archived', which is not understood"),
    ],
)
def test_a_status_in_a_file_of_mailchimp_counts(status: str, standing: str) -> None:
    _, ((_, found),) = people(
        "Email Address,STATUS,OPTIN_TIME,LAST_CHANGED,LEID\n"
        f"ada@example.org,{status},2024-03-02 08:00:00,2025-05-05 05:05:05,2\n"
    )
    assert found == standing


@pytest.mark.parametrize(("columns", "cells", "standing"), WITHOUT_LAST_CHANGED)
def test_files_of_unsubscribed_and_cleaned_addresses_from_mailchimp_are_recognised(
    columns: str, cells: str, standing: str
) -> None:
    text = (
        f"Email Address,First Name,Last Name,OPTIN_TIME,{columns},LEID,EUID,NOTES,TAGS\n"
        f'ada@example.org,Ada,,"2024-03-02 08:00:00",{cells},2,b2,,"""Editors"""\n'
    )
    service, ((_, found),) = people(text)
    assert (service, found) == ("Mailchimp", standing)


@pytest.mark.parametrize(
    ("text", "complaint", "line"),
    [
        (b"name,colour\n", "its columns are name, colour", 1),
        (b"email,opted_out\n", "unknown column: opted_out", 1),
        (b"", "not a list of subscribers", 1),
        (b"email,name\nada@example.org,Ada\nbob@example.org,J\xfcrg\n", "not UTF-8", 3),
        ("email\n".encode("utf-16"), "not UTF-8", 1),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_reason(
    text: bytes, complaint: str, line: int
) -> None:
    with pytest.raises(SyndicateError, match=complaint) as caught:
        people(text)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nemail;name\nada@example.org;Ada\n",
        '\ufeff"sep=|"\r\nemail|name\r\nada@example.org|Ada\r\n',
        "\n \n\nemail,name\nada@example.org,Ada\n",
        "E-Mail,Name\nada@example.org,Ada\n",
        '"email", "name"\nada@example.org, "Ada"\n',
        '" Email ", " Name "\nada@example.org,Ada\n',
        "email,name,,\nada@example.org,Ada,,\n",
        "email,name\nAda <ada@example.org>,\n",
        'email\n"""Ada"" <ada@example.org>"\n',
        "email,name,state\nada@example.org,Ada\n",
        "email,name\nada@example.org,Ada,\n",
    ],
)
def test_a_list_is_read_as_spreadsheets_and_people_write_it(text: str) -> None:
    row = one(text)
    assert isinstance(row, Person)
    assert (row.address.mail, row.name, row.status) == ("ada@example.org", "Ada", "active")


def test_lines_before_the_columns_count() -> None:
    assert people("sep=,\n\nemail,name\nx,y\n")[1][0][0] == "4"


def test_cells_at_the_end_of_a_row_may_be_missing() -> None:
    text = "email,name,state\nada@example.org\nbob@example.org,Bob,unsubscribed\n\neve@x.org,E\n"
    assert people(text)[1] == [ADA, BOB, ("eve", "active")]


def test_a_row_that_a_line_break_cuts_in_two_is_refused() -> None:
    text = "email,name,state\nbob@example.org,Bo\nb,unsubscribed\nada@example.org,Ada\n"
    assert people(text)[1] == [
        ("2", "the row goes on in the next line"),
        ("3", people("email\nb\n")[1][0][1]),
        ADA,
    ]
    assert [each.cells for each in refused(text)] == [
        ["bob@example.org", "Bo"],
        ["b", "unsubscribed"],
    ]


def test_a_quote_loses_no_short_row() -> None:
    text = 'email,name,state\nx@example.org,"X\nada@example.org\nbob@example.org,"B",unsubscribed\n'
    assert people(text)[1] == [("2", "a quote on this line is not closed"), ADA, BOB]


def test_topics_come_from_our_own_list_alone() -> None:
    own = one(OWN.replace("08:00:00Z,\nbob", '08:00:00Z,"birds, sea"\nbob'))
    assert isinstance(own, Person)
    assert own.topics == ("birds", "sea")
    other = one("email,tags\nada@example.org,vip\n")
    assert isinstance(other, Person)
    assert other.topics == ()


def test_a_list_without_columns_gets_a_hint() -> None:
    with pytest.raises(SyndicateError) as caught:
        people("ada@example.org,Ada\n")
    assert "first line must name the columns" in caught.value.hint
