"""What a good email is made of, held by the designs that ship. Numbers are the findings' own."""

from __future__ import annotations

import re

import pytest
from lxml.html import HtmlElement, document_fromstring
from newsletter_samples import Issue, Judged, article

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.newsletters.contrast import colour_faults
from syndicate.newsletters.issue import Rendered

DESIGNS = ("digest", "letter", "magazine")
MAILS = [(design, language) for design in DESIGNS for language in ("en", "ar")]


@pytest.fixture(scope="module", params=MAILS, ids=" ".join)
def rendered(issue: Issue, request: pytest.FixtureRequest) -> Rendered:
    design, language = request.param
    return issue(language=language, design=design)


@pytest.fixture
def page(rendered: Rendered) -> HtmlElement:
    return document_fromstring(rendered.html)


@pytest.fixture
def css(page: HtmlElement) -> str:
    return "".join(each.text for each in page.iter("style"))


def test_nothing_is_found_wrong_with_the_designs_that_ship(
    rendered: Rendered, newsletter: Newsletter, judged: Judged, rich: tuple[Published, ...]
) -> None:
    assert judged(rendered, newsletter, rich) == ()


def test_13_the_plain_text_carries_headings_links_with_their_urls_and_lists(
    rendered: Rendered, rich: tuple[Published, ...]
) -> None:
    text = rendered.text
    assert "What we saw\n---" in text
    assert "On the shore\n---" in text
    assert "upper lake [1]" in text
    assert "[1] https://lake.example.org/" in text
    assert "- Reeds, cut in October" in text
    assert "3. Walk north" in text
    for each in rich:
        assert each.title in text
        assert each.url in text
    assert rendered.links.unsubscribe_url in text
    assert rendered.links.web_url in text


def test_15_an_ordinary_issue_is_far_below_the_clipping_limit_of_gmail(rendered: Rendered) -> None:
    assert len(rendered.html.encode()) < 40_000


def test_16_all_styles_together_are_at_most_16_kb_without_nested_at_rules(css: str) -> None:
    assert len(css.encode()) <= 16 * 1024
    for block in re.findall(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}", css):
        assert "@" not in block


def test_17_language_direction_charset_viewport_and_title_are_stated(
    rendered: Rendered, page: HtmlElement
) -> None:
    language = page.get("lang")
    assert page.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert page.find(".//div[@class='container']").get("dir") == page.get("dir")
    assert rendered.html.startswith("<!DOCTYPE html>")
    assert page.xpath("//meta/@charset") == ["utf-8"]
    assert page.xpath("//meta[@name='viewport']")
    assert page.findtext(".//title") == rendered.subject


def test_17_text_of_articles_takes_its_own_direction(page: HtmlElement) -> None:
    paragraphs = page.xpath("//div[@class='text']//p | //div[@class='text']//h3")
    assert paragraphs
    assert all(each.get("dir") == "auto" for each in paragraphs)


def test_18_every_inlined_colour_has_a_dark_counterpart(page: HtmlElement, css: str) -> None:
    assert page.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    assert [fault for fault in colour_faults(page, css) if fault[0] == 18] == []


def test_19_all_text_has_enough_contrast_in_both_schemes(page: HtmlElement, css: str) -> None:
    assert [fault for fault in colour_faults(page, css) if fault[0] == 19] == []


def test_20_tables_are_presentation_or_have_headings_with_scope(page: HtmlElement) -> None:
    tables = page.xpath("//table")
    assert len(tables) > 2
    for table in tables:
        scopes = [each.get("scope") for each in table.iter("th")]
        assert table.get("role") == "presentation" or (scopes and all(scopes))


def test_21_the_container_is_640_wide_also_in_outlook(
    rendered: Rendered, page: HtmlElement
) -> None:
    assert "max-width:640px" in page.find(".//div[@class='container']").get("style")
    assert re.search(r'<!--\[if mso\]><table role="presentation" width="640"', rendered.html)


def test_22_images_have_whole_sizes_flexible_height_and_alternative_text(
    page: HtmlElement,
) -> None:
    (image,) = page.iter("img")
    assert (image.get("width"), image.get("height")) == ("576", "288")
    assert "height:auto" in image.get("style")
    assert image.get("alt") == "The lake under ice"


def test_23_a_hidden_preheader_with_a_spacer_behind_it(
    rendered: Rendered, page: HtmlElement
) -> None:
    hidden = page.find(".//div[@class='preheader']")
    assert "display:none" in hidden.get("style")
    text = hidden.text_content()
    assert text.startswith(rendered.preheader)
    assert 40 <= len(rendered.preheader) <= 130
    assert len(text) - len(rendered.preheader) >= 100


def test_24_links_are_absolute_and_https(page: HtmlElement) -> None:
    links = page.xpath("//a/@href")
    assert len(links) > 8
    assert all(link.startswith(("https://", "mailto:")) for link in links)


def test_25_no_script_form_frame_or_foreign_style(page: HtmlElement, css: str) -> None:
    assert not list(page.iter("script", "form", "iframe", "link", "object", "embed", "video"))
    assert "@import" not in css
    assert "url(" not in css


def test_25_font_stacks_end_in_a_generic_family(css: str) -> None:
    stacks = re.findall(r"font-family:\s*([^;}]+)", css)
    assert stacks
    assert all(each.strip().endswith(("serif", "monospace")) for each in stacks)


def test_25_text_is_16_pixels_or_more_and_links_show_without_colour(page: HtmlElement) -> None:
    for element in page.xpath("//body//*[@style]"):
        size = re.search(r"font-size:(\d+)px", element.get("style"))
        assert size is None or int(size[1]) >= 16 or element.get("class") == "preheader"
    for link in page.iter("a"):
        assert "underline" in link.get("style") or "border:1px" in link.get("style")


def test_26_the_footer_states_how_to_unsubscribe_why_it_was_sent_and_the_sender(
    rendered: Rendered, page: HtmlElement
) -> None:
    footer = page.find(".//div[@class='footer']")
    text = " ".join(footer.text_content().split())
    assert "You receive this email because you subscribed to Lake Weekly" in text
    assert "1 Shore Road" in text
    hrefs = footer.xpath(".//a/@href")
    assert rendered.links.unsubscribe_url in hrefs
    assert rendered.links.web_url in hrefs


@pytest.mark.parametrize("design", DESIGNS)
def test_26_without_a_postal_address_the_footer_has_none(issue: Issue, design: str) -> None:
    assert "Shore Road" not in issue(postal_address="", design=design).html


@pytest.mark.parametrize("design", DESIGNS)
def test_27_an_article_of_one_image_has_text_as_well(issue: Issue, design: str) -> None:
    image = '<p><img src="https://news.example.org/a.png" alt=""></p>'
    only = (article("a", "A picture", image),)
    page: HtmlElement = document_fromstring(issue(only, design=design).html)
    assert "A picture" in page.find("body").text_content()


def test_28_braces_in_an_article_are_text_and_no_placeholder_is_left(rendered: Rendered) -> None:
    for text in (rendered.html, rendered.text):
        assert text.count("{{") == text.count("{{ first_name }}") == 1
        assert "{%" not in text
