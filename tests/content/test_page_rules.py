"""Which files are pages of the site, by header, folder and the files around them."""

from __future__ import annotations

from datetime import UTC

import pytest

from syndicate.content import page_rules
from syndicate.content.article import Article, HoldKind
from syndicate.content.page_rules import (
    AT_ROOT,
    BESIDE_POSTS,
    CALLED,
    INDEX,
    OUTSIDE,
    UNDATED_POST,
    surrounding,
)
from syndicate.content.reader import read


def article(header: str, path: str = "posts/x.md", text: str = "Words.") -> Article:
    return read(path, f"---\n{header}\n---\n{text}\n".encode(), UTC).article


@pytest.mark.parametrize(
    "header",
    [
        *("type: page", "Type: Page", "post_type: page", "layout: page", "layout: search"),
        *("layout: archives", "layout: archive", "layout: home", "layout: layouts/page.njk"),
        *("layout: page.html", "type: about", "layout: contact", "template: search.html"),
        *("type: page\ndate: 2020-01-01", "layout: search\ndate: 2020-01-01"),
    ],
)
def test_the_header_makes_a_page_and_is_named(header: str) -> None:
    found = article(header)
    assert found.page
    assert found.inferred["page"].partition(":")[0] in ("type", "layout", "template")


@pytest.mark.parametrize(
    "header",
    [
        *("layout: post", "layout: default", "layout: single", "type: post", "kind: page"),
        *("template: page.html", "type: links\ndate: 2020-01-01", "type: [page]", "layout: null"),
        *("type: post\nlayout: page", "title: page"),
    ],
)
def test_other_headers_do_not_make_a_page(header: str) -> None:
    assert not article(header).page


def test_a_post_stays_one_whatever_its_layout_and_its_folder() -> None:
    assert not article("layout: page\ndate: 2020-01-01", "_posts/2020-01-01-x.md").page
    assert not article("type: post", "pages/x.md").page
    assert not article("date: 2020-01-01", "de/blog/pages/x.md").page
    assert not article("date: 2020-01-01", "pages/2020-01-01-x.md").page


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("pages/privacy.md", "folder pages/"), ("_pages/en/about.md", "folder _pages/"),
        ("about.md", "called about"), ("About/index.md", "called about"),
        ("tags/index.md", "called tags"), ("privacy-policy.html", "called privacy-policy"),
        ("now.md", "called now"), ("uses/index.md", "called uses"),
        ("colophon.md", "called colophon"),
        ("Datenschutz.md", "called datenschutz"), ("Über_mich.md", "called über-mich"),
        ("about.de.md", "called about"),
        ("about_pt_br.md", "called about"), ("关于.md", "called 关于"),
        ("en/about.md", "called about, at the root of en/"),
        ("content/pt-BR/contact/index.md", "called contact, at the root of content/pt-BR/"),
        ("zh_Hans/pages/x.md", "folder pages/"),
    ],
)  # fmt: skip
def test_where_generators_put_pages_even_a_date_makes_no_article(path: str, reason: str) -> None:
    found = article("title: A\ndate: 2019-01-01", path)
    assert (found.page, found.inferred["page"]) == (True, reason)


@pytest.mark.parametrize(
    "path",
    [
        *("blog/about.md", "about/boats.md", "2019-01-01-about.md", "2019/01/01/about.md"),
        *("qq/about.md", "en/blog/about.md", "en/2019-01-01-about.md", "projects.md", "about.txt"),
        *("about-boats.md", "contact-lenses.md", "now-and-then.md"),
    ],
)
def test_a_dated_file_with_the_name_of_a_page_is_an_article_elsewhere(path: str) -> None:
    assert not article("title: A\ndate: 2019-01-01", path).page
    assert not article("type: post\ndate: 2019-01-01", "about.md").page


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("projects.md", "called projects"), ("en/faq/index.md", "called faq, at the root of en/"),
        ("about.txt", "called about"), ("de/Impressum.txt", "called impressum, at the root of de/"),
    ],
)  # fmt: skip
def test_without_a_date_more_names_at_a_root_make_pages(path: str, reason: str) -> None:
    found = article("title: A", path)
    assert (found.page, found.inferred["page"]) == (True, reason)
    assert not article("title: A\ntype: post", path).page
    assert not article("title: A\ndate: 2019-01-01", path).page


