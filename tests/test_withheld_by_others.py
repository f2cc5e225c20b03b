# ruff: noqa: E501  texts of files
"""What a generator leaves out because of other files: folders, data files, configurations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from site_folder import NOON, SiteFolder
from syndicate.build.explain import explain

POST = "---\ntitle: {}\ndate: 2026-11-01\n---\nWords.\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    return SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")


def fill(site: SiteFolder, files: Mapping[str, str]) -> None:
    """Write files; `../` is beside the content folder. A text of one word is an article's title."""
    for path, text in files.items():
        site.write(path, POST.format(text) if text.isalpha() else text)


def titles(site: SiteFolder) -> list[str]:
    return sorted(item["title"] for item in json.loads(site.text("feed.json"))["items"])


HUGO = {"posts/one.md": "One", "secret/two.md": "Two", "secret/deep/three.md": "Three"}
CASES: Mapping[str, tuple[Mapping[str, str], list[str]]] = {
    "Hugo: a draft cascades": (
        HUGO | {"secret/_index.md": "---\ntitle: S\ncascade:\n  draft: true\n---\n"},
        ["One"],
    ),
    "Hugo: TOML, never rendered": (
        HUGO | {"secret/_index.md": "+++\ntitle = 'S'\n[cascade.build]\nrender = 'never'\n+++\n"},
        ["One"],
    ),
    "Hugo: never listed": (
        HUGO | {"secret/_index.md": "---\ncascade: {_build: {list: never}}\n---\n"},
        ["One"],
    ),
    "Hugo: a list with targets": (
        HUGO
        | {
            "_index.md": "---\ncascade:\n- target: {path: '/secret/**'}\n  draft: true\n"
            "- _target: {path: /posts/nothing}\n  draft: true\n---\n"
        },
        ["One"],
    ),
    "Hugo: the nearest wins": (
        HUGO
        | {
            "secret/_index.md": "---\ncascade: {draft: true}\n---\n",
            "secret/deep/_index.md": "---\ncascade: {draft: false}\n---\n",
        },
        ["One", "Three"],
    ),
    "Hugo: the article's own header wins": (
        {
            "_index.md": "---\ncascade: {draft: true}\n---\n",
            "a.md": "A",
            "b.md": "---\ntitle: B\ndate: 2026-11-01\ndraft: false\n---\nWords.\n",
        },
        ["B"],
    ),
    "Hugo: only outside production": (
        HUGO
        | {
            "_index.md": "---\ncascade: {target: {environment: staging}, draft: true}\n---\n",
        },
        ["One", "Three", "Two"],
    ),
    "Hugo: sections only": (
        HUGO | {"_index.md": "---\ncascade: {target: {kind: section}, draft: true}\n---\n"},
        ["One", "Three", "Two"],
    ),
    "Hugo: a day of publication to come": (
        HUGO | {"secret/_index.md": "---\ncascade: {publishDate: 2099-01-01}\n---\n"},
        ["One"],
    ),
    "Hugo: expired": (
        HUGO | {"secret/_index.md": "---\ncascade: {expiryDate: 2020-01-01}\n---\n"},
        ["One"],
    ),
    "Hugo: configuration": (
        HUGO
        | {
            "../hugo.toml": "[[cascade]]\ndraft = true\n[cascade._target]\npath = '{/secret/**,/x}'\n"
        },
        ["One"],
    ),
    "Hugo: configuration in its folder": (
        HUGO
        | {
            "../config/_default/hugo.yaml": "cascade:\n  - target:\n      path: /secret**\n"
            "    private: true\n"
        },
        ["One"],
    ),
    "Hugo, Zola: a draft section": (
        HUGO | {"secret/_index.md": "+++\ntitle = 'S'\ndraft = true\n+++\n"},
        ["One"],
    ),
    "Hugo: a headless bundle": (
        {"a.md": "A", "b/index.md": "---\nheadless: true\n---\nWords.\n", "b/part.md": "Part"},
        ["A"],
    ),
    "Zola: ignored content": (
        HUGO
        | {"../config.toml": 'base_url = "https://a.example"\nignored_content = ["secret/*"]\n'},
        ["One"],
    ),
    "Jekyll: defaults of a path": (
        {
            "_posts/2026-11-01-a.md": "A",
            "_posts/hidden/2026-11-01-b.md": "B",
            "_posts/hidden/2026-11-02-c.md": "---\ntitle: C\npublished: true\n---\nWords.\n",
            "_config.yml": "title: x\nplugins: !!strange y\ndefaults:\n- scope:\n    path: _posts/hidden"
            "\n    type: posts\n  values:\n    published: false\n",
        },
        ["A", "C"],
    ),
    "Jekyll: the more specific path wins": (
        {
            "_posts/2026-11-01-a.md": "A",
            "_posts/open/2026-11-01-b.md": "B",
            "_config.yml": "defaults:\n  - scope: {path: ''}\n    values: {published: false}\n"
            "  - scope: {path: _posts/open}\n    values: {published: true}\n",
        },
        ["B"],
    ),
    "Jekyll: exclude and folders that are no collection": (
        {
            "_posts/2026-11-01-a.md": "A",
            "old/b.md": "B",
            "_notes/c.md": "C",
            "_recipes/d.md": "D",
            "_people/e.md": "E",
            "_config.yml": "exclude: [old/]\ncollections:\n  recipes: {output: true}\n  people: {}\n",
        },
        ["A", "D"],
    ),
    "Jekyll: configuration beside the folder": (
        {
            "a.md": "A",
            "b.md": "B",
            "../_config.yml": "exclude:\n- content/b.md\n",
        },
        ["A"],
    ),
    "Hexo: exclude": (
        {
            "_posts/a.md": "A",
            "_posts/x/b.md": "B",
            "../_config.yml": "source_dir: content\nexclude:\n  - _posts/x/**\n",
        },
        ["A"],
    ),
    "Eleventy: data of a folder": (
        {
            "posts/a.md": "A",
            "secret/b.md": "B",
            "secret/deep/c.md": "C",
            "secret/secret.json": '{"permalink": false, "date": "git Last Modified"}',
            "none/d.md": "D",
            "none/none.11tydata.json": '{"eleventyExcludeFromCollections": true}',
        },
        ["A"],
    ),
    "Eleventy: data of one article, and programs": (
        {
            "posts/a.md": "A",
            "posts/b.md": "B",
            "posts/b.11tydata.json": '{"draft": true}',
            "posts/c.md": "C",
            "posts/c.json": '{"permalink": false}',
            "secret/d.md": "D",
            "secret/secret.11tydata.js": "module.exports = {\n  // draft: false\n  permalink: false };",
            "open/e.md": "E",
            "open/open.11tydata.js": "export default { // draft: true,\n permalink: (d) => d.x };",
        },
        ["A", "E"],
    ),
    "Eleventy: ignores": (
        {
            "a.md": "A",
            "b/c.md": "C",
            "d.md": "D",
            "../.eleventyignore": "content/b/\n",
            "../eleventy.config.js": 'export default (c) => { c.ignores.add("content/d.md"); }',
        },
        ["A"],
    ),
    "MkDocs: drafts and exclusions": (
        {
            "a.md": "A",
            "drafts.d/b.md": "B",
            "c.md": "C",
            "keep/c.md": "Kept",
            "d/private-e.md": "E",
            "../mkdocs.yml": "site_name: x\nmarkdown_extensions:\n  - y: !!python/name:z.w\n"
            "draft_docs: |\n  drafts.d/\n  private-*.md\nexclude_docs: |\n  # no\n  c.md\n  !/keep/c.md\n",
        },
        ["A", "Kept"],
    ),
    "Quarto: data of a folder, and a list": (
        {
            "a.md": "A",
            "b/_metadata.yml": "draft: true\n",
            "b/c.md": "C",
            "d/index.md": "D",
            "../_quarto.yml": "website:\n  drafts:\n    - content/d/index.md\n",
        },
        ["A"],
    ),
    "Pelican: drafts unless stated": (
        {
            "a.md": "Title: A\nDate: 2026-11-01\nStatus: published\n\nWords.\n",
            "b.md": "Title: B\nDate: 2026-11-01\n\nWords.\n",
            "../pelicanconf.py": "AUTHOR = 'x'\nDEFAULT_METADATA = {\n    'status': 'draft',\n}\n",
        },
        ["A"],
    ),
    "Quartz, VitePress: patterns": (
        {
            "a.md": "A",
            "private/b.md": "B",
            "c.md": "C",
            "../quartz.config.ts": 'const c = { ignorePatterns: ["private", "templates"] }',
            ".vitepress/config.mts": "export default { srcExclude: ['**/c.md'] }",
        },
        ["A"],
    ),
    "Docusaurus: parts": (
        {"a.md": "A", "_parts/b.md": "B", "../docusaurus.config.js": "export default {};"},
        ["A"],
    ),
    "a name that begins with _": ({"a.md": "A", "_b.md": "B", "c/_d.mdown": "D"}, ["A"]),
    "Nikola: a file for the header": (
        {
            "a.md": "Words of the first.\n",
            "a.meta": ".. title: A\n.. date: 2026-11-01 12:00:00 UTC+01:00\n.. tags: one, two\n",
            "b.md": "Words of another.\n",
            "b.meta": ".. title: B\n.. date: 2026-11-01\n.. status: private\n",
            "c.md": "<!--\n.. title: C\n.. date: 2026-11-01\n.. tags: x, draft\n-->\n\nWords.\n",
            "d.md": ".. title: D\n.. date: 2026-11-01\n.. status: featured\n\nWords.\n",
        },
        ["A", "D"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_other_files_hold_back_is_not_published(site: SiteFolder, case: str) -> None:
    files, expected = CASES[case]
    fill(site, files)
    report = site.build()
    assert titles(site) == expected
    assert not report.findings


def test_a_change_of_the_other_file_is_noticed_and_explained(site: SiteFolder) -> None:
    fill(site, HUGO)
    site.build()
    assert titles(site) == ["One", "Three", "Two"]
    site.write("secret/_index.md", "---\ncascade: {draft: true}\n---\n")
    assert site.build().articles == 1
    assert titles(site) == ["One"]
    with site.opened() as opened:
        facts = explain(opened, "secret/two.md", NOON).facts
    assert any("cascade in secret/_index.md" in str(fact) for fact in facts)
    site.remove("secret/_index.md")
    site.build()
    assert titles(site) == ["One", "Three", "Two"]
    assert site.build().read == 0


def test_the_header_in_a_file_of_its_own_may_change_alone(site: SiteFolder) -> None:
    fill(site, {"a.md": "Words.\n", "a.meta": ".. title: A\n.. date: 2026-11-01\n"})
    site.build()
    site.write("a.meta", ".. title: Another\n.. date: 2026-11-01\n")
    site.build()
    assert titles(site) == ["Another"]
    site.remove("a.meta")
    site.article("b.md", "B", date="2026-11-01")
    site.build()
    assert "Another" not in titles(site)


def test_a_file_that_cannot_be_read_holds_back_what_is_new_below_it(site: SiteFolder) -> None:
    fill(site, HUGO)
    site.build()
    fill(site, {"secret/_index.md": "---\ncascade: {draft: [true\n---\n", "secret/new.md": "New"})
    report = site.build()
    assert titles(site) == ["One", "Three", "Two"], "published before, so it stays"
    assert {f.path for f in report.findings} == {
        *("secret/_index.md", "secret/new.md", "secret/two.md", "secret/deep/three.md")
    }
    site.write("secret/_index.md", "---\ncascade: {draft: true}\n---\n")
    assert not site.build().findings
    assert titles(site) == ["One"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a/a.11tydata.js", "permalink /*" * 60_000),
        ("quartz.config.ts", "ignorePatterns: [" * 50_000),
        ("_config.yml", "defaults:\n" * 100_000),
        ("pelicanconf.py", "DEFAULT_METADATA = {\n" * 40_000),
        (".eleventyignore", "**/*a*a*a*a\n" * 100_000),
        (
            "_index.md",
            "---\ncascade:\n" + "- target: {path: '/**/*a*a*b'}\n  draft: true\n" * 1_200,
        ),
    ],
)
def test_files_made_to_exhaust_time_cost_little(site: SiteFolder, path: str, text: str) -> None:
    fill(site, {"a.md": "A", "a/" + "a" * 200 + ".md": "B", path: text})
    assert site.build().read == (3 if path == "_index.md" else 2)
