"""A store that is busy, full or away while an issue is sent."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from mailing_site import ignore_progress, never_stop, new_mailing_site
from sent_messages import THREE_PEOPLE, accepted_recipients

from smtp_server import Action, SmtpServer, Step
from syndicate.delivery.sender import send
from syndicate.delivery.transactions import MAX_TRIES
from syndicate.errors import StoreError


def test_a_store_that_is_busy_for_long_only_delays_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.store.sqlite.BUSY_SECONDS", 0.1)
    url = f"sqlite:///{tmp_path / 'site' / 'syndicate.db'}"
    site = new_mailing_site(tmp_path / "site", url)
    site.subscribe([f"p{number:02}@example.org" for number in range(30)])
    site.issue()
    file = tmp_path / "site" / "syndicate.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    one = threading.Lock()  # the server has a thread for each connection
    refused: list[str] = []

    def lock(step: Step) -> Action | None:
        if step.name == "MESSAGE" and one.acquire(blocking=False):
            other.execute("BEGIN IMMEDIATE")
        return None

    def unlock(*message: object) -> None:
        refused.append(str(message))
        if len(refused) == 2:
            other.rollback()

    monkeypatch.setattr("syndicate.delivery.transactions.log.warning", unlock)
    with SmtpServer(lock) as server:
        site.send_by_smtp(server.port, connections=2)
        assert site.send().sent == 30
        assert len(set(accepted_recipients(server))) == len(accepted_recipients(server)) == 30
    assert len(refused) >= 2, "the store was busy for longer than one look waits"
    other.close()


def test_on_a_full_disk_nothing_is_sent_that_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.delivery.transactions.RETRY_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path / 'site' / 'syndicate.db'}"
    site = new_mailing_site(tmp_path / "site", url)
    site.subscribe([f"p{number:02}@example.org" for number in range(30)])
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port, connections=2)
        with site.folder.opened() as opened:
            run_many = opened.database.run_many

            def full(statement: str, values: Sequence[Mapping[str, object]]) -> None:
                if values and len(server.accepted) > 5:
                    raise StoreError("the database: database or disk is full")
                run_many(statement, values)

            monkeypatch.setattr(opened.database, "run_many", full)
            with pytest.raises(StoreError, match="disk is full"):
                send(opened, tmp_path, never_stop, ignore_progress)
        taken = accepted_recipients(server)
        assert len(taken) < 10
        site.send()
        assert len(set(accepted_recipients(server))) == len(accepted_recipients(server)), (
            "nobody twice"
        )
        held = [who for who, state in site.states().items() if state == "held"]
        assert len(held) <= 2
        assert set(held) <= set(taken), "held is what went out and could not be written down"
        assert set(accepted_recipients(server)) == set(site.states())


def test_outcomes_of_a_broken_run_are_recorded_when_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.delivery.transactions.RETRY_SECONDS", 0.01)
    site = new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
    site.subscribe(THREE_PEOPLE)
    site.issue()
    with SmtpServer() as server:
        site.send_by_smtp(server.port, connections=1)
        with site.folder.opened() as opened:
            run_many, refusals = opened.database.run_many, [0]

            def away(statement: str, values: Sequence[Mapping[str, object]]) -> None:
                if values and server.accepted and refusals[0] < MAX_TRIES + 2:
                    refusals[0] += 1
                    raise StoreError("the database: server closed the connection")
                run_many(statement, values)

            monkeypatch.setattr(opened.database, "run_many", away)
            with pytest.raises(StoreError, match="closed the connection"):
                send(opened, tmp_path, never_stop, ignore_progress)
        taken = accepted_recipients(server)
        assert taken
        assert [who for who, state in site.states().items() if state == "sent"] == taken
