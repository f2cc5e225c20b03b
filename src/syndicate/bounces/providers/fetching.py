"""Fetches a small thing from a provider over https. Touches the network."""

from __future__ import annotations

import http.client
import urllib.request

TIMEOUT = 10
MOST_BYTES = 64 * 1024


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: an address that was judged leads nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


def fetch(url: str) -> bytes:
    """What is at an https: address, or its beginning. Raises OSError."""
    if not url.startswith("https://"):
        raise OSError(f"{url} is no https: address")
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            return bytes(answer.read(MOST_BYTES))
    except http.client.HTTPException as error:
        raise OSError(f"{url} answers oddly: {error}") from error
