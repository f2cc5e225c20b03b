"""The pages about people, and their letters: a thread with a store of its own for each.

All visits are answered one after the other in one thread: SQLite writes one at a time anyway, and
what takes long holds up no document, for those are served elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING

from syndicate.app import Setup, open_site
from syndicate.build import Site, built
from syndicate.errors import SyndicateError
from syndicate.findings import Finding, Level
from syndicate.moments import to_text
from syndicate.permalinks import base_url, path_sent
from syndicate.schedule.words import duration
from syndicate.service.served import silently
from syndicate.service.tick import Turn
from syndicate.store.requests import Requests
from syndicate.web.clients import Clients, Limit, Network
from syndicate.web.messages import Answer, Request, text

if TYPE_CHECKING:
    import jinja2

    from syndicate.pages import Frame
    from syndicate.subscribing.answers import Answering

log = logging.getLogger(__name__)

MOST_WAITING = 200
"""Visits in line; who comes then is asked to come again."""

ASKING = Limit(per_second=1 / 60, burst=20)
"""How often a client may ask for letters."""


def frame_of(site: Site, now: datetime) -> tuple[jinja2.Environment, Frame]:
    """What the pages and letters of a site are made with."""
    outputs = built(site, now)
    return outputs.env, outputs.frame([])


class People:
    """Answers visits of the pages about people: the desk of `web.answers`."""

    def __init__(self, setup: Setup, proxies: tuple[Network, ...], asked: Event) -> None:
        """`asked` is set whenever there may be a letter to send."""
        self._setup = setup
        self._asked = asked
        self._clients = Clients(ASKING, proxies)
        prefix = re.escape(path_sent(base_url(setup.config.site)).encode())
        self._paths = re.compile(prefix + rb"(?:subscribe|preferences|unsubscribe)(?:[/?]|\Z)")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="people")
        self._waiting = 0
        self._closed = False
        self._open = ExitStack()
        self._site: Site | None = None
        self._answering: Answering | None = None

    def takes(self, target: bytes) -> bool:
        """Whether a path is for it."""
        return self._paths.match(target) is not None

    async def answer(self, request: Request, body: bytes, client: str) -> Answer:
        """Answer in the thread. Whatever goes wrong there is logged, and said to come again."""
        if self._waiting >= MOST_WAITING:
            return _later()
        self._waiting += 1
        try:
            work = self._thread.submit(self._answer, request, body, client)
            return await asyncio.wrap_future(work)
        except RuntimeError:  # closed: another configuration has come, or the end
            return _later()
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish the visit in hand, have the others come again, and let go of the store."""
        self._closed = True
        self._thread.submit(self._let_go)
        self._thread.shutdown()

    # -- in the thread -------------------------------------------------------------------------

    def _answer(self, request: Request, body: bytes, client: str) -> Answer:
        if self._closed:
            return _later()
        fresh = self._site is None
        try:
            return self._answered(request, body, client)
        except SyndicateError as error:
            self._let_go()
            if not fresh:  # the connection may have gone since the last visit: once more
                return self._answer(request, body, client)
            log.error("a page cannot be shown: %s", error.message)
        except Exception:
            self._let_go()
            log.exception("a fault in syndicate: a page cannot be shown")
        return _later()

    def _answered(self, request: Request, body: bytes, client: str) -> Answer:
        site, answering = self._opened()
        posted = request.method == b"POST"
        if posted and _asks(request.target):
            seconds = self._clients.seconds_to_wait(request, monotonic())
            if seconds:
                return answering.wait(seconds)
        given = answering(site, datetime.now(UTC), client, request, body)
        if posted:
            self._asked.set()
        return given

    def _opened(self) -> tuple[Site, Answering]:
        if self._site is None or self._answering is None:
            from syndicate.subscribing.answers import Answering
            from syndicate.subscribing.pages import Pages

            self._site = self._open.enter_context(open_site(self._setup, silently))
            pages = Pages(*frame_of(self._site, datetime.now(UTC)))
            self._answering = Answering(pages, base_url(self._setup.config.site))
        return self._site, self._answering

    def _let_go(self) -> None:
        """Open everything anew for the next visit."""
        self._site = self._answering = None
        self._open.close()


def _asks(target: bytes) -> bool:
    """Whether a letter is asked for: no token is in the path."""
    path = target.partition(b"?")[0]
    return path.endswith((b"/subscribe/", b"/subscribe/embed/", b"/preferences/"))


def _later() -> Answer:
    return text(503, "This cannot be done just now. Please come again.", (b"retry-after", b"30"))


ANYWAY = timedelta(minutes=1)
"""From one look for letters to the next when nobody seems to have asked."""

SOON = 0.2


ONE_AT_A_TIME = Lock()
"""With a new configuration comes a new part; what the one before still sends is not sent twice."""


class Letters:
    """Sends the letters that people asked for, in a thread of its own: a part of the service."""

    name = "letters"

    def __init__(self, setup: Setup, asked: Event) -> None:
        self._setup = setup
        self._asked = asked
        self._looked: datetime | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="letters")
        self._round: Future[list[str]] | None = None
        self._made: tuple[jinja2.Environment, Frame] | None = None

    def turn(self, now: datetime) -> Turn:
        """Say what came of the last round, if it has ended, and begin one when it is due."""
        if self._round and not self._round.done():
            return Turn(again=SOON)
        findings = self._ended()
        if (
            self._asked.is_set()
            or not self._looked
            or not self._looked <= now < self._looked + ANYWAY
        ):
            self._asked.clear()
            self._looked = now
            self._round = self._thread.submit(self._send, now)
        return Turn(findings, SOON if self._round else None)

    def _send(self, now: datetime) -> list[str]:
        settings = self._setup.config.subscribers
        with ONE_AT_A_TIME, open_site(self._setup, silently) as site:
            requests = Requests(site.database)
            with site.database.transaction():
                requests.forget(to_text(now - duration(settings.confirm_within)))
            if not (settings.pages and requests.due(to_text(now), 1)):
                return []
            from syndicate.sending.outlets import FirstThatWorks, transports
            from syndicate.subscribing.postman import Postman

            self._made = self._made or frame_of(site, now)
            outbox = self._setup.base / self._setup.config.outbox
            ways = transports(self._setup.config.sending, outbox, site.host).values()
            return Postman(site, *self._made, FirstThatWorks(ways)).round(now)

    def _ended(self) -> list[Finding] | None:
        """What came of the last round; None without a new one. Raises what it raised."""
        if self._round is None:
            return None
        ended, self._round = self._round, None
        way_out = "it is tried again; see that the outbox, or sending.servers, can be used"
        return [
            Finding(
                Level.WARNING, "letter-not-sent", problem, self._setup.config_file, None, way_out
            )
            for problem in dict.fromkeys(ended.result())
        ]
