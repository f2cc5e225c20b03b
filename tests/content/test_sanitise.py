from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_bench import FOLDER, URL, html, rendered, rules

from syndicate.content.allowed_html import ALLOWED_ATTRIBUTES, clean
from syndicate.content.article import Format, Image
from syndicate.content.sanitise import sanitise


def page(body: str) -> str:
    return html(body, form=Format.HTML)


VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script >",
    "<script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    '<img src="x" OnErRoR="alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="java&#9;script:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="&#x6A;avascript:alert(1)">x</a>',
    '<a href="javascript&colon;alert(1)">x</a>',
    '<a href=" &#1; javascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<a href="//evil.example" onclick=alert(1) style="x:expression(alert(1))">x</a>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe><img src=x onerror=alert(1)></iframe>",
    "<iframe src='https://a.example/' title='\"><script>alert(1)</script>'></iframe>",
    "<x-frame src=javascript:alert(1)>",
    '<x-frame src="https://a.example/" title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">',
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=https://evil.example/><a href=x>x</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/>",
    "<style>@import 'https://evil.example/';</style>",
    '<p style="background:url(javascript:alert(1))">x</p>',
    "<form action=javascript:alert(1)><input onfocus=alert(1) autofocus><button formaction=x>",
    "<video><source onerror=alert(1) src=x></video>",
    "<video poster=javascript:alert(1) src=x></video>",
    "<audio src=x onerror=alert(1)>",
    "<img srcset='javascript:alert(1) 1x, data:text/html,x 2x'>",
    "<img data-src='javascript:alert(1)'>",
    "<img src='\"><script>alert(1)</script>'>",
    "<img alt='&quot; onerror=alert(1) x=&quot;' src=x>",
    "<a title='x\" onmouseover=alert(1) \"' href=x>x</a>",
    "<blockquote cite=javascript:alert(1)>x</blockquote>",
    "<details open ontoggle=alert(1)>x</details>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><script>alert(1)</script></title>",
    "<xmp><script>alert(1)</script></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex action=javascript:alert(1)>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x",
    "<div style=position:fixed;inset:0>x</div>",
    '{{< figure src="javascript:alert(1)" link="javascript:alert(1)" caption="<script>" >}}',
    '{{< video src="javascript:alert(1)" >}}',
    '{{< youtube "\\"><script>alert(1)</script>" >}}',
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '# x {#"onclick=alert(1)}',
    '```"><script>alert(1)</script>\nx\n```',
]


def words(text: str) -> set[str]:
    return set(text.split())


ALLOWED = words(
    "id dir lang title href name hreflang src srcset sizes alt width height type media poster "
    "controls loop muted cite datetime value align valign colspan rowspan scope headers abbr span "
    "start reversed open class"
)
URLS = {"href", "src", "poster", "cite"}
SAFE_URL = re.compile(r"(?:https?://[^/]|mailto:|tel:|sms:|geo:|ftp://|xmpp:|irc:)", re.IGNORECASE)
ELEMENTS = re.compile(
    r"<(?:script|style|iframe|frame|object|embed|form|input|button|base|meta|link|svg|math|x-)",
    re.IGNORECASE,
)


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value or "") for name, value in attrs]


def assert_safe(out: str) -> None:
    assert not ELEMENTS.search(out)
    parser = _Attributes()
    parser.feed(out)
    for tag, name, value in parser.found:
        assert name in ALLOWED, (tag, name)
        if name in URLS:
            assert SAFE_URL.match(value), (tag, name, value)
        if name == "srcset":
            assert all(SAFE_URL.match(part.strip()) for part in value.split(", "))


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_dangerous_gets_through(vector: str, form: Format) -> None:
    rendering = rendered(f"before\n\n{vector}\n\nafter", form=form)[0]
    assert_safe(rendering.html)
    assert_safe(rendering.lead)


