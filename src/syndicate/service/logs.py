"""Logging to stderr: text on a terminal, else one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from syndicate.findings import visible

OURS = "syndicate"


def configure_logging(stream: TextIO = sys.stderr) -> None:
    """Log to `stream` from now on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ForPeople() if stream.isatty() else ForPrograms())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(logging.INFO)
    # It warns at every request that is malformed: anybody could fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # It warns at every job whose moment comes during a pass, as in a long build.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class ForPrograms(logging.Formatter):
    """`{"time": …, "level": …, "event": …}` and the facts of the event."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _moment(record.created).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class ForPeople(logging.Formatter):
    """Time, place, message and facts; the hint on a separate line.

    An event with a `line` is that line and nothing else; `words` stand in place of event and facts.
    """

    def format(self, record: logging.LogRecord) -> str:
        if line := getattr(record, "line", ""):
            return visible(line)
        words = getattr(record, "words", "")
        facts = {} if words else dict(getattr(record, "facts", {}))
        place, rule, hint = (facts.pop(name, "") for name in ("place", "rule", "hint"))
        facts.pop("part", "")  # the place or the message is more exact
        entry = [f"{_moment(record.created).astimezone():%H:%M:%S}"]
        entry += [] if record.levelno == logging.INFO else [record.levelname.lower()]
        entry += [words or (f"{place}: {record.getMessage()}" if place else record.getMessage())]
        entry += [f"{name}={value}" for name, value in facts.items()]
        entry += [f"[{rule}]"] if rule else []
        lines = [visible("  ".join(entry))]
        lines += [f"          {visible(hint)}"] if hint else []
        lines += [self.formatException(record.exc_info)] if record.exc_info else []
        return "\n".join(lines)


def _moment(created: float) -> datetime:
    return datetime.fromtimestamp(created, UTC)
