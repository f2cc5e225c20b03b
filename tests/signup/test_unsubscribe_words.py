"""A request to unsubscribe is understood in the words people use; any other email is not one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.signup.unsubscribe_words import asks_to_unsubscribe, own_text, text_of_html

TITLES = ["weekly", "Low Tide, weekly"]
REQUESTS = [
    *("unsubscribe", "Unsubscribe!", "UNSUBSCRIBE ME", "Please unsubscribe me from this list."),
    *("unsubscribe weekly", "I would like to unsubscribe from Low Tide, thanks", "opt-out", "Stop"),
    *("Remove my email address from your mailing list", "Cancel my subscription please"),
    *("Abmelden", "Abmeldung vom Newsletter", "Bitte melden Sie mich ab".replace("Sie ", "")),
    *("Hiermit möchte ich den Newsletter abbestellen.", "Bitte aus dem Verteiler austragen"),
    *("Désabonnement", "Merci de me désinscrire", "Darme de baja", "Cancelar mi suscripción"),
    *("Annulla la mia iscrizione", "Afmelden", "Uitschrijven graag", "Avregistrera mig"),
    *("Odhlásit", "Отписаться от рассылки", "退订", "配信停止", "수신 거부"),
]
OTHERS = [
    *("", "Hello", "Don't unsubscribe me", "Ich möchte mich nicht abmelden", "Thank you"),
    *("How can I subscribe a friend?", "The button to unsubscribe is broken", "Subscribe"),
    *("Remove the second picture", "When does the market stop?", "Please add me to your list"),
]


@pytest.mark.parametrize("said", REQUESTS)
def test_a_request_is_understood_as_subject_and_as_text(said: str) -> None:
    assert asks_to_unsubscribe(said, "", TITLES)
    assert asks_to_unsubscribe("Re: A heron at dawn", said, TITLES)
    assert asks_to_unsubscribe(f"AW: Re: {said}", "Thanks!", TITLES)


@pytest.mark.parametrize("said", OTHERS)
def test_other_words_are_not_a_request(said: str) -> None:
    assert not asks_to_unsubscribe(said, "", TITLES)
    assert not asks_to_unsubscribe("Re: A heron at dawn", said, TITLES)


@pytest.mark.parametrize(
    "text",
    [
        "Please do not unsubscribe me",
        "please don't ever unsubscribe me!",
        "Bitte nicht abmelden",
        "Ne me désabonnez pas",
        "Пожалуйста, не отписывайте меня: не отписка",
    ],
)
def test_a_wish_to_stay_is_not_a_request_whatever_the_subject(text: str) -> None:
    assert not asks_to_unsubscribe("Unsubscribe", text, TITLES)
    assert not asks_to_unsubscribe("Re: A heron at dawn", text, TITLES)
    assert asks_to_unsubscribe("Unsubscribe", "Do not send me mails, I have no time.", TITLES)


@pytest.mark.parametrize("first", ["Hello:", "Dear team:"])
def test_a_first_line_with_a_colon_is_the_writers(first: str) -> None:
    assert own_text(f"{first}\n\nunsubscribe").endswith("unsubscribe")
    for quoted in ("On Monday, Lake wrote:", "Lake wrote:"):
        assert own_text(f"{quoted}\n> unsubscribe") == ""


def test_the_subject_of_an_answer_is_not_its_writers() -> None:
    assert not asks_to_unsubscribe("Re: Unsubscribe", "What a title! I liked this article.")
    assert not asks_to_unsubscribe("Stop", "There is an error in the last article.")
    assert asks_to_unsubscribe("Unsubscribe", "I have no time to read any more.")


@pytest.mark.parametrize(
    "rest",
    [
        "\n\nOn Monday, Lake wrote:\n> Unsubscribe: https://example.org/x\n> more",
        "\n\nAm 27.11.2026 um 08:00 schrieb Lake:\n\nEin Artikel",
        "\n-- \nAda Lee\nHarbour 1",
        "\n\nSent from my phone\n",
        "\n\n-----Original Message-----\nFrom: Lake\n",
        "\n\n________________________________\nVon: Lake <letters@example.org>\nmore",
        "\nFrom: Lake\nSubject: An article",
    ],
)
def test_quotations_and_signatures_are_left_out(rest: str) -> None:
    assert own_text(f"Please unsubscribe me{rest}") == "Please unsubscribe me"


def test_html_is_read_up_to_what_it_quotes() -> None:
    html = (
        "<html><head><style>p { color: red }</style></head><body><p>Abmelden&nbsp;bitte</p>"
        '<div class="gmail_quote">On Monday, Lake wrote:<p>An article</p></div></body></html>'
    )
    assert asks_to_unsubscribe("", own_text(text_of_html(html)))


@given(st.text(), st.text(), st.text(st.sampled_from("<>/divstyle \n:-_=")))
def test_whatever_is_written_is_read(subject: str, text: str, html: str) -> None:
    asks_to_unsubscribe(subject, own_text(text))
    own_text(text_of_html(html))


@pytest.mark.parametrize("piece", ["<style>", "<", "<div ", "re:", "- ", "a ", "--", "<blockquote"])
def test_long_texts_are_read_in_linear_time(piece: str) -> None:
    text = piece * 200_000  # exponential or quadratic time would exceed the test's limit
    assert not asks_to_unsubscribe(text, own_text(text_of_html(text)))
