"""What readers get from newsletter services: their own links and name, and the author's text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape

import engines
import jinja2
import pytest
from engines import LEAVE, MANAGE, NAME, WEB, Engine, Program, buttondown, mailchimp
from hypothesis import example, given
from hypothesis import strategies as st
from lxml.html import HtmlElement, document_fromstring
from markupsafe import escape
from newsletter_samples import NOON, Judged, article

from syndicate.config.model import Newsletter, SiteSettings
from syndicate.content.article import Published
from syndicate.newsletters.issue import Rendered
from syndicate.newsletters.merge import (
    JOINER,
    SERVICES,
    Tokens,
    filled,
    is_divided,
    tokens,
)
from syndicate.newsletters.render import IssueContent, render_issue

MARKS = tokens("an issue", "https://news.example.org/")
NAMES = sorted(SERVICES)
# What template languages look for, in every neighbourhood.
PIECES = st.sampled_from(
    (
        *("{{", "}}", "{", "}", "{%", "%}", "{#", "#}", "{{{", "{{/*", "*/}}", "{{-", "-}}"),
        *("*|", "|*", "*", "|", "*|FNAME|*", "*|IF:FNAME|*", "<%", "%>", "[%", "%]", "%%", "\\"),
        *("{{ UnsubscribeURL }}", "{{ unsubscribe_url }}", "{{{unsubscribe}}}", "{% if x %}"),
        *('{{ TrackLink "https://example.org/" }}', "https://example.org/@TrackLink"),
        *("<!--", "-->", "<", ">", '<a href="', "<script>", "'", '"', "`", "&", "&#123;", "\n"),
        *("{% verbatim %}", "{% endverbatim %}", "name", " ", "é", "🦢"),
    )
)
Rules = Callable[[Rendered, Newsletter, Sequence[Published]], set[str]]
TEXTS = st.lists(PIECES, max_size=8).map("".join)


def rendered(subject: str = "s", html: str = "<p>h</p>", text: str = "t\n") -> Rendered:
    return Rendered(subject, "", html, text, MARKS.links)


@pytest.fixture(scope="session")
def listmonk(
    tmp_path_factory: pytest.TempPathFactory, require_program: Callable[[str, str], str]
) -> Iterator[Program]:
    go = require_program("go", "apt install golang-go")
    engine = engines.listmonk(go, tmp_path_factory.mktemp("listmonk"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def sendgrid(require_program: Callable[[str, str], str]) -> Iterator[Program]:
    require_program("handlebars", "apt install handlebars")
    engine = engines.sendgrid(require_program("node", "apt install handlebars"))
    yield engine
    engine.close()


@pytest.fixture(scope="session", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each service in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def engine(name: str, request: pytest.FixtureRequest) -> Engine:
    """What evaluates the template language of the service."""
    here: Mapping[str, Engine] = {"buttondown": buttondown, "mailchimp": mailchimp}
    return here.get(name) or request.getfixturevalue(name)


# -- the author's text -------------------------------------------------------------------------


@given(before=TEXTS, after=TEXTS)
@example(before="{", after="}")
@example(before="\\", after="}}")
@example(before="*", after="|*")
def test_plain_text_and_subject_reach_the_reader_as_they_were_written(
    name: str, engine: Engine, before: str, after: str
) -> None:
    source = f"{before}{MARKS.links.unsubscribe_url}{after}{MARKS.name}"
    written = filled(rendered(subject=source, text=source), SERVICES[name], MARKS)
    wanted = f"{before}{LEAVE}{after}{NAME}"
    for kind, part in (("subject", written.subject), ("text", written.text)):
        got = unescaped_values(name, kind, engine(kind, part))
        assert got.replace(JOINER, "") == wanted


def unescaped_values(name: str, kind: str, got: str) -> str:
    """Handlebars and Go's HTML templates escape what they print: in a name, and & in a link."""
    return got.replace("&#x27;", "'").replace("&amp;a=1", "&a=1") if name == "sendgrid" else got