def test_frames_become_links_to_the_page_behind_them() -> None:
    out = page('<iframe src="https://www.youtube-nocookie.com/embed/abcdefghijk?rel=0"></iframe>')
    url = "https://www.youtube.com/watch?v=abcdefghijk"
    assert out == f'<p><a href="{url}">Watch the video on YouTube</a></p>'
    assert page('<p>a <iframe src="//player.vimeo.com/video/12" title="Knots"></iframe></p>') == (
        '<p>a </p><p><a href="https://vimeo.com/12">Knots (Vimeo)</a></p>'
    )
    assert "Open what is embedded here from jsfiddle.net" in page(
        '<iframe src="//jsfiddle.net/a/"></iframe>'
    )


def test_text_after_an_unclosed_frame_is_not_lost() -> None:
    assert "<p>after</p>" in page('<iframe src="https://a.example/" /><p>after</p>')


def test_a_gist_loaded_by_a_script_becomes_a_link() -> None:
    assert '<a href="https://gist.github.com/ada/12">' in page(
        '<script src="https://gist.github.com/ada/12.js"></script>'
    )


def test_a_video_plays_and_its_addresses_are_absolute() -> None:
    out = page('<video src="a.mp4" poster="/p.png" width="100%"><source src=b.webm></video>')
    assert out == (
        f'<video src="{URL}a.mp4" poster="https://example.org/p.png" controls="">'
        f'<source src="{URL}b.webm"></video>'
    )


@pytest.mark.parametrize("key", ["data-src", "data-original", "data-lazy-src"])
def test_the_real_image_replaces_its_placeholder(key: str) -> None:
    out = page(f'<img src="data:image/gif;base64,R0lGOD" {key}="rope.png" alt="" loading="lazy">')
    assert out == ('<img alt="" src="https://example.org/media/rope.png" width="600" height="400">')


def test_an_image_repeated_in_noscript_is_shown_once() -> None:
    out = page(
        '<img src="x.gif" data-src="rope.png" alt="a">'
        '<noscript><img src="rope.png" alt="a"></noscript>'
    )
    assert out.count("<img") == 1
    lone = page('<img src="data:x" alt=""><noscript><img src="rope.png" alt="a"></noscript>')
    assert lone.count("<img") == 1


def test_urls_of_srcset_are_absolute() -> None:
    out = page(
        '<img src="rope.png" alt="" srcset="rope.png 1x,big,1.png 2x, data:x 3x" sizes="9px">'
    )
    assert f'srcset="https://example.org/media/rope.png 1x, {URL}big%2C1.png 2x" sizes="9px"' in out


def test_images_without_source_and_tracking_pixels_are_left_out() -> None:
    assert page('a<img alt="x">b<img src="https://t.example/p" width="1" height="1">c') == "abc"


@pytest.mark.parametrize(
    ("written", "sizes"),
    [
        ("", 'width="600" height="400"'),
        ('width="300"', 'width="300" height="200"'),
        ('height="200px"', 'height="200" width="300"'),
        ('width="50%" height="auto"', 'width="600" height="400"'),
    ],
)
def test_a_local_image_has_its_size_in_whole_pixels(written: str, sizes: str) -> None:
    out = page(f'<img src="rope.png" alt="" {written}>')
    assert all(size in out for size in sizes.split())
    assert "%" not in out


def test_an_image_without_alternative_text_gets_an_empty_one_and_a_warning() -> None:
    assert 'alt=""' in page('<img src="rope.png">')
    assert rules('a\n\n<img src="rope.png">') == [("image-alt-missing", 3)]
    assert rules('<img src="rope.png" alt="">') == [], "it is decorative"
    assert rules("Text\n\n[![ ](rope.png)](rope.png)") == [("image-alt-missing", 3)]
    assert rules("`![](rope.png)` is code") == []
    assert rules('<img src="rope.png">\n\n<img src="rope.png">') == [
        ("image-alt-missing", 1),
        ("image-alt-missing", 3),
    ]


def test_a_missing_image_is_reported_with_its_line_and_has_an_absolute_url() -> None:
    body = "a\n\n![x](none.png)\n\n![x](/elsewhere.png) ![x](https://a.example/y.png)"
    assert rules(body) == [("image-missing", 3)]
    assert f'src="{URL}none.png"' in html(body)


