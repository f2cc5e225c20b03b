"""`explain`: where the values of an article are from, and why it is or is not published."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal import RunCommand, article


def rows(out: str) -> dict[str, str]:
    """Each row of the explanation by its name."""
    pairs = (line.strip().split("  ", 1) for line in out.splitlines() if line.startswith("  "))
    return {name: value.strip() for name, value in (pair for pair in pairs if len(pair) == 2)}


SWIFTS = "content/counting-swifts.md"


@pytest.mark.parametrize(
    "name",
    [
        SWIFTS,
        "counting-swifts.md",
        "counting-swifts",
        "Counting swifts from a kitchen chair",
        "counting SWIFTS from a kitchen chair",
        "https://tide.example.net/articles/counting-swifts/",
        "./content/../content/counting-swifts.md",
    ],
)
def test_an_article_is_found_by_path_title_or_url(site: Path, run: RunCommand, name: str) -> None:
    result = run("explain", name)
    assert result.code == 0
    assert result.out.splitlines()[0] == SWIFTS


def test_an_article_is_found_by_its_id_and_by_an_absolute_path(site: Path, run: RunCommand) -> None:
    identity = rows(run("explain", SWIFTS).out)["id"].split("  ")[0]
    assert identity.startswith("tag:tide.example.net,")
    for name in (identity, str(site / SWIFTS)):
        assert run("explain", name).out.startswith(SWIFTS)


def test_an_article_is_found_from_inside_the_content_folder(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site / "content")
    for name in ("counting-swifts.md", "counting-swifts", "the-rule-of-twelfths"):
        result = run("explain", name, "--config", "../config.yaml")
        assert result.code == 0
        assert not result.out.startswith("content/")


def test_a_bundle_is_found_by_its_folder(site: Path, run: RunCommand) -> None:
    result = run("explain", "content/the-rule-of-twelfths")
    assert result.out.startswith("content/the-rule-of-twelfths/index.md\n")
    assert rows(result.out)["image"] == "harbour-at-dusk.png  (header)"


def test_each_value_is_shown_with_its_source(site: Path, run: RunCommand) -> None:
    stated = rows(run("explain", "counting-swifts").out)
    assert stated["title"] == "Counting swifts from a kitchen chair  (header)"
    assert stated["tags"] == "birds, weather  (header)"
    assert stated["date"] == "2026-07-05 21:10 IST  (header)"
    assert stated["language"] == "en  (site.language)"
    assert stated["address"].endswith("/articles/counting-swifts/  (site.permalink)")
    inferred = rows(run("explain", "2026-09-13.md").out)
    assert inferred["date"].endswith("(date in the file name)")
    assert inferred["tags"].endswith("(keyword line at the end)")
    assert inferred["title"].endswith("(first sentence)")
    assert inferred["author"] == "Ada Brook  (site.author)"
    assert inferred["slug"] == "2026-09-13  (file name)"


def test_the_rules_that_made_sense_of_a_text_without_markup_are_named(
    site: Path, run: RunCommand
) -> None:
    lines = ["Why the lamp turns", "by Ann Lee", "It turns because a light that stands still is "
             "taken for a star, or for a window, by anyone who is tired enough to hope for one.",
             "The clockwork was wound every four hours, and nobody who wound it slept well.",
             "Tags: lamps, clockwork", "#sea"]  # fmt: skip
    (site / "content" / "lamp.txt").write_text("\n".join(lines))
    found = rows(run("explain", "content/lamp.txt").out)
    assert found["title"] == "Why the lamp turns  (title line)"
    assert found["author"] == "Ann Lee  (byline)"
    assert found["paragraphs"] == "one paragraph per line  (layout of the text)"
    assert found["tags"] == (
        "lamps, clockwork, sea  (labelled line 'Tags:', hashtags in the last line)"
    )


def test_every_feed_and_newsletter_is_listed_with_yes_or_no_and_why(
    site: Path, run: RunCommand
) -> None:
    result = rows(run("explain", "counting-swifts").out)
    assert result["site"] == "yes  (place 5 of 11)"
    assert result["tag birds"] == "yes  (place 1 of 2)"
    assert result["tag weather"] == "yes  (place 2 of 3)"
    assert result["weekly"] == "yes  (in this issue)"
    old = rows(run("explain", "a-quieter-way").out)
    assert old["weekly"].startswith("no  (published before the newsletter began")


def configure(old: str, new: str) -> None:
    text = Path("config.yaml").read_text(encoding="utf-8")
    assert old in text
    Path("config.yaml").write_text(text.replace(old, new), encoding="utf-8")


def test_a_full_feed_is_the_reason_that_an_article_is_not_in_it(
    site: Path, run: RunCommand
) -> None:
    configure("entries: 20", "entries: 2")
    run("build", "--quiet")
    result = rows(run("explain", "counting-swifts").out)
    assert result["site"] == "no  (older than the newest 2)"
    assert result["archive"].startswith("yes  (page ")


def test_a_late_article_with_an_old_date_is_in_the_feed(site: Path, run: RunCommand) -> None:
    configure("entries: 20", "entries: 3")
    late = "---\ntitle: Late\ndate: 2020-01-01\n---\nText.\n"
    for name in ("late-1.md", "late-2.md"):
        article(site, name, late.replace("Late", name))
        run("build", "--quiet")
    feed = Path("public/feed.xml").read_text(encoding="utf-8")
    for name in ("late-1.md", "late-2.md"):
        result = rows(run("explain", name).out)
        in_feed = f"<title>{name}</title>" in feed
        assert result["site"].startswith("yes" if in_feed else "no")
    assert "<title>late-1.md</title>" in feed or "<title>late-2.md</title>" in feed


def test_a_draft_is_explained(site: Path, run: RunCommand) -> None:
    result = rows(run("explain", "winter-closing-times").out)
    assert result["state"] == "draft  (header)"
    assert result["feeds"] == result["weekly"] == "no  (it is a draft)"
    article(site, "drafts/idea.md", "---\ntitle: Idea\n---\nText.\n")
    run("build", "--quiet")
    assert rows(run("explain", "Idea").out)["state"] == "draft  (folder for drafts)"


def test_a_scheduled_article_is_explained_with_its_time(site: Path, run: RunCommand) -> None:
    article(site, "later.md", "---\ntitle: Later\ndate: 2099-01-02 10:00\n---\nText.\n")
    run("build", "--quiet")
    result = rows(run("explain", "later").out)
    assert result["state"].startswith("scheduled")
    why = "no  (its date lies in the future: 2099-01-02 10:00 GMT)"
    assert result["feeds"] == result["weekly"] == why


def test_a_broken_article_is_explained_with_its_published_version_and_error(
    site: Path, run: RunCommand
) -> None:
    article(site, "counting-swifts.md", "---\ntitle: Swifts\ndate: 2026-13-45\n---\nText.\n")
    run("build", "--quiet")
    result = run("explain", "content/counting-swifts.md")
    assert result.code == 0
    known = rows(result.out)
    assert known["state"] == "broken  (it cannot be read; what was published from it stays)"
    assert known["site"] == "yes  (place 5 of 11)"
    assert "content/counting-swifts.md:3  error    the date cannot be read" in result.out


def test_a_broken_article_that_was_never_published_is_nowhere(site: Path, run: RunCommand) -> None:
    article(site, "bad.md", "---\ntitle: Bad\ndate: 2026-13-45\n---\nText.\n")
    result = run("explain", "content/bad.md")
    assert rows(result.out)["feeds"] == "no  (it cannot be read; nothing is published from it)"
    assert "content/bad.md:3" in result.out


def test_an_article_before_its_first_build_is_found_too(site: Path, run: RunCommand) -> None:
    article(site, "news.md", "---\ntitle: Fresh news\nslug: extra\n---\nText.\n")
    for name in ("content/news.md", "extra", "Fresh news"):
        result = rows(run("explain", name).out)
        assert result["state"] == "new  (not built yet: syndicate build)"
        assert result["slug"] == "extra  (header)"
        assert result["feeds"] == "no  (not built yet: syndicate build)"


def test_an_edit_since_the_last_build_is_mentioned(site: Path, run: RunCommand) -> None:
    path = Path(SWIFTS)
    path.write_text(path.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
    assert rows(run("explain", SWIFTS).out)["state"].startswith("changed")
    run("build", "--quiet")
    assert rows(run("explain", SWIFTS).out)["state"] == "published", "even within the second"


def test_a_removed_article_is_explained(site: Path, run: RunCommand) -> None:
    Path(SWIFTS).unlink()
    assert rows(run("explain", SWIFTS).out)["state"] == "gone  (its file is gone: syndicate build)"
    run("build", "--quiet")
    for name in (SWIFTS, "counting-swifts"):
        result = rows(run("explain", name).out)
        assert result["state"] == "gone  (its file is gone)"
        assert result["id"].startswith("tag:tide.example.net,")
        assert result["feeds"] == "no  (its file is gone)"


def test_an_existing_article_takes_precedence_over_a_removed_one(
    site: Path, run: RunCommand
) -> None:
    Path(SWIFTS).unlink()
    again = "---\ntitle: Other\nslug: counting-swifts\ndate: 2026-11-01\n---\nOther text.\n"
    article(site, "other.md", again)
    run("build", "--quiet")
    assert run("explain", "counting-swifts").out.startswith("content/other.md\n")
    assert run("explain", SWIFTS).out.startswith(SWIFTS)


def test_a_name_that_several_have_is_answered_with_their_files(site: Path, run: RunCommand) -> None:
    for name in ("one.md", "two.md"):
        article(site, name, f"---\ntitle: Twins\nslug: {name}\ndate: 2026-11-01\n---\nText.\n")
    run("build", "--quiet")
    result = run("explain", "twins")
    assert result.code == 2
    assert "one.md, two.md" in result.err


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("content/countin-swifts.md", "did you mean counting-swifts.md?"),
        ("", "name a file in the content folder"),
        ("../../../etc/passwd", "there is no such article"),
        ("/etc/passwd", "there is no such article"),
        ("content", "there is no such article"),
        ("content/the-rule-of-twelfths/harbour-at-dusk.png", "not an article"),
    ],
)
def test_a_file_that_is_not_an_article_is_explained(
    site: Path, run: RunCommand, name: str, hint: str
) -> None:
    result = run("explain", name)
    assert result.code == 2
    assert result.out == ""
    assert hint in result.err


def test_explaining_changes_no_document_and_no_record(site: Path, run: RunCommand) -> None:
    article(site, "news.md", "---\ntitle: News\n---\nText.\n")
    before = run("explain", "content/news.md")
    assert run("explain", "content/news.md") == before
    assert not Path("public/articles/news").exists()


@pytest.mark.parametrize(
    ("header", "state", "feeds"),
    [
        ("type: page", "page  (type: page)", "no  (it is a page: type: page)"),
        ("headless: true", "draft  (headless: true)", "no  (it is a draft)"),
        ("password: kelp", "draft  (password)", "no  (it is a draft)"),
        ("drfat: true", "draft  (drfat, a typo of draft?)", "no  (it is a draft)"),
        ("feed: false", "unlisted  (feed: false)", "no  (it is unlisted: feed: false)"),
        (
            "expiryDate: 2020-01-01",
            "expired  (its date of expiry has passed: 2020-01-01 00:00 GMT)",
            "no  (its date of expiry has passed: 2020-01-01 00:00 GMT)",
        ),
    ],
)
def test_the_key_that_keeps_an_article_out_is_named(
    site: Path, run: RunCommand, header: str, state: str, feeds: str
) -> None:
    article(site, "x.md", f"---\ntitle: News\ndate: 2019-11-01\n{header}\n---\nText.\n")
    run("build", "--quiet")
    result = rows(run("explain", "content/x.md").out)
    assert (result["state"], result["feeds"]) == (state, feeds)


def test_the_folder_that_makes_a_page_is_named_and_why_none_is_built(
    site: Path, run: RunCommand
) -> None:
    article(site, "pages/about.md", "---\ntitle: About us\n---\nText.\n")
    article(site, "pages/search.md", "---\ntitle: Search\n---\n")
    run("build", "--quiet")
    about = rows(run("explain", "content/pages/about.md").out)
    assert about["state"] == "page  (folder pages/)"
    assert about["address"] == "https://tide.example.net/about/  (path)"
    search = run("explain", "content/pages/search.md")
    assert "not built" in rows(search.out)["state"]
    assert "a page without text is not built" in search.out
    assert "body-empty" not in search.out
