"""Requests and secrets are kept as long as they are good for something, on both databases."""

from __future__ import annotations

from datetime import timedelta

from syndicate.store.database import Database
from syndicate.store.requests import RequestKind, SigningKeys, SignupRequest, SignupRequests
from syndicate.timestamps import parse_timestamp

DAY, NEXT, LATER = "2026-11-25T12:00:00Z", "2026-11-26T12:00:00Z", "2026-12-03T12:00:00Z"
ASKED = SignupRequest(
    0, RequestKind.SUBSCRIBE, "a@example.org", "aa", '{"weekly": ["birds"]}', DAY, "", "Yes."
)


def ask(database: Database, *requests: SignupRequest, most: int = 3) -> SignupRequests:
    known = SignupRequests(database)
    with database.transaction():
        for request in requests:
            known.add(request, most, since=DAY)
    return known


LATEST = "2027-01-01T00:00:00Z"
"""Nothing waits until then, unless the clock was ahead."""


def test_requests_and_retries_of_a_clock_that_was_ahead_do_no_harm(
    database: Database,
) -> None:
    ahead = ASKED._replace(requested_at="2036-01-01T00:00:00Z", next_try="2036-01-01T06:00:00Z")
    known = ask(database, ahead, ahead, ASKED, most=1)
    assert len(known.due(DAY, LATEST, 10)) == 2, "one of each time; the limit is for each"


def test_a_request_waits_for_its_email(database: Database) -> None:
    known = ask(database, ASKED)
    (found,) = known.due(DAY, LATEST, 10)
    assert found._replace(id=0) == ASKED
    assert found.requested == {"weekly": ["birds"]}
    assert known.find(found.id) == found
    assert known.find(found.id + 1) is None


def test_requests_of_all_kinds_for_one_address_share_one_limit(database: Database) -> None:
    other = ASKED._replace(kind=RequestKind.PREFERENCES)
    known = ask(database, ASKED, other, ASKED, other, ASKED._replace(hash="bb"), most=2)
    kinds = sorted(each.kind for each in known.of("aa"))
    assert kinds == [RequestKind.PREFERENCES, RequestKind.SUBSCRIBE]
    assert len(known.of("bb")) == 1


def test_a_failed_email_is_retried_at_its_time(database: Database) -> None:
    known = ask(database, ASKED)
    (found,) = known.due(DAY, LATEST, 10)
    with database.transaction():
        known.update(found._replace(attempts=1, next_try=NEXT, reply="450 later"))
    assert known.due(DAY, LATEST, 10) == []
    assert [each.reply for each in known.due(NEXT, LATEST, 10)] == ["450 later"]


def test_old_requests_are_forgotten(database: Database) -> None:
    known = ask(database, ASKED, ASKED._replace(requested_at=NEXT))
    forget(known, database, "2026-11-27T11:00:00Z", "2026-11-28T11:00:00Z")
    assert [each.requested_at for each in known.of("aa")] == [NEXT]


def test_a_clock_that_is_ahead_for_a_moment_forgets_no_request(database: Database) -> None:
    known = ask(database, ASKED)
    forget(known, database, NEXT, "2036-01-01T00:00:00Z", NEXT)
    assert [each.requested_at for each in known.of("aa")] == [DAY]


def test_requests_dated_by_a_clock_that_was_ahead_are_deleted_as_well(database: Database) -> None:
    known = ask(database, ASKED._replace(requested_at="2036-01-01T00:00:00Z"))
    forget(known, database, DAY, NEXT)
    assert [each.requested_at for each in known.of("aa")] == [NEXT]


def forget(known: SignupRequests, database: Database, *moments: str) -> None:
    """Forget what was asked a day before, at each of these moments."""
    for moment in moments:
        with database.transaction():
            known.delete_old(parse_timestamp(moment), timedelta(days=1))


def test_one_key_signs_until_it_is_rotated_and_is_valid_for_a_while_after(
    database: Database,
) -> None:
    known = SigningKeys(database)
    with database.transaction():
        first = known.signing(DAY)
        assert known.signing(DAY) == first
        known.rotate(until=LATER, now=NEXT)
        second = known.signing(NEXT)
    assert second.key != first.key
    assert [each.id for each in known.valid(NEXT)] == [second.id, first.id]
    assert [each.id for each in known.valid(LATER)] == [second.id]


def test_no_number_of_a_key_is_reused(database: Database) -> None:
    known = SigningKeys(database)
    with database.transaction():
        numbers = [known.signing(DAY).id]
        for now in (DAY, NEXT, LATER):
            known.rotate(until=now, now=now)
            numbers.append(known.signing(now).id)
    assert numbers == sorted(set(numbers))
