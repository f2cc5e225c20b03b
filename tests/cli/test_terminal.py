"""How the program behaves in shells and terminals: streams, signals, colours, completion."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import PROGRAM, CommandResult, RunCommand, article

from syndicate import cli

pytestmark = pytest.mark.slow

Program = Callable[..., CommandResult]


def shell(command: str) -> CommandResult:
    """Run a line of bash with the program on PATH."""
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail\n{command}"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PATH": path},
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


def on_a_terminal(*arguments: str, columns: int = 80, **environment: str) -> str:
    """What the program shows on a terminal of this width."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        [PROGRAM, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={"TERM": "xterm", "PATH": os.environ["PATH"], **environment},
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    process.wait()
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: the other end is closed
        return b""


# -- streams ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "syndicate build >&-",
        "syndicate build 2>&-",
        "syndicate check <&- >&- 2>&-",
        "syndicate --help >&-",
    ],
)
def test_closed_streams_stop_nothing(small_site: Path, line: str) -> None:
    result = shell(line)
    assert result.code == 0
    assert result.err == ""


@pytest.mark.parametrize(
    ("command", "stream"),
    [("config", "stdout"), ("--help", "stdout"), ("build", "stdout"), ("nonsense", "stderr")],
)
def test_a_closed_pipe_is_not_an_error(small_site: Path, command: str, stream: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writing}
    process = subprocess.Popen(
        [PROGRAM, command], stdout=streams["stdout"], stderr=streams["stderr"]
    )
    os.close(writing)
    out, err = process.communicate()
    assert process.returncode == 141
    assert not out
    assert not err


