"""Logging to stderr: text on a terminal, else one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from syndicate.findings import visible

LOGGER = "syndicate"


def configure_logging(stream: TextIO = sys.stderr) -> None:
    """Log to `stream` from now on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if stream.isatty() else JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    # It warns at every malformed request: any client could fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # It warns at every job that becomes due during a pass, such as a long build.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class JsonFormatter(logging.Formatter):
    """`{"time": …, "level": …, "event": …}` and the facts of the event."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _moment(record.created).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """Time, place, message and facts; the hint on a separate line.

    An event with a `line` is printed as that line; `words` replace event and facts.
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
