"""Serve the output folder over HTTP, in a separate thread.

If a build fails, the last good documents are still served.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from threading import Event
from urllib.parse import urlsplit

import uvicorn

from syndicate.catalogue.records import aliases_of
from syndicate.catalogue.urls import base_url
from syndicate.config.model import Webhooks
from syndicate.documents.render_cache import address_of
from syndicate.errors import OutputError, SyndicateError
from syndicate.issues.archive import moved_pages
from syndicate.service.bounce_task import WebhookEndpoint
from syndicate.service.delivery_task import SentMetrics
from syndicate.service.health import Health
from syndicate.service.publish_task import PublishMetrics
from syndicate.service.scheduler import Scheduler
from syndicate.service.signup_task import SignupEndpoint
from syndicate.service.threaded_handler import ThreadedHandler
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.articles import Articles
from syndicate.store.documents import Documents
from syndicate.store.issues import Issues
from syndicate.web.fast_path import server_config
from syndicate.web.local import LocalView
from syndicate.web.metrics import Traffic
from syndicate.web.rate_limit import Clients, Limit, Network
from syndicate.web.responder import Redirects, Responder
from syndicate.web.site_in_memory import INDEX, ServedAddress, SiteCache

log = logging.getLogger(__name__)

STARTING_SECONDS = 10
STOPPING_SECONDS = 5
VERSIONS_SUFFIX = ".versions"
"""Suffix of the file beside the store with versions of served feeds, for deltas."""


class HttpServer:
    """Serves the documents of one site."""

    def __init__(
        self,
        setup: Setup,
        scheduler: Scheduler,
        host: str,
        port: int,
        max_idle: float,
        email_requested: Event,
    ) -> None:
        """`email_requested` is set after each request that may lead to a transactional email.

        `max_idle`: seconds without a pass of the scheduler after which it counts as stuck.
        """
        self._setup = setup
        self._email_requested = email_requested
        memory = setup.state.with_name(setup.state.name + VERSIONS_SUFFIX)
        site = ServedAddress(base_url(setup.config.site), setup.config.feeds.hub)
        self._cache = SiteCache(setup.places.output, site, memory=memory)
        traffic = Traffic()
        self.sent = SentMetrics()
        self.published = PublishMetrics()
        self._health = Health(scheduler, max_idle, traffic, self.sent, self.published)
        clients = Clients(Limit(), _proxies(setup))
        self._responder = Responder(self._cache, clients, traffic, self._health)
        self._handlers: tuple[ThreadedHandler, ...] = ()
        self.reconfigure(setup)
        self._server = uvicorn.Server(
            server_config(
                self._responder,
                host=host,
                port=port,
                log_config=None,
                timeout_graceful_shutdown=STOPPING_SECONDS,
            )
        )
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    def reconfigure(self, setup: Setup) -> None:
        """Use this configuration from now on, except host and port."""
        if _proxies(setup) != _proxies(self._setup):
            self._responder.clients = Clients(Limit(), _proxies(setup))
        self._setup = setup
        previous, self._handlers = self._handlers, tuple(self._handlers_of(setup))
        self._responder.handlers = self._handlers
        self._responder.local = LocalView(base_url(setup.config.site))
        for handler in previous:
            handler.close()

    @property
    def untrusted_proxy(self) -> str:
        """The first address that sent X-Forwarded-For and is not a trusted proxy, or ""."""
        return self._responder.clients.untrusted_proxy

    def listen(self) -> None:
        """Bind the port. Raises SyndicateError when another program uses it."""
        config = self._server.config
        self._sockets = [bound(config.host, config.port)]

    @property
    def url(self) -> str:
        """The URL of the site on this machine."""
        host, port = self._sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}{urlsplit(base_url(self._setup.config.site)).path}"

    def start(self) -> None:
        """Serve the existing documents at the bound port. Raises SyndicateError if that fails."""
        self.refresh(None)
        self._set_built(built=self.serves(INDEX))
        self._thread.start()
        deadline = time.monotonic() + STARTING_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise SyndicateError("the web server does not start", hint="see the log above")
            time.sleep(0.01)
        line = f"Serving {self.url} - press Ctrl-C to stop"
        log.info("serving", extra={"facts": {"address": self.url}, "line": line})
        if not self._health.is_built:
            line = "The first build is running. The browser shows the site when it is done."
            log.info("first build", extra={"line": line})

    def stop(self) -> None:
        """Finish the current responses."""
        self._server.should_exit = True
        self._thread.join(STOPPING_SECONDS + 1)
        for handler in self._handlers:
            handler.close()

    def refresh(self, paths: Iterable[str] | None) -> Sequence[OutputError]:
        """Load the documents at these paths, or all that changed. Returns what cannot be served."""
        exists = self._setup.places.output.is_dir()
        faults = self._cache.refresh(paths) if exists else ()
        with open_site(self._setup, no_progress) as site:
            articles = Articles(site.database)
            aliases = {
                alias: address_of(record, site.config.site, site.zone)
                for record in articles.with_aliases()
                for alias in aliases_of(record)
            }
            issues = Issues(site.database)
            base = base_url(site.config.site)
            moved = moved_pages(site.config, issues)
            aliases |= {old: base + new for old, new in moved.items()}
            self._responder.redirects = Redirects(
                aliases, Documents(articles.database).gone_feeds()
            )
            self._health.articles = articles.count()
            self._health.issues = issues.last_sequence()
        files = self._cache.snapshot.files
        self._health.documents = len(files)
        self._health.feeds = sum(document.kind.is_feed for document in files.values())
        return faults

    def built(self) -> None:
        """The first build is served: from now on, a missing document is an error 404."""
        self._set_built(built=True)

    def _set_built(self, *, built: bool) -> None:
        self._responder.is_built = self._health.is_built = built

    def serves(self, path: str) -> bool:
        """Whether a document of the output folder is served now."""
        return path in self._cache.snapshot.files

    def _handlers_of(self, setup: Setup) -> Iterator[ThreadedHandler]:
        if setup.config.subscribers.signup_pages:
            yield SignupEndpoint(setup, _proxies(setup), self._email_requested)
        if setup.config.bounces.webhooks != Webhooks():
            yield WebhookEndpoint(setup)

    def _serve(self) -> None:
        self._server.run(sockets=self._sockets)


def _proxies(setup: Setup) -> tuple[Network, ...]:
    return tuple(map(ip_network, setup.config.service.trusted_proxies))


def bound(host: str, port: int) -> socket.socket:
    """A socket to listen on. Raises SyndicateError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SyndicateError(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno) if error.errno else error}",
            hint="choose another with --port, or service.port in config.yaml",
        ) from error
