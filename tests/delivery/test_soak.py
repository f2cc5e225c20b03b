"""A sender may die at any moment: no delivery is lost, and no subscriber gets an issue twice."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from counting_server import CountingServer
from soak_site import SoakSite


@pytest.mark.soak
def test_a_sender_killed_repeatedly_loses_no_delivery_and_sends_none_twice(
    database_url: str, tmp_path: Path
) -> None:
    with CountingServer(max_delay=0.004) as server:
        soak = SoakSite(tmp_path / "site", database_url, server, recipients=1500)
        outcome = soak.send_with_kills(10, Random(7))
    assert (outcome.lost, outcome.duplicates) == ([], [])
    assert outcome.held <= outcome.max_held
    assert (outcome.kills, outcome.recipients) == (10, 1500)
    assert outcome.kills_while_sending, "some hit a sender at work"
