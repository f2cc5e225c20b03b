"""Each command, its options, its exit codes and its output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest
import yaml
from terminal import RunCommand, article

from syndicate import __version__
from syndicate.cli.main import syndicate

BROKEN = "---\ntitle: Broken\ndate: 2026-13-45\n---\nText.\n"


# -- help and usage --------------------------------------------------------------------------


def test_help_lists_every_command_and_how_to_start(run: RunCommand) -> None:
    result = run("--help")
    assert result.code == 0
    assert all(f"\n  {name} " in result.out for name in syndicate.commands)
    assert "syndicate init my-site" in result.out
    assert "Exit codes" in result.out
    assert "..." not in result.out.split("Commands:")[1]


@pytest.mark.parametrize("name", sorted(syndicate.commands))
def test_every_command_explains_itself(run: RunCommand, name: str) -> None:
    result = run(name, "--help")
    assert result.code == 0
    assert len(result.out) > 150
    for parameter in syndicate.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts} says nothing of itself"


def test_the_version_is_printed(run: RunCommand) -> None:
    assert run("--version").out == f"syndicate {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "Usage"),
        (["bild"], "Did you mean 'build'?"),
        (["build", "--strikt"], "Did you mean '--strict'?"),
        (["explain"], "ARTICLE"),
        (["new"], "TITLE"),
        (["completion", "tcsh"], "'bash', 'zsh', 'fish'"),
    ],
)
def test_wrong_usage_is_met_with_the_right_one(
    run: RunCommand, arguments: list[str], hint: str
) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert hint in result.err
    assert result.out == ""


# -- where the configuration is --------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--config", "site/config.yaml", "check"),
        ("check", "--config", "site/config.yaml"),
        ("--config", "nowhere.yaml", "check", "--config", "site/config.yaml"),
    ],
)
def test_the_configuration_is_named_before_or_behind_the_command(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(site.parent)
    assert run(*arguments).code == 0


def test_folders_are_relative_to_the_configuration(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(site / "public")
    monkeypatch.chdir(site.parent)
    result = run("build", "--config", "site/config.yaml")
    assert (site / "public" / "feed.xml").is_file()
    assert "site/public/ feed.xml" in result.out
    assert "site/issues/weekly/next/email.html" in result.out


# -- init --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_new_site_builds_without_a_finding(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init", "my-site")
    assert result.code == 0
    assert "  cd my-site\n  syndicate build\n" in result.out
    monkeypatch.chdir("my-site")
    assert run("build", "--strict").code == 0


def test_init_here_asks_for_no_other_folder(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init", ".")
    assert result.code == 0
    assert "cd " not in result.out
    assert "  config.yaml\n" in result.out


def test_init_overwrites_no_site(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine", "config.yaml").touch()
    result = run("init", "mine")
    assert result.code == 2
    assert result.err.startswith("mine/config.yaml: error: a site is here already")
    assert [path.name for path in Path("mine").iterdir()] == ["config.yaml"]


def test_init_in_a_folder_with_articles_keeps_them_and_adds_none(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("content").mkdir()
    Path("content", "hello.md").write_text("---\ntitle: Hello\ndate: 2026-11-01\n---\nHi.\n")
    result = run("init", ".")
    assert result.code == 0
    assert "Kept your articles in content/" in result.out
    assert [path.name for path in Path("content").iterdir()] == ["hello.md"]
    assert run("build").out.startswith("1 article published")


def test_drafts_and_scheduled_articles_are_counted(site: Path, run: RunCommand) -> None:
    Path("content", "later.md").write_text("---\ntitle: Later\ndate: 2062-11-01\n---\nHi.\n")
    Path("content", "draft.md").write_text("---\ntitle: Not yet\ndraft: true\n---\nHi.\n")
    assert "published, 2 drafts, 1 scheduled, " in run("build").out


def test_files_that_are_not_published_are_counted_by_kind(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no text is missing without a word about it."""
    monkeypatch.chdir(tmp_path)
    content = Path("content")
    content.mkdir()
    day = "date: 2026-03-01\n"
    headers = {
        "shown": day,
        "draft": f"{day}draft: true\n",
        "called-draft": f"{day}status: draft\n",
        "private": f"{day}visibility: private\n",
        "typo": f"{day}drfat: true\n",
        "later": "date: 2062-11-01\n",
        "page": f"{day}layout: page\n",
        "later-page": "date: 2062-11-01\nlayout: page\n",
        "unlisted": f"{day}status: unlisted\n",
        "over": f"{day}expiryDate: 2026-04-01\n",
    }
    for name, header in headers.items():
        (content / f"{name}.md").write_text(f"---\ntitle: {name}\n{header}---\nWords.\n")
    (content / "_index.md").write_text("---\ntitle: A list of articles\n---\n")
    (content / "latin.md").write_bytes(b"caf\xe9\n")
    run("init", ".")
    assert run("build").out.startswith(
        "1 article published, 1 page, 2 drafts, 2 held back, 2 scheduled, 1 unlisted, 1 expired, "
        "1 unreadable, "
    )


