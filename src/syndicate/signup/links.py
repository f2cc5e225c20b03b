"""Links to the pages of subscribers. Made from the configuration, never from a request's Host."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from syndicate.config.model import BounceSettings, Newsletter
from syndicate.mail.message import mailbox
from syndicate.store.requests import SigningKey
from syndicate.subscribers.tokens import Purpose, signed


@dataclass(frozen=True, slots=True)
class Links:
    """Links of one site. `base` is its address with a slash at the end; `secret` signs.

    `mail_to` is where emails to unsubscribe go; "" for the sender of the newsletter.
    """

    base: str
    secret: SigningKey
    mail_to: str = ""

    def confirm(self, request: int, until: datetime) -> str:
        """The link that confirms a request, valid until an aware datetime."""
        token = signed(self.secret, Purpose.CONFIRM, request, until=until)
        return f"{self.base}subscribe/confirm/{token}"

    def preferences(self, subscriber: int) -> str:
        """The link to the preferences page."""
        return f"{self.base}preferences/{signed(self.secret, Purpose.PREFERENCES, subscriber)}"

    def unsubscribe(self, newsletter: str, subscriber: int) -> str:
        """The link to unsubscribe; a POST to it is enough (RFC 8058)."""
        token = _unsubscribe_token(self.secret, newsletter, subscriber)
        return f"{self.base}unsubscribe/{newsletter}/{token}"

    def unsubscribe_by_mail(self, newsletter: Newsletter, subscriber: int) -> str:
        """The same as a mailto link, with the token in its subject (RFC 6068)."""
        token = _unsubscribe_token(self.secret, newsletter.name, subscriber)
        to = mailbox(self.mail_to or newsletter.sender)
        return f"mailto:{quote(to, safe='@')}?subject=" + quote(
            f"unsubscribe {newsletter.name} {token}"
        )


def mailbox_read(settings: BounceSettings) -> str:
    """The address whose mailbox syndicate reads; "" if that is the sender's, or none."""
    return settings.address if settings.maildir or settings.imap.host else ""


def _unsubscribe_token(secret: SigningKey, newsletter: str, subscriber: int) -> str:
    return signed(secret, Purpose.UNSUBSCRIBE, subscriber, newsletter)
