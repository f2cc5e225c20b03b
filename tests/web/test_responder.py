"""The rules of serving (conditional requests, codings, ranges, moves), asked of the real server."""

from __future__ import annotations

import gzip
import os
import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import brotli
import pytest
from server import Running, served

from site_folder import NOON, PNG, SiteFolder
from syndicate.feeds.feed import REFRESH_MINUTES
from syndicate.web import site_in_memory
from syndicate.web.rate_limit import Limit
from syndicate.web.responder import MAX_TARGET_LENGTH, Redirects
from syndicate.web.site_in_memory import ServedAddress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
RECORDING = bytes(range(256)) * 40
SECRET = "not for anybody"
FEEDS = ("/feed.xml", "/atom.xml", "/feed.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a built site, with more files beside, and secrets around it."""
    root = tmp_path_factory.mktemp("site")
    site = SiteFolder(root / "site", f"sqlite:///{root}/site/syndicate.db")
    for number in range(8):
        words = "Words. " * 200
        site.article(f"a{number}.md", f"Article {number}", words, date="2026-03-08", tags=["birds"])
    site.build(NOON)
    public = site.root / "public"
    (public / "talk.mp3").write_bytes(RECORDING)
    (public / "dot.png").write_bytes(PNG)
    (public / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>' * 9)
    (public / "wörter & co.txt").write_text("words", encoding="utf-8")
    (public / ".hidden").write_text(SECRET)
    (public / ".syndicate.part").write_text(SECRET)
    (public / ".git").mkdir()
    (public / ".git" / "config").write_text(SECRET)
    (public / ".well-known").mkdir()
    (public / ".well-known" / "security.txt").write_text("Contact: mailto:a@example.org")
    (root / "secret.txt").write_text(SECRET)
    (public / "link.txt").symlink_to(root / "secret.txt")
    (public / "linked").symlink_to(root)
    return public


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with served(folder) as running:
        yield running


# -- rule 32: ETag, Last-Modified, 304 -------------------------------------------------------


@pytest.mark.parametrize("path", [*FEEDS, "/", "/tags/birds/feed.xml", "/dot.png", "/style.css"])
def test_a_reader_with_the_current_version_gets_an_empty_304(server: Running, path: str) -> None:
    whole = server.get(path)
    assert whole.status_code == 200
    again = server.get(path, if_none_match=whole.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "last-modified", "vary"):
        assert again.headers.get(name) == whole.headers.get(name)
    assert "date" in again.headers
    assert "content-type" not in again.headers


def test_the_tag_is_strong_and_made_of_the_content_alone(server: Running, tmp_path: Path) -> None:
    tag = server.get("/feed.xml").headers["etag"]
    assert tag.startswith('"')
    (tmp_path / "feed.xml").write_bytes((server.folder / "feed.xml").read_bytes())
    os.utime(tmp_path / "feed.xml", (1, 1))
    with served(tmp_path) as other:
        assert other.get("/feed.xml").headers["etag"] == tag
        other.put("feed.xml", "<rss/>")
        other.cache.refresh()
        assert other.get("/feed.xml").headers["etag"] != tag


def test_if_none_match_takes_precedence_over_if_modified_since(server: Running) -> None:
    whole = server.get("/feed.xml")
    date = whole.headers["last-modified"]
    assert server.get("/feed.xml", if_modified_since=date).status_code == 304
    old = server.get("/feed.xml", if_none_match='"other"', if_modified_since=date)
    assert old.status_code == 200
    new = server.get(
        "/feed.xml",
        if_none_match=whole.headers["etag"],
        if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT",
    )
    assert new.status_code == 304


def test_dates_count_by_seconds_and_nonsense_does_not_count(server: Running) -> None:
    for date, status in (
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 304),
        ("whenever", 200),
    ):
        assert server.get("/feed.xml", if_modified_since=date).status_code == status


def test_a_list_a_star_and_a_weak_tag_match(server: Running) -> None:
    tag = server.get("/feed.xml").headers["etag"]
    for value in ("*", f"W/{tag}", f'"x", {tag}'):
        assert server.get("/feed.xml", if_none_match=value).status_code == 304


def test_a_failed_precondition_gets_412(server: Running) -> None:
    tag = server.get("/feed.xml").headers["etag"]
    assert server.get("/feed.xml", if_match=tag).status_code == 200
    assert server.get("/feed.xml", if_match='"x"').status_code == 412
    old = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert server.get("/feed.xml", if_unmodified_since=old).status_code == 412


# -- rule 33: content codings ----------------------------------------------------------------

UNPACK = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}


