"""What a browser on the same machine is served: the same site, and every link stays there."""

from __future__ import annotations

import gzip
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from server import served

from syndicate.web.http_messages import Request
from syndicate.web.local import LocalView, is_loopback_host
from syndicate.web.responder import Redirects
from syndicate.web.site_in_memory import ServedAddress

VIEW = LocalView("https://example.org/")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HERE = (
    *("127.0.0.1:8000", "127.0.0.1", "127.8.9.1:1", "localhost:8000", "LOCALHOST", "localhost."),
    *("site.localhost:8000", "[::1]:8000", "[::1]", "0.0.0.0:8000"),
)
ELSEWHERE = (
    *("example.org", "example.org:8000", "127.0.0.1.example.org", "localhost.example.org", ""),
    *("evil-localhost", "127.0.0.1, example.org", "[::2]:80", "128.0.0.1", "127.0.0.1:x"),
)
PAGE = """<!doctype html><html><head>
<link rel="canonical" href="https://example.org/one/">
<meta property="og:url" content="https://example.org/one/">
<meta property="og:image" content="https://example.org/one/tide.png">
<link rel="stylesheet" href="https://example.org/style.css">
<link rel="alternate" type="application/rss+xml" href="https://example.org/feed.xml">
<title>https://example.org/</title></head><body>
<!-- <a href="https://example.org/comment"> -->
<p>See <a href="https://example.org/two/#end">https://example.org/two/</a>.</p>
<pre><code>&lt;a href="https://example.org/code"&gt;</code></pre>
<form method="post" action='https://example.org/subscribe/'></form>
<a href="https://elsewhere.example/?from=https://example.org/">away</a>
</body></html>"""


def ask(host: str = "127.0.0.1:8000", peer: str = "127.0.0.1", **headers: str) -> Request:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return Request(b"GET", b"/", {b"host": host.encode(), **named}, peer)


# -- who is on this machine --------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    HERE,
)
def test_a_browser_that_opened_a_loopback_address_is_on_this_machine(host: str) -> None:
    assert is_loopback_host(host.encode())
    assert VIEW.applies(ask(host))
    assert VIEW.applies(ask(host, peer="::1"))
    assert VIEW.applies(ask(host, peer="172.17.0.1"))


@pytest.mark.parametrize(
    "host",
    ELSEWHERE,
)
def test_any_other_host_gets_the_site_as_it_is_published(host: str) -> None:
    assert not VIEW.applies(ask(host))


@pytest.mark.parametrize(
    "header",
    ["forwarded", "x_forwarded_for", "x_forwarded_host", "x_forwarded_proto", "via", "x_real_ip"],
)
def test_a_request_passed_on_by_a_proxy_is_not_local(header: str) -> None:
    assert not VIEW.applies(ask(**{header: "x"}))


def test_a_remote_client_is_not_on_this_machine() -> None:
    assert not VIEW.applies(ask(peer="8.8.8.8"))
    assert not VIEW.applies(ask(peer="2001:4860:4860::8888"))
    assert not VIEW.applies(ask(peer=""))


def test_a_site_with_a_loopback_url_is_not_rewritten_there() -> None:
    view = LocalView("http://127.0.0.1:8000/")
    assert not view.applies(ask("127.0.0.1:8000"))
    assert view.applies(ask("localhost:8000"))
    assert view.applies(ask("127.0.0.1:9000"))


@pytest.mark.parametrize(
    ("site", "base"),
    [
        ("https://example.org/", "http://127.0.0.1:8000/"),
        ("https://example.org/blog", "http://127.0.0.1:8000/blog/"),
        ("https://example.org/bücher & co/", "http://127.0.0.1:8000/b%C3%BCcher%20&%20co/"),
    ],
)
def test_the_base_of_links_in_messages_is_where_the_browser_is(site: str, base: str) -> None:
    view = LocalView(site)
    assert view.base(ask()) == view.base(ask(origin="http://127.0.0.1:8000")) == base
    assert view.base(ask(origin="https://example.org")) == ""
    assert view.base(ask(origin="null")) == ""
    assert view.base(ask("example.org")) == ""


# -- what changes and what does not --------------------------------------------------------------


