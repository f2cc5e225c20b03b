"""A real browser: subscribe, confirm, choose, unsubscribe. No script runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_subscribing import links
from visits import Place, opened

from chromium import Chromium

DESKTOP, PHONE = (1200, 900), (375, 720)


class Walker:
    """A reader with a browser window."""

    def __init__(self, browser: Chromium, place: Place, folder: Path) -> None:
        self.browser = browser
        self.place = place
        self.folder = folder
        self.pictures = 0

    def go(self, url: str) -> None:
        self.browser.open(url)
        self.browser.wait_for("document.readyState === 'complete'")
        self.look()

    def type(self, field: str, text: str) -> None:
        self.browser.ask(f"document.querySelector('[name={field}]').focus()")
        self.browser.call("Input.insertText", text=text)

    def tick(self, box: str) -> None:
        self.browser.ask(f"document.querySelector('input{box}').click()")

    def press(self, button: str = "main button") -> str:
        """Press a button; return the text of the next page."""
        click = f"document.querySelector('{button}').click()"
        self.browser.ask(f"window.before = true; setTimeout(() => {click}, 0)")
        self.browser.wait_for("!window.before && document.readyState === 'complete'")
        self.look()
        return str(self.browser.ask("document.querySelector('main').innerText"))

    def look(self) -> None:
        """Take a picture; nothing may stick out sideways, and the styles are there."""
        self.pictures += 1
        self.browser.picture(self.folder / f"{self.pictures}.png")
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert self.browser.ask(fits)
        assert self.browser.ask("getComputedStyle(document.querySelector('main')).flexGrow") == "1"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_whole_way(tmp_path: Path, browser: Chromium, size: tuple[int, int]) -> None:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'syndicate.db'}") as place:
        browser.window(*size)
        walker = Walker(browser, place, tmp_path)
        walker.go(place.url)
        walker.go(place.url + "subscribe/")
        walker.tick("[value=weekly]")
        walker.type("address", "ada@example")
        assert "This is not a valid email address" in walker.press()
        browser.ask("document.querySelector('[name=address]').value = ''")
        walker.type("address", "ada@example.org")
        assert "Check your inbox" in walker.press()
        (letter,) = place.letters()
        walker.go(place.link(letter))
        assert "You are subscribed" in walker.press()
        assert place.states("ada@example.org") == {"weekly": "active"}
        walker.go(str(browser.ask("document.querySelector('main a[href*=preferences]').href")))
        walker.tick("[name=tag-weekly][value=birds]")
        walker.press("button[value=save]")
        assert place.subscriptions("ada@example.org")[0].tags == "birds"
        who = place.person("ada@example.org")
        assert who is not None
        walker.go(_leaving(place, who.id))
        assert "You have unsubscribed" in walker.press("button[value=one]")
        assert place.states("ada@example.org") == {"weekly": "unsubscribed"}
        assert walker.pictures == 10


def test_the_form_in_a_frame_of_another_page_leads_out_of_it(
    tmp_path: Path, browser: Chromium
) -> None:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'syndicate.db'}") as place:
        frame = f'<iframe src="{place.url}subscribe/embed/"></iframe>'
        (tmp_path / "host").mkdir()
        (tmp_path / "host" / "index.html").write_text(frame)
        with _served(tmp_path / "host") as url:
            browser.open(url)
            browser.wait_for("window.frames.length === 1 && document.readyState === 'complete'")
            (child,) = browser.call("Page.getFrameTree")["frameTree"]["childFrames"]
            assert child["frame"]["url"] == place.url + "subscribe/embed/"
            world = browser.call("Page.createIsolatedWorld", frameId=child["frame"]["id"])
            browser.call(
                "Runtime.evaluate",
                expression="document.querySelector('[value=weekly]').click();"
                "document.querySelector('[name=address]').value = 'ada@example.org';"
                "document.querySelector('button').click()",
                contextId=world["executionContextId"],
                userGesture=True,
            )
            browser.wait_for(f"location.href === '{place.url}subscribe/sent/'")
        assert len(place.letters()) == 1


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