def test_articles_without_dates_are_counted_as_held_back(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("content").mkdir()
    for number in range(10):
        Path("content", f"note{number}.txt").write_text(f"Note {number} is about the weather.\n")
    run("init", ".")
    result = run("build")
    assert result.out.startswith("0 articles published, 10 held back, ")
    assert "to publish them with the current time, run: syndicate build --publish" in result.err
    assert "(2026-03-08-note0.txt)" in result.err
    assert run("build", "--publish-undated").out.startswith("10 articles published, ")


# -- new ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('She said: "no", twice', "she-said-no-twice"),
        ("It's 100% true: {{ x }} & # - [list]", "it-s-100-true-x-list"),
        ("قهوة البحر", "قهوة-البحر"),
        ("\u200fעברית\u200e", "עברית"),
        ("../../etc/passwd", "etc-passwd"),
        ("null", "null"),
        ("  trimmed  ", "trimmed"),
        ("A back\\slash", "a-back-slash"),
    ],
)
def test_a_new_article_has_its_title_and_stays_a_draft(
    site: Path, run: RunCommand, title: str, name: str
) -> None:
    result = run("new", title)
    assert result.code == 0
    (path,) = result.out.splitlines()
    assert path.startswith("content/20")
    assert path.endswith(f"-{name}.md")
    assert "draft" in result.err
    explained = run("explain", path)
    assert f" {title.strip()}  (header)" in explained.out
    assert "state     draft" in explained.out
    assert "11 articles published" in run("build").out


def test_a_new_article_causes_no_finding(site: Path, run: RunCommand) -> None:
    assert run("new", "Begun").code == 0
    assert run("build", "--strict").code == 0


def test_a_title_without_letters_gets_a_name_too(site: Path, run: RunCommand) -> None:
    path = run("new", "😀").out.strip()
    assert 'title: "😀"' in Path(path).read_text(encoding="utf-8")


def test_a_very_long_title_gets_a_name_that_fits(site: Path, run: RunCommand) -> None:
    path = run("new", "word " * 200).out.strip()
    assert len(Path(path).name.encode()) < 255
    assert Path(path).is_file()


@pytest.mark.parametrize(
    "title", ["", "   ", "two\nlines", "a\rb", "a\x07b", "a\u2028b", "a\udce9b"]
)
def test_a_title_that_is_not_one_line_of_text_is_refused(
    site: Path, run: RunCommand, title: str
) -> None:
    before = list(Path("content").iterdir())
    result = run("new", title)
    assert result.code == 2
    assert "title" in result.err
    assert list(Path("content").iterdir()) == before


def test_new_overwrites_nothing(site: Path, run: RunCommand) -> None:
    path = Path(run("new", "Twice").out.strip())
    path.write_text("mine", encoding="utf-8")
    result = run("new", "Twice")
    assert result.code == 2
    assert f"{path}: error: an article is here already" in result.err
    assert path.read_text(encoding="utf-8") == "mine"


# -- build -------------------------------------------------------------------------------------


def test_build_prints_what_it_did_and_where_the_site_is(site: Path, run: RunCommand) -> None:
    article(site, "news.md", "---\ntitle: News\ndate: 2026-11-01\ntags: [sea]\n---\nText.\n")
    result = run("build")
    assert result.code == 0
    assert result.err == ""
    first, *rest = result.out.splitlines()
    assert first.startswith("12 articles published, 1 draft, ")
    assert first.endswith(" files written; no problems found.")
    assert rest == [
        "  feeds   public/ feed.xml atom.xml feed.json",
        "          public/tags/…/ feed.xml atom.xml feed.json",
        "  pages   public/index.html",
        "  weekly  Low Tide, weekly: News",
        "          issues/weekly/next/email.html",
    ]


def test_a_build_with_nothing_to_do_prints_that(site: Path, run: RunCommand) -> None:
    assert run("build").out.startswith(
        "11 articles published, 1 draft, nothing to write; no problems found."
    )