@given(before=TEXTS, inside=TEXTS, after=TEXTS)
@example(before="{", inside="{", after="}")
@example(before="\\", inside="", after="}}")
def test_html_reaches_the_reader_as_it_was_written(
    name: str, engine: Engine, before: str, inside: str, after: str
) -> None:
    html = (
        f'<p title="{escape(inside)}">{escape(inside)}<a href="{MARKS.links.unsubscribe_url}">'
        f"{escape(before)}{MARKS.name}{escape(after)}</a>{escape(inside)}</p>"
    )
    written = filled(rendered(html=html), SERVICES[name], MARKS)
    got = document_fromstring(engine("html", written.html))
    paragraph = got if got.tag == "p" else got.find(".//p")
    assert paragraph is not None
    link = paragraph.find("a")
    assert link is not None
    assert [paragraph.get("title"), paragraph.text or "", link.tail or ""] == [inside] * 3
    assert (link.get("href"), link.text) == (LEAVE, f"{before}{NAME}{after}")


@pytest.mark.parametrize("name", ["listmonk", "buttondown"])
@given(text=TEXTS)
def test_a_service_that_can_escape_needs_no_invisible_characters(name: str, text: str) -> None:
    before = rendered(text=text)
    written = filled(before, SERVICES[name], MARKS)
    assert JOINER not in written.text
    assert not is_divided(before, written)


@pytest.mark.parametrize(("name", "text"), [("mailchimp", "*|A|*"), ("sendgrid", "{{ a }}")])
def test_invisible_characters_are_reported(name: str, text: str) -> None:
    before = rendered(text=text)
    assert is_divided(before, filled(before, SERVICES[name], MARKS))
    harmless = rendered(text=f"nothing {JOINER} here", html=f"<p>{text}</p>")
    assert not is_divided(harmless, filled(harmless, SERVICES[name], MARKS))


# -- whole issues --------------------------------------------------------------------------------

HARD = """<p>Write {{ first_name }}, {% now %}, {# no #}, *|FNAME|* or <%= name %>; {{{ raw }}}.</p>
<pre><code>@media print{#footer{color:red}}
{{- range .Items }}{{ . }}{{ end -}}
</code></pre>
<p><a href="https://example.org/?q={{x}}&amp;r=1">a link</a>
to https://example.org/@TrackLink, 100%% {</p>"""


@pytest.fixture(scope="module")
def hard() -> tuple[Published, ...]:
    return (
        article("hard", "{{ title }} *|TITLE|* & <b>", HARD),
        article("plain", "Nothing odd", "<p>Only this.</p>", 1),
    )


@pytest.fixture(scope="module")
def marks(hard: tuple[Published, ...]) -> Tokens:
    return tokens(repr(hard), "https://news.example.org/")


@pytest.fixture(scope="module")
def tokened(
    env: jinja2.Environment,
    site: SiteSettings,
    newsletter: Newsletter,
    hard: tuple[Published, ...],
    marks: Tokens,
) -> Rendered:
    """An issue rendered for any service, before its placeholders are written."""
    subject = "{{ articles[0].title }} for {{ recipient_name }}"
    content = IssueContent(replace(newsletter, subject=subject), site, hard, NOON)
    return render_issue(env, content, marks.links, marks.name)


def test_placeholders_stand_in_html_text_and_subject(
    name: str, tokened: Rendered, marks: Tokens
) -> None:
    service = SERVICES[name]
    written = filled(tokened, service, marks)
    for url in (service.unsubscribe, service.preferences, service.web):
        assert f'href="{url}"' in written.html
        assert f": {url}\n" in written.text
    assert f"Hello {service.name}," in written.html
    assert f"Hello {service.name_in_text}," in written.text
    assert written.subject.endswith(f"for {service.name_in_text}")


def test_no_token_is_left(name: str, tokened: Rendered, marks: Tokens) -> None:
    written = filled(tokened, SERVICES[name], marks)
    digest = marks.name.removeprefix("name")
    assert digest in tokened.html
    assert digest in tokened.subject
    assert digest not in written.subject + written.html + written.text


