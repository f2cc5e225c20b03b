"""The servers that benchmarks/serve.py measures, each in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import uvicorn

from syndicate.web.asgi import App, Receive, Scope, Send
from syndicate.web.fast_path import FastProtocol, server_config
from syndicate.web.metrics import Traffic
from syndicate.web.rate_limit import Clients, Limit
from syndicate.web.representations import Representation
from syndicate.web.responder import Responder
from syndicate.web.site_in_memory import ServedAddress, SiteCache

__all__ = ["FastProtocol", "empty", "serve"]


def serve(folder: str, port: int, protocol: Any) -> None:
    """The folder as the service serves it, by `Front` or by uvicorn's own protocol."""
    config = server_config(_answers(folder), host="127.0.0.1", port=port, log_level="warning")
    config.http = protocol
    uvicorn.Server(config).run()


def empty(folder: str, port: int) -> None:
    """An ASGI application that does nothing but give the right answer: what ASGI costs at least."""
    answers = _answers(folder)
    form: Representation = answers.cache.snapshot.paths[b"/feed.xml"].representation((b"gzip",))

    class Empty(App):
        async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
            known = any(name == b"if-none-match" for name, _ in scope["headers"])
            given = form.unchanged if known else form.whole
            headers = given.headers
            await send({"type": "http.response.start", "status": given.status, "headers": headers})
            await send({"type": "http.response.body", "body": given.body})

    config = server_config(answers, host="127.0.0.1", port=port, log_level="warning")
    config.app, config.http = Empty(answers), "httptools"
    uvicorn.Server(config).run()


def _answers(folder: str) -> Responder:
    cache = SiteCache(Path(folder), ServedAddress("https://example.org/"))
    cache.refresh()
    return Responder(cache, Clients(Limit()), Traffic())
