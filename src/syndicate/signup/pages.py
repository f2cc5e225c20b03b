"""The subscriber pages: plain HTML forms, in the site's language, without scripts.

Renders only: values and templates in, whole HTML documents as bytes out. All texts are in the
templates, `web/subscribe.html` and those beside it. Each method raises TemplateError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import jinja2

from syndicate.documents.pages import Frame, Head
from syndicate.templating.environment import render_template


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A tag to choose: `tag` as in the address of its feeds, `label` as displayed."""

    tag: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A newsletter in a form; with none of its `tags` chosen, it has all articles."""

    name: str
    title: str
    description: str
    chosen: bool
    tags: tuple[TagChoice, ...] = ()


class FormProblem(StrEnum):
    """What is wrong with a form; shown next to the field."""

    NO_ADDRESS = "no-address"
    BAD_ADDRESS = "bad-address"
    NO_NEWSLETTER = "no-newsletter"


class Refusal(StrEnum):
    """Why a request gets an error page."""

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
        problem: FormProblem | None = None,
        embedded: bool = False,
    ) -> bytes:
        """The sign-up page.

        Fields: `address`; `newsletter`, repeated; `website`, the honeypot.
        `embedded` is for an iframe: without header and footer, targets the whole window.
        """
        return self._page(
            "subscribe", choices=choices, address=address, problem=problem, embedded=embedded
        )

    def check_mail(self) -> bytes:
        """After a form was sent: check your inbox. The same for known and unknown addresses."""
        return self._page("check_mail")

    def confirm(self, choices: Sequence[Choice], agreed: str) -> bytes:
        """Opened by the link in a confirmation email: a button; nothing is confirmed yet.

        `choices` are the requested newsletters, `agreed` is the consent text.
        """
        return self._page("confirm", choices=choices, agreed=agreed)

    def confirmed(self, choices: Sequence[Choice], preferences: str) -> bytes:
        """After confirming; `preferences` is the address of the preferences page."""
        return self._page("confirmed", choices=choices, preferences=preferences)

    def preferences(
        self,
        address: str,
        choices: Sequence[Choice],
        *,
        saved: bool = False,
    ) -> bytes:
        """The preferences page. `address` is shown as is, so it must be masked.

        Fields: `newsletter`, repeated; `tag-NAME` for the tags of newsletter NAME, repeated;
        `what`, which is `save` or `leave`.
        """
        return self._page("preferences", address=address, choices=choices, saved=saved)

    def ask_for_link(self, *, problem: FormProblem | None = None) -> bytes:
        """The form to request a preferences link. Fields: `address`, `website`."""
        return self._page("ask_for_link", problem=problem)

    def unsubscribe(self, choice: Choice, others: bool, mailto: str) -> bytes:
        """The page with the button to unsubscribe from `choice`. Field: `what`: `one` or `all`.

        `others`: there are other subscriptions; `mailto` unsubscribes by email, or is "".
        """
        return self._page("unsubscribe", choice=choice, others=others, mailto=mailto)

    def unsubscribed(self, choices: Sequence[Choice], subscribe: str) -> bytes:
        """After unsubscribing from `choices`; `subscribe` is the sign-up page, or ""."""
        return self._page("unsubscribed", choices=choices, subscribe=subscribe)

    def refused(self, refusal: Refusal, subscribe: str) -> bytes:
        """An error page; `subscribe` as in `left`."""
        return self._page("refused", refusal=refusal, subscribe=subscribe)

    def agreed(self, titles: Sequence[str]) -> str:
        """The consent text for newsletters of these titles."""
        site = self._frame.site
        return render_template(self._env, "web/agreed.txt", titles=titles, site=site).strip()

    def _page(self, name: str, **values: object) -> bytes:
        head = Head(heading="", description="", address="", feeds=self._frame.feeds)
        common = {"site": self._frame.site, "frame": self._frame, "head": head}
        return render_template(self._env, f"web/{name}.html", **common, **values).encode()