def test_the_first_lines_are_enough(site: Path) -> None:
    result = shell("syndicate explain tsukuroi | head -n 1")
    assert (result.out, result.err) == ("content/tsukuroi.md\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_output_that_cannot_be_written_is_an_error(small_site: Path) -> None:
    result = shell("syndicate config > /dev/full")
    assert result.code == 2
    assert result.err.startswith("error: the system refuses: No space left on device\n    ")
    assert shell("syndicate nonsense 2> /dev/full").code == 2


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_every_character_can_be_shown_in_any_locale(
    site: Path, run_program: RunCommand, locale: dict[str, str]
) -> None:
    result = run_program("explain", "qahwat-al-bahr", **locale)
    assert result.code == 0
    assert "title" in result.out


def test_a_name_that_is_not_text_can_be_asked_for(site: Path, run_program: RunCommand) -> None:
    result = run_program("explain", b"content/caf\xe9.md")
    assert result.code == 2
    assert "there is no such article" in result.err
    assert run_program("new", b"caf\xe9").code == 2
    assert run_program("build", "--config", b"caf\xe9.yaml").code == 2


# -- signals ---------------------------------------------------------------------------------


def many_articles(site: Path, count: int) -> None:
    for number in range(count):
        text = f"---\ntitle: Number {number}\ndate: 2026-01-{number % 28 + 1}\n---\nText.\n"
        article(site, f"many/{number}.md", text)


def test_a_build_stopped_with_ctrl_c_is_completed_by_the_next(small_site: Path) -> None:
    many_articles(small_site, 260)
    process = subprocess.Popen(
        [PROGRAM, "build"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("Writing"):
        assert process.poll() is None, "it ended before it could be stopped"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert "Stopped." in err
    assert "Traceback" not in err
    assert out == ""
    result = shell("syndicate build -q && syndicate build")
    assert result.code == 0
    assert "261 articles published, nothing to write" in result.out
    assert len(list(Path("public/articles").iterdir())) == 261


# -- terminals -------------------------------------------------------------------------------


def test_the_package_runs_as_the_program_does() -> None:
    done = subprocess.run([sys.executable, "-m", "syndicate", "--version"], capture_output=True)
    assert done.stdout == subprocess.run([PROGRAM, "--version"], capture_output=True).stdout
    assert done.returncode == 0


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(
    small_site: Path, run_program: RunCommand
) -> None:
    many_articles(small_site, 219)
    lines = run_program("build").err.splitlines()
    assert "Reading: 220 of 220" in lines
    assert all(" of " in line and line.isascii() for line in lines)
    assert 6 < len(lines) < 14
    (small_site / "syndicate.db").unlink()
    shown = on_a_terminal("build")
    assert "Reading  [" in shown
    assert "100%" in shown
    assert shown.count("\x1b[?25l") > 0
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is shown again"
    assert shown.endswith("index.html\n")


def test_quiet_shows_no_progress(small_site: Path) -> None:
    many_articles(small_site, 219)
    assert on_a_terminal("build", "--quiet") == ""


def test_colours_are_for_terminals_or_on_request(small_site: Path) -> None:
    article(small_site, "bad.md", "---\ntitle: Bad\ndate: 2026-13-45\n---\n")
    assert "\x1b[31merror" in on_a_terminal("check")
    assert "\x1b[" not in on_a_terminal("check", NO_COLOR="1")
    assert "\x1b[" not in shell("syndicate check").out


def test_a_narrow_terminal_is_enough(site: Path) -> None:
    shown = on_a_terminal("explain", "the-rule-of-twelfths", columns=40, NO_COLOR="1")
    lines = shown.splitlines()
    assert len(lines) > 20
    assert [line for line in lines if len(line) > 40] == []
    assert "\n               leave the sandbank" in shown, "what goes on stands under its value"
    for command in (["--help"], ["build"]):
        assert "Traceback" not in on_a_terminal(*command, columns=40)


def with_findings(site: Path) -> None:
    article(site, "bad.md", "---\ntitle: Bad\ndate: 2026-13-45\n---\nText.\n")
    article(site, "pale.md", "---\ntitle: Pale\ndate: 2026-01-01\n---\n![](https://e.org/a.png)\n")


@pytest.mark.parametrize("columns", [72, 80, 140])
def test_findings_are_a_table_as_wide_as_the_terminal(small_site: Path, columns: int) -> None:
    with_findings(small_site)
    heading, *lines = on_a_terminal("check", columns=columns, NO_COLOR="1").splitlines()
    assert heading.split() == ["level", "rule", "place", "problem", "hint"]
    assert [line for line in lines if len(line) > columns] == []
    place, what = heading.index("place"), heading.index("problem")
    rows = [line for line in lines if line.startswith(("error", "warning"))]
    assert len(rows) == 2
    shown = "".join(line[place:what].strip() for line in lines[:-1])
    assert shown == "content/bad.md:3content/pale.md:5"


def test_findings_are_plain_lines_where_a_table_does_not_fit(small_site: Path) -> None:
    with_findings(small_site)
    narrow = on_a_terminal("check", columns=60, NO_COLOR="1")
    assert narrow == shell("syndicate check").out
    assert narrow.startswith("content/bad.md:3  ")


# -- completion ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_completion_script(run_program: RunCommand, name: str) -> None:
    result = run_program("completion", name)
    assert result.code == 0
    assert f"_SYNDICATE_COMPLETE={name}_complete" in result.out


def test_bash_takes_the_script_and_completes(
    site: Path, require_program: Callable[[str, str], str]
) -> None:
    require_program("bash", "apt-get install bash")

    def completed(*words: str) -> set[str]:
        line = " ".join(f"'{word}'" for word in words)
        result = shell(
            'eval "$(syndicate completion bash)"\n'
            f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}\n"
            "_syndicate_completion syndicate\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        assert (result.code, result.err) == (0, "")
        return set(result.out.split())

    assert completed("syndicate", "c") == {"check", "completion", "config"}
    assert completed("syndicate", "build", "--s") == {"--strict"}
    assert completed("syndicate", "completion", "") == {"bash", "zsh", "fish"}


@pytest.mark.parametrize(
    "typed",
    [
        *("issues make", "issues show", "issues approve", "send-test", "deliveries report"),
        *("subscribers add", "export", "preview"),
    ],
)
def test_the_names_of_newsletters_are_completed(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    def completed(*more: str) -> list[str]:
        words = ["syndicate", *more, *typed.split(), "we"]
        monkeypatch.setenv("_SYNDICATE_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        cli.main([])
        return capsys.readouterr().out.split()

    assert completed() == ["plain,weekly"]
    assert completed("--config", str(site / "config.yaml")) == ["plain,weekly"]
    (site / "config.yaml").write_text("site: [", encoding="utf-8")
    assert completed() == []
