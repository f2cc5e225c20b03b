"""Which connections to a relay a worker may open: its part of `connections`, over all workers."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Condition


class ConnectionSlots:
    """Which of the connections to a relay may be open, by number from 0. Thread-safe.

    The first `allowed` ones may. The thread of a connection enters before it opens it, and exits
    after it closed it.
    """

    def __init__(self) -> None:
        self._allowed = 0
        self._entered: set[int] = set()
        self._change = Condition()

    @property
    def allowed(self) -> int:
        """How many connections may be opened."""
        return self._allowed

    def is_allowed(self, number: int) -> bool:
        """Whether a connection may be open, or is to be closed soon."""
        return number < self._allowed

    def enter(self, number: int, seconds: float) -> bool:
        """Wait until a connection may be opened; False if it may not within `seconds`."""
        with self._change:
            if self._change.wait_for(lambda: self.is_allowed(number), seconds):
                self._entered.add(number)
            return number in self._entered

    def leave(self, number: int) -> None:
        """A connection is closed."""
        with self._change:
            self._entered.discard(number)

    def lower(self, allowed: int) -> int:
        """Allow no more than so many; how many may be open until those over it have closed."""
        with self._change:
            self._allowed = min(self._allowed, allowed)
            over = sum(1 for number in self._entered if number >= self._allowed)
            return self._allowed + over

    def allow(self, allowed: int) -> None:
        """Allow so many."""
        with self._change:
            self._allowed = allowed
            self._change.notify_all()


def even_share(connections: int, workers: Sequence[int], worker: int) -> int:
    """The share of a worker of all `connections`; what is left over goes to the lowest ids."""
    rank = sorted(workers).index(worker)
    return connections // len(workers) + (rank < connections % len(workers))
