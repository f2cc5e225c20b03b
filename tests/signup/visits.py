"""A site whose signup pages are served by the real server, and its emails, as files."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import httpx

from reserved_port import reserved_port
from site_folder import SiteFolder
from syndicate.service.http_server import HttpServer
from syndicate.service.scheduler import Scheduler
from syndicate.service.signup_task import SignupMailTask
from syndicate.site import set_up
from syndicate.store.subscribers import Consent, Subscriber, Subscribers, Subscription
from syndicate.subscribers.addresses import address

WEEKLY = {"title": "Lake Weekly", "sender": "Lake <letters@example.org>", "postal_address": "Here"}
DAILY = {**WEEKLY, "title": "Lake Daily"}


class Place:
    """A site that is served, and who visits it."""

    def __init__(self, site: SiteFolder, serving: HttpServer, asked: Event) -> None:
        self.site = site
        self.serving = serving
        self.asked = asked
        self.url = serving.url
        self.mailer_task = SignupMailTask(set_up(site.config_file, {}), asked)
        self.client = httpx.Client(trust_env=False, timeout=60)

    # -- visiting ------------------------------------------------------------------------------

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(self._address(path), headers=headers)

    def post(self, path: str, fields: Mapping[str, object], **headers: str) -> httpx.Response:
        """Send a form. Fields with several values are lists."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(self._address(path), data=dict(fields), headers=named)

    def ask(self, mail: str, *newsletters: str, **headers: str) -> httpx.Response:
        """Fill in the form to subscribe."""
        wanted = newsletters or ("weekly",)
        return self.post("subscribe/", {"address": mail, "newsletter": list(wanted)}, **headers)

    def subscribe(self, mail: str, *newsletters: str) -> None:
        """All of it: ask, take the link from the email, press the button."""
        self.ask(mail, *newsletters)
        mine = [message for message in self.emails() if message["to"] == mail]
        answer = self.post(self.link(mine[-1]), {})
        assert answer.status_code == 200, answer.text

    def _address(self, path: str) -> str:
        return path if path.startswith("http") else self.url + path.removeprefix("/")

    # -- emails --------------------------------------------------------------------------------

    def emails(self, now: datetime | None = None) -> list[EmailMessage]:
        """Send due emails; all emails that were ever sent."""
        now = now or datetime.now(UTC) + timedelta(seconds=1)
        self.asked.set()
        self.mailer_task.run(now)
        files = sorted((self.site.root / "outbox").glob("*.eml"))
        read = [email.message_from_bytes(f.read_bytes(), policy=email.policy.SMTP) for f in files]
        return [message for message in read if isinstance(message, EmailMessage)]

    @staticmethod
    def link(message: EmailMessage) -> str:
        """The link in a transactional email."""
        plain = message.get_body(("plain",))
        assert plain is not None
        (link,) = set(
            re.findall(r"https?://\S+/(?:confirm|preferences)/[\w-]{40}", plain.get_content())
        )
        return str(link)

    # -- what is kept --------------------------------------------------------------------------

    @contextmanager
    def known(self) -> Iterator[Subscribers]:
        with self.site.opened() as site, site.database.transaction():
            yield Subscribers(site.database)

    def person(self, mail: str) -> Subscriber | None:
        with self.known() as known:
            return known.find(address(mail).hashed(known.salt()))

    def subscriptions(self, mail: str) -> list[Subscription]:
        who = self.person(mail)
        with self.known() as known:
            return known.subscriptions(who.id) if who else []

    def states(self, mail: str) -> dict[str, str]:
        return {each.newsletter: each.state for each in self.subscriptions(mail)}

    def consents(self, mail: str) -> list[Consent]:
        who = self.person(mail)
        with self.known() as known:
            return known.consents(who.id) if who else []


@contextmanager
def opened(root: Path, database_url: str, **settings: Mapping[str, object]) -> Iterator[Place]:
    """A site with two newsletters, built and served at a port that is free."""
    with (
        reserved_port() as port,
        served(built(root, database_url, port, **settings), port) as place,
    ):
        yield place


def built(root: Path, database_url: str, port: int, **settings: Mapping[str, object]) -> SiteFolder:
    """A site with two newsletters that was built, for a server at this port."""
    site = SiteFolder(root / "site", database_url)
    own: dict[str, Mapping[str, object]] = {
        "site": {"url": f"http://127.0.0.1:{port}/", **settings.pop("site", {})},
        "newsletters": {"weekly": WEEKLY, "daily": DAILY},
        "subscribers": {"signup_pages": True},
    }
    site.configure(**(own | settings))
    site.article("one.md", "A heron", date="2026-11-01", tags=["Birds", "Sea & Sky"])
    site.build()
    return site


@contextmanager
def served(site: SiteFolder, port: int) -> Iterator[Place]:
    """A site that is served at this port."""
    setup, asked = set_up(site.config_file, {}), Event()
    serving = HttpServer(setup, Scheduler([]), "127.0.0.1", port, 60, asked)
    serving.listen()
    serving.start()
    try:
        yield Place(site, serving, asked)
    finally:
        serving.stop()