@pytest.mark.parametrize("path", [*FEEDS, "/", "/feeds.opml", "/style.css"])
def test_each_coding_has_its_own_entity_tag(server: Running, path: str) -> None:
    plain = server.get(path)
    assert "coding" not in plain.headers
    tags = {plain.headers["etag"]}
    for coding, unpack in UNPACK.items():
        packed = server.get(path, accept_encoding=coding)
        assert packed.headers["coding"] == coding
        assert len(packed.content) < len(plain.content)
        assert unpack(packed.content) == plain.content
        assert "Accept-Encoding" in packed.headers["vary"]
        tag = packed.headers["etag"]
        tags.add(tag)
        again = server.get(path, accept_encoding=coding, if_none_match=tag)
        assert again.status_code == 304
        assert "Accept-Encoding" in again.headers["vary"]
        assert server.get(path, if_none_match=tag).status_code == 200
    assert len(tags) == 4
    assert "Accept-Encoding" in plain.headers["vary"]


def test_compressed_formats_are_not_compressed_again(server: Running) -> None:
    for path in ("/dot.png", "/talk.mp3"):
        answer = server.get(path, accept_encoding="gzip, br")
        assert "coding" not in answer.headers
        assert "vary" not in answer.headers


def test_a_representation_is_made_once(server: Running) -> None:
    server.get("/feed.xml", accept_encoding="br")
    document = server.cache.snapshot.files["feed.xml"]
    assert document.representation((b"br",)) is document.representation((b"br",))
    assert (
        document.representation((b"br",)).whole.body
        is document.representation((b"br", b"gzip")).whole.body
    )


# -- rules 29 and 34: media types, HEAD, how long ----------------------------------------------


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/feed.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json; charset=utf-8"),
        ("/archive/1/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/dot.png", "image/png"),
        ("/talk.mp3", "audio/mpeg"),
        ("/drawing.svg", "image/svg+xml"),
    ],
)
def test_media_types_are_correct_and_head_equals_get(
    server: Running, path: str, media_type: str
) -> None:
    if path.startswith("/archive"):
        server.put("archive/1/atom.xml", "<feed/>")
        server.cache.refresh(["archive/1/atom.xml"])
    for headers in ({}, {"accept_encoding": "gzip"}, {"accept": BROWSER}):
        got, head = server.get(path, **headers), server.head(path, **headers)
        if "accept" not in headers:
            assert got.headers["content-type"] == media_type
        assert got.headers["x-content-type-options"] == "nosniff"
        assert int(got.headers["content-length"]) == len(got.content)
        assert head.content == b""
        assert head.status_code == got.status_code
        assert _but_date(head.headers.multi_items()) == _but_date(got.headers.multi_items())


def _but_date(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name != "date"]


@pytest.mark.parametrize("path", [*FEEDS, "/tags/birds/atom.xml"])
def test_feeds_may_be_cached_as_long_as_they_state(server: Running, path: str) -> None:
    assert server.get(path).headers["cache-control"] == f"max-age={REFRESH_MINUTES * 60}"
    assert f"<ttl>{REFRESH_MINUTES}</ttl>" in server.get("/feed.xml").text


# -- rule 35: what is replaced -----------------------------------------------------------------


