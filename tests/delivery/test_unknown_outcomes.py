"""A delivery that may have arrived is held until it is decided, and nothing is sent twice."""

from __future__ import annotations

from collections import Counter

import pytest
from mailing_site import NAME, MailingSite, change_deliveries, now
from sent_messages import ADA, THREE_PEOPLE, accepted_recipients, make_retries_due, stop_after

from site_folder import NOON
from smtp_server import Action, Close, Reply, SmtpServer, Stall, Step, scripted
from syndicate.delivery.operations import resending
from syndicate.delivery.planning import plan_approved, plan_step
from syndicate.delivery.planning_pace import PlanningPace
from syndicate.store.deliveries import UNKNOWN, Deliveries
from syndicate.store.delivery_events import DeliveryEvents

LOST = {
    "closed after the dot": {"MESSAGE": [Close(accepted=True)]},
    "closed after the dot, and not kept": {"MESSAGE": [Close()]},
    "no word after the dot": {"MESSAGE": [Stall(accepted=True)]},
    "nothing anybody understands": {"MESSAGE": [Reply("well, yes")]},
    "an answer to something else": {"MESSAGE": [Reply("354 go ahead")]},
    "an endless answer": {"MESSAGE": [Reply(b"250-" + b"x" * 200_000)]},
}


@pytest.mark.parametrize("steps", LOST.values(), ids=LOST.keys())
def test_a_delivery_that_may_have_arrived_is_held_until_it_is_resolved(
    site: MailingSite, steps: dict[str, list[Action | None]]
) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(scripted(**steps)) as server:
        is_silent = isinstance(steps["MESSAGE"][0], Stall)
        site.send_by_smtp(server.port, connections=1, timeout=0.2 if is_silent else 60)
        report = site.send(stopping=stop_after(60))
        server.behaviour = scripted()
        site.send_by_smtp(server.port, connections=1)
        held = [who for who, state in site.states().items() if state == "held"]
        assert held
        assert report.held_by_issue == {NAME: len(held)}
        before = accepted_recipients(server)
        make_retries_due(site)
        site.send()
        known = [who for who, state in site.states().items() if state != "held"]
        assert set(accepted_recipients(server)) - set(before) <= set(known), (
            "nothing held is sent by itself"
        )
        delivery_report = site.delivery_report()
        assert delivery_report.held == len(held)
        assert delivery_report.pending == 0
        with site.folder.opened() as opened:
            assert resending.resolve_held(
                opened, site.issue_send, now(), sent=True, people=[]
            ) == len(held)
    assert set(site.states().values()) == {"sent"}
    assert site.delivery_report().held == 0


@pytest.mark.postgresql
def test_with_resend_an_unknown_outcome_is_sent_again_once_and_then_held(site: MailingSite) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(scripted(MESSAGE=Close(accepted=True))) as server:
        for _ in range(3):
            site.send_by_smtp(server.port, {"on_held": "resend"}, connections=1)
            site.send(stopping=stop_after(60))
            make_retries_due(site)
        assert Counter(accepted_recipients(server)) == dict.fromkeys(THREE_PEOPLE, 2)
    assert set(site.states().values()) == {"held"}


@pytest.mark.postgresql
def test_a_sender_that_died_resends_a_delivery_once_and_then_holds_it(site: MailingSite) -> None:
    site.subscribe([ADA])
    site.issue()
    with SmtpServer(scripted(RCPT=Reply("451 4.3.0 later"))) as server:
        site.send_by_smtp(server.port, connections=1)
        site.send()
    found = []
    with site.folder.opened() as opened, opened.database.transaction():
        change_deliveries(opened.database, "attempts = 0, next_try = '2026'")
        for _ in range(2):
            change_deliveries(opened.database, "state = 'sending'", owner="killed")
            Deliveries(opened.database).recover("killed", "2026-12-01", resend=True)
            found += opened.database.rows("SELECT state FROM deliveries")
    assert [str(state) for (state,) in found] == ["pending", "held"]


