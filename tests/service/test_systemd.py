"""systemd is notified of the state of the service, over a real socket."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.service.systemd import READY, Systemd


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both kinds of addresses that systemd uses."""
    return str(tmp_path / "notify") if request.param == "path" else f"@syndicate-{tmp_path.name}"


@pytest.fixture
def listener(address: str) -> Iterator[socket.socket]:
    """What systemd would be."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(address.replace("@", "\0") if address[0] == "@" else address)
        bound.settimeout(60)
        yield bound


def test_a_state_arrives_as_it_is(address: str, listener: socket.socket) -> None:
    Systemd({"NOTIFY_SOCKET": address}).notify(READY)
    assert listener.recv(1000) == b"READY=1"


def test_reloading_is_notified_with_the_time_that_systemd_requires(
    address: str, listener: socket.socket
) -> None:
    Systemd({"NOTIFY_SOCKET": address}).reloading()
    assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", listener.recv(1000))


def test_without_systemd_nothing_is_notified() -> None:
    systemd = Systemd({})
    systemd.notify(READY)
    assert not systemd.has_watchdog


def test_the_watchdog_is_notified_if_systemd_asks_for_it() -> None:
    assert Systemd({"WATCHDOG_USEC": "1000000"}).has_watchdog


def test_a_missing_socket_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    systemd.notify(READY)
    systemd.notify(READY)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
