"""A real browser: subscribe, confirm, choose, unsubscribe. No script runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from test_subscribing import links
from visits import Place, opened

DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 375, "height": 720}


class Walker:
    """A reader with a browser window. Each page is looked at when it has come."""

    def __init__(self, page: Page, place: Place, folder: Path) -> None:
        self.page = page
        self.place = place
        self.folder = folder
        self.pictures = 0

    def go(self, url: str) -> None:
        self.page.goto(url)
        self.look()

    def click(self, button: str = "main button") -> str:
        """Press a button; return the text of the next page."""
        with self.page.expect_navigation():
            self.page.locator(button).first.click()
        self.look()
        return self.page.inner_text("main")

    def look(self) -> None:
        """Take a picture; nothing may stick out sideways, and the styles are there."""
        self.pictures += 1
        self.page.screenshot(path=self.folder / f"{self.pictures}.png")
        root = self.page.locator(":root")
        assert root.evaluate("(root) => root.scrollWidth <= root.clientWidth")
        expect(self.page.locator("main")).to_have_css("flex-grow", "1")


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def scriptless(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a browser that runs no scripts, at both sizes."""
    with browser.new_context(viewport=request.param, java_script_enabled=False) as context:
        yield context.new_page()


def test_the_whole_way(tmp_path: Path, scriptless: Page) -> None:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'syndicate.db'}") as place:
        walker = Walker(scriptless, place, tmp_path)
        walker.go(place.url)
        walker.go(place.url + "subscribe/")
        scriptless.check("[value=weekly]")
        scriptless.fill("[name=address]", "ada@example")
        assert "This is not a valid email address" in walker.click()
        scriptless.fill("[name=address]", "ada@example.org")
        assert "Check your inbox" in walker.click()
        (message,) = place.emails()
        walker.go(place.link(message))
        assert "You are subscribed" in walker.click()
        assert place.states("ada@example.org") == {"weekly": "active"}
        with scriptless.expect_navigation():
            scriptless.click("main a[href*=preferences]")
        walker.look()
        scriptless.click("[name=tag-weekly][value=birds]")
        walker.click("button[value=save]")
        assert place.subscriptions("ada@example.org")[0].tags == "birds"
        who = place.person("ada@example.org")
        assert who is not None
        walker.go(_leaving(place, who.id))
        assert "You have unsubscribed" in walker.click("button[value=one]")
        assert place.states("ada@example.org") == {"weekly": "unsubscribed"}
        assert walker.pictures == 10


def test_the_form_in_a_frame_of_another_page_leads_out_of_it(tmp_path: Path, page: Page) -> None:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'syndicate.db'}") as place:
        (tmp_path / "host").mkdir()
        frame = f'<iframe src="{place.url}subscribe/embed/"></iframe>'
        (tmp_path / "host" / "index.html").write_text(frame)
        with _served(tmp_path / "host") as url:
            page.goto(url)
            form = page.frame_locator("iframe")
            form.locator("[value=weekly]").check()
            form.locator("[name=address]").fill("ada@example.org")
            form.locator("button").click()
            page.wait_for_url(f"{place.url}subscribe/sent/")
        assert len(place.emails()) == 1


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Another site, with one page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


def _leaving(place: Place, number: int) -> str:
    return links(place).unsubscribe("weekly", number)