def test_links_styles_and_forms_become_paths_and_all_else_stays_as_it_is() -> None:
    local = VIEW.page(PAGE.encode()).decode()
    expected = PAGE
    for old, new in (
        ('stylesheet" href="https://example.org/style.css"', 'stylesheet" href="/style.css"'),
        ('rss+xml" href="https://example.org/feed.xml"', 'rss+xml" href="/feed.xml"'),
        ('<a href="https://example.org/two/#end"', '<a href="/two/#end"'),
        ("action='https://example.org/subscribe/'", "action='/subscribe/'"),
    ):
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    assert local == expected


@pytest.mark.parametrize(
    ("tag", "local"),
    [
        ('<img src="https://example.org/a.png">', '<img src="/a.png">'),
        ("<img src=https://example.org/a.png alt=x>", '<img src="/a.png" alt=x>'),
        ('<IMG\n SRC = "HTTPS://Example.ORG/a.png"/>', '<IMG\n SRC = "/a.png"/>'),
        ('<a href="https://example.org">', '<a href="/">'),
        ('<a href="https://example.org?q#f">', '<a href="/?q#f">'),
        ('<a href="https://example.org:443/x">', '<a href="/x">'),
        ('<a href="//example.org/x">', '<a href="/x">'),
        ('<a href=" https://example.org/x ">', '<a href="/x">'),
        ('<a href="https://example.org/?a=1&copy=2&amp;b">', '<a href="/?a=1&copy=2&amp;b">'),
        (
            '<img srcset="https://example.org/a,b.png 1x, https://example.org/c.png 2x">',
            '<img srcset="/a,b.png 1x, /c.png 2x">',
        ),
        (
            '<img srcset="https://cdn.example/x,https://example.org/a.png, https://example.org/b">',
            '<img srcset="https://cdn.example/x,https://example.org/a.png, /b">',
        ),
        ('<video poster="https://example.org/p.jpg">', '<video poster="/p.jpg">'),
        ('<object data="https://example.org/p.pdf">', '<object data="/p.pdf">'),
        ('<button formaction="https://example.org/s">', '<button formaction="/s">'),
        (
            '<meta http-equiv="Refresh" content="0; URL=https://example.org/x">',
            '<meta http-equiv="Refresh" content="0; URL=/x">',
        ),
        (
            """<p style="background:url(&quot;https://example.org/a.png&quot;)">""",
            """<p style="background:url(&quot;/a.png&quot;)">""",
        ),
        (
            '<style>p{background:url(https://example.org/a.png)}/* https://example.org/ */</style>',
            '<style>p{background:url(/a.png)}/* https://example.org/ */</style>',
        ),
        ('<svg><use xlink:href="https://example.org/i.svg#x"/></svg>',
         '<svg><use xlink:href="/i.svg#x"/></svg>'),
    ],
)  # fmt: skip
def test_links_are_rewritten_however_they_are_written(tag: str, local: str) -> None:
    assert VIEW.page(tag.encode()).decode() == local


@pytest.mark.parametrize(
    "tag",
    [
        '<a href="https://example.org.evil.example/">',
        '<a href="https://example.organic/">',
        '<a href="https://example.org:8443/x">',
        '<a href="http://example.org/x">',
        '<a href="https://user@example.org/x">',
        '<a title="https://example.org/" data-url="https://example.org/">',
        '<a href="mailto:ada@example.org">',
        '<link href="https://example.org/" rel="Canonical">',
        '<meta name="twitter:image" content="https://example.org/a.png">',
        '<script>const home = "<a href=https://example.org/>";</script>',
        "<textarea>https://example.org/</textarea>",
        '<p>https://example.org/ "https://example.org/"</p>',
    ],
)
def test_text_that_only_resembles_a_link_to_the_site_stays(tag: str) -> None:
    assert VIEW.page(tag.encode()).decode() == tag


@pytest.mark.parametrize("rest", ["/evil.example", "\\evil.example", "\t/evil.example", "%2f/e"])
def test_no_path_becomes_a_link_to_another_host(rest: str) -> None:
    local = VIEW.url(f"https://example.org/{rest}")
    assert urlsplit(urljoin("http://127.0.0.1/", local.translate({9: None, 92: 47}))).netloc == (
        "127.0.0.1"
    )


