from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering_bench import FOLDER, URL

from syndicate.content.addresses import MEDIA_SCHEMES, resolve


def link(target: str) -> str:
    return resolve(target, base=URL, surroundings=FOLDER).url


def media(target: str) -> str:
    return resolve(target, base=URL, surroundings=FOLDER, schemes=MEDIA_SCHEMES).url


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("https://a.example/x?y=1#z", "https://a.example/x?y=1#z"),
        ("//a.example/x", "https://a.example/x"),
        ("/about/", "https://example.org/about/"),
        ("other/", "https://example.org/articles/knots/other/"),
        ("../x", "https://example.org/articles/x"),
        ("../../../../x", "https://example.org/x"),
        ("?page=2", URL + "?page=2"),
        ("#top", URL + "#top"),
        ("", URL),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("tel:+491234", "tel:+491234"),
        (" \n https://a.example/\tb ", "https://a.example/b"),
        ("../bends.md", "https://example.org/articles/bends/"),
        ("../bends.md#loop", "https://example.org/articles/bends/#loop"),
        ("two%20words.md", "https://example.org/articles/two-words/"),
        ("{filename}/bends.md", "https://example.org/articles/bends/"),
        ("|filename|/bends.md", "https://example.org/articles/bends/"),
        ("%7Bfilename%7D../bends.md", "https://example.org/articles/bends/"),
        ("{static}paper.pdf", "https://example.org/media/paper.pdf"),
        ("@/bends.md#loop", "https://example.org/articles/bends/#loop"),
        ("@/none.md", "https://example.org/none.md"),
    ],
)
def test_a_link_is_absolute(target: str, url: str) -> None:
    assert link(target) == url


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("rope.png", "https://example.org/media/rope.png"),
        ("{attach}rope.png", "https://example.org/media/rope.png"),
        ("my%20rope.png", "https://example.org/media/my%20rope.png"),
        ("none.png?v=1", URL + "none.png?v=1"),
    ],
)
def test_an_image_url_is_absolute(target: str, url: str) -> None:
    assert media(target) == url


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/about/?a=/b#c", "https://example.org/blog/about/?a=/b#c"),
        ("/", "https://example.org/blog/"),
        ("/notes: one", "https://example.org/blog/notes:%20one"),
        ("/blog/about/", "https://example.org/blog/about/"),
        ("/blog", "https://example.org/blog"),
        ("/blogroll/", "https://example.org/blog/blogroll/"),
        ("../about/", "https://example.org/blog/articles/about/"),
        ("//a.example/x", "https://a.example/x"),
        ("/bends.md", "https://example.org/articles/bends/"),
        ("/blog/bends.md", "https://example.org/articles/bends/"),
    ],
)
def test_below_a_path_a_slash_is_where_the_site_begins(target: str, url: str) -> None:
    below = replace(FOLDER, base="https://example.org/blog/")
    base = "https://example.org/blog/articles/knots/"
    assert resolve(target, base=base, surroundings=below).url == url


def test_a_slash_is_the_site_also_in_an_article_published_elsewhere() -> None:
    found = resolve("/about/", base="https://a.example/knots/", surroundings=FOLDER)
    assert found.url == "https://example.org/about/"


def test_an_image_is_found_with_and_without_the_path_of_the_site() -> None:
    below = replace(FOLDER, base="https://example.org/blog/")
    for target in ("/rope.png", "/blog/rope.png"):
        found = resolve(target, base=URL, surroundings=below, schemes=MEDIA_SCHEMES)
        assert found.file == FOLDER.files["/rope.png"]


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JAVA\tSCRIPT:x",
        "\x01javascript:x",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "blob:x",
        "https://[::1",
        "http://" + "ä" * 80 + ".example/",
    ],
)
def test_a_file_that_cannot_be_published_has_a_reason_instead_of_a_url(target: str) -> None:
    address = resolve(target, base=URL, surroundings=FOLDER)
    assert address.url == ""
    assert address.problem


def test_an_address_without_a_scheme_is_https_even_on_an_http_site() -> None:
    base = "http://example.org/"
    assert resolve("//a.example/", base=base, surroundings=FOLDER).url == "https://a.example/"


def test_media_are_fetched_over_http_only() -> None:
    assert media("mailto:a@b.example") == ""


def test_missing_files_and_articles_are_named() -> None:
    missing = resolve("none.png", base=URL, surroundings=FOLDER, schemes=MEDIA_SCHEMES)
    assert "none.png" in missing.problem
    assert "none.md" in resolve("none.md", base=URL, surroundings=FOLDER).problem
    assert "none.md" in resolve("@/none.md", base=URL, surroundings=FOLDER).problem
    assert resolve("/none/", base=URL, surroundings=FOLDER).problem == ""


@given(st.text(max_size=40))
def test_any_address_is_absolute_ascii_or_refused(target: str) -> None:
    url = link(target)
    assert url == "" or url.split(":")[0].lower() in {
        *("http", "https", "mailto", "tel", "sms", "geo", "ftp", "xmpp", "irc")
    }
    assert url.isascii()
    assert not set(url) & set(' "<>\n\t')
