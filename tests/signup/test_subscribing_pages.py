"""What the pages for people who subscribe promise: see syndicate.signup.pages."""

from __future__ import annotations

import re
from dataclasses import replace

import lxml.html
import pytest
from jinja2 import Environment
from sample import (
    BIRDS,
    BOTH,
    FRAME,
    HOME,
    MASKED,
    SUBSCRIBE,
    TEMPLATES,
    WEEKLY,
    documents,
    in_language,
)

from syndicate.documents.pages import NewsletterLink, index_page
from syndicate.signup.pages import Choice, FormProblem, Pages, Refusal, TagChoice
from syndicate.templating.environment import environment

HOSTILE = """"><script>alert('x')</script>{{ 7 * 7 }}&"""
SECRET_PAGES = {
    "confirm",
    "confirmed",
    "preferences",
    "no newsletter",
    "unsubscribe",
    "unsubscribed",
}


@pytest.fixture(scope="module")
def env() -> Environment:
    return environment(None, TEMPLATES)


@pytest.fixture
def pages(env: Environment) -> Pages:
    return Pages(env, FRAME)


def tree(page: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page.decode())


def found(page: bytes, xpath: str) -> list[str]:
    return [str(value) for value in tree(page).xpath(xpath)]


def said(page: bytes) -> str:
    """The words of the main part, in one line."""
    return " ".join(tree(page).xpath("string(//main)").split())


def fields(page: bytes) -> set[str]:
    return set(found(page, "//main//@name"))


def test_every_page_is_whole_and_has_a_title_one_heading_and_its_language(
    env: Environment,
) -> None:
    for name, page in documents(env):
        assert page.startswith(b"<!doctype html>"), name
        assert found(page, "/html/@lang | /html/@dir") == ["en", "ltr"]
        assert len(found(page, "//h1")) == len(found(page, "//main")) == 1, name
        (title,) = found(page, "//title/text()")
        assert title.endswith("Low Tide"), name
        assert not title.startswith((" ", "·")), name


def test_nothing_in_a_page_needs_a_script_or_a_style_of_its_own(env: Environment) -> None:
    for name, page in documents(env):
        assert not found(page, "//script | //style | //@style | //iframe"), name
        assert not re.search(rb"\son\w+=|javascript:", page), name


def test_hostile_values_stay_text_wherever_they_are_shown(env: Environment) -> None:
    choice = Choice("weekly", HOSTILE, HOSTILE, True, (TagChoice(HOSTILE, HOSTILE, True),))
    hostile = replace(FRAME, site=replace(FRAME.site, title=HOSTILE, author=HOSTILE))
    for name, page in documents(env, hostile, (choice, choice), HOSTILE, HOME + HOSTILE):
        assert b"<script" not in page, name
        assert b"49" not in page, name
        assert HOSTILE in found(page, "//title/text()")[0], name
    page = Pages(env, hostile).subscribe(
        (choice,), address=HOSTILE, problem=FormProblem.BAD_ADDRESS
    )
    assert found(page, "//input[@id='address']/@value") == [HOSTILE]
    page = Pages(env, hostile).preferences(HOSTILE, (choice,))
    assert found(page, "//bdi/text()") == [HOSTILE]
    assert found(page, "//input[@name='tag-weekly']/@value") == [HOSTILE]


def test_only_the_subscribe_page_is_indexed_by_search_engines(env: Environment) -> None:
    pages = dict(documents(env))
    for name, page in pages.items():
        robots = found(page, "//meta[@name='robots']/@content")
        open_to_all = name in {"subscribe", "only one", "bad address", "front"}
        assert robots == ([] if open_to_all else ["noindex"]), name


def test_a_page_with_a_secret_url_names_no_url_of_its_own(
    env: Environment,
) -> None:
    for name, page in documents(env):
        if name in SECRET_PAGES:
            assert not found(page, "//link[@rel='canonical'] | //meta[@property]"), name
            assert not found(page, "//form/@action"), name


def test_the_form_to_subscribe_has_an_address_newsletters_and_a_trap(pages: Pages) -> None:
    page = pages.subscribe((WEEKLY, BIRDS), address="jo@example.org")
    assert fields(page) == {"address", "newsletter", "tag-weekly", "website"}
    assert found(page, "//input[@name='newsletter']/@value") == ["weekly", "birds"]
    assert found(page, "//input[@name='newsletter'][@checked]/@value") == ["weekly"]
    assert found(page, "//input[@name='address']/@value") == ["jo@example.org"]
    assert found(page, "//form/@method") == ["post"]
    assert found(page, "//section//a/@href") == [HOME + "feed.xml"]
    assert HOME + "preferences/" in found(page, "//main//a/@href")


