"""Articles into an issue."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
import pytest
from newsletter_samples import DESIGNS, NOON, Issue, article

from syndicate.config.model import Design, Newsletter, SiteSettings
from syndicate.content.article import Published
from syndicate.errors import Location, TemplateError
from syndicate.newsletters.issue import IssueLinks
from syndicate.newsletters.render import (
    MAX_BYTES,
    IssueContent,
    compose_preheader,
    render_issue,
    size_as_sent,
)
from syndicate.templating.environment import environment

FILLER = "New articles from N, to read here or on the web"
LONG = "<p>" + "A sentence about the lake. " * 40 + "</p>"


def test_the_subject_is_one_line_of_plain_text(issue: Issue) -> None:
    rendered = issue(subject=" {{ articles[3].title }}\n &\r\n\u2028{{ site.title }} ")
    assert rendered.subject == "A short one & a <b>title</b> to escape & Lake Notes"


def test_a_fault_in_the_subject_names_the_setting(issue: Issue) -> None:
    with pytest.raises(TemplateError) as caught:
        issue(subject="{{ article.title }}")
    assert str(caught.value.place) == "newsletters.weekly.subject"
    assert "article" in caught.value.message


def test_the_subject_cannot_reach_beyond_its_values(issue: Issue) -> None:
    with pytest.raises(TemplateError):
        issue(subject="{{ ''.__class__.__mro__ }}")


def test_titles_are_escaped_once(issue: Issue) -> None:
    html = issue().html
    assert "A short one &amp; a &lt;b&gt;title&lt;/b&gt; to escape" in html
    assert "&amp;amp;" not in html


def test_the_same_articles_give_the_same_bytes(issue: Issue) -> None:
    assert issue() == issue()


def test_an_article_without_authors_is_by_the_sites_author(issue: Issue) -> None:
    assert "Ada Brook" in issue().text


def test_dates_are_in_the_zone_of_the_site(
    site: SiteSettings, newsletter: Newsletter, links: IssueLinks, rich: tuple[Published, ...]
) -> None:
    env = environment(None, DESIGNS, ZoneInfo("Pacific/Auckland"))
    rendered = render_issue(env, IssueContent(newsletter, site, rich, NOON), links)
    assert "23 November 2026" in rendered.html
    assert "2026-11-23T01:00:00+13:00" in rendered.html


@pytest.mark.parametrize("design", ["digest", "letter", "magazine"])
def test_a_newsletter_is_in_the_language_of_its_site(
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
    design: Design,
) -> None:
    german = replace(site, language="de")
    chosen = replace(newsletter, design=design, text="summary")
    manage = replace(links, preferences_url="https://news.example.org/preferences/x")
    env = environment(None, DESIGNS, language="de")
    rendered = render_issue(env, IssueContent(chosen, german, rich, NOON), manage, "Ada & Co")
    html = unescape(re.sub("<[^>]*>", "", rendered.html))
    for text in (html, " ".join(rendered.text.split())):
        assert "Hallo Ada & Co," in text
        assert "22. November 2026" in text
        assert "Im Web lesen" in text
        assert "Im Web weiterlesen" in text
        assert "Sie erhalten diese E-Mail, weil Sie Lake Weekly bei Lake Notes" in text
        assert "Abmelden" in text
        assert "Einstellungen" in text
        for english in ("Read on", "reading on", "You receive", "Unsubscribe", "Preferences"):
            assert english not in text
    assert ("Außerdem neu" in html) == (design == "letter")


def test_summaries_only_link_to_the_rest(issue: Issue) -> None:
    rendered = issue(text="summary")
    assert "Continue reading on the web" in rendered.html
    assert "thermometer" not in rendered.html + rendered.text
    assert rendered.summarised == ()


def test_full_texts_too_long_for_one_email_become_summaries_longest_first(issue: Issue) -> None:
    articles = (
        article("short", "Short", LONG),
        article("longest", "Longest", LONG * 60),
        article("long", "Long", LONG * 35),
        article("medium", "Medium", LONG * 20),
    )
    rendered = issue(articles)
    assert rendered.summarised == (articles[1].id,)
    assert size_as_sent(rendered.html) <= MAX_BYTES
    assert articles[1].summary in rendered.html
    assert articles[1].summary in " ".join(rendered.text.split())
    assert rendered.html.count("Continue reading on the web") == 1
    assert "Continue reading on the web: " + articles[1].url in rendered.text


ROW = "<tr>" + "<td>7</td>" * 8 + "</tr>"
TABLE = f"<table><thead><tr>{'<th>c</th>' * 8}</tr></thead><tbody>{ROW * 100}</tbody></table>"


def test_texts_count_by_their_size_in_the_email(issue: Issue) -> None:
    table = article("table", "Table", TABLE)
    long = [article(f"long{each}", f"Long {each}", LONG * (13 + each), each) for each in range(3)]
    assert all(len(each.html) > len(TABLE) for each in long)
    assert issue((table, *long)).summarised == (table.id,)


@pytest.mark.parametrize(
    ("many", "lines", "title"), [(7, 200, "A"), (40, 15, "A"), (20, 60, "A " * 500)]
)
def test_no_text_is_cut_that_would_fit(issue: Issue, many: int, lines: int, title: str) -> None:
    start = "<p>Short words here.</p>" * lines
    articles = [
        article(str(each), title, start + "<p>And more.</p>" * each, each, summary=title)
        for each in range(many)
    ]
    rendered = issue(tuple(articles))
    kept = many - len(rendered.summarised)
    assert 0 < kept < many
    assert rendered.summarised == tuple(each.id for each in articles[kept:])
    assert size_as_sent(rendered.html) <= MAX_BYTES
    piece = issue((articles[kept],)).html.partition('<div class="text"')[2].partition("</div>")[0]
    assert size_as_sent(rendered.html) + size_as_sent(piece) > MAX_BYTES


@pytest.mark.parametrize("text", ["full", "summary"])
def test_a_text_no_longer_than_its_summary_is_never_cut(issue: Issue, text: str) -> None:
    linked = '<p>See <a href="https://e.org/">there</a>.</p>'
    short = article("short", "Short", linked, summary="See there.")
    rendered = issue((short, article("long", "Long", LONG * 100)), text=text)
    assert rendered.html.count("Continue reading on the web") == 1
    assert rendered.text.count("Continue reading on the web") == 1
    assert 'href="https://e.org/"' in rendered.html
    assert short.id not in rendered.summarised


def test_an_image_counts_as_more_than_a_summary(issue: Issue) -> None:
    html = '<p><img src="https://e.org/a.png" alt="Ice"></p>'
    picture = article("a", "A", html, summary="Ice")
    assert "Continue reading on the web" in issue((picture,), text="summary").html


def test_an_article_without_a_text_shows_its_summary_once(issue: Issue) -> None:
    html = issue((article("empty", "Empty", "", summary="Only stated here."),), text="summary").html
    assert ">Only stated here.</p>" in html
    assert "Continue reading" not in html


def test_each_name_in_the_line_of_an_article_takes_its_own_direction(issue: Issue) -> None:
    each = article("a", "شتاء", LONG, tags=("C++", "شتاء"), authors=("ليلى", "Ada B."))
    html = issue((each,)).html
    assert "<bdi>C++</bdi>, <bdi>شتاء</bdi>" in html
    assert "<bdi>ليلى</bdi>, <bdi>Ada B.</bdi>" in html


def test_measuring_texts_does_not_change_the_issue(issue: Issue) -> None:
    assert "begins-->" not in issue().html


def test_chinese_counts_as_it_is_sent_not_as_it_is_stored(issue: Issue) -> None:
    rendered = issue((article("zh", "湖", "<p>" + "湖上的冬天。" * 2000 + "</p>"),))
    assert rendered.summarised
    assert size_as_sent(rendered.html) <= MAX_BYTES


@pytest.mark.parametrize("summary", ["Short.", "A sentence of medium length. " * 4, "湖上" * 100])
@pytest.mark.parametrize("title", ["A", "Title " * 30])
def test_the_preheader_is_40_to_130_characters_whatever_the_articles(
    summary: str, title: str
) -> None:
    only = replace(article("a", title, ""), summary=summary)
    text = compose_preheader(Newsletter(name="n", title="N", sender="a@b.org"), [only], FILLER)
    assert 40 <= len(text) <= 130
    assert text.startswith(summary[:6])


def test_a_design_of_the_users_replaces_single_files(
    tmp_path: Path,
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
) -> None:
    (tmp_path / "newsletter").mkdir()
    (tmp_path / "newsletter" / "subject.txt").write_text("[Lake] {{ subject }}\n")
    env = environment(tmp_path, DESIGNS)
    rendered = render_issue(env, IssueContent(newsletter, site, rich, NOON), links)
    assert rendered.subject == "[Lake] Lake Weekly: Winter comes to the upper lake"
    assert "In this issue" in rendered.html


def test_a_design_contains_only_the_templates_that_differ(
    tmp_path: Path,
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
) -> None:
    for name, line in (("newsletter", "All mails"), ("fancy", "Only this one")):
        (tmp_path / name / "parts").mkdir(parents=True)
        (tmp_path / name / "parts" / "greeting.html").write_text("not shown")
        (tmp_path / name / "parts" / "contents.html").write_text(f"<p>{line}</p>")
    (tmp_path / "newsletter" / "parts" / "footer.html").write_text("<p>My footer</p>")
    env = environment(tmp_path, DESIGNS)

    def html(template: str) -> str:
        changed = replace(newsletter, template=template)
        return render_issue(env, IssueContent(changed, site, rich, NOON), links).html

    assert "Only this one</p>" in html("fancy")
    assert "All mails</p>" in html("newsletter")
    for template in ("fancy", "newsletter"):
        assert "My footer</p>" in html(template)
        assert "In this issue" not in html(template)
        assert "Winter comes to the upper lake" in html(template)


def test_a_fault_in_a_part_names_its_file_and_line(
    tmp_path: Path,
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
) -> None:
    part = tmp_path / "newsletter" / "parts" / "footer.html"
    part.parent.mkdir(parents=True)
    part.write_text("<p>\n{{ nothing }}</p>")
    content = IssueContent(newsletter, site, rich, NOON)
    with pytest.raises(TemplateError) as caught:
        render_issue(environment(tmp_path, DESIGNS), content, links)
    assert caught.value.place == Location(str(part), 2)


def test_a_missing_design_is_an_error(
    env: jinja2.Environment,
    site: SiteSettings,
    newsletter: Newsletter,
    links: IssueLinks,
    rich: tuple[Published, ...],
) -> None:
    lost = replace(newsletter, template="lost")
    with pytest.raises(TemplateError, match="there is no folder lost"):
        render_issue(env, IssueContent(lost, site, rich, NOON), links)


def test_an_empty_text_is_still_an_article(env: jinja2.Environment, issue: Issue) -> None:
    rendered = issue((article("empty", "Empty", ""),))
    assert "Empty" in rendered.html
    assert "Read on the web" in rendered.text