@pytest.mark.parametrize("path", ["search.txt", "links.txt", "about/boats.txt", "x/about.txt"])
def test_plain_text_has_the_name_of_a_page_only_where_it_means_nothing_else(path: str) -> None:
    assert not article("title: A", path).page


def test_a_dated_file_with_such_a_name_is_a_page_where_articles_lie_in_folders() -> None:
    paths = ["projects.md", "posts/a.md", "en/cv.md"]
    around = surrounding(paths, [], paths)
    assert around.reason("projects.md", dated=True) == CALLED
    assert around.reason("en/cv.md", dated=True) == CALLED
    assert around.reason("harbour.md", dated=True) == ""
    assert surrounding([*paths, "b.md"], [], []).reason("projects.md", dated=True) == ""


def test_many_files_outside_folders_of_posts_are_pages_all_the_same() -> None:
    many = [f"docs/{number}.md" for number in range(30)]
    assert surrounding(["posts/a.md", "en/blog/b.md"], many, many).reason(many[0]) == OUTSIDE
    assert surrounding(["journal/a.md"], many, many).reason(many[0]) == ""
    assert surrounding(["journal/a.md"], many[:5], many).reason(many[0]) == OUTSIDE


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("pages/about.md", "folder pages/"), ("en/pages/about.md", "folder pages/"),
        ("page/about/index.md", "folder page/"), ("_pages/about.md", "folder _pages/"),
        ("_tabs/about.md", "folder _tabs/"), ("posts/_index.md", "_index is the page of a section"),
    ],
)  # fmt: skip
def test_a_folder_makes_its_undated_files_pages(path: str, reason: str) -> None:
    found = article("title: A", path)
    assert (found.page, found.inferred["page"]) == (True, reason)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("about.md", "about/"), ("About Me.md", "about-me/"), ("about/index.md", "about/"),
        ("pages/about.md", "about/"), ("en/pages/about.md", "en/about/"), ("x/_index.md", "x/"),
        ("index.md", ""), ("_index.md", ""), ("pages/index.md", ""),
    ],
)  # fmt: skip
def test_a_page_has_its_natural_address(path: str, url: str) -> None:
    assert page_rules.default_path(path, article("title: T", path).slug) == url


def test_a_page_without_text_is_left_out_and_an_article_without_text_is_reported() -> None:
    empty = read("search.md", b"---\nlayout: search\n---\n", UTC)
    assert (empty.article.hold, empty.article.inferred["draft"]) == (
        HoldKind.NOT_BUILT,
        page_rules.EMPTY,
    )
    assert empty.findings == ()
    found = read("posts/x.md", b"---\ntitle: A\n---\n", UTC)
    assert [finding.rule for finding in found.findings] == ["body-empty"]


def test_an_empty_section_page_causes_no_finding() -> None:
    assert read("posts/_index.md", b"", UTC).findings == ()
    assert read("_index.md", b"\n", UTC).article.hold == HoldKind.NOT_BUILT


def test_the_front_page_is_made_by_the_program() -> None:
    found = article("layout: home", "index.md")
    assert (found.hold, found.inferred["draft"]) == (HoldKind.NOT_BUILT, page_rules.FRONT)


SECTIONS = ("posts/a.md", "posts/b/index.md", "notes/c.md")