def test_build_counts_what_it_removed(site: Path, run: RunCommand) -> None:
    Path("content/darning-a-sock.md").unlink()
    assert " 1 file removed; " in run("build").out


def test_a_newsletter_without_new_articles_is_mentioned(site: Path, run: RunCommand) -> None:
    settings = Path("config.yaml").read_text(encoding="utf-8")
    Path("config.yaml").write_text(settings.replace("backlog: 6", "backlog: 0"), encoding="utf-8")
    run("build", "--quiet")
    result = run("build")
    assert "  weekly  nothing new to send" in result.out


def test_findings_go_to_stderr_and_an_unreadable_file_fails_the_build(
    site: Path, run: RunCommand
) -> None:
    article(site, "bad.md", BROKEN)
    result = run("build")
    assert result.code == 1
    assert result.err.startswith("content/bad.md:3  error    the date cannot be read")
    assert result.err.endswith("\n1 error\n")
    assert "; 1 error." in result.out
    assert run("build", "--strict").code == 1


def test_quiet_prints_only_problems(site: Path, run: RunCommand) -> None:
    for command in ("build", "check"):
        result = run(command, "--quiet")
        assert (result.code, result.out, result.err) == (0, "", "")
    article(site, "bad.md", BROKEN)
    assert run("build", "--quiet").out == ""
    assert "content/bad.md:3" in run("build", "-q").err


# -- check -------------------------------------------------------------------------------------


def test_check_lists_findings_by_file_with_hints(site: Path, run: RunCommand) -> None:
    article(site, "zed.md", BROKEN)
    article(site, "notes/thin.md", "---\ntitle: Thin\ntgas: [a]\ndate: 2026-11-01\n---\n")
    result = run("check")
    assert result.code == 1
    assert result.err == ""
    lines = [line for line in result.out.splitlines() if line.startswith("content/")]
    assert [line.split()[:2] for line in lines] == [
        ["content/notes/thin.md", "warning"],
        ["content/notes/thin.md:3", "warning"],
        ["content/zed.md:3", "error"],
    ]
    assert lines[0].index("warning") == lines[1].index("warning"), "columns are aligned"
    assert "[unreadable]\n    write it as " in result.out
    assert result.out.endswith("\n1 error, 2 warnings\n")


@pytest.mark.slow
def test_check_lists_settings_that_init_wrote(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", str(tmp_path / "new"))
    monkeypatch.chdir(tmp_path / "new")
    result = run("check")
    assert (result.code, result.out.splitlines()[-1]) == (0, "10 notices")
    config = Path("config.yaml")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("# deliver: true", "deliver: true"), encoding="utf-8")
    result = run("check", "--quiet")
    assert (result.code, result.out.splitlines()[-1]) == (1, "10 errors")
    assert "error    newsletters.weekly.postal_address is still as in the example" in result.out


def test_check_writes_no_document(site: Path, run: RunCommand) -> None:
    article(site, "news.md", "---\ntitle: News\ndate: 2026-11-01\n---\nText.\n")
    before = Path("public/feed.xml").read_bytes()
    assert run("check").code == 0
    assert Path("public/feed.xml").read_bytes() == before
    assert not Path("public/articles/news").exists()


def test_check_prints_json(site: Path, run: RunCommand) -> None:
    assert json.loads(run("check", "--json").out) == []
    article(site, "bad.md", BROKEN)
    result = run("check", "--json")
    assert result.code == 1
    (finding,) = json.loads(result.out)
    assert list(finding) == [
        *("rule", "number", "level", "path", "line", "message", "hint"),
    ]
    assert (finding["rule"], finding["level"]) == ("unreadable", "error")
    assert (finding["path"], finding["line"]) == ("content/bad.md", 3)


