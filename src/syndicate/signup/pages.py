"""The pages for people who subscribe: plain HTML forms, in the site's language, no scripts.

Renders only: values and templates in, whole HTML documents as bytes out. All words are in the
templates, `web/subscribe.html` and those beside it. Each method raises TemplateError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import jinja2

from syndicate.documents.pages import Frame, Head
from syndicate.templating.environment import render


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A tag to choose: `tag` as in the address of its feeds, `label` as it is written."""

    tag: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A newsletter as a form offers it; with none of its `tags` chosen, all articles come."""

    name: str
    title: str
    description: str
    chosen: bool
    tags: tuple[TagChoice, ...] = ()


class Problem(StrEnum):
    """What is wrong with a form that was sent; shown at the field it is about."""

    NO_ADDRESS = "no-address"
    BAD_ADDRESS = "bad-address"
    NO_NEWSLETTER = "no-newsletter"


class Refusal(StrEnum):
    """Why a request gets a page that says only this, and the way out."""

    EXPIRED = "expired"
    USED = "used"
    UNKNOWN = "unknown"
    TOO_MANY = "too-many"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"


class Pages:
    """The pages of one site. Forms are sent by POST to the address of the page they are on."""

    def __init__(self, env: jinja2.Environment, frame: Frame) -> None:
        self._env = env
        self._frame = frame

    def subscribe(
        self,
        choices: Sequence[Choice],
        *,
        address: str = "",
        problem: Problem | None = None,
        embedded: bool = False,
    ) -> bytes:
        """Where people subscribe, by mail or by feed.

        Fields: `address`; `newsletter`, repeated; `website`, which people never see or fill.
        `embedded` is for an iframe: without the frame of the site, sent to the whole window.
        """
        return self._page(
            "subscribe", choices=choices, address=address, problem=problem, embedded=embedded
        )

    def check_mail(self) -> bytes:
        """A mail is on its way, if the address can get one. The same for known and unknown ones."""
        return self._page("check_mail")

    def confirm(self, choices: Sequence[Choice], agreed: str) -> bytes:
        """What the link in a confirmation opens: a button, and nothing yet done.

        `choices` are what was asked for, `agreed` the sentence that pressing it agrees to.
        """
        return self._page("confirm", choices=choices, agreed=agreed)

    def confirmed(self, choices: Sequence[Choice], preferences: str) -> bytes:
        """It is confirmed; `preferences` is the address of the page of one's own choices."""
        return self._page("confirmed", choices=choices, preferences=preferences)

    def preferences(
        self,
        address: str,
        choices: Sequence[Choice],
        *,
        saved: bool = False,
    ) -> bytes:
        """What somebody gets. `address` is shown as given, so it comes masked.

        Fields: `newsletter`, repeated; `tag-NAME` for the tags of newsletter NAME, repeated;
        `what`, which is `save` or `leave`.
        """
        return self._page("preferences", address=address, choices=choices, saved=saved)

    def ask_for_link(self, *, problem: Problem | None = None) -> bytes:
        """Where people ask for the link to their choices. Fields: `address`, `website`."""
        return self._page("ask_for_link", problem=problem)

    def unsubscribe(self, choice: Choice, others: bool, mailto: str) -> bytes:
        """Whether somebody wants to leave `choice`. Field: `what`, which is `one` or `all`.

        `others` says whether they get more than this; `mailto` is another way to leave, or "".
        """
        return self._page("unsubscribe", choice=choice, others=others, mailto=mailto)

    def left(self, choices: Sequence[Choice], subscribe: str) -> bytes:
        """Somebody left `choices`; `subscribe` is where to come back, or ""."""
        return self._page("left", choices=choices, subscribe=subscribe)

    def refused(self, refusal: Refusal, subscribe: str) -> bytes:
        """Why something cannot be done, and the way out; `subscribe` as in `left`."""
        return self._page("refused", refusal=refusal, subscribe=subscribe)

    def agreed(self, titles: Sequence[str]) -> str:
        """The sentence that somebody agrees to who wants newsletters of these titles."""
        site = self._frame.site
        return render(self._env, "web/agreed.txt", titles=titles, site=site).strip()

    def _page(self, name: str, **values: object) -> bytes:
        head = Head(heading="", description="", address="", feeds=self._frame.feeds)
        common = {"site": self._frame.site, "frame": self._frame, "head": head}
        return render(self._env, f"web/{name}.html", **common, **values).encode()
