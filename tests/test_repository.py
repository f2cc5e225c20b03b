"""The documentation is true: it names every command, option and setting, and its commands work.

What the documentation has to keep to:

- docs/commands.md has a section `## NAME ...` for each command. It has each subcommand in
  backquotes, `syndicate NAME SUBCOMMAND ...`, and a table row for each option, `| `--x` | ... |`,
  which for an option of subcommands names them: "of `list`". What works everywhere (--config,
  --help, --version) is above the sections.
- docs/config.md has a section `## GROUP` for each group of settings, with a table: setting,
  default (or `needed`, or `empty`), meaning. The settings without a group stand under Folders.
- Blocks marked ```console are run, those of one document in order, beginning in an empty folder:
  lines that begin with `$ ` are commands. Each must exit with 0, unless the next line is
  `# exit 1` or `# exit 2`. Other lines are output, and are not compared. A command of the
  program alone runs in the process of the test, any other line in a bash of its own, so that
  only `cd` has an effect on the next. Commands that are not to be run stand in blocks
  marked ```sh.
"""

from __future__ import annotations

import dataclasses
import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import click
import pytest
import yaml_rs

from syndicate import cli
from syndicate.cli.main import syndicate
from syndicate.config.model import (
    BounceSettings,
    Brand,
    Config,
    Dkim,
    Feeds,
    Hook,
    Imap,
    Newsletter,
    PublishTarget,
    Sending,
    Server,
    ServiceSettings,
    SiteSettings,
    Store,
    SubscriberSettings,
    Webhooks,
)

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = [
    *(REPOSITORY / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY", "CHANGELOG")),
    REPOSITORY / "ARCHITECTURE.md",
    REPOSITORY / "examples" / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
NAMES = [path.relative_to(REPOSITORY).as_posix() for path in DOCUMENTS]


def sections(path: str) -> dict[str, str]:
    """The sections of a document by the first word of their heading; "" is what is above."""
    parts = re.split(r"(?m)^## +(\S+).*$", (REPOSITORY / path).read_text(encoding="utf-8"))
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


# -- commands --------------------------------------------------------------------------------


def runnable(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command that is not a group, with its path: ("issues", "make")."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from runnable(child, (*path, name))


COMMANDS = {" ".join(path): (path, command) for path, command in runnable(syndicate)}


def is_documented(option: str, path: tuple[str, ...], section: str) -> bool:
    """Whether a row of the section is for the option, and names the subcommand if there is one."""
    if len(path) == 1:
        return bool(re.search(rf"`{option}[` ]", section))
    rows = re.findall(r"(?m)^\| (.+?) \| (.+) \|$", section)
    return any(
        re.search(rf"`{option}[` ]", head) and f"`{path[1]}" in meaning.partition(":")[0]
        for head, meaning in rows
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented_with_its_options(name: str) -> None:
    path, command = COMMANDS[name]
    parts = sections("docs/commands.md")
    section = parts[path[0]]
    assert len(path) == 1 or re.search(rf"(?m)^\| `syndicate {name}[` ]", section)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "config_file":
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert is_documented(option, path, section), f"{name} {option}"


def test_every_documented_option_exists() -> None:
    for name, section in sections("docs/commands.md").items():
        commands = [command for path, command in COMMANDS.values() if path[0] == name]
        known = {
            option
            for command in commands
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for head in re.findall(r"(?m)^\| (`-.+?) \|", section):
            assert set(re.findall(r"`(--?[a-z-]+)", head)) <= known, f"{name}: {head}"


def test_what_works_everywhere_is_documented() -> None:
    above = sections("docs/commands.md")[""]
    for option in ("--config", "--help", "-h", "--version"):
        assert option in above


def test_every_documented_command_exists() -> None:
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for name, child in re.findall(r"`syndicate ([a-z][a-z-]*)(?: ([a-z-]+))?", text):
            assert name in syndicate.commands, f"{path.name}: syndicate {name}"
            group = syndicate.commands[name]
            if child and isinstance(group, click.Group):
                assert child in group.commands, f"{path.name}: syndicate {name} {child}"


# -- settings --------------------------------------------------------------------------------

GROUPS = {
    "site": SiteSettings,
    "feeds": Feeds,
    "newsletters": Newsletter,
    "brand": Brand,
    "hooks": Hook,
    "publish": PublishTarget,
    "subscribers": SubscriberSettings,
    "sending": Sending,
    "servers": Server,
    "dkim": Dkim,
    "bounces": BounceSettings,
    "imap": Imap,
    "webhooks": Webhooks,
    "store": Store,
    "service": ServiceSettings,
}


def in_words(field: dataclasses.Field[Any]) -> str:
    """A default as the documentation writes it."""
    default = field.default
    if default is dataclasses.MISSING:
        return "needed" if field.default_factory is dataclasses.MISSING else "empty"
    if default == "":
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`[{', '.join(default)}]`" if isinstance(default, tuple) else f"`{default}`"


@pytest.mark.parametrize(("section", "group"), [*GROUPS.items(), ("Folders", Config)])
def test_each_setting_is_documented_with_its_default(section: str, group: Any) -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.+?) \| (.+) \|$", sections("docs/config.md")[section])
    wanted = {
        field.name: in_words(field)
        for field in dataclasses.fields(group)
        if field.name not in ("name", *GROUPS)
    }
    assert {name: default for name, default, _ in rows} == wanted
    assert all(meaning.endswith(".") for _, _, meaning in rows)


def test_the_sample_configuration_shows_every_setting() -> None:
    text = (REPOSITORY / "config.yaml").read_text(encoding="utf-8")
    for group in (*GROUPS.values(), Config):
        for field in dataclasses.fields(group):
            if field.name != "name" and (group, field.name) != (Newsletter, "template"):
                assert re.search(rf"(?m)^\s*(# )?{field.name}:", text), field.name


def test_every_yaml_in_the_documentation_is_yaml() -> None:
    for path in DOCUMENTS:
        for block in _blocks(path, "yaml"):
            yaml_rs.loads(block.strip().strip("-"), parse_datetime=False)


# -- commands in documents ---------------------------------------------------------------------


def _blocks(path: Path, kind: str) -> Iterator[str]:
    yield from re.findall(rf"(?ms)^```{kind}\n(.*?)^```$", path.read_text(encoding="utf-8"))


def steps(path: Path) -> Iterator[tuple[str, int]]:
    """The commands of a document, and how each must exit."""
    for block in _blocks(path, "console"):
        lines = block.splitlines()
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if line.startswith("$ "):
                code = re.fullmatch(r"# exit (\d+)", following)
                yield line[2:], int(code[1]) if code else 0


@dataclasses.dataclass
class Shell:
    """Runs the commands of a document, and keeps what they print."""

    folder: Path
    shown: io.StringIO = dataclasses.field(default_factory=io.StringIO)

    def run(self, line: str) -> int:
        """Run a line; returns the exit code."""
        words = shlex.split(line)
        if words[0] == "cd":
            self.folder = (self.folder / words[1]).resolve(strict=True)
            return 0
        if words[0] == "syndicate" and not set("|&;<>$`*?~(") & set(line):
            with chdir(self.folder), redirect_stdout(self.shown), redirect_stderr(self.shown):
                try:
                    return cli.main(words[1:])
                except SystemExit as exiting:  # `help`
                    return int(exiting.code or 0)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )
        self.shown.write(done.stdout + done.stderr)
        return done.returncode


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_in_a_document_work(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    folder = tmp_path / "empty"
    folder.mkdir()
    shell = Shell(folder)
    for command, wanted in steps(REPOSITORY / name):
        assert (command, shell.run(command)) == (command, wanted), shell.shown.getvalue()


def test_links_between_documents_work() -> None:
    for path in DOCUMENTS:
        text = re.sub(r"(?ms)^```.*?^```$|`[^`\n]*`", "", path.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert there.exists(), f"{path.name}: {target}"
            if anchor:
                headings = re.findall(r"(?m)^#+ (.+)$", there.read_text(encoding="utf-8"))
                assert anchor in map(_anchor, headings), f"{path.name}: {target}"


def test_the_navigation_of_the_site_lists_every_page() -> None:
    site = tomllib.loads((REPOSITORY / "zensical.toml").read_text(encoding="utf-8"))
    pages = re.findall(r"'([\w-]+\.md)'", str(site["project"]["nav"]))
    assert sorted(pages) == sorted(path.name for path in (REPOSITORY / "docs").glob("*.md"))


@pytest.mark.parametrize(
    "words",
    [
        *("SPF", "DKIM", "DMARC", "GDPR", "PTR", "double opt-in", "front matter", "dry run"),
        *("one-click unsubscribe", "List-Unsubscribe", "List-ID", "return path", "warm-up"),
        *("rate limit", "transactional email", "test email", "hard bounce", "soft bounce"),
        *("feedback loop", "RSS", "Atom", "JSON Feed", "WebSub", "cron", "systemd", "Docker"),
        *("Podman", "nginx", "Caddy", "Mailgun", "SES", "Postmark", "SendGrid", "listmonk"),
        *("Mailchimp", "SMTP relay", "reverse proxy", "webhook", "dark mode", "time zone"),
    ],
)
def test_words_that_people_search_for_are_in_the_documentation(words: str) -> None:
    texts = ((path.read_text(encoding="utf-8")) for path in (REPOSITORY / "docs").glob("*.md"))
    assert any(words.lower() in " ".join(text.lower().split()) for text in texts)


def _anchor(heading: str) -> str:
    """A heading's address, as the places that show Markdown make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# -- make ------------------------------------------------------------------------------------


def test_make_help_lists_every_target() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = " ".join(re.findall(r"(?m)^\.PHONY: (.*)$", makefile)).split()
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout.splitlines()
    assert {line.split()[0] for line in listed} == set(targets)
    assert all(len(line.split()) > 1 for line in listed)
