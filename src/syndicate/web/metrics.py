"""Metrics about requests, in Prometheus's format.

Each request adds to a number in a dictionary, which is cheap; prometheus_client turns the numbers
into text on request.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MAX_READERS: Final = 2_000
"""How many pairs of feed and aggregator are remembered; the oldest is forgotten first."""

_SUBSCRIBERS: Final = re.compile(rb"\b([0-9]{1,9})[ +](?:subscriber|reader)s?\b", re.IGNORECASE)
_NAME: Final = re.compile(rb"[A-Za-z][\w.-]{0,39}")
_FEED_ID: Final = re.compile(rb"feed-id[=:][ ]?(\w{1,40})")


class Traffic:
    """Requests by format and status; readers as aggregators report them in their User-Agent.

    A collector of prometheus_client: register it with a `CollectorRegistry`.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.readers: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def count(self, format_: str, status: int) -> None:
        """One answer was given."""
        self.requests[format_, status] += 1

    def count_readers(self, feed: str, user_agent: bytes) -> None:
        """Record how many readers an aggregator fetches `feed` for, if it reports them.

        The latest number counts. Aggregators that keep several copies of a feed, each with an
        id, are counted for each.
        """
        if not any(word in user_agent.lower() for word in (b"subscriber", b"reader")):
            return  # nearly always, and quicker than the patterns
        match = _SUBSCRIBERS.search(user_agent[:500])
        name = _NAME.match(user_agent)
        if not match or not name:
            return
        copy = _FEED_ID.search(user_agent[:500])
        key = (feed, name[0].decode(), copy[1].decode() if copy else "")
        self.readers.pop(key, None)
        self.readers[key] = int(match[1])
        if len(self.readers) > MAX_READERS:
            self.readers.popitem(last=False)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for prometheus_client."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        requests = CounterMetricFamily(
            "syndicate_requests", "Requests answered.", labels=("format", "status")
        )
        for (format_, status), number in sorted(self.requests.items()):
            requests.add_metric((format_, str(status)), number)
        yield requests
        readers = GaugeMetricFamily(
            "syndicate_readers",
            "Readers of a feed, as reported by aggregators.",
            labels=("feed", "aggregator"),
        )
        sums: Counter[tuple[str, str]] = Counter()
        for (feed, aggregator, _), number in self.readers.items():
            sums[feed, aggregator] += number
        for labels, number in sorted(sums.items()):
            readers.add_metric(labels, number)
        yield readers
