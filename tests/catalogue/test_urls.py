"""URLs of articles: permanent, and never outside the output folder."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.catalogue.urls import article_url, base_url, page_file
from syndicate.config.model import SiteSettings

SITE = SiteSettings(title="Lake Notes", url="https://example.org/")
BLOG = SiteSettings(title="Lake Notes", url="https://example.org/blog")
ALL = "{section}/{year}/{month}/{day}/{slug}.html"


def address(
    permalink: str = "articles/{slug}/",
    *,
    stated: str | None = None,
    slug: str = "sea",
    path: str = "sea.md",
    published: str = "2026-11-01T23:30:00Z",
    url: str = "https://example.org/",
    zone: tzinfo = UTC,
) -> str:
    site = SiteSettings(title="Lake Notes", url=url, permalink=permalink)
    return article_url(site, zone, stated=stated, slug=slug, path=path, published=published)


def test_the_base_ends_in_one_slash() -> None:
    assert base_url(SITE) == "https://example.org/"
    assert base_url(BLOG) == "https://example.org/blog/"


@pytest.mark.parametrize(
    ("permalink", "path", "expected"),
    [
        ("articles/{slug}/", "sea.md", "articles/sea/"),
        ("/{slug}", "sea.md", "sea"),
        (ALL, "notes/sea.md", "notes/2026/11/01/sea.html"),
        (ALL, "a/b/sea.md", "a/b/2026/11/01/sea.html"),
        (ALL, "sea.md", "2026/11/01/sea.html"),
        ("{path}/", "notes/sea.md", "notes/sea/"),
        ("{path}/", "notes/trip/index.md", "notes/trip/"),
        ("{section}/{slug}/", "notes/trip/index.md", "notes/sea/"),
        ("{path}/", "index.md", "index/"),
        ("{path}/", "my sea ö.md", "my%20sea%20%C3%B6/"),
        ("{path}/", "why?#1.md", "why%3F%231/"),
        ("{path}/", "100%.md", "100%25/"),
        ("{path}/", "a%41.md", "a%2541/"),
        ("{path}/", "notes: one.md", "notes:%20one/"),
        ("{path}/", "{slug}/sea.md", "%7Bslug%7D/sea/"),
        ("{section}/{path}/", "{path}/sea.md", "%7Bpath%7D/%7Bpath%7D/sea/"),
    ],
)
def test_a_permalink_is_filled_in(permalink: str, path: str, expected: str) -> None:
    assert address(permalink, path=path) == f"https://example.org/{expected}"


def test_a_permalink_may_lead_to_another_site() -> None:
    url = "https://pages.example.net/{section}/{slug}"
    assert address(url) == "https://pages.example.net/sea"
    assert address(url, slug="ö") == "https://pages.example.net/%C3%B6"


def test_the_day_is_that_of_the_sites_zone() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert address("{day}/{slug}", zone=tokyo) == "https://example.org/02/sea"
    assert address("{year}/{slug}", published="0033-04-03T00:00:00Z").endswith("/0033/sea")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("/old/sea.html", "https://example.org/blog/old/sea.html"),
        ("old/sea/", "https://example.org/blog/old/sea/"),
        ("old sea", "https://example.org/blog/old%20sea"),
        ("caf%C3%A9/", "https://example.org/blog/caf%C3%A9/"),
        ("sea: a tale/", "https://example.org/blog/sea:%20a%20tale/"),
        ("https://elsewhere.example/sea", "https://elsewhere.example/sea"),
        ("javascript:alert(1)", "https://example.org/blog/javascript:alert(1)"),
        ("//elsewhere.example/x", "https://example.org/blog/elsewhere.example/x"),
    ],
)
def test_the_address_in_the_header_holds(stated: str, expected: str) -> None:
    assert address(stated=stated, url=BLOG.url) == expected


def names() -> st.SearchStrategy[str]:
    """What a file or folder can be called, and `..`, which none is."""
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0/")
    return st.text(characters, min_size=1).filter(lambda name: name != ".")


@given(
    permalink=st.sampled_from(["{path}/", ALL, "{slug}"]),
    path=st.lists(names(), min_size=1, max_size=4).map("/".join),
    stated=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
)
def test_every_address_is_absolute_and_every_file_inside(
    permalink: str, path: str, stated: str | None
) -> None:
    url = address(permalink, path=path, stated=stated)
    parts = urlsplit(url)
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    file = page_file(SITE, url)
    if file is not None:
        assert file
        assert ".." not in PurePosixPath(file).parts
        assert not PurePosixPath(file).is_absolute()
        assert file.endswith(".html")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://example.org/articles/sea/", "articles/sea/index.html"),
        ("https://example.org/articles/sea", "articles/sea/index.html"),
        ("https://example.org/sea.html", "sea.html"),
        ("https://example.org/", "index.html"),
        ("https://example.org/caf%C3%A9/", "café/index.html"),
        ("https://example.org/100%25/", "100%/index.html"),
        ("https://example.org//a//b/", "a/b/index.html"),
        ("https://example.org/a?b=c", "a/index.html"),
        ("https://elsewhere.example/sea/", None),
        ("https://example.org.evil.example/", None),
        ("http://example.org/sea/", None),
        ("https://example.org/../x/", None),
        ("https://example.org/%2e%2e/x/", None),
        ("https://example.org/a/..%2f../x/", None),
        ("https://example.org/a%00b/", None),
        ("https://example.org/a%5Cb/", None),
    ],
)
def test_the_file_of_a_page(url: str, file: str | None) -> None:
    assert page_file(SITE, url) == file


def test_urls_above_a_site_below_a_path_are_external() -> None:
    assert page_file(BLOG, "https://example.org/blog/sea/") == "sea/index.html"
    assert page_file(BLOG, "https://example.org/blogger/") is None
    assert page_file(BLOG, "https://example.org/") is None


def test_a_file_beside_an_article_keeps_its_name() -> None:
    assert page_file(SITE, "https://example.org/a/wave.png", page=False) == "a/wave.png"