@pytest.mark.parametrize(
    ("path", "dated", "reason"),
    [
        ("about.md", SECTIONS, AT_ROOT), ("about/index.md", SECTIONS, AT_ROOT),
        ("about.md", ("posts/a.md",), AT_ROOT),
        # the root holds articles of its own, or nothing has a date
        ("about.md", ("a.md", *SECTIONS), ""), ("about.md", (), ""),
        ("about.md", ("trip/index.md", *SECTIONS), ""),
        # beside dated articles, or in a folder of undated ones
        ("posts/undated.md", SECTIONS, ""), ("posts/x/y/undated.md", SECTIONS, ""),
        # in a folder of its own
        ("docs/guide.md", SECTIONS, OUTSIDE), ("projects/boat/index.md", SECTIONS, OUTSIDE),
        ("docs/guide.md", ("a.md", *SECTIONS), ""), ("docs/guide.md", (), ""),
        # each language has a root
        ("en/about-boats.md", ("en/posts/a.md", "fr/posts/a.md"), AT_ROOT),
        ("en/projects/boat.md", ("en/posts/a.md",), OUTSIDE),
        ("en/posts/x/undated.md", ("en/posts/a.md",), ""),
        ("en/index.md", ("en/a.md",), INDEX), ("en/about-boats.md", ("fr/a.md",), ""),
        # the name of a page beside dated articles
        ("blog/about.md", ("blog/a.md",), CALLED), ("blog/boats.md", ("blog/a.md",), ""),
        ("blog/about.md", ("news/a.md", "x.md"), ""),
        ("posts/index.md", SECTIONS, INDEX), ("index.md", SECTIONS, INDEX),
        ("index.md", ("a.md",), INDEX), ("index.md", (), ""), ("trip/index.md", ("a.md",), ""),
    ],
)  # fmt: skip
def test_surrounding_files_may_make_an_undated_file_a_page(
    path: str, dated: tuple[str, ...], reason: str
) -> None:
    assert surrounding(dated, [path], [path, *dated]).reason(path) == reason


def test_beside_posts_of_jekyll_or_hexo_all_that_is_undated_is_a_page() -> None:
    around = surrounding([], ["about/index.md"], ["_posts/x.md", "about/index.md", "tools/x.md"])
    assert around.reason("about/index.md") == BESIDE_POSTS
    assert around.reason("tools/x.md") == BESIDE_POSTS


def test_an_undated_file_among_posts_with_dated_names_is_not_a_page() -> None:
    jekyll = ["_posts/2026-11-01-a.md", "x/_posts/2026-11-02-b.md", "_posts/parts/c.html"]
    around = surrounding([], [], jekyll)
    assert around.withholds("_posts/parts/c.html", dated=False) == UNDATED_POST
    assert around.withholds("_posts/c.md", dated=True) == ""
    assert around.withholds("c.md", dated=False) == ""
    assert around.reason("_posts/c.md") == ""
    hexo = surrounding([], [], ["_posts/2026-11-01-a.md", "_posts/b.md"])
    assert hexo.withholds("_posts/b.md", dated=False) == ""


def test_many_undated_files_at_the_root_beside_few_dated_ones_are_not_pages() -> None:
    many = [f"note{number}.md" for number in range(6)]
    assert surrounding(["journal/a.md"], many, many).reason("note1.md") == ""
    assert surrounding(["journal/a.md"], many[:5], many).reason("note1.md") == AT_ROOT
    assert surrounding([f"p/{n}.md" for n in range(6)], many, many).reason("note1.md") == AT_ROOT


def test_plain_text_and_dated_files_are_never_pages_by_what_lies_around_them() -> None:
    assert not read("hello.txt", b"Words.", UTC).article.may_be_page
    assert not article("date: 2020-01-01", "2020-01-01-colophon.md").may_be_page
    assert not article("date: 2020-01-01", "_recipes/colophon.md").may_be_page
    assert not article("title: x", "_drafts/x.md").may_be_page
    assert article("title: x", "harbour.md").may_be_page


def test_outside_the_folder_of_posts_even_a_date_makes_no_article() -> None:
    dated = ["_posts/a.md", "uses/index.md"]
    around = surrounding(dated, [], dated)
    assert around.reason("uses/index.md", dated=True) == BESIDE_POSTS
    assert surrounding(dated[1:], [], dated[1:]).reason("uses/index.md", dated=True) == ""


def test_the_page_of_a_section_is_one_even_with_a_date() -> None:
    assert article("title: Posts\ndate: 2020-01-01", "posts/_index.md").page
