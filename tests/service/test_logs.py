"""Logs are one JSON object a line, and words for a person on a terminal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from syndicate.service import logs

FACTS = {"facts": {"place": "a.md:3", "hint": "write\x1b[2J it"}}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_program_gets_one_object_a_line() -> None:
    stream = io.StringIO()
    logs.configure_logging(stream)
    logging.getLogger("syndicate.x").error("no date\nof any kind", extra=FACTS)
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["event"], said["place"]) == (
        "error",
        "no date\nof any kind",
        "a.md:3",
    )
    assert said["time"].endswith("+00:00")


def test_on_a_terminal_the_hint_is_on_its_own_line_and_nothing_moves_the_cursor() -> None:
    stream = Terminal()
    logs.configure_logging(stream)
    logging.getLogger("syndicate.x").error("no date", extra=FACTS)
    first, second = stream.getvalue().splitlines()
    assert first.endswith("error  a.md:3: no date")
    assert second.strip() == "write\\x1b[2J it"


def test_a_traceback_is_in_the_json_object() -> None:
    stream = io.StringIO()
    logs.configure_logging(stream)
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("syndicate.x").exception("odd")
    (line,) = stream.getvalue().splitlines()
    assert "ZeroDivisionError" in json.loads(line)["traceback"]


def test_informational_messages_of_libraries_are_left_out() -> None:
    stream = io.StringIO()
    logs.configure_logging(stream)
    logging.getLogger("apscheduler.scheduler").warning("maximum number of running instances")
    logging.getLogger("another").info("by the way")
    assert stream.getvalue() == ""


def test_a_person_reads_where_to_look_and_a_program_the_address() -> None:
    line = "Serving http://127.0.0.1:8000/ - press Ctrl-C to stop"
    record = logging.LogRecord("syndicate", logging.INFO, "", 0, "serving", None, None)
    record.line, record.facts = line, {"address": "http://127.0.0.1:8000/"}
    assert logs.TextFormatter().format(record) == line
    assert json.loads(logs.JsonFormatter().format(record))["address"] == "http://127.0.0.1:8000/"


def test_a_person_reads_a_sentence_and_a_program_the_facts() -> None:
    record = logging.LogRecord("syndicate", logging.INFO, "", 0, "published", None, None)
    record.words, record.facts = "built in 0.1 seconds: 3 articles published", {"articles": 3}
    assert (
        logs.TextFormatter().format(record).endswith("  built in 0.1 seconds: 3 articles published")
    )
    assert json.loads(logs.JsonFormatter().format(record))["articles"] == 3
