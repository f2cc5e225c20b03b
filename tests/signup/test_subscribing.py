"""People subscribe on a page, confirm by email, set preferences, and unsubscribe with one click."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from visits import Place

from syndicate.signup.links import Links
from syndicate.store.requests import SigningKeys
from syndicate.timestamps import format_timestamp

MAIL = "ada@example.org"
OTHER = "bob@example.org"


def links(place: Place) -> Links:
    with place.site.opened() as site, site.database.transaction():
        return Links(place.url, SigningKeys(site.database).signing("2026-11-25T12:00:00Z"))


def unsubscribe_url(place: Place, mail: str, newsletter: str = "weekly") -> str:
    who = place.person(mail)
    assert who is not None
    return links(place).unsubscribe(newsletter, who.id)


def preferences_url(place: Place, mail: str) -> str:
    who = place.person(mail)
    assert who is not None
    return links(place).preferences(who.id)


# -- subscribing -------------------------------------------------------------------------------


def test_the_page_offers_every_newsletter_and_the_feeds(sqlite_place: Place) -> None:
    page = sqlite_place.get("subscribe/")
    assert page.status_code == 200
    for text in ("Lake Weekly", "Lake Daily", 'name="address"', "feed.xml"):
        assert text in page.text


@pytest.mark.postgresql
def test_a_person_who_confirms_is_subscribed(place: Place) -> None:
    sent = place.ask(MAIL)
    assert (sent.status_code, sent.headers["location"]) == (303, "sent/")
    assert "mail" in place.get("subscribe/sent/").text
    assert place.person(MAIL) is None
    (message,) = place.emails()
    assert message["to"] == MAIL
    assert message["from"] == "Lake <letters@example.org>"
    assert place.link(message).startswith(place.url)
    shown = place.get(place.link(message))
    assert "Lake Weekly" in shown.text
    assert place.person(MAIL) is None, "GET changes nothing"
    assert place.post(place.link(message), {}).status_code == 200
    assert place.states(MAIL) == {"weekly": "active"}


@pytest.mark.postgresql
def test_the_consent_records_when_and_what_was_agreed(place: Place) -> None:
    place.subscribe(MAIL, "weekly", "daily")
    assert place.states(MAIL) == {"daily": "active", "weekly": "active"}
    evidence = place.consents(MAIL)
    assert sorted(each.event for each in evidence) == [*["confirmed"] * 2, *["requested"] * 2]
    for each in evidence:
        assert each.occurred_at.startswith("20")
        if each.event == "confirmed":
            assert "Lake Weekly" in each.detail
            assert "Lake Daily" in each.detail


def test_a_link_confirms_once_and_does_not_resubscribe(place: Place) -> None:
    place.ask(MAIL)
    link = place.link(place.emails()[-1])
    assert place.post(link, {}).status_code == 200
    place.post(unsubscribe_url(place, MAIL), {})
    assert place.post(link, {}).status_code == 410
    assert place.get(link).status_code == 410
    assert place.states(MAIL) == {"weekly": "unsubscribed"}


def test_an_older_link_does_not_resubscribe_a_person_who_unsubscribed_since(place: Place) -> None:
    place.ask(MAIL)
    place.ask(MAIL)
    first, second = (place.link(message) for message in place.emails())
    place.post(first, {})
    with place.site.opened() as site, site.database.transaction():
        earlier = format_timestamp(datetime.now(UTC) - timedelta(minutes=1))
        site.database.run("UPDATE signup_requests SET requested_at = :at", {"at": earlier})
    place.post(unsubscribe_url(place, MAIL), {})
    assert place.get(second).status_code == place.post(second, {}).status_code == 410
    assert place.states(MAIL) == {"weekly": "unsubscribed"}


def test_a_person_who_unsubscribed_while_the_clock_was_ahead_can_subscribe_again(
    place: Place,
) -> None:
    place.subscribe(MAIL)
    with place.known() as known:
        known.unsubscribe(1, ["weekly"], "", "2036-01-01T00:00:00Z")
    place.subscribe(MAIL)
    assert place.states(MAIL) == {"weekly": "active"}


def test_an_unconfirmed_request_is_deleted(place: Place) -> None:
    place.ask(MAIL)
    link = place.link(place.emails()[-1])
    for days in (7, 8):  # in the end, and a day later once more
        place.emails(now=datetime.now(UTC) + timedelta(days=days, seconds=2))
    assert place.post(link, {}).status_code == 410
    with place.site.opened() as site:
        assert site.database.rows("SELECT * FROM signup_requests") == []
        assert site.database.rows("SELECT * FROM subscribers") == []


def test_an_unsubscribed_person_resubscribes_by_confirming(place: Place) -> None:
    place.subscribe(MAIL)
    place.post(unsubscribe_url(place, MAIL), {})
    place.ask(MAIL)
    assert place.states(MAIL) == {"weekly": "unsubscribed"}
    place.post(place.link(place.emails()[-1]), {})
    assert place.states(MAIL) == {"weekly": "active"}


def test_a_subscriber_is_sent_the_link_to_preferences(place: Place) -> None:
    place.subscribe(MAIL)
    place.ask(MAIL)
    message = place.emails()[-1]
    assert "/preferences/" in place.link(message)
    assert place.get(place.link(message)).status_code == 200


@pytest.mark.parametrize(
    ("mail", "newsletters"),
    [("", ["weekly"]), ("ada@", ["weekly"]), (MAIL, ["nothing"]), ("a\r\nBcc: b@x.org", ["daily"])],
)
def test_missing_or_invalid_input_is_reported_on_the_page(
    sqlite_place: Place, mail: str, newsletters: list[str]
) -> None:
    answer = sqlite_place.ask(mail, *newsletters)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert sqlite_place.emails() == []


def test_one_newsletter_needs_no_choice(sqlite_place: Place) -> None:
    sqlite_place.site.settings["newsletters"].pop("daily")  # type: ignore[attr-defined]
    sqlite_place.site.configure()
    from syndicate.site import set_up

    sqlite_place.serving.reconfigure(set_up(sqlite_place.site.config_file, {}))
    assert sqlite_place.post("subscribe/", {"address": MAIL}).status_code == 303
    assert len(sqlite_place.emails()) == 1


# -- choosing ----------------------------------------------------------------------------------


def test_the_link_to_preferences_is_sent_by_email(place: Place) -> None:
    place.subscribe(MAIL)
    assert place.post("preferences/", {"address": MAIL}).status_code == 303
    page = place.get(place.link(place.emails()[-1]))
    assert "a…@example.org" in page.text
    assert MAIL not in page.text


def test_a_subscriber_chooses_tags(place: Place) -> None:
    place.subscribe(MAIL)
    page = place.get(preferences_url(place, MAIL)).text
    assert "Sea &amp; Sky" in page
    fields = {"newsletter": ["weekly"], "tag-weekly": ["birds", "nonsense"], "what": "save"}
    answer = place.post(preferences_url(place, MAIL), fields)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("?saved")
    (subscription,) = place.subscriptions(MAIL)
    assert subscription.tags == "birds"
    place.post(preferences_url(place, MAIL), {"newsletter": ["weekly"], "what": "save"})
    assert place.subscriptions(MAIL)[0].tags == ""


def test_a_chosen_tag_that_nothing_has_any_more_stays_chosen(place: Place) -> None:
    place.subscribe(MAIL)
    fields = {"newsletter": ["weekly"], "tag-weekly": ["birds"], "what": "save"}
    place.post(preferences_url(place, MAIL), fields)
    place.site.article("one.md", "A heron", date="2026-11-01", tags=["Fish"])
    place.site.build()
    assert 'value="birds" checked' in place.get(preferences_url(place, MAIL)).text
    place.post(preferences_url(place, MAIL), fields)
    assert place.subscriptions(MAIL)[0].tags == "birds"


def test_tags_of_what_is_to_be_confirmed_are_kept(place: Place) -> None:
    place.subscribe(MAIL)
    fields = {"newsletter": ["weekly", "daily"], "tag-daily": ["birds"], "what": "save"}
    place.post(preferences_url(place, MAIL), fields)
    place.post(place.link(place.emails()[-1]), {})
    assert {s.newsletter: s.tags for s in place.subscriptions(MAIL)} == {
        "daily": "birds",
        "weekly": "",
    }


def test_a_deselected_newsletter_is_unsubscribed(place: Place) -> None:
    place.subscribe(MAIL, "weekly", "daily")
    place.post(preferences_url(place, MAIL), {"newsletter": ["daily"], "what": "save"})
    assert place.states(MAIL) == {"daily": "active", "weekly": "unsubscribed"}


def test_a_newly_chosen_newsletter_has_to_be_confirmed(place: Place) -> None:
    place.subscribe(MAIL)
    place.post(preferences_url(place, MAIL), {"newsletter": ["weekly", "daily"], "what": "save"})
    assert place.states(MAIL) == {"weekly": "active"}
    assert "Lake Weekly" not in place.get(place.link(place.emails()[-1])).text
    place.post(place.link(place.emails()[-1]), {})
    assert place.states(MAIL) == {"daily": "active", "weekly": "active"}


def test_all_newsletters_can_be_unsubscribed_at_once(place: Place) -> None:
    place.subscribe(MAIL, "weekly", "daily")
    assert place.post(preferences_url(place, MAIL), {"what": "leave"}).status_code == 200
    assert set(place.states(MAIL).values()) == {"unsubscribed"}


# -- leaving -----------------------------------------------------------------------------------


def test_one_click_unsubscribes_without_cookies_or_redirect(place: Place) -> None:
    place.subscribe(MAIL, "weekly", "daily")
    link = unsubscribe_url(place, MAIL)
    answer = place.post(link, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert place.states(MAIL) == {"daily": "active", "weekly": "unsubscribed"}
    assert place.consents(MAIL)[-1].detail == "one click"


def test_one_click_may_come_as_multipart(sqlite_place: Place) -> None:
    sqlite_place.subscribe(MAIL)
    link = unsubscribe_url(sqlite_place, MAIL)
    answer = sqlite_place.client.post(link, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert sqlite_place.states(MAIL) == {"weekly": "unsubscribed"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_links_changes_nothing(place: Place, method: str) -> None:
    place.subscribe(MAIL)
    for link in (unsubscribe_url(place, MAIL), preferences_url(place, MAIL)):
        assert place.client.request(method, link).status_code == 200
    assert place.states(MAIL) == {"weekly": "active"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        *(("", b"List-Unsubscribe=One-Click"), ("text/plain", b"x"), ("", b"")),
        ("application/x-www-form-urlencoded", b"\xff\xfe%"),
    ],
)
def test_leaving_works_whatever_is_sent(sqlite_place: Place, kind: str, body: bytes) -> None:
    sqlite_place.subscribe(MAIL)
    headers = {"content-type": kind} if kind else {}
    answer = sqlite_place.client.post(
        unsubscribe_url(sqlite_place, MAIL), content=body, headers=headers
    )
    assert answer.status_code == 200
    assert sqlite_place.states(MAIL) == {"weekly": "unsubscribed"}


AROUND = ["{}/", "{}.", "{}%3E", "{}=3D", "{}%22", "{}).", "{}%20", "=3D{}", "%3C{}%3E", "{}'"]


@pytest.mark.parametrize("around", AROUND)
def test_a_link_with_something_around_its_token_works(sqlite_place: Place, around: str) -> None:
    sqlite_place.subscribe(MAIL)
    link = unsubscribe_url(sqlite_place, MAIL)
    base, _, token = link.rpartition("/")
    odd = f"{base}/{around.format(token)}"
    assert sqlite_place.client.get(odd, follow_redirects=True).status_code == 200
    assert sqlite_place.states(MAIL) == {"weekly": "active"}
    assert sqlite_place.client.post(odd, content=b"List-Unsubscribe=One-Click").status_code == 200
    assert sqlite_place.states(MAIL) == {"weekly": "unsubscribed"}


def test_a_token_with_more_characters_is_invalid(sqlite_place: Place) -> None:
    sqlite_place.subscribe(MAIL)
    for more in ("x", "-", "AAAA"):
        assert (
            sqlite_place.client.get(unsubscribe_url(sqlite_place, MAIL) + more).status_code == 404
        )


def test_unsubscribing_twice_is_the_same_as_once(place: Place) -> None:
    place.subscribe(MAIL)
    for _ in range(2):
        assert place.post(unsubscribe_url(place, MAIL), {"what": "one"}).status_code == 200
    assert [each.event for each in place.consents(MAIL)].count("unsubscribed") == 1


def test_the_unsubscribe_page_offers_all_newsletters_and_an_email(place: Place) -> None:
    place.subscribe(MAIL, "weekly", "daily")
    page = place.get(unsubscribe_url(place, MAIL)).text
    assert 'value="all"' in page
    assert "mailto:letters@example.org?subject=unsubscribe%20weekly%20" in page
    place.post(unsubscribe_url(place, MAIL), {"what": "all"})
    assert set(place.states(MAIL).values()) == {"unsubscribed"}


def test_a_link_of_a_rotated_secret_works_for_its_time_of_grace(place: Place) -> None:
    place.subscribe(MAIL)
    old = unsubscribe_url(place, MAIL)
    now = datetime.now(UTC)
    with place.site.opened() as site, site.database.transaction():
        SigningKeys(site.database).rotate((now + timedelta(days=60)).isoformat()[:19] + "Z", "2026")
    assert place.get(old).status_code == 200
    with place.site.opened() as site, site.database.transaction():
        site.database.run(
            "UPDATE signing_keys SET expires_at = '2026-01-01T00:00:00Z' WHERE expires_at <> ''"
        )
    assert place.get(old).status_code == 404
    assert place.post(old, {}).status_code == 404
    assert place.states(MAIL) == {"weekly": "active"}


def test_links_of_an_erased_person_are_invalid(place: Place) -> None:
    place.subscribe(MAIL)
    links_ = unsubscribe_url(place, MAIL), preferences_url(place, MAIL)
    with place.known() as known:
        who = known.by_id(1)
        assert who is not None
        known.erase(who)
    assert [place.get(link).status_code for link in links_] == [404, 404]
