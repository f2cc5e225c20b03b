"""Answer webhooks of mail providers: check the proof, handle the events."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from syndicate.bounces.handle import handle, return_path_reader
from syndicate.bounces.providers.common import (
    MalformedError,
    Provider,
    SignatureError,
    WebhookRequest,
)
from syndicate.bounces.providers.mailgun import mailgun
from syndicate.bounces.providers.postmark import postmark
from syndicate.bounces.providers.sendgrid import sendgrid
from syndicate.bounces.providers.ses import Fetch, Ses
from syndicate.config.model import Webhooks
from syndicate.http_client import get
from syndicate.store.database import Database
from syndicate.store.requests import SigningKeys
from syndicate.timestamps import format_timestamp
from syndicate.web.http_messages import Request, Response, text

log = logging.getLogger(__name__)


def providers(settings: Webhooks, fetch: Fetch = get) -> Mapping[str, Provider]:
    """The providers that are configured, by the last part of the address they post to."""
    found: dict[str, Provider] = {}
    if settings.ses:
        found["ses"] = Ses(settings.ses, fetch)
    if settings.postmark:
        found["postmark"] = postmark(settings.postmark)
    if settings.mailgun:
        found["mailgun"] = mailgun(settings.mailgun)
    if settings.sendgrid:
        found["sendgrid"] = sendgrid(settings.sendgrid)
    return found


def needs_cryptography(settings: Webhooks) -> bool:
    """Whether signatures are to be checked that Python cannot check by itself."""
    return bool(settings.ses or settings.sendgrid)


class WebhookHandler:
    """Hears what configured providers post."""

    def __init__(self, known: Mapping[str, Provider], database: Database) -> None:
        self._known = known
        self._database = database

    def __call__(self, name: str, request: Request, body: bytes, now: datetime) -> Response:
        """Answer a request to the provider of this name. Raises StoreError: to be tried again."""
        provider = self._known.get(name)
        if provider is None:
            return text(404, "Nothing is heard here.")
        if request.method != b"POST":
            return text(405, "Notices are posted here.", (b"allow", b"POST"))
        try:
            reports = provider(WebhookRequest(request.headers, body), now)
        except SignatureError:
            log.warning("a notice without its proof", extra={"facts": {"provider": name}})
            return text(403, "This is not from whom it should be.")
        except MalformedError:
            return _malformed(name, "it is not what this provider posts")
        except OSError as error:
            facts = {"provider": name, "reason": str(error)}
            log.warning("what proves a notice cannot be fetched", extra={"facts": facts})
            return text(503, "This cannot be checked just now.", (b"retry-after", b"60"))
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
            return _malformed(name, type(error).__name__)
        matches = return_path_reader(SigningKeys(self._database).good(format_timestamp(now)))
        came = Counter(handle(self._database, each, matches, now) for each in reports)
        facts = {"provider": name, **{kind.value: str(many) for kind, many in came.items()}}
        log.info("notices were heard", extra={"facts": facts})
        return text(200, "Heard.")


def _malformed(provider: str, reason: str) -> Response:
    """The answer to an event that cannot be parsed; it is logged."""
    facts = {"provider": provider, "reason": reason}
    log.warning("an unreadable event", extra={"facts": facts})
    return text(400, "This cannot be understood.")
