"""Notify systemd of the service's state: sd_notify(3), over the socket it names."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


class Systemd:
    """Notifies systemd, if it started the service; does nothing otherwise."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.has_watchdog = "WATCHDOG_USEC" in environment

    def notify(self, state: str) -> None:
        """Pass on a state, such as READY."""
        if not self._address:
            return
        address = self._address
        if address[0] == "@":  # a name without a file
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(state.encode(), address)
        except OSError as error:
            log.warning("cannot notify systemd: %s", error)
            self._address = ""

    def reloading(self) -> None:
        """Notify systemd of a reload; READY follows when it is done."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.notify(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")
