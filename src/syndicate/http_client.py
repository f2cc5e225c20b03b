"""Small HTTP requests to other servers. Follows no redirects. Touches the network."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from syndicate import __version__

TIMEOUT_SECONDS = 20
MAX_RESPONSE_BYTES = 64 * 1024


class HttpError(OSError):
    """A request that failed: no connection, no valid response, or a status that is not 2xx."""


class _NoRedirects(HTTPRedirectHandler):
    """A URL that was checked leads nowhere else."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        return None


def get(url: str) -> bytes:
    """The body of what is at an https: URL, at most `MAX_RESPONSE_BYTES`. Raises HttpError."""
    if not url.startswith("https://"):
        raise HttpError(f"{url} is not an https: URL")
    return _send(Request(url, headers=_AGENT))  # noqa: S310  checked above


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send `body`; any 2xx status counts as accepted. Raises HttpError."""
    _send(Request(url, body, {**_AGENT, **headers}, method="POST"))  # noqa: S310  checked when configured


_AGENT = {"User-Agent": f"syndicate/{__version__}"}


def _send(request: Request) -> bytes:
    try:
        with build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as response:
            return bytes(response.read(MAX_RESPONSE_BYTES))
    except HTTPError as error:
        error.close()
        raise HttpError(f"the server answers {error.code} {error.reason}") from None
    except (URLError, OSError, ValueError, HTTPException) as error:
        raise HttpError(str(getattr(error, "reason", error))) from None
