"""The email as a frame shows it, and what is read from the message."""

from __future__ import annotations

from pathlib import Path

from syndicate.preview.issue_preview import Picture, addresses, framed, headers

MAIL = """<!DOCTYPE html><html><head>
<meta name="color-scheme" content="light dark">
<style>:root { color-scheme: light dark; supported-color-schemes: light dark }
@media (prefers-color-scheme: dark) { p { color: white } }
@media screen and ( prefers-color-scheme:light ) { p { color: black } }</style></head>
<body><picture><source media="(prefers-color-scheme: dark)" srcset="d.png">
<img src="https://example.org/a.png?x=1&amp;y=2" alt=""></picture>
<p>We use @media (prefers-color-scheme: dark) and color-scheme: light dark.</p>
<p>src="https://example.org/a.png?x=1&amp;y=2"</p></body></html>"""


def test_rules_for_a_scheme_hold_always_or_never() -> None:
    dark, light = framed(MAIL, "dark", {}), framed(MAIL, "light", {})
    assert "@media (min-width: 0px) { p { color: white }" in dark
    assert "@media screen and (max-width: 0px) { p { color: black }" in dark
    assert "@media (max-width: 0px) { p { color: white }" in light
    assert 'media="(min-width: 0px)"' in dark
    assert 'media="(max-width: 0px)"' in light


def test_the_browser_gets_one_colour_scheme() -> None:
    dark = framed(MAIL, "dark", {})
    assert '<meta name="color-scheme" content="dark">' in dark
    assert ":root { color-scheme: dark; supported-color-schemes: dark }" in dark


def test_an_email_without_dark_mode_stays_light() -> None:
    plain = MAIL.replace("light dark", "light")
    assert 'content="light"' in framed(plain, "dark", {})


def test_the_text_of_an_article_stays_as_it_is() -> None:
    written = MAIL[MAIL.index("<p>We use") :]
    assert framed(MAIL, "dark", {}).endswith(written)


def test_images_of_the_site_are_served_by_the_preview() -> None:
    url = "https://example.org/a.png?x=1&y=2"
    assert addresses(MAIL) == [url]
    shown = framed(MAIL, "light", {url: Picture("abc", Path("a.png"))})
    assert '<img src="pictures/abc" alt="">' in shown


def test_headers_are_shown_as_people_read_them_and_as_they_are_sent() -> None:
    message = (
        b"Subject: =?utf-8?q?Fr=C3=BChling_am?=\r\n =?utf-8?q?_Hafen?=\r\n"
        b"List-Unsubscribe:\r\n <mailto:a@example.org>\r\n\r\nText"
    )
    subject, leave = headers(message)
    assert subject.value == "Frühling am Hafen"
    assert subject.sent.startswith("=?utf-8?q?Fr")
    assert (leave.name, leave.value) == ("List-Unsubscribe", "<mailto:a@example.org>")