def test_a_server_that_demands_a_login_between_messages_is_not_retried_without_end(
    site: MailingSite,
) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    asked: list[str] = []

    def behaviour(step: Step) -> Action | None:
        if step.name == "MAIL":
            asked.append(step.name)
            return Reply("530 5.7.0 log in first") if len(asked) > 1 else None
        return None

    with SmtpServer(behaviour) as server:
        site.send_by_smtp(server.port, connections=1)
        report = site.send(stopping=stop_after(60))
        assert report.sent == 1
        assert len(asked) <= 3
    assert site.delivery_report().pending == 2


def test_a_server_that_closes_the_connection_within_a_message_gets_none_twice(
    site: MailingSite,
) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer(scripted(BODY=[Close()])) as server:
        site.send_by_smtp(server.port, connections=1)
        site.send(stopping=stop_after(60))
        server.behaviour = scripted()
        # Held if the final dot was written before the end of the connection was seen.
        states = site.states()
        assert set(states.values()) <= {"held", "retry", "pending"}
        make_retries_due(site)
        site.send()
        certain = sorted(who for who, state in states.items() if state != "held")
        assert sorted(accepted_recipients(server)) == certain
        assert site.delivery_report().pending == 0


def test_a_held_delivery_can_be_sent_again(site: MailingSite) -> None:
    site.subscribe([ADA])
    site.issue()
    with SmtpServer(scripted(MESSAGE=[Close()])) as server:
        site.send_by_smtp(server.port)
        site.send()
        assert site.states() == {ADA: "held"}
        server.behaviour = scripted()
        with site.folder.opened() as opened:
            assert (
                resending.resolve_held(opened, site.issue_send, now(), sent=False, people=[]) == 1
            )
        assert site.send().sent == 1
        assert accepted_recipients(server) == [ADA]


@pytest.mark.parametrize(
    "steps",
    [
        {"RCPT": [None, Reply("421 4.3.2 too many", close=True)]},
        {"MAIL": [None, Close()]},
        {"DATA": [Close()]},
        {"DATA": [Reply("nonsense")]},
    ],
    ids=str,
)
def test_a_message_lost_before_its_end_is_sent_once(
    site: MailingSite, steps: dict[str, list[Action | None]]
) -> None:
    site.subscribe(THREE_PEOPLE)
    site.issue()
    seen: list[str] = []

    def once(step: Step) -> Action | None:
        actions = steps.get(step.name, [])
        number = seen.count(step.name)
        seen.append(step.name)
        return actions[number] if number < len(actions) else None

    with SmtpServer(once) as server:
        site.send_by_smtp(server.port, connections=1)
        site.send(stopping=stop_after(60))
        make_retries_due(site)
        site.send(stopping=stop_after(60))
        assert accepted_recipients(server) == [*THREE_PEOPLE]
    assert set(site.states().values()) == {"sent"}


@pytest.mark.postgresql
@pytest.mark.parametrize(("on_held", "state"), [("hold", "held"), ("resend", "pending")])
def test_the_history_of_a_delivery_shows_that_a_crash_left_its_outcome_unknown(
    site: MailingSite, on_held: str, state: str
) -> None:
    (ada,) = site.subscribe([ADA])
    site.issue()
    with site.folder.opened() as opened:
        plan_approved(opened, NOON)
        plan_step(opened, NOON, PlanningPace())
        with opened.database.transaction():  # as a sender leaves it that is killed
            change_deliveries(opened.database, "state = 'sending'", owner="killed")
    site.configure(transport="outbox", on_held=on_held)
    site.send()
    with site.folder.opened() as opened:
        events = DeliveryEvents(opened.database).of(site.issue_send.issue, ada.id)
    assert [(each.event, each.detail) for each in events] == [(state, UNKNOWN)]
