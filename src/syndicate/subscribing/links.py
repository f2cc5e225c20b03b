"""Addresses below the site's, from the configuration alone, never from a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from syndicate.config.model import Newsletter
from syndicate.delivery.message import mailbox
from syndicate.store.requests import Secret
from syndicate.subscribers.tokens import Purpose, signed


@dataclass(frozen=True, slots=True)
class Links:
    """Links of one site. `base` is its address with a slash at the end; `secret` signs."""

    base: str
    secret: Secret

    def confirm(self, request: int, until: datetime) -> str:
        """Where somebody confirms what they asked for, until an aware moment."""
        token = signed(self.secret, Purpose.CONFIRM, request, until=until)
        return f"{self.base}subscribe/confirm/{token}"

    def preferences(self, subscriber: int) -> str:
        """Where somebody chooses what they get."""
        return f"{self.base}preferences/{signed(self.secret, Purpose.PREFERENCES, subscriber)}"

    def unsubscribe(self, newsletter: str, subscriber: int) -> str:
        """Where somebody leaves a newsletter; a POST to it is enough (RFC 8058)."""
        return (
            f"{self.base}unsubscribe/{newsletter}/{_leaving(self.secret, newsletter, subscriber)}"
        )

    def unsubscribe_by_mail(self, newsletter: Newsletter, subscriber: int) -> str:
        """The same as a mail to the sender, with what says who writes in its subject."""
        token = _leaving(self.secret, newsletter.name, subscriber)
        return f"mailto:{quote(mailbox(newsletter.sender), safe='@')}?subject=" + quote(
            f"unsubscribe {newsletter.name} {token}"
        )


def _leaving(secret: Secret, newsletter: str, subscriber: int) -> str:
    return signed(secret, Purpose.UNSUBSCRIBE, subscriber, newsletter)
