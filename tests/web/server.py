"""A folder served by the real server, on this machine, for as long as a test needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvicorn

from syndicate.web.fast_path import server_config
from syndicate.web.metrics import Traffic
from syndicate.web.rate_limit import Clients, Limit, Network
from syndicate.web.responder import HealthSource, Responder
from syndicate.web.site_in_memory import ServedAddress, SiteCache


@dataclass(frozen=True)
class Running:
    """A server that runs; `get` and `head` ask it, without anything but the headers given."""

    folder: Path
    port: int
    cache: SiteCache
    answers: Responder
    traffic: Traffic
    client: httpx.Client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, **headers)

    def head(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("HEAD", path, **headers)

    def ask(self, method: str, path: str, **headers: str) -> httpx.Response:
        """Names of headers are written with `_`. The body is as it came, not unpacked.

        Without a `host` among them, the site is asked for at its own address.
        """
        named = {"host": urlsplit(self.cache.address.url).netloc}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = self.client.build_request(method, f"{self.url}{path}", headers=named)
        for name in ("accept", "accept-encoding", "user-agent"):
            if name not in named:
                request.headers.pop(name, None)
        answer = self.client.send(request, stream=True)
        raw = b"".join(answer.iter_raw())
        return httpx.Response(answer.status_code, headers=_without_coding(answer), content=raw)

    def put(self, path: str, data: str | bytes) -> Path:
        """Put a file into the folder, as it is served after the next refresh."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file


def _without_coding(answer: httpx.Response) -> list[tuple[str, str]]:
    """Headers, with the content coding under another name: httpx would unpack the body."""
    return [
        ("coding" if name.lower() == "content-encoding" else name, value)
        for name, value in answer.headers.multi_items()
    ]


@contextmanager
def served(
    folder: Path,
    *,
    address: ServedAddress = ServedAddress("https://example.org/"),  # noqa: B008  a value
    limit: Limit = Limit(),  # noqa: B008
    proxies: tuple[Network, ...] = (),
    monitor: HealthSource | None = None,
    memory: Path | None = None,
    **options: Any,
) -> Iterator[Running]:
    """Serve a folder, by uvicorn, at a port that is free."""
    cache, traffic = SiteCache(folder, address, memory), Traffic()
    assert cache.refresh() == ()
    answers = Responder(cache, Clients(limit, proxies), traffic, monitor)
    server = uvicorn.Server(
        server_config(answers, host="127.0.0.1", port=0, log_level="critical", **options)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(trust_env=False, timeout=60) as client:
            yield Running(folder, port, cache, answers, traffic, client)
    finally:
        server.should_exit = True
        thread.join(10)
