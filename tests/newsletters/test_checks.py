"""Each broken rule of a good email is reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from newsletter_samples import DESIGNS, NOON, Issue, Judged, article, written

from syndicate.colours import contrast
from syndicate.config.model import Newsletter, SiteSettings
from syndicate.content.article import Published
from syndicate.findings import Finding, Level
from syndicate.newsletters.checks import blocking, check
from syndicate.newsletters.issue import IssueLinks, Rendered
from syndicate.newsletters.render import SHARED, IssueContent, render_issue
from syndicate.templating.environment import environment, sources

BROKEN = [
    ("16", "<style>", "<style>" + ".a{color:#000000}" * 1000),
    ("16", "@media (prefers-color-scheme: dark) {", "@media screen { @media print {} "),
    ("css", "<style>", "<style>.a { color: var(--ink) }"),
    ("css", "<style>", "<style>@supports (gap: 1px) { .a { gap: 1px } }"),
    ("17", ' lang="en" dir="ltr"', ""),
    ("17", '<meta charset="utf-8">', ""),
    ("18", '<meta name="color-scheme" content="light dark">', ""),
    ("18", ".line a { color: #7cc4f0 !important;", ".line a { color: #7cc4f0;"),
    ("19", "color:#5a6068", "color:#999999"),
    ("19", "color: #aab0b8 !important", "color: #444444 !important"),
    ("20", ' scope="col"', ""),
    ("20", ' role="presentation"', ""),
    ("21", "max-width:640px", "max-width:900px"),
    ("21", '<table role="presentation" width="640"', '<table role="presentation"'),
    ("22", 'height="288"', 'height="28.8"'),
    ("22", 'alt="The lake under ice"', ""),
    ("23", "what happened at the lake this week", "much"),
    ("24", "https://lake.example.org/", "http://lake.example.org/"),
    ("24", "https://lake.example.org/", "https://192.0.2.7/"),
    ("24", "https://lake.example.org/", "/relative"),
    ("24", ">upper lake<", ">https://bank.example.org/<"),
    ("25", "</body>", "<script></script></body>"),
    ("25", "serif;", '"Georgia";'),
    ("25", "text-decoration:underline", "text-decoration:none"),
    ("25", "font-size:17px", "font-size:11px"),
    ("26", "mailto:weekly@news.example.org?subject=unsubscribe", "mailto:x@news.example.org"),
    ("26", "https://news.example.org/weekly/2026-11-22/", "https://news.example.org/x/"),
    ("28", "You receive this email", "You receive this email, {{ name }},"),
    ("css", "<style>", "<style>:is(p, b) { color: #000000 }"),
    ("17", 'dir="ltr">', 'dir="rtl">'),
    ("22", "height:auto", "height:288px"),
    ("23", "display:none", "display:block"),
    ("23", "\u034f\u200c\xa0", ""),
    ("24", 'src="https://news.example.org/big.png"', 'src="/big.png"'),
    ("25", "padding:12px 0", "padding:2px 0"),
    ("26", "1 Shore Road", "1 Road"),
]


@pytest.fixture(scope="module")
def rendered(issue: Issue) -> Rendered:
    return issue()


@pytest.mark.parametrize(("rule", "good", "bad"), BROKEN)
def test_a_broken_rule_is_found(
    rule: str,
    good: str,
    bad: str,
    rendered: Rendered,
    newsletter: Newsletter,
    judged: Judged,
    rich: tuple[Published, ...],
) -> None:
    assert good in rendered.html
    broken = replace(rendered, html=rendered.html.replace(good, bad))
    findings = judged(broken, newsletter, rich)
    assert f"email-{rule}" in {each.rule for each in findings}
    assert all(each.hint for each in findings)


def found(
    judged: Judged, issue: Issue, newsletter: Newsletter, *articles: Published, **changes: object
) -> tuple[Finding, ...]:
    changed = replace(newsletter, **changes)  # type: ignore[arg-type]
    return judged(issue(articles, **changes), changed, articles)


def test_a_fault_of_an_article_points_at_its_file(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    html = '<p>See <a href="http://old.example.org/">there</a>.</p>'
    (finding,) = found(judged, issue, newsletter, article("old", "Old", html))
    assert (finding.rule, finding.path) == ("email-24", "old.md")


@pytest.mark.parametrize("shown", ["https://e.org/a", "e.org/a/", "www.e.org/a", "https://e.or…"])
def test_a_link_may_show_its_own_address(
    issue: Issue, newsletter: Newsletter, judged: Judged, shown: str
) -> None:
    html = f'<p>See <a href="https://e.org/a">{shown}</a>.</p>'
    assert found(judged, issue, newsletter, article("a", "A", html)) == ()


def test_words_of_the_style_sheet_do_not_count_as_text_of_an_article(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    first = article("first", "First", "<p>Words.</p>")
    listed = article("list", "List", "<p>Three:</p><ul><li>none</li><li>color</li></ul>", 1)
    assert found(judged, issue, newsletter, first, listed, text="summary", design="magazine") == ()


def test_a_missing_postal_address_is_a_warning_about_the_configuration(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    (finding,) = found(
        judged, issue, newsletter, article("a", "A", "<p>Text</p>"), postal_address=""
    )
    assert (finding.rule, finding.path) == ("email-26", "config.yaml")
    assert "newsletters.weekly.postal_address" in finding.hint


def test_articles_reduced_to_summaries_are_named_in_one_finding(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    html = "<p>" + "A long sentence. " * 8000 + "</p>"
    (one,) = found(judged, issue, newsletter, article("long", "Long", html))
    assert (one.rule, one.path, one.level) == ("email-15", "config.yaml", "warning")
    assert "1 article is" in one.message
    many = [article(f"long{each}", f"Long {each}", html, each) for each in range(5)]
    (finding,) = found(judged, issue, newsletter, *many)
    assert "5 articles are" in finding.message
    assert finding.message.endswith("'Long 0', 'Long 1', 'Long 2', 'Long 3', 'Long 4'")


def test_a_site_without_https_is_reported_once(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    home = "http://news.example.org/"
    html = (
        f'<p>See <a href="{home}a/">there</a> and <a href="http://old.example.org/">here</a>.</p>'
    )
    articles = [article(str(each), "A", html, url=f"{home}{each}/") for each in range(3)]
    rendered = issue(tuple(articles))
    plain = replace(rendered, links=replace(rendered.links, home_url=home))
    findings = judged(plain, newsletter, articles)
    assert [each.rule for each in findings] == ["email-24"] * 2
    assert "site.url begins with http:" in findings[0].message
    assert (findings[0].path, findings[1].path) == ("config.yaml", "0.md")
    assert "http://old.example.org/" in findings[1].message


def test_a_pair_of_colours_is_reported_once_at_the_style_sheet_with_its_elements(
    issue: Issue, newsletter: Newsletter, judged: Judged, rich: tuple[Published, ...]
) -> None:
    rendered = issue()
    pale = replace(
        rendered,
        html=rendered.html.replace("color: #aab0b8 !important", "color: #444444 !important"),
    )
    (finding,) = judged(pale, newsletter, rich)
    assert (finding.rule, finding.path) == ("email-19", "newsletter/email.css")
    assert ".tagline: #444444 on #191c1f" in finding.message
    elsewhere = '<p style="color: #dddddd">pale</p></body>'
    own = replace(rendered, html=rendered.html.replace("</body>", elsewhere))
    paths = {each.path for each in judged(own, newsletter, rich)}
    assert "config.yaml" in paths


def test_an_issue_of_summaries_that_is_still_too_long_is_an_error(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    many = [article(str(number), "Title " * 20, "<p>a</p>") for number in range(200)]
    findings = found(judged, issue, newsletter, *many, text="summary")
    assert "email-15" in {each.rule for each in findings if each.level == "error"}


def test_plain_text_without_an_address_is_found(
    issue: Issue, newsletter: Newsletter, judged: Judged, rich: tuple[Published, ...]
) -> None:
    rendered = issue()
    cut = replace(rendered, text=rendered.text.replace(rich[2].url, ""))
    findings = judged(cut, newsletter, rich)
    assert [each.rule for each in findings] == ["email-13"]


def test_an_image_alone_is_found(
    issue: Issue, newsletter: Newsletter, judged: Judged, rich: tuple[Published, ...]
) -> None:
    html = '<html><body><img src="https://e.org/a.png" alt="all of it"></body></html>'
    findings = judged(replace(issue(), html=html), newsletter, rich)
    assert "email-27" in {each.rule for each in findings}


def test_braces_that_an_author_wrote_are_not_placeholders(
    issue: Issue, newsletter: Newsletter, judged: Judged
) -> None:
    html = (
        "<p>" + "A long sentence. " * 3 + "{{&lt; figure src=<em>a</em> a=1 b=2 &gt;}} {% b %}</p>"
    )
    assert found(judged, issue, newsletter, article("a", "A {{ b }}", html)) == ()


def test_contrast_is_computed_as_in_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        (b"multipart/alternative", b"multipart/mixed", "email-12"),
        (b"text/plain; charset", b"text/html; charset", "email-12"),
        (b"quoted-printable", b"8bit", "email-14"),
        (b"\r\n\r\n", b"\n\r\n", "email-14"),
        (b"=\r\n", b"", "email-14"),
    ],
)
def test_a_message_of_the_wrong_form_is_found(
    good: bytes,
    bad: bytes,
    rule: str,
    rendered: Rendered,
    newsletter: Newsletter,
    judged: Judged,
    rich: tuple[Published, ...],
) -> None:
    message = written(rendered)
    assert good in message
    findings = judged(rendered, newsletter, rich, message=message.replace(good, bad))
    assert rule in {each.rule for each in blocking(findings)}


def test_a_line_that_is_too_long_names_the_article_it_is_from(
    rendered: Rendered, newsletter: Newsletter, judged: Judged, rich: tuple[Published, ...]
) -> None:
    encoded = written(rendered)
    at = encoded.rindex(b"What we saw")
    message = encoded[:at] + encoded[at:].replace(b"=\r\n", b"", 1)
    (finding,) = [
        each
        for each in judged(rendered, newsletter, rich, message=message)
        if each.rule == "email-14"
    ]
    assert finding.path == rich[0].path


def test_plain_text_without_headings_items_and_links_of_an_article_is_found(
    rendered: Rendered, newsletter: Newsletter, judged: Judged, rich: tuple[Published, ...]
) -> None:
    for left_out in ("What we saw", "Two boats", "https://lake.example.org/"):
        cut = replace(rendered, text=rendered.text.replace(left_out, ""))
        (finding, *_) = judged(cut, newsletter, rich)
        assert (finding.rule, finding.level) == ("email-13", "warning")
        assert left_out in finding.message
        assert finding.path.endswith(".txt")


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("max-width: 640px", "max-width: 900px", "email-21"),
        (".gap {", ":is(.gap) {", "email-css"),
        (".gap {", "@import 'x.css';\n.gap {", "email-25"),
    ],
)
def test_a_fault_of_the_design_has_the_line_of_its_file(
    good: str,
    bad: str,
    rule: str,
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
    tmp_path: Path,
) -> None:
    (sheet, line), *_ = (
        (file, number)
        for file in sorted((DESIGNS / "newsletter").glob("*.css"))
        for number, text in enumerate(file.read_text().splitlines(), 1)
        if good in text
    )
    own = tmp_path / "newsletter" / sheet.name
    own.parent.mkdir()
    own.write_text(sheet.read_text().replace(good, bad, 1))
    env = environment(tmp_path, DESIGNS)
    rendered = render_issue(env, IssueContent(newsletter, site, rich, NOON), links)
    findings = check(
        rendered,
        newsletter,
        rich,
        config="config.yaml",
        sources=sources(env, newsletter.template, SHARED),
        message=written(rendered),
    )
    places = [(each.path, each.line) for each in findings if each.rule == rule]
    assert places == [(f"newsletter/{sheet.name}", line)]


def test_only_findings_of_level_error_block_an_issue() -> None:
    findings = [
        Finding(Level.ERROR, "email-15", "", ""),
        Finding(Level.WARNING, "email-19", "", ""),
        Finding(Level.ERROR, "newsletter-failed", "", ""),
    ]
    assert blocking(findings) == (findings[0],)
