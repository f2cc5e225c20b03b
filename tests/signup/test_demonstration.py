"""What a new user sees: the site that `init` makes, at the address that `run` prints."""

from __future__ import annotations

import csv
import email
import email.policy
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect
from visits import WEEKLY, Place, opened

from syndicate import cli

PROGRAM = Path(sys.executable).with_name("syndicate")
LINK = re.compile(r"https?://\S+/(?:confirm|preferences)/[\w-]+")
PATIENCE_SECONDS = 60


@dataclass
class NewSite:
    """A site as `syndicate init` makes it, served by `syndicate run` at the address it prints."""

    folder: Path
    url: str

    def command(self, *arguments: str) -> str:
        command = [str(PROGRAM), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout

    def emails(self) -> list[EmailMessage]:
        read = (file.read_bytes() for file in sorted((self.folder / "outbox").glob("*.eml")))
        messages = (email.message_from_bytes(data, policy=email.policy.SMTP) for data in read)
        return [message for message in messages if isinstance(message, EmailMessage)]

    def link(self, number: int) -> str:
        """The link in the email of this number, as the file in the outbox shows it."""
        until(lambda: len(self.emails()) >= number)
        file = sorted((self.folder / "outbox").glob("*.eml"))[number - 1]
        return str(LINK.findall(file.read_text("ascii"))[0])


def until(holds: object) -> None:
    """Wait until a condition holds; fail when it never does."""
    assert callable(holds)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def address_in(log: Path) -> str:
    """The address in the log of a service, "" as long as there is none."""
    said = [json.loads(line) for line in log.read_text().splitlines()]
    return next((each["address"] for each in said if each["event"] == "serving"), "")


def started(folder: Path, site_url: str) -> Iterator[NewSite]:
    subprocess.run([PROGRAM, "init", folder], check=True, capture_output=True)
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    assert text.count("https://example.org/\n") >= 1
    config.write_text(text.replace("https://example.org/\n", f"{site_url}\n", 1), encoding="utf-8")
    log = folder / "log"
    with log.open("wb") as stderr:
        service = subprocess.Popen([PROGRAM, "run", "--port", "0"], cwd=folder, stderr=stderr)
    try:
        until(lambda: address_in(log))
        url = address_in(log)
        until(lambda: httpx.get(url, trust_env=False, timeout=60).status_code == 200)
        yield NewSite(folder, url)
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(PATIENCE_SECONDS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[NewSite]:
    yield from started(tmp_path / "my-site", "https://example.org/")


class Links(HTMLParser):
    """Where a page leads, and what it is made of, but for its canonical address."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag != "link" or values.get("rel") != "canonical":
            names = ("href", "src", "action", "poster")
            self.found |= {values[name] or "" for name in names if name in values}


@pytest.mark.parametrize(
    "site_url",
    ["https://example.org/", "https://müsli.example/my/blog/"],
)
def test_every_link_stays_at_the_printed_url_and_works(tmp_path: Path, site_url: str) -> None:
    hosts = {urlsplit(site_url).netloc, "xn--msli-0ra.example"}
    for site in started(tmp_path / "my-site", site_url):
        public = {
            path: path.read_bytes()
            for path in (site.folder / "public").rglob("*")
            if path.is_file()
        }
        assert site.url.endswith(urlsplit(site_url).path)
        waiting, seen = {site.url}, dict[str, int]()
        with httpx.Client(trust_env=False, timeout=60) as client:
            while waiting:
                url = waiting.pop()
                answer = client.get(url, headers={"accept": "text/html,application/xml"})
                seen[url] = answer.status_code
                if answer.headers.get("content-type", "").startswith("text/html"):
                    page = Links()
                    page.feed(answer.text)
                    urls = {urljoin(url, link) for link in page.found}
                    assert not [each for each in urls if urlsplit(each).netloc in hosts], url
                    near = {each.partition("#")[0] for each in urls if each.startswith(site.url)}
                    waiting |= near - seen.keys()
        assert set(seen.values()) == {200}, seen
        assert len(seen) > 40
        assert any(url.endswith("/subscribe/") for url in seen)
        assert {path: path.read_bytes() for path in public} == public
        front = public[site.folder / "public" / "index.html"].decode()
        assert any(f'href="https://{host}' in front for host in hosts)


class Visitor:
    """Somebody with a browser, who opens addresses and presses buttons."""

    def __init__(self, page: Page, site: NewSite) -> None:
        self.page = page
        self.site = site

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.look()

    def click(self, button: str) -> str:
        """Press a button, and give the text of the page that comes."""
        with self.page.expect_navigation():
            self.page.locator(button).first.click()
        self.look()
        return self.page.inner_text("main")

    def look(self) -> None:
        """Everything is from the printed address, and there: styles, pictures, links, forms."""
        assert self.page.url.startswith(self.site.url)
        assert self.page.evaluate(AWAY) == []
        assert self.page.evaluate("[...document.styleSheets].every((each) => each.cssRules.length)")
        expect(self.page.locator("main")).to_have_css("flex-grow", "1")
        broken = "[...document.images].filter((each) => each.complete && !each.naturalWidth).length"
        assert self.page.evaluate(broken) == 0


AWAY = """[...document.querySelectorAll("a[href], link[href], form, img")]
  .filter((each) => each.rel != "canonical")
  .map((each) => each.href || each.action || each.src)
  .concat(performance.getEntriesByType("resource").map((each) => each.name))
  .filter((each) => each.includes("//example.org"))"""


def test_a_reader_subscribes_chooses_and_unsubscribes_at_the_printed_address(
    site: NewSite, page: Page
) -> None:
    visitor = Visitor(page, site)
    visitor.open(site.url)
    visitor.open(site.url + "articles/the-rule-of-twelfths/")
    visitor.open(site.url)
    page.fill("[name=address]", "ada@example.net")
    visitor.click("form.form button")
    assert page.url == site.url + "subscribe/sent/"
    link = site.link(1)
    assert link.startswith(site.url + "subscribe/confirm/")
    visitor.open(link)
    visitor.click("main button")
    with page.expect_navigation():
        page.click("main a[href*=preferences]")
    visitor.look()
    choices = page.url
    page.locator("[name^=tag-weekly]").first.click()
    visitor.click("button[value=save]")
    assert page.url == choices + "?saved"
    visitor.open(site.url + "preferences/")
    page.fill("[name=address]", "ada@example.net")
    visitor.click("main form button")
    assert site.link(2).startswith(site.url + "preferences/")
    (row,) = csv.DictReader(site.command("subscribers", "list", "--csv", "--links").splitlines())
    assert row["state"] == "active"
    assert row["unsubscribe"].startswith("https://example.org/unsubscribe/weekly/")
    visitor.open(row["unsubscribe"].replace("https://example.org/", site.url))
    shown = visitor.click("main button")
    assert "ada@" not in site.command("subscribers", "list", "--state", "active", "--csv"), shown


def test_a_visitor_of_the_public_url_gets_the_public_link(site: NewSite) -> None:
    form = {"address": "ada@example.net", "newsletter": "weekly"}
    local = {"origin": site.url.rstrip("/")}
    ways = [
        ({"host": "example.org"}, "https://example.org/"),
        ({"host": "example.org", "origin": "https://example.org"}, "https://example.org/"),
        ({"x-forwarded-for": "203.0.113.9", **local}, "https://example.org/"),
        ({"origin": "https://example.org"}, "https://example.org/"),
        (local, site.url),
        ({}, site.url),
    ]
    for number, (headers, base) in enumerate(ways):
        before = set((site.folder / "outbox").glob("*.eml"))
        own = {**form, "address": f"reader{number}@example.net"}
        answer = httpx.post(
            f"{site.url}subscribe/", data=own, headers=headers, trust_env=False, timeout=60
        )
        assert answer.status_code == 303
        until(lambda before=before: set((site.folder / "outbox").glob("*.eml")) - before)
        (file,) = set((site.folder / "outbox").glob("*.eml")) - before
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.SMTP)
        assert isinstance(message, EmailMessage)
        plain = message.get_body(("plain",))
        assert plain is not None
        (link, *_) = LINK.findall(plain.get_content())
        assert link.startswith(base), (headers, link)


@pytest.fixture
def delivering(tmp_path: Path) -> Iterator[Place]:
    """A site at a local address without https, whose newsletter is delivered to the outbox."""
    weekly = {**WEEKLY, "deliver": True, "every": "monday at 08:00"}
    url = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, url, newsletters={"weekly": weekly}) as place:
        yield place


def test_an_issue_is_delivered_to_the_outbox_of_a_site_without_https(delivering: Place) -> None:
    delivering.subscribe("ada@example.net")
    folder = delivering.site.root
    config = str(delivering.site.config_file)
    for command in (["issues", "make", "weekly"], ["issues", "approve", "weekly"], ["send"]):
        cli.main([*command, "--config", config])
    files = sorted((folder / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    message = email.message_from_bytes(files[-1].read_bytes(), policy=email.policy.SMTP)
    assert message["list-unsubscribe"].strip().startswith("<mailto:")
    assert "list-unsubscribe-post" not in message
    assert isinstance(message, EmailMessage)
    plain = message.get_body(("plain",))
    assert plain is not None
    link = re.findall(r"http\S+/unsubscribe/weekly/[\w-]+", plain.get_content())[0]
    assert link.startswith(delivering.url)
    delivering.post(link, {"List-Unsubscribe": "One-Click"})
    assert delivering.states("ada@example.net") == {"weekly": "unsubscribed"}
