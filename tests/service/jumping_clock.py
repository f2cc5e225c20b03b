"""A program: a clock that ticks often, while the time jumps by so many days. Exits with 0 if it
still ticks afterwards."""

from __future__ import annotations

import sys
from datetime import timedelta

import time_machine
from test_clock import ticking

from site_folder import NOON


def main(days: int) -> None:
    with time_machine.travel(NOON) as traveller, ticking(0.05) as (clock, times, called):
        assert called(2)
        traveller.shift(timedelta(days=days))
        if days < 0:  # forward, the next tick may come before anything notices the jump
            clock.check_for_jump()
        assert called(len(times) + 3)


if __name__ == "__main__":
    main(int(sys.argv[1]))
