"""Values of single settings that are well-formed but cannot work. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicate.address_grammar import ADDRESS
from syndicate.colours import COLOUR, MIN_CONTRAST, contrast, nearest_readable
from syndicate.config.model import (
    BounceSettings,
    Brand,
    Feeds,
    Hook,
    Imap,
    Newsletter,
    PublishTarget,
    Sending,
    Server,
    ServiceSettings,
    SiteSettings,
    Store,
    SubscriberSettings,
    Webhooks,
)
from syndicate.errors import ScheduleError
from syndicate.uris import is_web_address

Complaint = tuple[str, str]
"""What is wrong (text that follows the name of the setting), and a hint."""
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SENDER = re.compile(
    rf"""{ADDRESS.pattern}|(?:"[^"\\\r\n]*"|[^<>()\[\]:;@\\,"\r\n]*)\s*<{ADDRESS.pattern}>"""
)
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS = ("slug", "year", "month", "day", "section", "path")
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# The papers of the designs on which accents are hardest to read, by the setting.
PAPERS = {"accent": "#f4f1ea", "accent_dark": "#25292f"}
LOGO = re.compile(r".+\.(png|jpe?g|gif)", re.IGNORECASE)
HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
QUIET = re.compile(r"([01]\d|2[0-3]):[0-5]\d ?[-–] ?([01]\d|2[0-3]):[0-5]\d")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(?:\.fifo)?", re.ASCII)
MIN_PASSWORD = 16
P256_BYTES = 91  # of the public half of a key on that curve, as DER
BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/.*)?")
STORE = re.compile(r"sqlite:///.+|postgres(ql)?(\+psycopg)?://.+")


def check_value(section: type, key: str, value: Any) -> Complaint | None:
    """What is wrong with one setting of a section, or None."""
    if isinstance(value, str) and ILLEGAL.search(value):
        return "has a character that XML forbids", "delete it"
    checker = CHECKS.get((section, key))
    return checker(value) if checker else None


def _name(value: str) -> Complaint | None:
    if NAME.fullmatch(value):
        return None
    return "is not a valid name", "use lowercase letters, digits and hyphens: it becomes a folder"


def _not_empty(value: str) -> Complaint | None:
    return None if value.strip() else ("is empty", "write something people recognise")


def _formats(value: tuple[str, ...]) -> Complaint | None:
    return None if value else ("is empty", "write [rss, atom, json] or fewer")


def _site_url(value: str) -> Complaint | None:
    if not is_web_address(value):
        return "is not a web address", "write it in full, with a valid host: https://example.org/"
    parts = urlsplit(value)
    if parts.query or parts.fragment:
        return "has a query or fragment", "leave out ? and #"
    if "@" in parts.netloc:
        return "has a user name or password, which every reader would see", "leave it out"
    return None


def _hub(value: str) -> Complaint | None:
    return (
        None if not value or is_web_address(value) else ("is not a web address", "write https://…")
    )


def _language(value: str) -> Complaint | None:
    if LANGUAGE.fullmatch(value):
        return None
    return f"is {value!r}, not a language tag", "write a BCP 47 tag: en, de, pt-BR"


def _email(value: str) -> Complaint | None:
    ok = not value or ADDRESS.fullmatch(value)
    return None if ok else ("is not a valid email address", "write name@example.org")


def _sender(value: str) -> Complaint | None:
    if SENDER.fullmatch(value.strip()):
        return None
    hint = 'write Name <name@example.org>, with "quotes" around a name that has a comma'
    return "is not a sender", hint


def _unsubscribe(value: str) -> Complaint | None:
    if not value or (value.startswith("mailto:") and ADDRESS.match(value, len("mailto:"))):
        return None
    ok = value.startswith("https://") and is_web_address(value)
    return (
        None if ok else ("is not a valid unsubscribe address", "write https://… or mailto:name@…")
    )


def _accent(value: str, key: str = "accent") -> Complaint | None:
    if not COLOUR.fullmatch(value):
        return f"is {value!r}, not a colour", 'write # and six digits, in quotes: "#0b5f8a"'
    paper = PAPERS[key]
    ratio = contrast(value, paper)
    if ratio >= MIN_CONTRAST:
        return None
    message = f"is {value}, which has a contrast of {ratio:.1f} to the background ({paper})"
    return (
        message,
        f'text needs at least {MIN_CONTRAST}; the nearest is "{nearest_readable(value, paper)}"',
    )


def _logo(value: str) -> Complaint | None:
    if not value:
        return None
    remote = "://" in value
    if remote and not (value.startswith("https://") and is_web_address(value)):
        return "is not an https: URL", "write https://…, or the path of a file in content/"
    if not LOGO.fullmatch(urlsplit(value).path if remote else value):
        return "is not a PNG, JPEG or GIF", "mail programs show only these; save it as PNG"
    inside = remote or not (value.startswith("/") or ".." in value.split("/"))
    return None if inside else ("is not below content/", "write its path there: logo.png")


def _social(value: Mapping[str, str]) -> Complaint | None:
    for name, url in value.items():
        if not (url.startswith("https://") and is_web_address(url)):
            return f"has no https: address for {name}", f"write {name}: https://…"
    return None


def _time_zone(value: str) -> Complaint | None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # what ZoneInfo raises for unknown and odd names
        return f"is {value!r}, not a time zone", _nearest_zone(value)
    return None


def _zone_of_schedule(value: str) -> Complaint | None:
    return _time_zone(value) if value else None


def _every(value: str) -> Complaint | None:
    from syndicate.schedule import words

    return _understood(words.every, value) if value else None


def _cron(value: str) -> Complaint | None:
    from syndicate.schedule import words

    return _understood(words.cron, value) if value else None


def _max_age(value: str) -> Complaint | None:
    from syndicate.schedule import words

    return _understood(words.duration, value)


def _proxies(values: tuple[str, ...]) -> Complaint | None:
    from ipaddress import ip_network

    for value in values:
        try:
            ip_network(value)
        except ValueError:
            return (
                f"has {value!r}, which is not an IP address or network",
                "write 127.0.0.1 or 10.0.0.0/8",
            )
    return None


def _understood(read: Callable[[str], object], value: str) -> Complaint | None:
    try:
        read(value)
    except ScheduleError as error:
        return error.message, error.hint
    return None


def _nearest_zone(value: str) -> str:
    import difflib
    from zoneinfo import available_timezones

    near = difflib.get_close_matches(value, sorted(available_timezones()), n=1)
    return f"did you mean {near[0]}?" if near else "write one such as Europe/Berlin"


def _permalink(value: str) -> Complaint | None:
    placeholders = PLACEHOLDER.findall(value)
    unknown = [placeholder for placeholder in placeholders if placeholder not in PLACEHOLDERS]
    if unknown:
        allowed = " ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
        return f"has an unknown {{{unknown[0]}}}", f"known: {allowed}"
    if not {"slug", "path"} & set(placeholders):
        return "gives all articles the same URL", "add {slug} or {path}"
    return None


def _events(value: tuple[str, ...]) -> Complaint | None:
    return None if value else ("is empty", "write [issue-made]")


def _quiet(value: str) -> Complaint | None:
    if value and (not QUIET.fullmatch(value) or value[:5] == value[-5:]):
        return f"is {value!r}, not a range of hours", "write them such as 22:00-07:00"
    return None


def _host(value: str) -> Complaint | None:
    if HOST.fullmatch(value):
        return None
    return "is not a host name", "write it such as smtp.example.org"


def _postmark(value: str) -> Complaint | None:
    user, _, password = value.partition(":")
    if not value or (user and len(password) >= MIN_PASSWORD):
        return None
    return (
        f"is not USER:PASSWORD, with a password of {MIN_PASSWORD} characters or more",
        "choose a random one, and put both into the webhook URL at Postmark",
    )


def _sendgrid(value: str) -> Complaint | None:
    import binascii
    from base64 import b64decode

    try:
        ok = not value or _is_point(b64decode(value, validate=True))
    except binascii.Error:
        ok = False
    hint = "copy the verification key that SendGrid shows"
    return None if ok else ("is not a public key of the curve P-256 in Base64", hint)


def _is_point(key: bytes) -> bool:
    """Whether a key (DER) is of P-256; without cryptography, whether its length fits."""
    from importlib.util import find_spec

    if len(key) != P256_BYTES or not find_spec("cryptography"):
        return len(key) == P256_BYTES
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _topic(value: str) -> Complaint | None:
    if not value or TOPIC.fullmatch(value):
        return None
    return "is not an SNS topic", "write its ARN: arn:aws:sns:REGION:ACCOUNT:NAME"


def _warm_up(value: tuple[int, ...]) -> Complaint | None:
    if all(each > 0 for each in value):
        return None
    return "has a day with no messages", "write numbers of 1 or more"


def _command(value: str) -> Complaint | None:
    import shlex

    try:
        shlex.split(value)
    except ValueError as error:
        return f"cannot be read: {str(error).lower()}", "close the quotes"
    return None


def _bucket(value: str) -> Complaint | None:
    if not value or BUCKET.fullmatch(value):
        return None
    return "is not the address of a bucket", "write s3://BUCKET or s3://BUCKET/FOLDER"


def _endpoint(value: str) -> Complaint | None:
    ok = not value or is_web_address(value)
    return None if ok else ("is not a web address", "write https://…, as the provider states it")


def _store_url(value: str) -> Complaint | None:
    ok = STORE.fullmatch(value)
    hint = "write sqlite:///FILE or postgresql://user@host/database"
    return None if ok else ("is not a database address", hint)


CHECKS: Mapping[tuple[type, str], Callable[[Any], Complaint | None]] = {
    (SiteSettings, "title"): _not_empty,
    (SiteSettings, "url"): _site_url,
    (SiteSettings, "language"): _language,
    (SiteSettings, "email"): _email,
    (SiteSettings, "time_zone"): _time_zone,
    (SiteSettings, "permalink"): _permalink,
    (Feeds, "formats"): _formats,
    (Feeds, "hub"): _hub,
    (Newsletter, "name"): _name,
    (Newsletter, "title"): _not_empty,
    (Newsletter, "sender"): _sender,
    (Newsletter, "unsubscribe"): _unsubscribe,
    (PublishTarget, "name"): _name,
    (PublishTarget, "url"): _bucket,
    (PublishTarget, "endpoint"): _endpoint,
    (PublishTarget, "command"): _command,
    (Hook, "name"): _name,
    (Hook, "on"): _events,
    (Hook, "url"): _hub,
    (Hook, "command"): _command,
    (Newsletter, "every"): _every,
    (Newsletter, "cron"): _cron,
    (Newsletter, "time_zone"): _zone_of_schedule,
    (Newsletter, "max_age"): _max_age,
    (SubscriberSettings, "confirm_within"): _max_age,
    (Server, "name"): _name,
    (Server, "host"): _host,
    (Server, "warm_up"): _warm_up,
    (Sending, "retry_for"): _max_age,
    (Sending, "quiet_hours"): _quiet,
    (BounceSettings, "address"): _email,
    (Imap, "host"): lambda value: _host(value) if value else None,
    (Imap, "folder"): _not_empty,
    (Webhooks, "ses"): _topic,
    (Webhooks, "postmark"): _postmark,
    (Webhooks, "sendgrid"): _sendgrid,
    (ServiceSettings, "trusted_proxies"): _proxies,
    (Brand, "accent"): _accent,
    (Brand, "accent_dark"): partial(_accent, key="accent_dark"),
    (Brand, "logo"): _logo,
    (Brand, "social"): _social,
    (Store, "url"): _store_url,
}
