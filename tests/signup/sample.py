"""All pages and emails that people who subscribe can see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment

from syndicate.config.model import SiteSettings
from syndicate.documents.pages import FeedLink, Frame, NewsletterLink, index_page
from syndicate.newsletters.issue import Rendered
from syndicate.signup import emails
from syndicate.signup.pages import Choice, FormProblem, Pages, Refusal, TagChoice

TEMPLATES = Path(__file__).parents[2] / "templates"
HOME = "https://example.org/"
SUBSCRIBE = HOME + "subscribe/"
MASKED = "j•••@example.org"
LINK = HOME + "confirm/" + "k" * 43
UNTIL = datetime(2026, 11, 29, 8, tzinfo=UTC)

FRAME = Frame(
    site=SiteSettings(
        title="Low Tide", url=HOME, description="Notes from a harbour.", author="Maren Holt"
    ),
    home=HOME,
    stylesheet="style.css",
    feeds=(FeedLink("Low Tide", HOME + "feed.xml", "rss"),),
    opml=HOME + "feeds.opml",
    tags={},
    subscribe=SUBSCRIBE,
)
WEEKLY = Choice(
    "weekly",
    "Low Tide, weekly",
    "Every Monday at eight.",
    True,
    (TagChoice("sea", "Sea", True), TagChoice("birds", "Birds & other animals", False)),
)
BIRDS = Choice("birds", "Donaudampfschifffahrtsgesellschaftskapitänsmützen", "", False)
BOTH = (WEEKLY, BIRDS)


def in_language(language: str, frame: Frame = FRAME) -> Frame:
    return replace(frame, site=replace(frame.site, language=language))


def documents(
    env: Environment,
    frame: Frame = FRAME,
    choices: tuple[Choice, ...] = BOTH,
    address: str = "jo@",
    link: str = LINK,
) -> Iterator[tuple[str, bytes]]:
    """Name -> page, of every page there is, with everything a page can show."""
    pages = Pages(env, frame)
    agreed = pages.agreed([choice.title for choice in choices])
    yield "subscribe", pages.subscribe(choices)
    yield "only one", pages.subscribe(choices[:1])
    bad, none = FormProblem.BAD_ADDRESS, FormProblem.NO_NEWSLETTER
    yield "bad address", pages.subscribe(choices, address=address, problem=bad)
    yield "embedded", pages.subscribe(choices, address=address, problem=none, embedded=True)
    yield "check mail", pages.check_mail()
    yield "confirm", pages.confirm(choices, agreed)
    yield "confirmed", pages.confirmed(choices, link)
    yield "preferences", pages.preferences(address, choices, saved=True)
    yield "ask", pages.ask_for_link(problem=FormProblem.NO_ADDRESS)
    yield "unsubscribe", pages.unsubscribe(choices[0], True, "mailto:leave@example.org")
    yield "unsubscribed", pages.unsubscribed(choices, SUBSCRIBE)
    for refusal in Refusal:
        yield refusal, pages.refused(refusal, SUBSCRIBE)
    links = [NewsletterLink(each.title, each.description, name=each.name) for each in choices]
    yield "front", index_page(env, frame, [], [], links)


def both_emails(
    env: Environment, frame: Frame = FRAME, titles: tuple[str, ...] = ("Low Tide, weekly", "Birds")
) -> dict[str, Rendered]:
    agreed = Pages(env, frame).agreed(titles)
    return {
        "confirmation": emails.confirmation(env, frame, titles, agreed, LINK, UNTIL),
        "choices": emails.preferences_email(env, frame, titles, LINK),
    }
