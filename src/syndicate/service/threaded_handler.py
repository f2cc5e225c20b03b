"""A handler of `web.responder` with its own thread and store.

It handles requests one after another: SQLite has one writer anyway, and a slow request delays no
document, because documents are served by another thread.
"""

from __future__ import annotations

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from syndicate.catalogue.urls import base_url, path_sent
from syndicate.errors import SyndicateError
from syndicate.site import Setup, Site, no_progress, open_site
from syndicate.web.http_messages import Request, Response, text

log = logging.getLogger(__name__)

MAX_WAITING = 200
"""Maximum of waiting requests; others are answered with 503 and Retry-After."""

RequestHandler = Callable[[Request, bytes, str], Response]
"""Answers a request, with its body and the address of the client; raises SyndicateError."""


class ThreadedHandler(ABC):
    """Answers requests for the paths below the site that match `sections`."""

    name: str
    max_body_bytes: int

    def __init__(self, setup: Setup, sections: bytes) -> None:
        self.setup = setup
        prefix = re.escape(path_sent(base_url(setup.config.site)).encode())
        self._paths = re.compile(prefix + sections)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self.name)
        self._waiting = 0
        self._closed = False
        self._open = ExitStack()
        self._handler: RequestHandler | None = None

    @abstractmethod
    def begin(self, site: Site) -> RequestHandler:
        """Prepare to answer; in the thread."""

    def takes(self, target: bytes) -> bool:
        """Whether it answers requests for this path."""
        return self._paths.match(target) is not None

    async def answer(self, request: Request, body: bytes, client: str) -> Response:
        """Answer in the thread. After an error, which is logged, the response is 503."""
        if self._waiting >= MAX_WAITING:
            return _unavailable()
        self._waiting += 1
        try:
            work = self._thread.submit(self._answer, request, body, client)
            return await asyncio.wrap_future(work)
        except RuntimeError:  # closed, by a reload or a shutdown
            return _unavailable()
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish the current request, have clients retry the waiting ones, and close the store."""
        self._closed = True
        self._thread.submit(self._close_store)
        self._thread.shutdown()

    # -- in the thread -------------------------------------------------------------------------

    def _answer(self, request: Request, body: bytes, client: str) -> Response:
        if self._closed:
            return _unavailable()
        is_new = self._handler is None
        try:
            return self._opened()(request, body, client)
        except SyndicateError as error:
            self._close_store()
            if not is_new:  # the connection may have broken since the last request: retry
                return self._answer(request, body, client)
            log.error("a request cannot be answered: %s", error.message)
        except Exception:
            self._close_store()
            log.exception("a fault in syndicate: a request cannot be answered")
        return _unavailable()

    def _opened(self) -> RequestHandler:
        if self._handler is None:
            site = self._open.enter_context(open_site(self.setup, no_progress))
            self._handler = self.begin(site)
        return self._handler

    def _close_store(self) -> None:
        """Close the store; the next request opens it again."""
        self._handler = None
        self._open.close()


def _unavailable() -> Response:
    return text(503, "Temporarily unavailable. Please try again.", (b"retry-after", b"30"))
