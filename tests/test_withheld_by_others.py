# ruff: noqa: E501  texts of files
"""What a generator leaves out because of other files: folders, data files, configurations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from site_folder import NOON, SiteFolder
from syndicate.build.explain import explain

pytestmark = pytest.mark.slow

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
    "Hugo: files that fit a regular expression": (
        HUGO
        | {
            "posts/four.draft.md": "Four",
            "../hugo.toml": "ignoreFiles = ['/secret/', '\\.draft\\.md$', '(?i)^/CONTENT/none']\n",
        },
        ["One"],
    ),
    "Hugo: mounts name what is built": (
        HUGO
        | {
            "posts/x/four.md": "Four",
            "posts/x/deep/five.md": "Five",
            "posts/six-old.md": "Six",
            "../hugo.yaml": "module:\n  mounts:\n  - source: content/posts\n    target: content/posts\n"
            "    excludeFiles: ['x/*', '**-old.md']\n  - {source: assets, target: assets}\n",
        },
        ["Five", "One"],
    ),
    "Hugo: mounts of files": (
        HUGO
        | {
            "../hugo.json": '{"module": {"mounts": [{"source": "content", "target": "content",'
            ' "files": ["**", "! secret/**"]}]}}'
        },
        ["One"],
    ),
    "Hugo: mounts of other components leave content as it is": (
        HUGO | {"../hugo.toml": "[[module.mounts]]\nsource = 'a'\ntarget = 'static'\n"},
        ["One", "Three", "Two"],
    ),
    "Hugo: parts of the configuration, in YAML": (
        HUGO
        | {"../config/_default/cascade.yaml": "- target:\n    path: /secret/**\n  draft: true\n"},
        ["One"],
    ),
    "Hugo: a part of the configuration, one map": (
        HUGO | {"../config/_default/cascade.yml": "---\nbuild:\n  render: never\n  list: never\n"},
        [],
    ),
    "Hugo: production overrules": (
        HUGO
        | {
            "../config/_default/hugo.toml": "ignoreFiles = ['posts']\n",
            "../config/production/hugo.toml": "ignorefiles = ['secret/two']\n",
        },
        ["One", "Three"],
    ),
    "Hugo: development does not count": (
        HUGO | {"../config/development/hugo.toml": "ignoreFiles = ['posts']\n"},
        ["One", "Three", "Two"],
    ),
    "Hugo: languages that are not built": (
        {
            "posts/a.md": "A",
            "posts/a.fr.md": "F",
            "posts/a.de.md": "D",
            "posts/v1.2.md": "V",
            "fr/b.md": "B",
            "../config/_default/hugo.toml": "disableLanguages = ['FR']\n",
            "../config/_default/languages.toml": "[en]\nweight = 1\n[fr]\ncontentDir = 'content/fr'\n"
            "[de]\ndisabled = true\n",
        },
        ["A", "V"],
    ),
    "Hugo: a cascade for one language": (
        {
            "posts/a.md": "A",
            "posts/a.fr.md": "F",
            "posts/b.fr.md": "G",
            "posts/_index.fr.md": "---\ncascade: {draft: true}\n---\n",
            "more/c.de.md": "C",
            "more/c.md": "M",
            "../hugo.toml": "[[cascade]]\ndraft = true\n[cascade.target]\nlang = 'de'\n",
        },
        ["A", "M"],
    ),
    "Hugo: never built, and its key capitalised": (
        {
            "a.md": "A",
            "b.md": "---\ntitle: B\ndate: 2026-11-01\nbuild: {render: never, list: never}\n---\nWords.\n",
            "c/d.md": "D",
            "../hugo.yaml": "baseURL: /\nCascade:\n  - Target: {Path: '/c/**'}\n    _build: {Render: never}\n",
        },
        ["A"],
    ),
    "Hugo: resources of a leaf bundle": (
        {
            "a.md": "A",
            "trip/index.md": "Trip",
            "trip/notes.md": "Notes",
            "trip/more/part.md": "Part",
            "other/_index.md": "Other",
            "other/x.md": "X",
            "../hugo.toml": "title = 'x'\n",
        },
        ["A", "Trip", "X"],
    ),
    "Hugo: no pages at all": (HUGO | {"../hugo.toml": "disableKinds = ['page', 'RSS']\n"}, []),
    "Hugo: another folder of content": (
        HUGO | {"../hugo.toml": "contentDir = 'texts'\nignoreFiles = ['^/texts/secret']\n"},
        ["One"],
    ),
    "Zola: never rendered": (
        {
            "a.md": "A",
            "b.md": "+++\ntitle = 'B'\ndate = 2026-11-01\nrender = false\n+++\nWords.\n",
            "c/d.md": "D",
            "c/_index.md": "+++\nrender = false\n+++\n",
            "e.draft.md": "E",
            "../zola.toml": "base_url = 'https://a.example'\nignored_content = ['*.draft.{md,html}']\n",
        },
        ["A", "D"],
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
    "Jekyll: posts without a day in their names": (
        {
            "_posts/2026-11-01-a.md": "A",
            "_posts/b.md": "B",
            "notes/_posts/26-1-2-c.md": "C",
            "notes/_posts/2026-11-d.md": "D",
            "_config.yml": "title: x\n",
        },
        ["A", "C"],
    ),
    "Jekyll: in TOML, with collections and names that begin with _": (
        {
            "_posts/2026-11-01-a.md": "A",
            "_posts/_old/2026-11-01-b.md": "B",
            "_recipes/c.md": "C",
            "_recipes/_draft.md": "D",
            "_people/e.md": "E",
            "_in/f.md": "F",
            "_config.toml": "include = ['_in']\n[collections.recipes]\noutput = true\n",
        },
        ["A", "C", "F"],
    ),
    "Jekyll: posts that are not published": (
        {"_posts/2026-11-01-a.md": "A", "_config.yml": "collections: {posts: {output: false}}\n"},
        [],
    ),
    "Jekyll: excluded is what begins so": (
        {
            "_posts/2026-11-01-a.md": "A",
            "_posts/private-1/2026-11-01-b.md": "B",
            "_posts/2026-11-02-c.draft.md": "C",
            "vendor/bundle/_posts/2026-11-01-d.md": "D",
            "_config.yml": "exclude:\n  - _posts/private\n  - '*.draft.md'\n  - vendor\n",
        },
        ["A"],
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
    "Hexo: never rendered, in JSON, and posts without a day": (
        {
            "_posts/a.md": "A",
            "_posts/demo/b.md": "B",
            "_posts/c.md": "C",
            "_drafts/d.md": "D",
            "_data/e.md": "E",
            "_more/f.md": "F",
            "_config.json": '{"source_dir": ".", "skip_render": ["_posts/demo/**", "_posts/c.md"]}',
        },
        ["A"],
    ),
    "Hexo: never rendered, in a folder of another name": (
        {
            "_posts/a.md": "A",
            "_posts/b/c.md": "C",
            "_posts/d.md": "D",
            "../_config.yml": "skip_render:\n  - '_posts/b/*'\n  - '_posts/{d,e}.md'\n",
        },
        ["A"],
    ),
    "Hexo: the whole project in the folder": (
        {
            "source/_posts/a.md": "A",
            "source/_posts/b.md": "B",
            "_config.yml": "new_post_name: :title.md\nskip_render: _posts/b.md\n",
        },
        ["A"],
    ),
    "Jekyll: a copy of the source, and its configuration beside it": (
        {
            "_posts/2026-11-01-a.md": "A",
            "old/_posts/2026-11-01-b.md": "B",
            "../_config.yml": "exclude: [old]\n",
        },
        ["A"],
    ),
    "Eleventy: a nearer address overrules none": (
        {
            "b/a.md": "A",
            "b/in/c.md": "C",
            "b/b.json": '{"permalink": false}',
            "b/in/in.json": '{"permalink": "/x/{{ title }}/"}',
        },
        ["C"],
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
    "Eleventy: data of the whole folder, and computed": (
        {
            "a.md": "A",
            "b.md": "---\ntitle: B\ndate: 2026-11-01\neleventyComputed: {permalink: false}\n---\nWords.\n",
            "c.md": "---\ntitle: C\ndate: 2026-11-01\neleventyExcludeFromCollections: true\n---\nWords.\n",
            "d.md": "---\ntitle: D\ndate: 2026-11-01\npermalink: 'false'\n---\nWords.\n",
        },
        ["A"],
    ),
    "Eleventy: data of the content folder itself": (
        {
            "a.md": "---\ntitle: A\ndate: 2026-11-01\npermalink: /a/\n---\nWords.\n",
            "b/c.md": "C",
            "content.11tydata.json": '{"permalink": false}',
        },
        ["A"],
    ),
    "Eleventy: ignores are taken back": (
        {
            "a.md": "A",
            "b/c.md": "C",
            "b/d.md": "D",
            "e.md": "E",
            ".eleventyignore": "# no\n./b/*\n!./b/d.md\n\\#x\n/e.md\n",
            "../eleventy.config.js": '// c.ignores.add("content/a.md")',
        },
        ["A", "D"],
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
    "MkDocs: globs and expressions of the plugin exclude": (
        {
            "a.md": "A",
            "deep/b.tmp.md": "B",
            "c1.md": "C",
            "cx.md": "Kept",
            "old/d.md": "D",
            "kept/old/e.md": "Too",
            "../mkdocs.yml": "plugins:\n  - exclude:\n      glob: ['*.tmp.md', 'c[!a-z].md']\n"
            "      regex: 'old/.*'\n  - search\n",
        },
        ["A", "Kept", "Too"],
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
    "MkDocs: only the posts of a blog are articles": (
        {
            "blog/posts/a.md": "A",
            "blog/posts/x/b.md": "B",
            "blog/index.md": "Blog",
            "guide/c.md": "C",
            "d.md": "---\ntitle: D\n---\nWords.\n",
            "guide/e.md": "---\ntitle: E\ntype: post\ndate: 2026-11-01\n---\nWords.\n",
            "../mkdocs.yml": "plugins:\n  - search\n  - blog:\n      post_slugify: !!python/object/apply:a.b\n"
            "        kwds: {case: lower}\n  - x: !ENV [CI, false]\n",
        },
        ["A", "B", "E"],
    ),
    "MkDocs: a blog in a folder of its own": (
        {
            "news/entries/a.md": "A",
            "blog/posts/b.md": "B",
            "../mkdocs.yml": "plugins:\n  material/blog:\n    blog_dir: ./news\n    post_dir: '{blog}/entries'\n",
        },
        ["A"],
    ),
    "MkDocs: a blog at the root": (
        {"posts/a.md": "A", "b.md": "B", "../mkdocs.yml": "plugins:\n- blog: {blog_dir: .}\n"},
        ["A"],
    ),
    "MkDocs: without a blog, what has no date is a page": (
        {
            "a.md": "A",
            "b/c.md": "---\ntitle: C\n---\nWords.\n",
            "d.md": "---\ntitle: D\n---\nWords.\n",
            "templates/e.md": "E",
            "../mkdocs.yml": "site_name: x\n",
        },
        ["A"],
    ),
    "Pelican: paths of articles and of pages": (
        {
            "blog/a.md": "A",
            "blog/old/b.md": "B",
            "info/c.md": "C",
            "else/d.md": "D",
            "one.md": "One",
            "../pelicanconf.py": "from x import y\nPATH = 'content'\nARTICLE_PATHS: list[str] = [\n    'blog',  # =\n"
            "    'one.md',\n]\nARTICLE_EXCLUDES = ('blog/old',)\nPAGE_PATHS = ['info']\nTHEME = y('x')\n",
        },
        ["A", "One"],
    ),
    "Pelican: what is published overrules, and ignored names": (
        {
            "a.md": "A",
            "b.md": "B",
            "drafty/c.md": "C",
            "p/d.md": "---\ntitle: D\ndate: 2026-11-01\nstatus: hidden\n---\nWords.\n",
            "../pelicanconf.py": "ARTICLE_EXCLUDES = ['']\nIGNORE_FILES = ['drafty', 'b.*']\n",
            "../publishconf.py": "from pelicanconf import *\nARTICLE_EXCLUDES = []\n",
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
    "patterns that look like comments": (
        {
            "a.md": "A",
            "wip/b.md": "B",
            "ign/deep/c.md": "C",
            "private/d.md": "D",
            "templates/e.md": "E",
            "attic/f.md": "F",
            "x/g.md": "G",
            "x/x.11tydata.js": 'module.exports = {x: {glob: "posts/*"}, permalink: false}',
            "../eleventy.config.js": 'c.ignores.add("content/wip/*.md"); // c.ignores.add("a.md")',
            "../.eleventy.js": 'c.ignores.add("./content/ign/**") /* c.ignores.add("a.md") */',
            "../quartz.config.ts": 'ignorePatterns: ["private/**", "templates", "http://x"]',
            ".vitepress/config.ts": "srcExclude: ['attic/**', '**/README.md']",
        },
        ["A"],
    ),
    "Docusaurus: what a plugin excludes": (
        {
            "a.md": "A",
            "blog/attic/b.md": "B",
            "docs/c/d.draft.md": "D",
            "../docusaurus.config.js": 'presets: [["classic", {blog: {exclude: ["attic/**"]}, '
            "docs: {exclude: ['**/*.draft.md']}}]]",
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
def test_articles_that_other_files_hold_back_are_not_published(site: SiteFolder, case: str) -> None:
    files, expected = CASES[case]
    fill(site, files)
    report = site.build()
    assert titles(site) == expected
    assert not report.findings


def test_folders_that_begin_with_an_underscore_are_held_back_and_counted(site: SiteFolder) -> None:
    fill(
        site,
        {
            "_posts/2026-11-01-a.md": "A",
            "_notes/b.md": "B",
            "c/_ideas/d/e.md": "E",
            "_notes/f.md": "---\ntitle: F\ndate: 2026-11-01\ndraft: false\n---\nWords.\n",
            "_Pages/g.md": "---\ntitle: G\n---\nWords.\n",
        },
    )
    report = site.build()
    assert titles(site) == ["A", "F"]
    assert report.counts.held_back == 2
    (finding,) = report.findings
    assert (finding.rule, finding.level) == ("folder-held-back", "notice")
    assert finding.message.startswith("2 files are held back")
    assert "_notes/, _ideas/" in finding.message
    with site.opened() as opened:
        facts = explain(opened, "c/_ideas/d/e.md", NOON).facts
    assert any("_ideas/ begins with _" in str(fact) for fact in facts)


def test_a_change_of_the_other_file_is_detected_and_explained(site: SiteFolder) -> None:
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


def test_a_header_in_its_own_file_may_change_alone(site: SiteFolder) -> None:
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
        ("a/a.11tydata.js", "permalink: `\\`\"'" * 40_000),
        pytest.param("docusaurus.config.js", "exclude: [" * 60_000, marks=pytest.mark.soak),
        pytest.param("quartz.config.ts", "ignorePatterns: [" * 50_000, marks=pytest.mark.soak),
        ("_config.yml", "defaults:\n" * 100_000),
        ("pelicanconf.py", "DEFAULT_METADATA = {\n" * 40_000),
        (".eleventyignore", "**/*a*a*a*a\n" * 100_000),
        ("hugo.toml", "ignoreFiles = [" + f"'{'(a*)*' * 90}b'," * 400 + "]\n"),
        ("hugo.toml", f"ignoreFiles = ['{'(a*)*' * 90}b']\n"),
        (
            "_index.md",
            "---\ncascade:\n" + "- target: {path: '/**/*a*a*b'}\n  draft: true\n" * 1_200,
        ),
    ],
)
def test_files_made_to_exhaust_time_are_read_quickly(
    site: SiteFolder, path: str, text: str
) -> None:
    fill(site, {"a.md": "A", "a/" + "a" * 200 + ".md": "B", path: text})
    assert site.build().read == (3 if path == "_index.md" else 2)