def test_a_single_newsletter_is_named_and_not_asked_for(pages: Pages) -> None:
    page = pages.subscribe((BIRDS,))
    assert found(page, "//input[@name='newsletter']/@type") == ["hidden"]
    assert found(page, "//input[@name='newsletter']/@value") == ["birds"]
    assert BIRDS.title in said(page)


@pytest.mark.parametrize("name", ["subscribe", "ask", "front"])
def test_people_and_screen_readers_never_meet_the_trap(env: Environment, name: str) -> None:
    page = dict(documents(env))[name]
    trap = "//input[@name='website']"
    assert found(page, f"{trap}/@value | {trap}/@tabindex | {trap}/@autocomplete") == [
        "",
        "-1",
        "off",
    ]
    assert found(page, f"{trap}/ancestor::*[@aria-hidden='true'][@class='unseen']")


@pytest.mark.parametrize("problem", [FormProblem.NO_ADDRESS, FormProblem.BAD_ADDRESS])
def test_a_problem_with_the_address_is_shown_at_its_field(
    pages: Pages, problem: FormProblem
) -> None:
    for page in (
        pages.subscribe(BOTH, address="jo@", problem=problem),
        pages.ask_for_link(problem=problem),
    ):
        field = "//input[@name='address'][@autofocus][@aria-invalid='true']"
        (described,) = found(page, f"{field}/@aria-describedby")
        assert found(page, f"//*[@id='{described}'][@role='alert']/text()")
        assert len(found(page, "//*[@role='alert']")) == len(found(page, "//@autofocus")) == 1


def test_a_missing_newsletter_is_shown_at_the_newsletters(pages: Pages) -> None:
    problem = FormProblem.NO_NEWSLETTER
    for page in (pages.subscribe(BOTH, address="jo@example.org", problem=problem),):
        (described,) = found(page, "//fieldset[@class='picks']/@aria-describedby")
        assert found(page, f"//*[@id='{described}'][@role='alert']/text()") == [
            "Please choose at least one newsletter."
        ]
        assert found(page, "//input[@autofocus]/@value") == ["weekly"]


def test_no_problem_no_alert(pages: Pages) -> None:
    for page in (pages.subscribe(BOTH), pages.ask_for_link(), pages.preferences(MASKED, BOTH)):
        assert not found(page, "//@role[.='alert' or .='status'] | //@autofocus | //@aria-invalid")


def test_every_field_has_a_label_and_every_id_is_unique(env: Environment) -> None:
    for name, page in documents(env):
        ids = found(page, "//@id")
        assert len(ids) == len(set(ids)), name
        for described in found(page, "//@aria-describedby | //label/@for"):
            assert described in ids, (name, described)
        shown = "//input[not(@type='hidden')]"
        labels = found(page, "//label/@for")
        for field in found(page, f"{shown}[not(ancestor::label)]/@id"):
            assert field in labels, (name, field)
        assert not found(page, f"{shown}[not(ancestor::label)][not(@id)]"), name


def test_an_embedded_form_has_no_layout_and_opens_outside_its_frame(pages: Pages) -> None:
    page = pages.subscribe(BOTH, embedded=True)
    assert not found(page, "//header | //footer | //nav | //section | //a")
    assert found(page, "//form/@target | //form/@action") == [SUBSCRIBE, "_top"]
    assert found(page, "//body/@class") == ["embedded"]


def test_after_a_request_all_visitors_see_the_same_page(pages: Pages) -> None:
    assert pages.check_mail() == pages.check_mail()
    assert "If this address can receive email from Low Tide" in said(pages.check_mail())
    assert not fields(pages.check_mail())


def test_confirming_shows_what_is_agreed_to_and_sends_nothing_else(pages: Pages) -> None:
    agreed = pages.agreed(["Low Tide, weekly"])
    page = pages.confirm([WEEKLY], agreed)
    assert fields(page) == set()
    assert found(page, "//input/@value") == []
    assert "Low Tide, weekly Every Monday at eight. Only Sea" in said(page)
    assert agreed in said(page)


def test_the_sentence_agreed_to_is_plain_text(env: Environment, pages: Pages) -> None:
    assert pages.agreed(["A & B", "C"]) == (
        "I want to receive A & B and C by email from Low Tide. "
        "I can unsubscribe at any time with one click."
    )
    german = Pages(environment(None, TEMPLATES, language="de"), in_language("de"))
    assert german.agreed(["A & B"]) == (
        "Ich möchte A & B per E-Mail von Low Tide erhalten. "
        "Ich kann mich jederzeit mit einem Klick abmelden."
    )


