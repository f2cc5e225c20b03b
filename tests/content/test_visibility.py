"""What a header states about publication: drafts, dates, expiry, and what may mean not public."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from reading_samples import article, reading, refusal

from syndicate.content.article import HoldKind


@pytest.mark.parametrize(
    ("written", "draft"),
    [
        ("draft: true", True), ("draft: yes", True), ("draft: 'False'", False), ("draft:", False),
        ("published: false", True), ("published: no", True), ("published: true", False),
        ("published: 2020-01-01", False), ("Status: draft", True), ("status: hidden", True),
        ("status: published", False), ("hidden: true", True), ("hidden: false", False),
        ("published: true\ndraft: true", True), ("draft: true\npublished: true", True),
    ],
)  # fmt: skip
def test_drafts_are_held_back_however_they_are_marked(written: str, draft: bool) -> None:
    assert bool(article(f"---\ntitle: A\n{written}\n---\nBody.").hold) is draft


@pytest.mark.parametrize(
    ("written", "path", "kind"),
    [
        ("draft: true", "x.md", HoldKind.DRAFT), ("isDraft: yes", "x.md", HoldKind.DRAFT),
        ("status: auto-draft", "x.md", HoldKind.DRAFT), ("", "drafts/x.md", HoldKind.DRAFT),
        ("status: pending", "x.md", HoldKind.OTHER), ("published: false", "x.md", HoldKind.OTHER),
        ("password: my draft", "x.md", HoldKind.OTHER), ("drfat: true", "x.md", HoldKind.OTHER),
        ("", "_parts/x.md", HoldKind.UNDERSCORE_FOLDER), ("", "_x.md", HoldKind.OTHER),
        ("hidden: true\ndraft: true", "x.md", HoldKind.OTHER), ("", "x.md", HoldKind.NONE),
    ],
)  # fmt: skip
def test_what_holds_an_article_back_has_a_kind(written: str, path: str, kind: HoldKind) -> None:
    assert article(f"---\ntitle: A\n{written}\n---\nBody.", path).hold is kind


def test_a_folder_for_drafts_makes_a_draft_unless_the_header_states_otherwise() -> None:
    text = "---\ntitle: A\n---\nBody."
    assert article(text, "_drafts/x.md").hold
    assert article(text, "_drafts/x.md").inferred == {"draft": "folder for drafts"}
    assert not article("---\ntitle: A\ndraft: false\n---\nBody.", "_drafts/x.md").hold


def test_an_embargo_takes_precedence_over_the_date() -> None:
    text = "---\ntitle: A\ndate: 2020-01-01\npublishDate: 2099-01-01T00:00:00Z\n---\nBody."
    assert article(text).date == datetime(2099, 1, 1, tzinfo=UTC)
    text = "---\ntitle: A\npublishDate: 2099-01-01T00:00:00Z\ndate: 2020-01-01\n---\nBody."
    assert article(text).date == datetime(2099, 1, 1, tzinfo=UTC)


WITHHELD = [
    *("draft: true", "isDraft: true", "is_draft: 'Yes'", "wip: true", "headless: true"),
    *("published: false", "Published: 'no'", "publish: false", "dg-publish: false"),
    *("status: draft", "Status: Private", "status: pending", "status: skip", "post_status: draft"),
    *("status: false", "visibility: members", "visibility: paid", "visibility: private"),
    *("state: draft", "access: members", "hidden: true", "private: yes", "is-private: on"),
    *("visible: false", "render: false", "render: never", "public: 'off'", "encrypted: true"),
    *("permalink: false", "permalink: 'False'", "password: kelp", "post_password: 1234"),
    *("build: {render: never}", "_build: {list: always, render: false}", "build: {render: link}"),
    *("build: false", "expired: true", "membersOnly: true", "draft: true\npublished: true"),
]
UNLISTED = [
    *("unlisted: true", "Unlisted: 'yes'", "feed: false", "rss: 'No'", "exclude_from_rss: true"),
    *("eleventyExcludeFromCollections: true", "eleventyExcludeFromCollections: [blog]"),
    *("build: {list: never}", "_build: {list: local, render: always}", "build: {list: false}"),
    *("listed: false", "status: unlisted", "visibility: unlisted", "disable_feed: true"),
    *("list: never", "hideInRSS: true"),
]
PUBLIC = [
    *("draft: false", "draft:", "isDraft: 'no'", "wip: false", "headless: false", "publish: true"),
    *("dg-publish: true", "status: published", "status: featured", "status: evergreen"),
    *("visibility: public", "visible: true", "render: always", "hidden: 0", "password: ''"),
    *("build: {list: always, render: always}", "build: true", "feed: true", "feed: /feed.xml"),
    *("rss: https://example.net/rss", "unlisted: false", "eleventyExcludeFromCollections: []"),
    *("state: Bavaria", "access: by train", "stage: two", "noindex: true", "sitemap: false"),
    *("robots: noindex", "redirect_to: /x/", "list: [one, two]", "status: true"),
]


@pytest.mark.parametrize("written", WITHHELD)
def test_an_article_that_its_generator_does_not_publish_is_held_back(written: str) -> None:
    found = reading(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.")
    assert found.article.hold
    assert not found.findings
    assert "kelp" not in json.dumps([dict(found.article.inferred), dict(found.article.extra)])


@pytest.mark.parametrize("written", UNLISTED)
def test_an_article_that_its_generator_does_not_list_is_unlisted(written: str) -> None:
    found = reading(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.")
    assert (found.article.hold, found.article.unlisted) == ("", True)
    assert not found.findings
    key = written.partition(":")[0]
    assert found.article.inferred["unlisted"].startswith(key)


@pytest.mark.parametrize("written", PUBLIC)
def test_the_same_keys_with_other_values_change_nothing(written: str) -> None:
    found = reading(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.")
    assert (found.article.hold, found.article.unlisted) == ("", False)
    assert not found.findings


@pytest.mark.parametrize(
    "written",
    [
        *("status: somewhere", "status: darft", "hidden: perhaps", "visible: sometimes"),
        *("unlisted: maybe", "build: {list: seldom}", "visibility: friends", "status: scheduled"),
    ],
)
def test_a_value_that_may_mean_not_public_holds_back_and_is_reported(written: str) -> None:
    found = reading(f"---\ntitle: A\n{written}\n---\nBody.")
    assert found.article.hold
    assert [(f.rule, f.line) for f in found.findings] == [("publication-unclear", 3)]


def test_a_scheduled_status_waits_for_its_date() -> None:
    found = reading("---\nstatus: scheduled\ndate: 2099-03-01\n---\nBody.")
    assert (found.article.hold, found.findings) == ("", ())


@pytest.mark.parametrize(
    "key", ["expiryDate", "expires", "unpublish_date", "expiry-date", "expiry"]
)
def test_a_date_of_expiry_is_read_under_many_names(key: str) -> None:
    found = reading(f"---\ntitle: A\n{key}: 2030-01-01T10:00:00Z\n---\nB.")
    assert found.article.expires == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert not found.findings


def test_a_date_of_expiry_that_cannot_be_read_is_refused() -> None:
    assert "expiry" in refusal("---\ntitle: A\nexpiryDate: soonish\n---\nB.").message
    assert article("---\ntitle: A\nexpires: never\n---\nB.").expires is None


@pytest.mark.parametrize(
    "written",
    [
        *("drfat: true", "darft: true", "draf: yes", "Drafft: true", "drafts: true"),
        *("publised: false", "publihs: false", "publishd: false", "dg-publsh: false"),
        *("statsu: draft", "hiden: true", "pirvate: yes", "unlsited: true", "headles: true"),
        *("expirydat: 2020-01-01", "expiriyDate: 2030-01-01", "publshDate: 2099-01-01"),
        *("pasword: kelp", "visibel: false", "eleventyExcludeFromColections: true"),
        *("dtae: 2020-01-01", "creatd: 2020-01-01"),
    ],
)
def test_a_typo_of_a_key_that_controls_publication_holds_the_article_back(written: str) -> None:
    found = reading(f"---\ntitle: A\n{written}\n---\nBody.")
    assert found.article.hold
    assert [(f.rule, f.line) for f in found.findings] == [("key-unknown", 3)]
    assert "held back" in found.findings[0].message
    assert found.article.inferred["draft"].startswith(written.partition(":")[0])


@pytest.mark.parametrize(
    "written",
    [
        *("craft: knitting", "gender: female", "published_in: 2020", "privacy: true", "drift: 3"),
        *("listen: https://example.net/", "publisher: true", "rendered: by hand", "states: [one]"),
        *("feeds: false", "crafts: knitting", "statute: 12", "summry: true", "titel: x", "drfat:"),
    ],
)
def test_a_key_that_only_resembles_one_holds_nothing_back(written: str) -> None:
    assert not article(f"---\ntitle: A\ndate: 2024-03-01\n{written}\n---\nBody.").hold


def test_a_typo_of_the_date_matters_only_where_there_is_no_date() -> None:
    found = reading("---\ntitle: A\ndate: 2024-03-01\ndtae: 2020-01-01\n---\nBody.")
    assert not found.article.hold


def test_a_date_of_publication_takes_precedence_over_the_date_in_any_order() -> None:
    for lines in ("date: 2024-01-01\npublish: 2099-01-01", "publish: 2099-01-01\ndate: 2024-01-01"):
        assert article(f"---\ntitle: A\n{lines}\n---\nBody.").date == datetime(
            2098, 12, 31, 23, tzinfo=UTC
        )


@pytest.mark.parametrize("name", ["2026-02-30-x.md", "2026-13-07-x.md", "a/2026-02-30-x/index.md"])
def test_a_file_name_with_a_day_that_does_not_exist_is_held_back(name: str) -> None:
    found = reading("Text of it.", name)
    assert found.article.hold
    assert [f.rule for f in found.findings] == ["publication-unclear"]
    assert not article("---\ndate: 2026-03-01\n---\nText.", name).hold
