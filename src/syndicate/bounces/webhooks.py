"""Handle webhooks of mail providers: check the signature, then handle the events."""

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
    """The configured providers, by the last part of the URL they post to."""
    configured: dict[str, Provider] = {}
    if settings.ses:
        configured["ses"] = Ses(settings.ses, fetch)
    if settings.postmark:
        configured["postmark"] = postmark(settings.postmark)
    if settings.mailgun:
        configured["mailgun"] = mailgun(settings.mailgun)
    if settings.sendgrid:
        configured["sendgrid"] = sendgrid(settings.sendgrid)
    return configured


def needs_cryptography(settings: Webhooks) -> bool:
    """Whether any provider has signatures that need the package cryptography."""
    return bool(settings.ses or settings.sendgrid)


class WebhookHandler:
    """Responds to requests of the configured providers."""

    def __init__(self, providers: Mapping[str, Provider], database: Database) -> None:
        self._providers = providers
        self._database = database

    def __call__(self, name: str, request: Request, body: bytes, now: datetime) -> Response:
        """The response to a request from the provider of this name. Raises StoreError."""
        provider = self._providers.get(name)
        if provider is None:
            return text(404, "There is no such webhook.")
        if request.method != b"POST":
            return text(405, "Use POST.", (b"allow", b"POST"))
        try:
            reports = provider(WebhookRequest(request.headers, body), now)
        except SignatureError:
            log.warning(
                "a webhook request without a valid signature", extra={"facts": {"provider": name}}
            )
            return text(403, "The signature is not valid.")
        except MalformedError:
            return _malformed(name, "not an event of this provider")
        except OSError as error:
            facts = {"provider": name, "reason": str(error)}
            log.warning(
                "the certificate of a webhook request cannot be fetched", extra={"facts": facts}
            )
            return text(503, "The signature cannot be checked now.", (b"retry-after", b"60"))
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
            return _malformed(name, type(error).__name__)
        matching = return_path_reader(SigningKeys(self._database).valid(format_timestamp(now)))
        results = Counter(handle(self._database, each, matching, now) for each in reports)
        facts = {"provider": name, **{kind.value: str(count) for kind, count in results.items()}}
        log.info("handled webhook events", extra={"facts": facts})
        return text(200, "OK")


def _malformed(provider: str, reason: str) -> Response:
    """Log an event that cannot be parsed; the response."""
    facts = {"provider": provider, "reason": reason}
    log.warning("an unreadable webhook event", extra={"facts": facts})
    return text(400, "The event cannot be parsed.")