def test_lines_count_from_the_top_of_the_file() -> None:
    (finding,) = rendered("a\n\n![x](none%20x.png)", body_line=8)[1]
    assert (finding.path, finding.line) == ("knots.md", 10)


def test_a_missing_article_is_reported_with_its_line() -> None:
    assert rules("a\n\n[x](none.md)") == [("link-missing", 3)]
    assert rules("[x]({filename}none.rst)") == [("link-missing", 1)]


def test_a_missing_recording_is_reported() -> None:
    assert rules('<audio src="none.mp3"></audio>') == [("media-missing", 1)]


def test_an_unsafe_link_keeps_its_text() -> None:
    assert html("[x](data:text/html,y)") == "<p><a>x</a></p>\n"
    assert rules("a\n\n[x](data:text/html,y)") == [("link-unsafe", 3)]


@pytest.mark.parametrize("name", ["svg", "math", "canvas", "form"])
def test_what_cannot_be_shown_is_reported(name: str) -> None:
    assert rules(f"a\n\n<{name}><b>x</b></{name}>") == [("html-removed", 3)]


def test_an_image_as_a_data_url_is_reported() -> None:
    assert rules(f"![x](data:image/png;base64,{'A' * 500})") == [("image-embedded", 1)]


def test_direction_language_and_ids_are_kept_styles_and_classes_are_not() -> None:
    out = page('<p dir="rtl" lang="ar" id="a" class="b" style="color:red" align="right">x</p>')
    assert out == '<p dir="rtl" lang="ar" id="a" align="right">x</p>'


def test_images_are_listed_in_order() -> None:
    rendering = rendered("![a](rope.png)\n\n![b](https://a.example/b.JPG?x=1)")[0]
    assert rendering.images == (
        Image("https://example.org/media/rope.png", "a", 600, 400, "image/png"),
        Image("https://a.example/b.JPG?x=1", "b", None, None, "image/jpeg"),
    )


def test_of_a_whole_document_only_the_body_counts() -> None:
    out = page(
        "<!DOCTYPE html><html><head><title>T</title><style>x</style></head><body><p>a</body>"
    )
    assert out == "<p>a</p>"


def test_a_line_break_that_opens_a_listing_counts() -> None:
    assert page("<pre>\n\na</pre>") == "<pre>\n\na</pre>"
    assert page("<pre>\na</pre>") == "<pre>a</pre>"


@pytest.mark.parametrize("form", Format)
def test_characters_that_xml_cannot_hold_do_not_come_in_as_references(form: Format) -> None:
    body = (
        "a&#1;&#x2;&#3;&#xFFFE;&#31;b\n\n"
        "<img src='rope.png' alt='x&#8;&#2;y<!--more-->&#2;more&#3;'>\n\n<b>c&#12;</b>"
    )
    rendering = rendered(body, form=form)[0]
    for text in (rendering.html, rendering.summary, *(image.alt for image in rendering.images)):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)


def test_html_is_balanced() -> None:
    assert page("<div><p>a<b>b</div>c") == "<div><p>a<b>b</b></p></div><b>c</b>"


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000 + "x",
        "<ul><li>" * 20_000 + "x",
        "".join(f"<b id={i}>" for i in range(20_000)) + "<p>x" * 2000,
        "<iframe src=x>" * 10_000,
        "<table><td>" * 10_000,
        "<p title='" * 20_000,
        "<" * 100_000,
        "<!-- more " * 20_000,
        "<script src=//gist.github.com/a" * 10_000,
    ],
    ids=["div", "lists", "styles", "frames", "tables", "quotes", "angles", "marks", "gists"],
)
def test_html_nested_without_end_is_bounded(body: str) -> None:
    assert len(page(body)) < 3_000_000


@given(st.text(max_size=200))
def test_any_text_renders_to_safe_html_with_a_summary(body: str) -> None:
    for form in Format:
        first, findings = rendered(body, form=form)
        assert_safe(first.html)
        assert first.summary.strip()
        assert (first, findings) == rendered(body, form=form)