def test_a_refresh_shows_changed_new_and_removed_documents(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("one")
    (tmp_path / "old.txt").write_text("old")
    with served(tmp_path) as server:
        server.put("index.html", "two!")
        server.put("tags/new/index.html", "new")
        (tmp_path / "old.txt").unlink()
        assert server.get("/").text == "one"
        assert server.cache.refresh(["index.html", "old.txt"]) == ()
        assert server.get("/").text == "two!"
        assert server.get("/old.txt").status_code == 404
        assert server.get("/tags/new/").status_code == 404
        server.cache.refresh()
        assert server.get("/tags/new/").text == "new"


# -- rule 36: moves, the dead, abuse, odd clients ------------------------------------------------


def test_a_folder_is_at_its_slash(server: Running) -> None:
    moved = server.get("/tags/birds?page=1")
    assert moved.status_code == 301
    assert moved.headers["location"] == "/tags/birds/?page=1"
    assert server.get("/tags/birds/").status_code == 200
    assert server.get("//tags/birds").status_code == 404


def test_old_urls_redirect_and_removed_feeds_are_410(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("home")
    with served(tmp_path) as server:
        server.answers.redirects = Redirects(
            {"old/": "https://example.org/nëw/", "feed": "/feed.xml"},
            frozenset({"tags/dead/feed.xml"}),
        )
        old = server.get("/old/")
        assert (old.status_code, old.headers["location"]) == (
            301,
            "https://example.org/n%C3%ABw/",
        )
        assert "no-store" not in old.headers["cache-control"]
        assert server.get("/feed").headers["location"] == "/feed.xml"
        assert server.get("/tags/dead/feed.xml").status_code == 410
        assert server.get("/tags/never/feed.xml").status_code == 404


def test_a_client_over_the_rate_limit_gets_retry_after(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("home")
    proxy = (ip_network("127.0.0.0/8"),)
    with served(tmp_path, limit=Limit(per_second=0.1, burst=3), proxies=proxy) as server:
        statuses = [server.get("/", x_forwarded_for="192.0.2.1").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = server.get("/", x_forwarded_for="192.0.2.1")
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert server.get("/", x_forwarded_for="192.0.2.2").status_code == 200


@pytest.mark.parametrize("name", ["", "curl/8", "Mozilla/5.0", "<script>", "x" * 3000])
def test_no_client_is_refused_for_its_user_agent(server: Running, name: str) -> None:
    assert server.get("/feed.xml", user_agent=name).status_code == 200
    assert server.get("/feed.xml").status_code == 200


# -- methods and addresses -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused_with_those_that_work(server: Running, method: str) -> None:
    refused = server.ask(method, "/feed.xml")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"


def raw(server: Running, request: bytes) -> bytes:
    """All that comes back for bytes sent as they are."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status(server: Running, target: bytes) -> int:
    answer = raw(server, b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize(
    "target",
    [
        b"/../secret.txt",
        b"/%2e%2e/secret.txt",
        b"/%2E%2E%2Fsecret.txt",
        b"/tags/../../secret.txt",
        b"/..%5csecret.txt",
        b"/....//secret.txt",
        b"//etc/passwd",
        b"/%2fetc/passwd",
        b"/link.txt",
        b"/linked/secret.txt",
        b"/.hidden",
        b"/.syndicate.part",
        b"/.git/config",
        b"/%2egit/config",
        b"/feed.xml%00",
        b"/feed.xml%00.txt",
        b"/feed.xml/",
        b"/FEED.XML",
        b"/./feed.xml",
        b"/tags",
        b"/404.html",
    ],
)
def test_only_documents_are_served(server: Running, target: bytes) -> None:
    answer = raw(server, b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
    assert answer.split(b" ")[1] == b"404"
    assert SECRET.encode() not in answer


def test_addresses_may_be_written_in_more_than_one_way(server: Running) -> None:
    assert status(server, b"/w%C3%B6rter%20%26%20co.txt") == 200
    assert status(server, b"/w%c3%b6rter%20&%20co.txt?x=%zz") == 200
    assert status(server, b"/%66eed.xml?utm_source=x") == 200
    assert status(server, b"/.well-known/security.txt") == 200
    assert status(server, b"http://example.org/feed.xml") == 200


@pytest.mark.parametrize("target", [b"/%zz", b"/a%", b"/a%2", b"/\xff%"])
def test_malformed_addresses_are_named_so(server: Running, target: bytes) -> None:
    assert status(server, target) == 400


def test_addresses_that_are_too_long_are_refused(server: Running) -> None:
    assert status(server, b"/feed.xml?" + b"x" * MAX_TARGET_LENGTH) == 414


def test_a_site_may_have_its_own_not_found_page(tmp_path: Path) -> None:
    (tmp_path / "404.html").write_text("<h1>Lost?</h1>")
    with served(tmp_path) as server:
        lost = server.get("/nowhere")
        assert (lost.status_code, lost.text) == (404, "<h1>Lost?</h1>")
        assert lost.headers["content-type"] == "text/html; charset=utf-8"
        assert server.head("/nowhere").content == b""


def test_a_site_below_a_path_is_served_there_alone(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text("<rss/>")
    (tmp_path / "index.html").write_text("home")
    with served(tmp_path, address=ServedAddress("https://example.org/blog/")) as server:
        assert server.get("/blog/feed.xml").status_code == 200
        assert server.get("/blog").headers["location"] == "/blog/"
        assert server.get("/feed.xml").status_code == 404


# -- ranges ----------------------------------------------------------------------------------


@pytest.fixture(params=["held", "on disk"])
def recordings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """A recording, once in memory and once on disk."""
    if request.param == "on disk":
        monkeypatch.setattr(site_in_memory, "MAX_FILE_IN_MEMORY", 100)
    (tmp_path / "talk.mp3").write_bytes(RECORDING)
    with served(tmp_path) as running:
        document = running.cache.snapshot.files["talk.mp3"]
        assert (document.body is None) == (request.param == "on disk")
        yield running


def test_a_range_of_a_file_is_served(recordings: Running) -> None:
    whole = recordings.get("/talk.mp3")
    assert whole.content == RECORDING
    assert whole.headers["accept-ranges"] == "bytes"
    size = len(RECORDING)
    for asked, start, stop in (("0-0", 0, 1), ("100-299", 100, 300), ("-7", size - 7, size)):
        part = recordings.get("/talk.mp3", range=f"bytes={asked}")
        assert part.status_code == 206
        assert part.content == RECORDING[start:stop]
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part.headers["etag"] == whole.headers["etag"]
    head = recordings.head("/talk.mp3", range="bytes=0-9")
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))


def test_a_range_out_of_bounds_is_refused(recordings: Running) -> None:
    refused = recordings.get("/talk.mp3", range="bytes=99999999-")
    assert refused.status_code == 416
    assert refused.headers["content-range"] == f"bytes */{len(RECORDING)}"


def test_a_range_of_another_version_is_not_sent(recordings: Running) -> None:
    whole = recordings.get("/talk.mp3")
    for condition, expected in (
        (whole.headers["etag"], 206),
        (whole.headers["last-modified"], 206),
        ('"other"', 200),
        (f"W/{whole.headers['etag']}", 200),
    ):
        part = recordings.get("/talk.mp3", range="bytes=0-9", if_range=condition)
        assert part.status_code == expected
    both = recordings.get("/talk.mp3", range="bytes=0-1,5-6")
    assert (both.status_code, both.content) == (200, RECORDING)


def test_a_file_replaced_since_it_was_read_is_not_sent_under_the_old_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_in_memory, "MAX_FILE_IN_MEMORY", 100)
    (tmp_path / "talk.mp3").write_bytes(RECORDING)
    with served(tmp_path) as server:
        (tmp_path / "new").write_bytes(RECORDING[::-1])
        (tmp_path / "new").rename(tmp_path / "talk.mp3")
        os.utime(tmp_path / "talk.mp3", (1, 1))
        answer = server.get("/talk.mp3")
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        server.cache.refresh(["talk.mp3"])
        assert server.get("/talk.mp3").content == RECORDING[::-1]


# -- headers for people and hubs -----------------------------------------------------------------


def test_pages_run_no_script_of_others(server: Running) -> None:
    policy = server.get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert server.get("/").headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "sandbox" in server.get("/drawing.svg").headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/feed.xml", "/atom.xml"])
def test_a_browser_is_given_a_feed_as_xml(server: Running, path: str) -> None:
    shown, read = server.get(path, accept=BROWSER), server.get(path, accept="*/*")
    assert shown.headers["content-type"] == "application/xml; charset=utf-8"
    assert shown.content == read.content
    assert shown.headers["etag"] != read.headers["etag"]
    assert read.headers["vary"] == shown.headers["vary"] == "Accept-Encoding, Accept"


def test_feeds_name_themselves_and_their_hub(tmp_path: Path) -> None:
    for path in ("tags/c/feed.xml", "archive/1/feed.xml"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("<rss/>")
    hub = ServedAddress("https://example.org/blog/", hub="https://hub.example.org/")
    with served(tmp_path, address=hub) as server:
        assert server.get("/blog/tags/c/feed.xml").headers["link"] == (
            '<https://example.org/blog/tags/c/feed.xml>; rel="self", '
            '<https://hub.example.org/>; rel="hub"'
        )
        assert "link" not in server.get("/blog/archive/1/feed.xml").headers
    with served(tmp_path) as server:
        assert "link" not in server.get("/tags/c/feed.xml").headers
