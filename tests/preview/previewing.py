"""A running preview: its site, to change things in, and what it answers."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROGRAM = Path(sys.executable).with_name("syndicate")


@dataclass
class Preview:
    """A running `syndicate preview` of the site in `site`."""

    site: Path
    url: str
    process: subprocess.Popen[str]

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file of the site, as an editor does."""
        file = self.site / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def ask(
        self, path: str, method: str = "GET", host: str | None = "127.0.0.1"
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Status, body and headers of an answer; the path is sent as it stands."""
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.url).port, timeout=60)
        connection.putrequest(method, path, skip_host=True)
        if host is not None:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body, answer.headers

    def shown(self, newsletter: str = "weekly") -> Any:
        """The JSON that the page fetches."""
        return json.loads(self.ask(f"/{newsletter}/preview.json")[1])


Start = Callable[..., Preview]
"""Starts a preview of a site, with more arguments if need be."""