PIECES = """<p> </p> <b> </b> <a·href=x> </a> <a·href=javascript:x> <img·src=a·onerror=b> <table>
<td> </table> <iframe·src=//y.example/> </iframe> <noscript> </noscript> <script> </script> <svg>
</svg> <math> <style> </style> <div> </div> <!--more--> <!-- --> <li> <ul> <h1> </h1> <form> text
<textarea> <title> <q·cite=c> <video·src=v> <img·srcset=a·1x·data-src=b> & " ' > < <pre> </pre> ·
<code·class=language-x> </code> <section·class=footnotes> <i> </i> <select>"""
soup = st.lists(
    st.sampled_from([piece.replace("·", " ") for piece in sorted(words(PIECES))]), max_size=25
).map("".join)


@settings(max_examples=300)
@given(soup)
def test_any_soup_renders_to_safe_and_balanced_html(body: str) -> None:
    safe = sanitise(body, base=URL, surroundings=FOLDER)
    assert_safe(safe.html)
    assert "x-frame" not in safe.html
    assert clean(safe.html) == safe.html
    rendering = rendered(body, form=Format.HTML)[0]
    assert_safe(rendering.html)
    assert_safe(rendering.lead)


# What the pass over the output of nh3 relies on: `<` begins a tag and nothing else, every value is
# in quotation marks, and contains neither these nor `<` unescaped.
WRITTEN_TAG = re.compile(r'</?[a-z][a-z0-9-]*(?: [a-z-]+="[^"<]*")*>')
NASTY = ("<", ">", '"', "'", "&lt;", "&#60;", "&quot;", "&#34;", "<b>", "</b>", "<!--", "-->", " ")
ODD_VALUES = st.lists(
    st.sampled_from((*NASTY, "<a href=", "]]>", "<script>", "\x02more\x03", "&", "=", "`", "x"))
    | st.characters(exclude_categories=["Cs"]),
    max_size=8,
).map("".join)
EVERY_ATTRIBUTE = sorted((tag, name) for tag, names in ALLOWED_ATTRIBUTES.items() for name in names)


@pytest.mark.parametrize(("tag", "name"), EVERY_ATTRIBUTE)
def test_sanitised_html_has_no_raw_bracket_or_quote_in_a_value(tag: str, name: str) -> None:
    tag = "p" if tag == "*" else tag
    around = {"td": "<table><tr>", "th": "<table><tr>", "tr": "<table>", "col": "<table>"}.get(
        tag, ""
    )
    value = "https://e.org/?" if name in ("href", "src", "cite") else "language-"
    for mark in NASTY:
        for quote in ("'", '"'):
            written = value + mark.replace(quote, "") + "x"
            out = clean(f"{around}<{tag} {name}={quote}{written}{quote}>text</{tag}>")
            assert not WRITTEN_TAG.sub("", out).count("<"), out
            assert not re.search('="[^"]*<', out), out


@pytest.mark.slow
@given(
    st.lists(
        st.builds(
            "<{}{} {}={}{}{}>{}".format,
            st.sampled_from(("", "/")),
            st.sampled_from(("p", "a", "img", "x-frame", "pre", "td", "source", "math", "svg")),
            st.sampled_from(("title", "href", "src", "srcset", "alt", "lang", "id", "class")),
            st.sampled_from(("'", '"', "")),
            ODD_VALUES,
            st.sampled_from(("'", '"', "")),
            ODD_VALUES,
        ),
        max_size=4,
    ).map("".join)
)
@settings(max_examples=300)
def test_in_sanitised_html_a_bracket_always_begins_a_tag(text: str) -> None:
    out = clean(text)
    assert "<" not in WRITTEN_TAG.sub("", out), out


@given(ODD_VALUES, ODD_VALUES)
def test_no_text_is_lost_or_torn_open_around_odd_attributes(one: str, other: str) -> None:
    title, lang = (each.replace("'", "") for each in (one, other))
    text = f"<p title='{title}'>first</p><p lang='{lang}'>second</p>"
    for regular in (True, False):
        out = sanitise(text, base=URL, surroundings=FOLDER, regular=regular).html
        assert "first</p>" in out
        assert "second</p>" in out
        assert "<" not in WRITTEN_TAG.sub("", out), out