def test_paths_are_those_of_someone_standing_here(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    article(site, "bad.md", BROKEN)
    for folder, path in (("content", "bad.md"), ("public", "../content/bad.md")):
        monkeypatch.chdir(site / folder)
        assert run("check", "--config", "../config.yaml").out.startswith(f"{path}:3 ")


def test_findings_of_a_newsletter_name_the_configuration(site: Path, run: RunCommand) -> None:
    settings = Path("config.yaml").read_text(encoding="utf-8")
    line = next(row for row in settings.splitlines() if "postal_address:" in row)
    Path("config.yaml").write_text(settings.replace(line, ""), encoding="utf-8")
    result = run("check")
    assert result.code == 1
    assert result.out.startswith("config.yaml  ")
    assert "newsletter weekly" in result.out


def test_findings_of_an_address_name_the_article(site: Path, run: RunCommand) -> None:
    twin = "---\ntitle: Twin\ndate: 2026-11-01\nurl: /articles/tsukuroi/\n---\nText.\n"
    article(site, "twin.md", twin)
    result = run("check")
    assert result.code == 1
    assert result.out.startswith("content/twin.md  error  ")
    assert "[address-taken]" in result.out


# -- config ------------------------------------------------------------------------------------


def test_config_prints_every_setting_as_yaml_that_can_be_used(site: Path, run: RunCommand) -> None:
    result = run("config")
    assert result.code == 0
    assert list(yaml.safe_load(result.out)) == [
        *(
            "site",
            "feeds",
            "newsletters",
            "hooks",
            "publish",
            "subscribers",
            "sending",
            "bounces",
            "store",
            "service",
        ),
        *("content", "links", "templates", "output", "issues", "outbox"),
    ]
    Path("config.yaml").write_text(result.out, encoding="utf-8")
    assert run("config").out == result.out
    assert "nothing to write" in run("build").out


SECRETS = [
    "postgresql://anna:S3CRET@db.example/site",
    "postgresql://anna:S3C@S3CRET@db.example/site",
    "postgresql://db.example/site?user=anna&password=S3CRET",
    "postgresql://db.example/site?sslmode=require&sslPassword=S3CRET#x",
    "postgresql://db.example/site?pass%77ord=S3CRET",
]


@pytest.mark.parametrize("url", SECRETS)
def test_config_masks_secrets_in_addresses(site: Path, run: RunCommand, url: str) -> None:
    settings = Path("config.yaml").read_text(encoding="utf-8")
    Path("config.yaml").write_text(
        settings.replace("sqlite:///syndicate.db", f'"{url}"').replace(
            "# hub: https://hub.example.org/",
            "hub: https://anna:S3C@RET@hub.example/?token=S3CRET&topic=a",
        ),
        encoding="utf-8",
    )
    result = run("config")
    assert result.code == 0
    assert "S3C" not in result.out
    assert "***" in yaml.safe_load(result.out)["store"]["url"]
    assert "db.example/site" in result.out
    assert (
        yaml.safe_load(result.out)["feeds"]["hub"]
        == "https://anna:***@hub.example/?token=***&topic=a"
    )


def test_config_shows_only_the_source_of_an_external_value(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Path("config.yaml").read_text(encoding="utf-8")
    settings = settings.replace("url: sqlite:///syndicate.db", "url: {env: SITE_STORE}")
    settings = settings.replace("author: Ada Brook", "author: {file: name.txt}")
    Path("config.yaml").write_text(settings, encoding="utf-8")
    Path("name.txt").write_text("S3CRET\n", encoding="utf-8")
    monkeypatch.setenv("SITE_STORE", "sqlite:///S3CRET.db")
    shown = yaml.safe_load(run("config").out)
    assert shown["store"]["url"] == "*** (env: SITE_STORE)"
    assert shown["site"]["author"] == "*** (file: name.txt)"


def test_a_file_name_cannot_forge_a_line(site: Path, run: RunCommand) -> None:
    article(site, "a\nb\x1b[2J.md", "---\ntitle: [\n---\n")
    result = run("check")
    assert "content/a\\nb\\x1b[2J.md" in result.out
    assert "\x1b" not in result.out


def test_an_issue_that_breaks_a_rule_of_level_error_is_shown_but_makes_no_message(
    site: Path, run: RunCommand
) -> None:
    assert run("build").code == 0
    issue = site / "issues" / "weekly" / "next"
    assert (issue / "message.eml").is_file()
    (frame,) = (
        each
        for each in (site / "templates").rglob("*.html")
        if "links.unsubscribe" in each.read_text()
    )
    text = frame.read_text()
    frame.write_text(text.replace("{{ links.unsubscribe_url }}", "https://example.org/leave/"))
    result = run("build", "--strict")
    assert result.code == 1
    assert "message.eml is not written, because of email-26 [newsletter-held]" in result.err
    assert not (issue / "message.eml").exists()
    assert "https://example.org/leave/" in (issue / "email.html").read_text()
    rules = {each["rule"]: each for each in json.loads(run("check", "--json").out)}
    assert rules["email-26"]["number"] == 26
    assert rules["email-26"]["path"].startswith("templates/newsletter/")
    assert rules["email-26"]["line"] > 0
    assert rules["newsletter-held"]["number"] is None
    frame.write_text(text)
    assert run("build", "--strict").code == 0
    assert (issue / "message.eml").is_file()
