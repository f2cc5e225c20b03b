"""A target in S3-compatible object storage, through obstore."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from syndicate.config.model import PublishTarget
from syndicate.publishing.targets import PublishError, read_document
from syndicate.store.published import PendingDocument
from syndicate.web.media_types import kind_of

CONNECTIONS = 8
MAX_RETRIES = 2
TIMEOUT = timedelta(seconds=60)
MAX_REASON = 300
"""Characters of the reason of a failure."""

CODE = re.compile(r"<Code>(\w+)</Code>")
DURATION = re.compile(r" in [\d.]+(ns|µs|ms|s)\b")

SENT_HEADERS = {b"content-type": "Content-Type", b"cache-control": "Cache-Control"}
"""The headers of a document that object storage keeps with it."""


class ObjectStorage:
    """A bucket, or a folder in one. Without keys in the configuration, those of the environment."""

    batch = 100

    def __init__(self, output: Path, target: PublishTarget) -> None:
        """Raises PublishError if obstore is missing or refuses the settings."""
        self._output = output
        with _translated_errors():
            from obstore.store import S3Store

            self._store = S3Store.from_url(
                target.url,
                **{name: value for name, value in _settings(target).items() if value},
                client_options={
                    "timeout": TIMEOUT,
                    "allow_http": target.endpoint.startswith("http://"),
                },
                retry_config={"max_retries": MAX_RETRIES, "retry_timeout": TIMEOUT},
            )

    def write(self, documents: Sequence[PendingDocument]) -> None:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            deque(pool.map(self._write, documents), maxlen=0)

    def _write(self, document: PendingDocument) -> None:
        import obstore

        data = read_document(self._output, document)
        attributes = {
            SENT_HEADERS[name]: value.decode()
            for name, value in kind_of(document.path).headers
            if name in SENT_HEADERS
        }
        with _translated_errors():
            obstore.put(self._store, document.path, data, attributes=attributes)

    def remove(self, paths: Sequence[str]) -> None:
        import obstore

        with _translated_errors(), suppress(FileNotFoundError):  # removed before
            obstore.delete(self._store, list(paths))


def _settings(target: PublishTarget) -> dict[str, Any]:
    return {
        "endpoint": target.endpoint,
        "region": target.region,
        "access_key_id": target.access_key_id,
        "secret_access_key": target.secret_access_key,
    }


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise PublishError for what obstore raises, which are also errors of the system."""
    try:
        from obstore.exceptions import BaseError
    except ModuleNotFoundError:
        raise PublishError("obstore is not installed: pip install obstore") from None
    try:
        yield
    except (BaseError, OSError) as error:
        raise PublishError(_reason(str(error).strip())) from None


def _reason(text: str) -> str:
    """The first line of an error of obstore, and the code in the server's reply.

    Without the time it took, which would make each failure another one. The other lines are about
    the library's own parts.
    """
    first = DURATION.sub("", text.partition("\n")[0].partition("<?xml")[0]).rstrip(" :")
    code = CODE.search(text)
    return f"{f'{code[1]}: ' if code else ''}{first}"[:MAX_REASON]