@pytest.mark.parametrize(
    ("site", "url", "local"),
    [
        ("https://example.org/blog/", "https://example.org/blog/a/", "/blog/a/"),
        ("https://example.org/blog", "https://example.org/blog", "/blog/"),
        ("https://example.org/blog/", "https://example.org/blogroll/", None),
        ("https://example.org/blog/", "https://example.org/", None),
        ("https://bücher.example/", "https://bücher.example/a/", "/a/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/a/", "/a/"),
        ("https://xn--bcher-kva.example/", "https://bücher.example/a/", "/a/"),
        ("https://example.org/übung/", "https://example.org/%C3%BCbung/a/", "/%C3%BCbung/a/"),
        ("https://example.org/a&b/", "https://example.org/a&amp;b/c", "/a&amp;b/c"),
        ("http://example.org:8080/", "http://example.org:8080/a", "/a"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/a", "/a"),
        ("http://localhost:8000/", "http://localhost:8000/a", "/a"),
    ],
)
def test_sites_below_a_path_and_international_domains_are_recognised(
    site: str, url: str, local: str | None
) -> None:
    assert LocalView(site).url(url) == (local or url)


@given(st.text())
@example("<a href='https://example.org/<")
@example("<![CDATA[ <a href=https://example.org/>")
@example("<style>https://example.org/ url(https://example.org/")
@example('<img srcset=",,,https://example.org/,,">')
def test_only_attributes_change_whatever_the_page_is(text: str) -> None:
    page = f'{text}<p class="https://example.org/">{text}'
    local = VIEW.page(page.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    assert shown(local) == shown(page)
    assert VIEW.page(local.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass") == (
        local
    )


@pytest.mark.parametrize(
    "part",
    ["<a ", "<a href='", "<!--", "<!", "</", "<style>", "=", '"', '<a a="', "&", ",", "url("],
)
def test_no_page_takes_longer_than_its_length(part: str) -> None:
    """With quadratic time, this would take minutes; the suite's limit for a test would end it."""
    page = f'<img srcset="https://example.org/a.png, {part * 200_000}'
    VIEW.page(page.encode())
    VIEW.style_sheet(page.encode())


@given(st.text(alphabet="abc<>\"'=/! \n&;-", max_size=60))
def test_a_page_without_links_to_the_site_is_the_same_bytes(text: str) -> None:
    page = text.encode()
    assert VIEW.page(page) == page
    assert VIEW.page(b"https://example.org/" + page) == b"https://example.org/" + page


class _Text(HTMLParser):
    """What a page shows, and which tags it has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.style = tag == "style"
        self.found.append(f"<{tag} {[name for name, _ in attrs]}>")

    def handle_data(self, data: str) -> None:
        if not self.style:
            self.found.append(data)


def shown(page: str) -> list[str]:
    parser = _Text()
    parser.feed(page)
    parser.close()
    return parser.found


def test_a_feed_finds_its_style_sheet_and_is_otherwise_the_same() -> None:
    feed = (
        '<?xml version="1.0"?>\n<!-- https://example.org/ -->\n'
        '<?xml-stylesheet type="text/css" href="https://example.org/feed.css"?>\n'
        '<rss><link>https://example.org/</link><a href="https://example.org/"/></rss>'
    )
    expected = feed.replace("https://example.org/feed.css", "/feed.css")
    assert VIEW.feed(feed.encode()).decode() == expected
    late = "<rss/><?xml-stylesheet href='https://example.org/feed.css'?>"
    assert VIEW.feed(late.encode()).decode() == late


def test_urls_in_a_style_sheet_become_paths_and_strings_stay() -> None:
    sheet = (
        "@import 'https://example.org/a.css'; @font-face { src: url( \"https://example.org/f\" ) }"
        'p::after { content: "url(https://example.org/x)" } /* url(https://example.org/c) */'
        "q { background: url(https://example.org/q.png), url(https://other.example/) }"
    )
    expected = (
        "@import '/a.css'; @font-face { src: url( \"/f\" ) }"
        'p::after { content: "url(https://example.org/x)" } /* url(https://example.org/c) */'
        "q { background: url(/q.png), url(https://other.example/) }"
    )
    assert VIEW.style_sheet(sheet.encode()).decode() == expected


# -- over HTTP -----------------------------------------------------------------------------------

FEED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<?xml-stylesheet type="text/css" href="https://example.org/feed.css"?>\n'
    '<rss version="2.0"><channel><link>https://example.org/</link></channel></rss>\n'
)


def site(folder: Path) -> Path:
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "index.html").write_text(PAGE * 20)
    (folder / "style.css").write_text("a { background: url(https://example.org/a.png) }" * 20)
    (folder / "feed.xml").write_text(FEED)
    (folder / "404.html").write_text('<a href="https://example.org/">Home</a>')
    return folder


LOCAL = {"host": "localhost:8000"}


def test_a_local_page_is_a_representation_of_its_own(tmp_path: Path) -> None:
    with served(site(tmp_path)) as server:
        public, local = server.get("/one/"), server.get("/one/", **LOCAL)
        assert public.content == (PAGE * 20).encode()
        assert local.content == VIEW.page((PAGE * 20).encode()) != public.content
        assert int(local.headers["content-length"]) == len(local.content)
        assert local.headers["etag"] != public.headers["etag"]
        assert local.headers["cache-control"] == "no-cache"
        assert local.headers["content-security-policy"] == public.headers["content-security-policy"]
        head = server.head("/one/", **LOCAL)
        assert (head.content, dict(head.headers)) == (b"", dict(local.headers))
        tag = local.headers["etag"]
        assert server.get("/one/", if_none_match=tag, **LOCAL).status_code == 304
        assert server.get("/one/", if_none_match=tag).status_code == 200
        assert server.get("/one/", if_none_match=public.headers["etag"], **LOCAL).status_code == 200
        part = server.get("/one/", range="bytes=5-9", if_range=tag, **LOCAL)
        assert (part.status_code, part.content) == (206, local.content[5:10])
        packed = server.get("/one/", accept_encoding="gzip", **LOCAL)
        assert gzip.decompress(packed.content) == local.content
        assert packed.headers["etag"] not in (tag, public.headers["etag"])
        whole = server.get("/one/", accept_encoding="gzip")
        assert gzip.decompress(whole.content) == public.content


def test_style_sheets_and_feeds_in_a_browser_are_local_and_feeds_for_readers_are_not(
    tmp_path: Path,
) -> None:
    with served(site(tmp_path)) as server:
        assert b"url(/a.png)" in server.get("/style.css", **LOCAL).content
        assert b"url(https://example.org/a.png)" in server.get("/style.css").content
        seen = server.get("/feed.xml", accept=BROWSER, **LOCAL)
        assert seen.content.decode() == FEED.replace("https://example.org/feed.css", "/feed.css")
        read, public = server.get("/feed.xml", **LOCAL), server.get("/feed.xml", accept=BROWSER)
        assert read.content.decode() == public.content.decode() == FEED
        assert len({each.headers["etag"] for each in (seen, read, public)}) == 3
        assert server.get("/feed.xml").headers["etag"] == read.headers["etag"]


def test_redirects_and_the_not_found_page_stay_local(tmp_path: Path) -> None:
    with served(site(tmp_path)) as server:
        server.answers.redirects = Redirects(
            {"old/": "https://example.org/one/", "far/": "https://a.b/"}
        )
        assert server.get("/old/", **LOCAL).headers["location"] == "/one/"
        assert server.get("/old/").headers["location"] == "https://example.org/one/"
        assert server.get("/far/", **LOCAL).headers["location"] == "https://a.b/"
        assert server.get("/one", **LOCAL).headers["location"] == "/one/"
        missing = server.get("/nothing", **LOCAL)
        assert (missing.status_code, missing.text) == (404, '<a href="/">Home</a>')
        assert "https://example.org/" in server.get("/nothing").text


def test_a_site_below_a_path_is_whole_at_that_path(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<a href="https://example.org/blog/a/">A</a>')
    with served(tmp_path, address=ServedAddress("https://example.org/blog/")) as server:
        assert server.get("/blog/", **LOCAL).text == '<a href="/blog/a/">A</a>'
