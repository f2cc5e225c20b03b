"""A site, its newsletter, and an issue of rich articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jinja2
import pytest
from newsletter_samples import (
    ARABIC,
    CHINESE,
    DESIGNS,
    NOON,
    RICH,
    Issue,
    Judged,
    article,
    written,
)

from syndicate.config.model import Newsletter, SiteSettings
from syndicate.content.article import Image, Published
from syndicate.findings import Finding
from syndicate.newsletters.checks import check
from syndicate.newsletters.issue import IssueLinks, Rendered
from syndicate.newsletters.render import SHARED, IssueContent, render_issue
from syndicate.templating.environment import environment, sources


@pytest.fixture(scope="session")
def site() -> SiteSettings:
    return SiteSettings(
        title="Lake Notes",
        url="https://news.example.org/",
        description="Notes from the shore of a small lake.",
        author="Ada Brook",
        time_zone="Europe/Berlin",
    )


@pytest.fixture(scope="session")
def newsletter() -> Newsletter:
    return Newsletter(
        name="weekly",
        title="Lake Weekly",
        sender="Lake Notes <weekly@news.example.org>",
        description="What happened at the lake, every Sunday morning.",
        postal_address="Lake Notes\n1 Shore Road\n12345 Lakeside",
    )


@pytest.fixture(scope="session")
def links() -> IssueLinks:
    return IssueLinks(
        web_url="https://news.example.org/weekly/2026-11-22/",
        unsubscribe_url="mailto:weekly@news.example.org?subject=unsubscribe",
        home_url="https://news.example.org/",
    )


@pytest.fixture(scope="session")
def rich() -> tuple[Published, ...]:
    return (
        article("winter", "Winter comes to the upper lake", RICH, tags=("nature", "lake")),
        article("arabic", "الشتاء على البحيرة", ARABIC, 1, language="ar", authors=("ليلى",)),
        article("chinese", "湖上的冬天", CHINESE, 2, language="zh", tags=("冬天",)),
        article("short", "A short one & a <b>title</b> to escape", "<p>Only this.</p>", 3),
    )


@pytest.fixture(scope="session")
def env() -> jinja2.Environment:
    return environment(None, DESIGNS)


@pytest.fixture(scope="session")
def judged(env: jinja2.Environment) -> Judged:
    """What is found wrong with an issue of a newsletter, the design's files being at hand."""

    def judge(
        rendered: Rendered,
        newsletter: Newsletter,
        articles: Sequence[Published],
        message: bytes | None = None,
    ) -> tuple[Finding, ...]:
        return check(
            rendered,
            newsletter,
            articles,
            config="config.yaml",
            sources=sources(env, newsletter.template, SHARED),
            message=written(rendered) if message is None else message,
        )

    return judge


@pytest.fixture(scope="session")
def issue(
    env: jinja2.Environment,
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
) -> Issue:
    """Renders an issue of the rich articles; keywords change the newsletter or the site."""

    def make(
        articles: tuple[Published, ...] = rich,
        language: str = "en",
        logo: Image | None = None,
        preferences_url: str = "",
        **changes: object,
    ) -> Rendered:
        changed = replace(newsletter, **changes)  # type: ignore[arg-type]
        content = IssueContent(changed, replace(site, language=language), articles, NOON, logo)
        return render_issue(env, content, replace(links, preferences_url=preferences_url))

    return make