def test_readers_get_the_issue_as_it_was_rendered(
    name: str, tokened: Rendered, marks: Tokens, engine: Engine
) -> None:
    written = filled(tokened, SERVICES[name], marks)
    got = replace(
        tokened,
        subject=engine("subject", written.subject),
        html=engine("html", written.html),
        text=engine("text", written.text),
    )
    wanted = filled(tokened, IDENTITY, marks)
    assert as_read(got.html) == as_read(wanted.html)
    for kind in ("subject", "text"):
        text = unescaped_values(name, kind, getattr(got, kind)).replace(JOINER, "")
        assert text == getattr(wanted, kind)


IDENTITY = replace(
    SERVICES["mailchimp"],
    unsubscribe=LEAVE,
    preferences=MANAGE,
    web=WEB,
    name=str(escape(NAME)),
    name_in_text=NAME,
    in_text=lambda found: found[0],
)
"""A service that has filled everything in already, and looks for nothing."""


def as_read(html: str) -> list[tuple[object, ...]]:
    """A document as browsers and Outlook understand it, comments and style sheet and all."""
    root: HtmlElement = document_fromstring(html)
    return [
        (str(each.tag), sorted(each.attrib.items()), _plain(each.text), _plain(each.tail))
        for each in root.iter()
    ]


def _plain(text: str | None) -> str:
    return " ".join(unescape(text or "").split())


def test_conditional_comments_for_outlook_are_filled_and_kept(name: str, engine: Engine) -> None:
    address = "https://example.org/@TrackLink"
    inside = f'\n"\\{{ {address}</v:rect><![endif]-->'
    comment = f'<!--[if mso]><v:rect href="{MARKS.links.web_url}">{inside}'
    written = filled(rendered(html=f"<p>{{{comment}</p>"), SERVICES[name], MARKS)
    got = unescape(engine("html", written.html))
    assert f'{{<!--[if mso]><v:rect href="{WEB}">{inside}' in got


def test_a_style_sheet_stays_one(name: str, engine: Engine) -> None:
    css = "<style>@media print{#footer{color:red}}</style>"
    written = filled(rendered(html=f"{css}<p>x</p>"), SERVICES[name], MARKS)
    assert engine("html", written.html).replace("{ #", "{#").startswith(css)


# -- rules ---------------------------------------------------------------------------------------


@pytest.fixture
def rules(judged: Judged) -> Rules:
    """The rules that an issue breaks."""

    def broken(tokened: Rendered, newsletter: Newsletter, hard: Sequence[Published]) -> set[str]:
        return {finding.rule for finding in judged(tokened, newsletter, hard)}

    return broken


def test_placeholders_of_the_service_break_no_rule(
    rules: Rules, tokened: Rendered, newsletter: Newsletter, hard: tuple[Published, ...]
) -> None:
    assert not rules(tokened, newsletter, hard) & {"email-24", "email-26", "email-28"}


def test_an_email_without_the_unsubscribe_link_is_reported(
    rules: Rules,
    tokened: Rendered,
    newsletter: Newsletter,
    hard: tuple[Published, ...],
    marks: Tokens,
) -> None:
    html = tokened.html.replace(marks.links.unsubscribe_url, "https://example.org/")
    assert "email-26" in rules(replace(tokened, html=html), newsletter, hard)


@pytest.mark.parametrize("left", ["{{ leave }}", "{% leave %}", "*|LEAVE|*", "&lt;%leave%&gt;"])
def test_a_placeholder_in_the_design_is_found(
    rules: Rules, tokened: Rendered, newsletter: Newsletter, hard: tuple[Published, ...], left: str
) -> None:
    html = tokened.html.replace("You receive this email", f"You receive this email {left}")
    assert "email-28" in rules(replace(tokened, html=html), newsletter, hard)


def test_tokens_are_the_same_for_the_same_issue_only() -> None:
    assert tokens("a", "https://x.example/") == tokens("a", "https://x.example/")
    assert tokens("a", "https://x.example/").name != tokens("b", "https://x.example/").name
