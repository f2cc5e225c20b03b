"""Three designs: what each shows of which article, and that hard articles break none of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml.html import HtmlElement, document_fromstring
from newsletter_samples import HARD, LAKE, Issue, Judged, article

from syndicate.config.model import Brand, Newsletter
from syndicate.content.article import Image
from syndicate.newsletters.render import MAX_BYTES, size_as_sent

DESIGNS = ("digest", "letter", "magazine")
every_design = pytest.mark.parametrize("design", DESIGNS)
TEXT = "<p>" + "A sentence about the lake. " * 30 + "</p>"
THREE = tuple(
    article(name, f"The {name}", TEXT + f"<p>End of {name}.</p>", n, image=LAKE)
    for n, name in enumerate(("first", "second", "third"))
)


def page_of(html: str) -> HtmlElement:
    page: HtmlElement = document_fromstring(html)
    return page


# -- which texts ---------------------------------------------------------------------------


def test_a_digest_carries_every_text_in_full(issue: Issue) -> None:
    rendered = issue(THREE, design="digest")
    for name in ("first", "second", "third"):
        assert f"End of {name}." in rendered.html
        assert f"End of {name}." in rendered.text


@pytest.mark.parametrize("design", ["letter", "magazine"])
def test_a_letter_and_a_magazine_carry_the_first_in_full_and_the_others_in_short(
    issue: Issue, design: str
) -> None:
    rendered = issue(THREE, design=design)
    assert "End of first." in rendered.html
    assert "End of first." in rendered.text
    for each in THREE[1:]:
        assert each.title in rendered.html
        assert f'href="{each.url}"' in rendered.html
        assert each.summary[:60] in rendered.html
        assert each.url in rendered.text
        assert each.summary in " ".join(rendered.text.split())
    assert "End of second." not in rendered.html + rendered.text
    assert rendered.summarised == ()


@every_design
def test_in_short_none_is_carried_in_full(issue: Issue, design: str) -> None:
    rendered = issue(THREE, design=design, text="summary")
    assert "End of" not in rendered.html + rendered.text
    assert "Continue reading on the web" in rendered.html


@every_design
def test_one_article_alone_needs_nothing_around_it(issue: Issue, design: str) -> None:
    html = issue(THREE[:1], design=design).html
    assert "End of first." in html
    for around in ("In this issue", "Also new", 'class="card"'):
        assert around not in html


def test_a_letter_is_signed_by_its_author(issue: Issue) -> None:
    signed = issue((replace(THREE[0], authors=("Ada", "ليلى")),), design="letter").html
    assert "<bdi>Ada</bdi>, <bdi>ليلى</bdi></p>" in signed.partition('class="signature"')[2]


@pytest.mark.parametrize("design", ["letter", "magazine"])
def test_the_beginning_of_a_summary_ends_between_words_and_in_one_sign(
    issue: Issue, design: str
) -> None:
    long = replace(THREE[1], summary="Words and more. " * 30)
    html = issue((THREE[0], long), design=design).html
    (end,) = re.findall(r"(\S+ ?…)</p>", html)
    assert end in ("Words…", "and…", "more …")


# -- pictures ------------------------------------------------------------------------------

ALONE = f'<p>Before.</p><p><img src="{LAKE.url}" alt="" width="1600" height="900"></p>{TEXT}'


def pictures(html: str) -> list[tuple[str | None, ...]]:
    images = page_of(html).iter("img")
    return [tuple(each.get(name) for name in ("src", "width", "height")) for each in images]


def test_the_lead_of_a_magazine_has_its_image_at_the_top_and_only_there(issue: Issue) -> None:
    html = issue((article("a", "A", ALONE, image=LAKE),), design="magazine").html
    assert pictures(html) == [(LAKE.url, "640", "360")]
    assert html.index(LAKE.url) < html.index("Before.")


@pytest.mark.parametrize("design", ["digest", "letter"])
def test_an_image_that_the_text_shows_stays_where_it_is(issue: Issue, design: str) -> None:
    html = issue((article("a", "A", ALONE, image=LAKE),), design=design).html
    assert pictures(html) == [(LAKE.url, "576", "324")]
    assert html.index(LAKE.url) > html.index("Before.")


def test_an_image_within_a_figure_stays_in_it(issue: Issue) -> None:
    figure = f'<figure><img src="{LAKE.url}" alt=""><figcaption>Dawn</figcaption></figure>{TEXT}'
    html = issue((article("a", "A", figure, image=LAKE),), design="magazine").html
    assert len(pictures(html)) == 1
    assert html.index(LAKE.url) > html.index("</h2>")


def test_cards_show_images_in_the_width_of_the_card(issue: Issue) -> None:
    html = issue((*THREE, article("x", "X", TEXT, 5, image=LAKE)), design="magazine").html
    assert pictures(html) == [
        (LAKE.url, "640", "360"),
        (LAKE.url, "276", "155"),
        (LAKE.url, "276", "155"),
        (LAKE.url, "576", "324"),
    ]


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [(1200, 600, ("640", "320")), (300, 200, ("300", "200")), (900, 1800, ("288", "576"))],
)
def test_only_a_wide_image_fills_the_width_of_a_magazine(
    issue: Issue, width: int, height: int, shown: tuple[str, str]
) -> None:
    picture = Image(LAKE.url, "", width, height)
    html = issue((article("a", "A", TEXT, image=picture),), design="magazine").html
    assert pictures(html) == [(LAKE.url, *shown)]
    assert ('class="picture hero"' in html) == (shown[0] == "640")


@every_design
@pytest.mark.parametrize(
    "image",
    [
        Image("https://e.org/a.svg", "", None, None, "image/svg+xml"),
        Image("https://e.org/icon.png", "", 32, 32, "image/png"),
    ],
)
def test_vector_images_and_icons_are_not_lead_images(
    issue: Issue, design: str, image: Image
) -> None:
    html = issue((article("a", "A", TEXT, image=image),), design=design, text="summary").html
    assert pictures(html) == []


def test_an_image_of_unknown_size_is_limited_to_the_column(issue: Issue) -> None:
    unknown = Image("https://e.org/a.jpg", "")
    (image,) = page_of(issue((article("a", "A", TEXT, image=unknown),), text="summary").html).iter(
        "img"
    )
    assert (image.get("width"), image.get("height"), image.get("alt")) == ("576", None, "A")
    assert "max-width:100%" in image.get("style")


# -- hard articles -------------------------------------------------------------------------


@every_design
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("text", ["full", "summary"])
def test_hard_articles_break_no_rule(
    issue: Issue, newsletter: Newsletter, judged: Judged, design: str, language: str, text: str
) -> None:
    changed = replace(newsletter, design=design, text=text)  # type: ignore[arg-type]
    rendered = issue(HARD, language=language, design=design, text=text)
    assert judged(rendered, changed, HARD) == ()


@every_design
def test_titles_are_text_even_with_markup(issue: Issue, design: str) -> None:
    html = issue(HARD, design=design).html
    titles = [each.text_content().strip() for each in page_of(html).iter("h2", "h3")]
    for each in HARD:
        assert each.title in titles


@every_design
@pytest.mark.parametrize("text", ["full", "summary"])
def test_60_articles_fit_into_one_mail(issue: Issue, design: str, text: str) -> None:
    many = tuple(
        article(f"article-{n}", f"Article {n} of a whole year", TEXT, n, image=LAKE)
        for n in range(60)
    )
    rendered = issue(many, design=design, text=text)
    assert size_as_sent(rendered.html) <= MAX_BYTES
    for each in many:
        assert each.title in rendered.html
        assert each.url in rendered.text


@every_design
def test_an_article_of_200_kb_becomes_a_summary(issue: Issue, design: str) -> None:
    long = article("long", "Long", "<p>Many words, one after the other.</p>" * 5500)
    assert len(long.html) > 200_000
    rendered = issue((long,), design=design)
    assert rendered.summarised == (long.id,)
    assert size_as_sent(rendered.html) <= MAX_BYTES
    assert long.summary in rendered.html


# -- code and notes ------------------------------------------------------------------------


@every_design
def test_code_is_coloured_in_light_and_dark(issue: Issue, design: str) -> None:
    page = page_of(issue(HARD, design=design).html)
    keyword, *_ = page.xpath("//pre//span[@class='k'][text()='def ']")
    assert "color:#8a3b12" in keyword.get("style")
    css = "".join(each.text for each in page.iter("style"))
    assert "pre .k { color: #f0a884 !important; }" in css


@every_design
def test_notes_stand_apart(issue: Issue, design: str) -> None:
    (notes,) = page_of(issue(HARD[:1], design=design).html).xpath("//section[@class='footnotes']")
    assert "border-top:1px" in notes.get("style")
    assert "At the foot." in notes.text_content()


# -- brand ---------------------------------------------------------------------------------


@every_design
def test_the_accent_replaces_the_colours_of_links_in_both_schemes(
    issue: Issue, design: str
) -> None:
    brand = Brand(accent="#8a3b12", accent_dark="#f0a884")
    html = issue(THREE, design=design, brand=brand).html
    assert "color:#8a3b12" in html
    assert "#f0a884 !important" in html
    for usual in (Brand().accent, Brand().accent_dark):
        assert usual not in html


@every_design
def test_fonts_are_those_of_the_brand(issue: Issue, design: str) -> None:
    html = issue(THREE, design=design, brand=Brand(heading_font="mono", text_font="humanist")).html
    page = page_of(html)
    assert "Menlo" in page.find(".//h2").get("style")
    assert "Seravek" in page.find(".//div[@class='container']").get("style")


@every_design
def test_footer_and_social_links_stand_in_both_halves(issue: Issue, design: str) -> None:
    brand = Brand(footer="From a <kitchen> table.", social={"Mastodon": "https://s.example/@a"})
    rendered = issue(THREE, design=design, brand=brand)
    assert "From a &lt;kitchen&gt; table." in rendered.html
    assert '<a class="tap" href="https://s.example/@a"' in rendered.html
    assert "From a <kitchen> table." in rendered.text
    assert "Mastodon: https://s.example/@a" in rendered.text


LOGO = "https://news.example.org/logo.png"


@every_design
@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [(480, 112, ("240", "56")), (100, 30, ("100", "30")), (2000, 100, ("240", "12"))],
)
def test_a_logo_replaces_the_title_with_limited_size(
    issue: Issue, design: str, width: int, height: int, shown: tuple[str, str]
) -> None:
    html = issue(THREE[1:2], logo=Image(LOGO, "Lake Weekly", width, height), design=design).html
    logo = page_of(html).find(".//h1/img")
    assert (logo.get("src"), logo.get("alt")) == (LOGO, "Lake Weekly")
    assert (logo.get("width"), logo.get("height")) == shown


def test_a_logo_of_unknown_size_has_a_maximal_height(issue: Issue) -> None:
    logo = page_of(issue(THREE[1:2], logo=Image(LOGO, "Lake Weekly")).html).find(".//h1/img")
    assert (logo.get("width"), logo.get("height")) == (None, "56")


# -- what is said to one recipient ----------------------------------------------------------


@every_design
def test_preferences_are_linked_where_there_are_any(issue: Issue, design: str) -> None:
    assert "Preferences" not in issue(THREE, design=design).html + issue(THREE).text
    rendered = issue(THREE, design=design, preferences_url="PREFERENCES7b1f")
    assert '<a class="tap" href="PREFERENCES7b1f"' in rendered.html
    assert "Preferences: PREFERENCES7b1f\n" in rendered.text