def test_after_confirming_the_page_links_to_preferences(pages: Pages) -> None:
    page = pages.confirmed(BOTH, HOME + "preferences/secret")
    assert "From now on, you will receive Low Tide, weekly and Donau" in said(page)
    assert HOME + "preferences/secret" in found(page, "//main//a/@href")


def test_preferences_show_the_choice_and_can_save_or_unsubscribe(pages: Pages) -> None:
    page = pages.preferences(MASKED, BOTH, saved=True)
    assert fields(page) == {"newsletter", "tag-weekly", "what"}
    assert found(page, "//input[@name='newsletter'][@checked]/@value") == ["weekly"]
    assert found(page, "//input[@name='tag-weekly']/@value") == ["sea", "birds"]
    assert found(page, "//input[@name='tag-weekly'][@checked]/@value") == ["sea"]
    assert found(page, "//button[@name='what']/@value") == ["save", "leave"]
    assert found(page, "//*[@role='status']/text()") == ["Your preferences have been saved."]
    assert MASKED in said(page)


def test_unsubscribing_is_one_button_and_a_second_for_all_newsletters(pages: Pages) -> None:
    page = pages.unsubscribe(WEEKLY, True, "mailto:leave@example.org")
    assert found(page, "//button[@name='what']/@value") == ["one", "all"]
    assert found(page, "//main//a/@href") == ["mailto:leave@example.org"]
    page = pages.unsubscribe(WEEKLY, False, "")
    assert found(page, "//button[@name='what']/@value") == ["one"]
    assert not found(page, "//main//a")
    assert "Unsubscribe from Low Tide, weekly?" in said(page)


def test_an_unsubscribed_person_can_resubscribe(pages: Pages) -> None:
    page = pages.unsubscribed([WEEKLY], SUBSCRIBE)
    assert "You will no longer receive Low Tide, weekly." in said(page)
    assert found(page, "//main//a/@href") == [SUBSCRIBE]
    assert not found(pages.unsubscribed([WEEKLY], ""), "//main//a")


def test_pages_contain_the_word_unsubscribe(env: Environment) -> None:
    for name, page in documents(env):
        assert name == "check mail" or "unsubscribe" in said(page).lower(), name


def test_every_refusal_has_its_own_reason_and_hint(pages: Pages) -> None:
    refused = [pages.refused(refusal, SUBSCRIBE) for refusal in Refusal]
    assert len({said(page) for page in refused}) == len(Refusal)
    for page in refused:
        assert found(page, "//main//a/@href") == [SUBSCRIBE, HOME + "preferences/"]


def test_pages_are_in_the_language_of_the_site(env: Environment) -> None:
    german = environment(None, TEMPLATES, language="de-AT")
    english = dict(documents(env))
    for name, page in documents(german, in_language("de-AT")):
        assert found(page, "/html/@lang | /html/@dir") == ["de-AT", "ltr"]
        assert "Abonnieren" in page.decode() or name == "embedded"
        assert said(page) != said(english[name]), name
    page = Pages(german, in_language("de-AT")).unsubscribed(BOTH, SUBSCRIBE)
    assert "Sie erhalten Low Tide, weekly und Donau" in said(page)


def test_without_a_catalogue_english_words_are_marked_as_english(env: Environment) -> None:
    arabic = environment(None, TEMPLATES, language="ar")
    page = Pages(arabic, in_language("ar")).check_mail()
    assert found(page, "/html/@lang | /html/@dir") == ["ar", "rtl"]
    assert found(page, "//main/div/@lang | //main/div/@dir") == ["en", "ltr"]


def test_the_front_page_offers_the_form_where_the_service_has_one(env: Environment) -> None:
    one = [NewsletterLink("Low Tide, weekly", name="weekly")]
    page = index_page(env, FRAME, [], [], one)
    assert found(page, "//form/@action") == [SUBSCRIBE]
    assert found(page, "//form//@name") == ["newsletter", "address", "website"]
    assert found(page, "//input[@name='newsletter']/@value") == ["weekly"]
    assert found(page, "//nav//a/@href") == [HOME, SUBSCRIBE]
    assert HOME + "preferences/" in found(page, "//section[@id='subscribe']//a/@href")
    two = [*one, NewsletterLink("Birds", name="birds")]
    page = index_page(env, FRAME, [], [], two)
    assert found(page, "//input[@type='checkbox']/@value") == ["weekly", "birds"]


def test_the_front_page_has_no_form_without_the_service(env: Environment) -> None:
    page = index_page(env, replace(FRAME, subscribe=""), [], [], [NewsletterLink("Weekly")])
    assert not found(page, "//form")
    assert found(page, "//nav//a/@href") == [HOME, HOME + "#subscribe"]
