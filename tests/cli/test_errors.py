"""Every error of a site or its surroundings names the thing and the place, with a hint.

No user ever sees a traceback.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import CommandResult, RunCommand, article


def expect_error(result: CommandResult, *words: str) -> None:
    """Exit code 2, and a short message with all of these words and a way out."""
    assert result.code == 2, result
    assert "Traceback" not in result.err
    assert result.out == ""
    head, hint, *rest = result.err.rstrip("\n").split("\n")
    assert ": " in head
    assert hint.startswith("    ")
    assert not rest
    for word in words:
        assert word in result.err


def configure(old: str, new: str) -> None:
    text = Path("config.yaml").read_text(encoding="utf-8")
    assert old in text
    Path("config.yaml").write_text(text.replace(old, new), encoding="utf-8")


READERS = [["build"], ["check"], ["config"], ["explain", "tsukuroi"], ["new", "Title"]]


# -- the configuration -----------------------------------------------------------------------


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_no_configuration(
    tmp_path: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    expect_error(
        run(*command), "config.yaml: error:", "there is no config.yaml here", "--config", "init"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("  title: Low Tide: notes", "contains a colon and a space", "put the value into quotes"),
        ("\ttitle: Low Tide", "indented with a tab", "use spaces, not a tab"),
        ("  title: @tide", "cannot begin with @", "put the value into quotes"),
        ("  title: `tide`", "cannot begin with `", "put the value into quotes"),
        ('  title: "Low Tide', "is not closed", "close it"),
    ],
)
def test_a_line_that_is_not_yaml_is_explained(
    tmp_path: Path,
    run: RunCommand,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    message: str,
    hint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(f"site:\n  language: en\n{line}\n", encoding="utf-8")
    expect_error(run("build"), "config.yaml:", message, hint)


def test_a_file_that_cannot_be_read_makes_the_exit_code_1(site: Path, run: RunCommand) -> None:
    assert run("build").code == 0
    Path("content", "latin.md").write_bytes("---\ntitle: Café\n---\nText\n".encode("latin-1"))
    result = run("build", "--quiet")
    assert result.code == 1
    assert "content/latin.md" in result.err


def test_a_folder_in_the_home_folder_is_found(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    Path("content").rename(tmp_path / "home" / "posts")
    configure("content: content", "content: ~/posts")
    assert run("build").code == 0


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_configuration_that_is_a_folder(site: Path, run: RunCommand, command: list[str]) -> None:
    result = run(*command, "--config", "content")
    assert result.code == 2
    assert "'content' is a directory" in result.err


def test_every_problem_of_a_configuration_is_reported_with_its_line(
    site: Path, run: RunCommand
) -> None:
    configure("language: en", "langauge: en")
    configure("entries: 20", "entries: many")
    result = run("build")
    assert result.code == 2
    places = [line.split(":")[1] for line in result.err.splitlines() if not line.startswith(" ")]
    assert len(places) == 2
    assert places == sorted(places, key=int)
    assert "did you mean language?" in result.err


def test_a_configuration_that_is_not_text(site: Path, run: RunCommand) -> None:
    Path("config.yaml").write_bytes(b"site:\n  title: \xff\xfe\n")
    expect_error(run("build"), "config.yaml:2: error:", "UTF-8")


def test_a_missing_secret(site: Path, run: RunCommand) -> None:
    configure("sqlite:///syndicate.db", "{env: NO_SUCH_VARIABLE}")
    expect_error(run("build"), "config.yaml:", "NO_SUCH_VARIABLE")


# -- folders -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["build"], ["check"], ["explain", "x"]], ids=" ".join)
def test_no_content_folder(site: Path, run: RunCommand, command: list[str]) -> None:
    Path("content").rename("elsewhere")
    expect_error(run(*command), "content: error:", "No such file", "config.yaml")


def test_a_file_where_the_content_folder_should_be(site: Path, run: RunCommand) -> None:
    Path("content").rename("elsewhere")
    Path("content").write_text("not a folder", encoding="utf-8")
    expect_error(run("build"), "content: error:", "Not a directory")
    expect_error(run("new", "Title"), "content", "error: cannot be written")


@pytest.mark.parametrize("folder", ["public", "issues"])
def test_a_file_where_documents_should_go(site: Path, run: RunCommand, folder: str) -> None:
    Path(folder).rename("elsewhere")
    Path(folder).write_text("not a folder", encoding="utf-8")
    expect_error(run("build"), f"{folder}/", "cannot be written: ")
    Path(folder).unlink()
    assert run("build").code == 0
    assert Path(folder).is_dir()


def test_a_folder_where_a_document_should_go(site: Path, run: RunCommand) -> None:
    Path("public/feed.xml").unlink()
    Path("public/feed.xml").mkdir()
    expect_error(run("build"), "public/feed.xml: error: cannot be written")


def test_a_missing_template_folder(site: Path, run: RunCommand) -> None:
    configure("templates: templates", "templates: my-design")
    expect_error(run("build"), "my-design: error:", "templates")


def test_a_file_where_the_templates_should_be(site: Path, run: RunCommand) -> None:
    Path("templates").rename("elsewhere")
    assert run("build").code == 0, "the built-in ones are taken"
    Path("templates").write_text("not a folder", encoding="utf-8")
    expect_error(run("build"), "templates: error:")


# -- the database ------------------------------------------------------------------------------


def forget() -> Path:
    for path in Path().glob("syndicate.db*"):
        path.unlink()
    return Path("syndicate.db")


def test_a_file_that_is_not_a_database(site: Path, run: RunCommand) -> None:
    forget().write_text("these are words, not a database\n" * 40, encoding="utf-8")
    expect_error(run("build"), "syndicate.db", "not a database", "store.url")


def test_a_database_of_another_program(site: Path, run: RunCommand) -> None:
    with sqlite3.connect(forget()) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    expect_error(run("build"), "syndicate.db", "another program's", "store.url")


def test_a_database_of_a_newer_version(site: Path, run: RunCommand) -> None:
    connection = sqlite3.connect("syndicate.db", isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    expect_error(run("build"), "newer", "9999", "upgrade")


def test_a_database_that_is_a_folder(site: Path, run: RunCommand) -> None:
    forget().mkdir()
    expect_error(run("build"), "syndicate.db", "store.url")


def test_a_database_in_a_missing_folder(site: Path, run: RunCommand) -> None:
    configure("sqlite:///syndicate.db", "sqlite:///no/such/folder/x.db")
    expect_error(run("build"), "no/such/folder/x.db", "store.url")


def test_a_database_server_that_does_not_answer(site: Path, run: RunCommand) -> None:
    pytest.importorskip("psycopg")
    configure("sqlite:///syndicate.db", "postgresql://anna:S3CRET@127.0.0.1:1/site")
    result = run("build")
    expect_error(result, "127.0.0.1:1/site", "refused", "store.url")
    assert "S3CRET" not in result.err


@pytest.mark.parametrize("address", ["anna@127.0.0.1:port/site", "anna:p@[::1/site"])
def test_an_invalid_database_url(site: Path, run: RunCommand, address: str) -> None:
    configure("sqlite:///syndicate.db", f'"postgresql://{address}"')
    expect_error(run("build"), "store.url")


# -- templates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["build", "check"])
@pytest.mark.parametrize(
    ("template", "text", "words"),
    [
        ("web/article.html", "<p>\n{% if %}", ("web/article.html:2", "expression")),
        ("web/index.html", "{{ 1 / 0 }}", ("web/index.html:1", "division by zero")),
        ("web/tag.html", "\n\n{{ nothing.here }}", ("web/tag.html:3", "'nothing'")),
        ("web/base.html", "{% extends 'web/none.html' %}", ("web/none.html", "does not exist")),
    ],
)
def test_a_template_with_a_mistake(
    site: Path, run: RunCommand, command: str, template: str, text: str, words: tuple[str, ...]
) -> None:
    before = Path("public/feed.xml").read_bytes()
    Path("templates", template).write_text(text, encoding="utf-8")
    result = run(command)
    expect_error(result, "templates/", *words)
    assert not result.err.startswith("/"), "the place is told from here"
    assert Path("public/feed.xml").read_bytes() == before


@pytest.mark.parametrize(
    ("template", "text", "place"),
    [
        ("newsletter/email.html", "{{ articles | noise }}", "templates/newsletter/email.html:1"),
        ("newsletter/email.txt", "{% for x in %}", "templates/newsletter/email.txt:1"),
    ],
)
def test_a_mistake_in_a_newsletter_affects_only_the_newsletter(
    site: Path, run: RunCommand, template: str, text: str, place: str
) -> None:
    issue = Path("issues/weekly/next/email.html").read_bytes()
    Path("templates", template).write_text(text, encoding="utf-8")
    article(site, "news.md", "---\ntitle: News\ndate: 2026-11-01\n---\nText.\n")
    result = run("build")
    assert result.code == 0
    assert place in result.err
    assert "newsletter-failed" in result.err
    assert "News" in Path("public/feed.xml").read_text(encoding="utf-8")
    assert Path("issues/weekly/next/email.html").read_bytes() == issue, "the one before stays"
    assert run("build", "--strict").code == run("check").code == 1


def test_a_template_that_is_not_text(site: Path, run: RunCommand) -> None:
    Path("templates/web/tag.html").write_bytes(b"\xff\xfe")
    Path("public/tags/sea/index.html").unlink()
    expect_error(run("build"), "templates/web/tag.html: error:", "not UTF-8")


def test_a_subject_with_a_mistake(site: Path, run: RunCommand) -> None:
    configure("{{ articles[0].title }}", "{{ articles[0].titel }}")
    result = run("build")
    assert "config.yaml:" in result.err
    assert "titel" in result.err


# -- articles ----------------------------------------------------------------------------------

FAULTS: dict[str, bytes] = {
    "empty": b"",
    "no-header-end": b"---\ntitle: A\n\nText without an end of the header.\n",
    "not-utf8": b"---\ntitle: A\n---\ncaf\xe9\n",
    "utf16": "---\ntitle: A\n---\ntext".encode("utf-16"),
    "binary": bytes(range(256)) * 8,
    "bad-date": b"---\ntitle: A\ndate: yesterday\n---\nText.\n",
    "bad-yaml": b"---\ntitle: [A\n---\nText.\n",
    "bad-toml": b"+++\ntitle = \n+++\nText.\n",
    "bad-json": b'{"title": }\n\nText.\n',
    "list-title": b"---\ntitle: [a, b]\n---\nText.\n",
    "draft-maybe": b"---\ntitle: A\ndraft: maybe\n---\nText.\n",
    "slip": b"---\ntitle: A\ndrfat: true\n---\nText.\n",
    "script": b"---\ntitle: A\ndate: 2026-01-01\n---\n<script>alert(1)</script> Text.\n",
    "no-picture": b"---\ntitle: A\ndate: 2026-01-01\n---\n![x](missing.png)\n",
    "no-alt": b"---\ntitle: A\ndate: 2026-01-01\n---\nText ![](https://example.org/a.png)\n",
    "controls": b"---\ntitle: A\ndate: 2026-01-01\n---\nText \x07\x00.\n",
    "shortcode": b"---\ntitle: A\ndate: 2026-01-01\n---\n{{< youtube abc >}}\n",
    "odd-url": b"---\ntitle: A\ndate: 2026-01-01\nurl: ../../../x\n---\nText.\n",
    "no-enclosure": b"---\ntitle: A\ndate: 2026-01-01\nenclosure: none.mp3\n---\nText.\n",
    "year-1": b"---\ntitle: A\ndate: 0001-01-01\n---\nText.\n",
    "year-9999": b"---\ntitle: A\ndate: 9999-12-31T23:59:59-12:00\n---\nText.\n",
    "duplicate": b"---\ntitle: A\ntitle: B\n---\nText.\n",
    "deep": b"---\ntitle: " + b"[" * 5000 + b"\n---\nText.\n",
}


def test_articles_with_any_kind_of_problem_affect_no_other(site: Path, run: RunCommand) -> None:
    for name, data in FAULTS.items():
        article(site, f"faulty/{name}.md", "").write_bytes(data)
    result = run("build")
    assert result.code == 1
    assert "Traceback" not in result.err
    for line in result.err.splitlines():
        assert line.startswith(("content/faulty/", "    ")) or not line or line[0].isdigit(), line
    feed = Path("public/feed.xml").read_text(encoding="utf-8")
    assert "Counting swifts" in feed
    assert "<script" not in feed
    told = {name for name in FAULTS if f"content/faulty/{name}.md" in result.err}
    assert FAULTS.keys() - told == {"shortcode", "year-1"}, "these are no faults"
    assert run("check").code == 1
    assert run("build").err == result.err, "what is wrong is said again until it is mended"


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_faulty_article_can_be_explained(site: Path, run: RunCommand, name: str) -> None:
    article(site, f"{name}.md", "").write_bytes(FAULTS[name])
    result = run("explain", f"content/{name}.md")
    assert result.code == 0
    assert result.out.startswith(f"content/{name}.md\n  state")


def test_a_file_name_that_is_not_utf8_affects_no_other_file(site: Path, run: RunCommand) -> None:
    name = os.fsencode(site / "content") + b"/caf\xe9.md"
    with open(name, "wb") as file:  # noqa: PTH123  a name in bytes
        file.write(b"---\ntitle: A\ndate: 2026-11-01\n---\nText.\n")
    result = run("build")
    assert result.code == 1
    assert "11 articles published" in result.out or "12 articles published" in result.out


# -- the machine -------------------------------------------------------------------------------


def test_a_working_directory_that_was_deleted(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    monkeypatch.chdir(lost)
    lost.rmdir()
    result = run("build")
    assert result.code == 2
    assert "Traceback" not in result.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_without_space(site: Path, run_program: Callable[..., CommandResult]) -> None:
    configure("sqlite:///syndicate.db", "sqlite:////dev/full")
    expect_error(run_program("build"), "/dev/full", "store.url")


def test_a_build_stopped_within_a_document_leaves_no_partial_file(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    article(site, "news.md", "---\ntitle: News\ndate: 2026-11-01\n---\nText.\n")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopped)
        assert run("build").code == 130
    assert list(site.rglob("*.part")) == []


def test_an_internal_error_is_written_to_a_file_and_not_shown(
    site: Path, run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("something we never thought of")

    monkeypatch.setattr("syndicate.build.builder.build", fail)
    result = run("build")
    assert result.code == 70
    assert "Traceback" not in result.err
    assert "internal error: LookupError" in result.err
    report = Path(result.err.split()[-1])
    assert "something we never thought of" in report.read_text(encoding="utf-8")
    report.unlink()
