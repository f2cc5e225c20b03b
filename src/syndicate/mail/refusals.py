"""The cause of a refusal: the address, the mailbox, or the sender and the message. Pure.

The one classifier for SMTP replies, bounce reports and provider events.

A status code alone is not enough: servers answer 5.1.1 to blocked senders, and 5.7.1 to unknown
users. So the text of the reply counts first (`refusal_phrases`), then the server's own enhanced
status code (RFC 3463), then weak phrases, then the reply code (RFC 5321, section 4.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from syndicate.address_grammar import IN_TEXT
from syndicate.mail.refusal_phrases import HINTS, RULES, Cause, RefusalRule

MAX_TEXT: Final = 4_000
"""Characters of a reply that are read."""

STATUS: Final = re.compile(r"(?<![\d.])[245]\.[0-7]\.\d{1,3}(?!\.?\d)")
"""An enhanced status code (RFC 3463, section 2) in a text."""

GONE: Final = frozenset(
    {
        "5.1.1",  # no such mailbox
        "5.1.2",  # no such domain
        "5.1.3",  # not a valid address
        "5.1.6",  # moved, without a forwarding address
        "5.1.10",  # a domain that takes no mail (RFC 7505); at Exchange, no such mailbox
        "5.1.351",  # Exchange Online: the server it relayed to knows no such mailbox
        "5.2.1",  # a mailbox that was closed
        "5.4.4",  # no route to the domain, as Postfix reports one that does not exist
        "5.4.310",  # Exchange Online: the domain does not exist
        "5.7.17",  # another owner than before (RFC 7293), and at qmail no such mailbox
        "5.7.18",  # the same of a domain
    }
)
"""Statuses of addresses that do not exist, or no longer."""

GENERIC: Final = re.compile(r"[245]\.(?:0\.\d+|[1-5]\.0|5\.\d+)")
"""Statuses without a cause (x.0.z), and those that servers use for any cause."""

ABOUT_SENDER: Final = re.compile(r"[45]\.(?:[67]\.\d+|3\.4|2\.3|1\.[78]|2\.12[12])")
"""Statuses about the sender or the message: policy, content, size, rate."""

SURELY_SENDER: Final = re.compile(r"[45]\.(?:1\.[78]|7\.(?!1[378]$)(?:[2-9]|\d{2,}))")
"""Those that no server uses for an unknown address, as some use 5.7.13 (disabled)."""

BY_CODE: Final = {
    "452": Cause.MAILBOX,
    "521": Cause.ADDRESS,  # RFC 7504: a host that takes no mail
    "551": Cause.ADDRESS,  # not a user here
    "552": Cause.MAILBOX,
    "554": Cause.SENDER,  # the transaction failed, or no service for you
    "556": Cause.ADDRESS,  # RFC 7504: a domain that takes no mail
    "571": Cause.SENDER,
}
"""The cause by reply code, without words or status. 550 and 553 are used for any cause."""

REPLY_CODE: Final = re.compile(r"(?<![\w.:])([45]\d\d)(?=[ -]|$)")
FINAL_REPLY: Final = re.compile(r"(?:^|: |<<< )5\d\d(?=[ -])|\b5\d\d[ -]#?5\.\d\.\d")
"""Where a permanent refusal begins for certain, and not just any number in a text."""
QUOTED: Final = re.compile(r"(?<![\d.:/-])[45]\d\d(?:[ -]#?[45]\.\d\.\d{1,3}|: ?|[ -](?=\D))")
"""Where a reply begins in a text for people."""

PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n")
RELAYED: Final = re.compile(r"^.{0,20}host \S+ said: ?")
"""What Postfix writes before the reply of another server."""
WRAPPER: Final = re.compile(r"[45]\.\d\.\d - [a-z ()]{1,60} (?=[45]\d\d\b)")
"""What Cisco's servers write before the reply of another server."""
CONTINUED: Final = re.compile(r"(?:(?<=\s)|^)([45]\d\d)-")
HOST: Final = re.compile(r"(?<![\w@.=-])(?:[\w-]{1,63}\.){1,10}[a-z]{2,24}(?![\w-])")
"""A host name: it is no evidence, unless it is that of a blocklist (`LIST`)."""
LIST: Final = re.compile(
    r"spamhaus|spamcop|sorbs|barracuda|invaluement|spamrl|uceprotect|hostkarma|senderscore|"
    r"cloudmark|proofpoint|abusix|mail-abuse|senderbase|talos|[rds]bl\b|ribl\b|(^|\.)bl\.|"
    r"blocklist|blacklist|drbl|resolver\.|groups\.google"
)
RECIPIENT: Final = re.compile(
    r"recipient|\b(rcpt|users?|accounts?|nobody|no one|person|customer|member|student)\b|"
    r"inbox|mail ?box|(?<!ip )address|"
    r"empf|postfach|konto|adress|destinat|utilisat|compte|usuari|cuenta|buz[oó]n|direcci|"
    r"utente|casella|indirizz|conta\b|endereço|получател|пользоват|ящик|адрес|用户|用戶|收件|"
    r"邮箱|郵箱|信箱|帐号|账号|宛先|ユーザ|アドレス|受信者|사용자|수신자|계정|메일함"
)
"""Words for the recipient of a message."""
NAMED: Final = re.compile(RECIPIENT.pattern + r"|domain|host|route")
"""Words for the parts of an address."""
LETTERS: Final = re.compile(r"[^\W\d_]{3}")
IDENTIFIER: Final = re.compile(r"[\d/]|^gsmtp$")
"""Words that are links, codes or ids, and no evidence."""
ABOUT_ADDRESS: Final = re.compile(r"[45]\.[12]\.\d+")
WORD: Final = re.compile(r"\b[A-Z]?[a-z]+(?:[A-Z][a-z]+)+\b")
"""Words in one, such as NoSuchUser."""
HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
SENTENCE: Final = re.compile(r"(?<=[a-z]{2})\.(?=[A-Z][a-z]{2})")
"""The end of a sentence without a space, which would look like a host's name."""
MAILBOX: Final = re.compile(r"\bmail[- ]box")
_COMPILED: Final = {rule.meaning: re.compile("|".join(rule.phrases)) for rule in (*RULES, *HINTS)}


def enhanced_status(text: str, classes: str = "45") -> str:
    """The enhanced status code in a text, anywhere; "" without one.

    `classes` are the first digits that count. Of several, the first that is specific.
    """
    codes = [code for code in STATUS.findall(text[:MAX_TEXT]) if code[0] in classes]
    specific = (code for code in codes if not GENERIC.fullmatch(code))
    return next(specific, codes[0] if codes else "")


def status_that_counts(reported: str, reply: str) -> str:
    """The status of a refusal in a report: that in the server's reply, else the `reported` one.

    If the reply has a reply code alone, a reported status of an unknown address was derived from
    that code, and does not count.
    """
    own = enhanced_status(reply)
    if own and not (GENERIC.fullmatch(own) and reported and not has_reply_code(reply)):
        return own
    return "" if reported in GONE and has_reply_code(reply) else reported


def has_reply_code(text: str) -> bool:
    """Whether a text has the reply code of a refusal (RFC 5321, section 4.2)."""
    return REPLY_CODE.search(text) is not None


def is_temporary(text: str) -> bool:
    """Whether a refusal is temporary: by its reply code, else by its status."""
    codes = *REPLY_CODE.findall(text[:MAX_TEXT]), enhanced_status(text)
    return str(codes[0]).startswith("4") and not _is_gone_for_good(_normal(text))


def cause(text: str, status: str = "") -> Cause | None:
    """What a refusal is about; None if neither words nor codes show it.

    `text` is the server's reply, `status` the enhanced status code that counts.
    """
    if SURELY_SENDER.fullmatch(status):
        return Cause.SENDER
    words = _normal(text)
    rule = _by_words(words, RULES) or _by_codes(words, status)
    return Cause.ADDRESS if rule is Cause.MAILBOX and _is_gone_for_good(words) else rule


def may_be_recipient(text: str, status: str) -> bool:
    """Whether a refusal of unknown cause may be about its recipient.

    So it is if a word or the status is about recipients, or if it consists of codes alone.
    """
    words = _normal(text)
    named = RECIPIENT.search(words) or ABOUT_ADDRESS.fullmatch(status)
    return named is not None or not _has_words(words)


def _has_words(words: str) -> bool:
    return any(LETTERS.search(word) for word in words.split() if not IDENTIFIER.search(word))


def replies_in(text: str) -> Iterator[str]:
    """The replies of servers that are quoted in a text: each to the end of its paragraph."""
    for paragraph in PARAGRAPHS.split(text.replace("\r", "")):
        if match := QUOTED.search(paragraph[:MAX_TEXT]):
            yield " ".join(paragraph[match.start() : MAX_TEXT].split())


def _is_gone_for_good(words: str) -> bool:
    """Whether one of several replies is a permanent refusal of an unknown address.

    A report may also list earlier attempts that failed temporarily.
    """
    starts = [match.start() for match in REPLY_CODE.finditer(words)]
    replies = [words[a:b] for a, b in pairwise([*starts, len(words)])]
    if len(replies) < 2 or not FINAL_REPLY.search(words):
        return False
    last = " ".join(reply for reply in replies if reply.startswith("5"))
    return _by_words(last, RULES) is Cause.ADDRESS


def _by_words(words: str, rules: Sequence[RefusalRule]) -> Cause | None:
    return next((rule.cause for rule in rules if _COMPILED[rule.meaning].search(words)), None)


def _by_codes(words: str, status: str) -> Cause | None:
    """The cause by codes, together with weak words.

    A status of an unknown address does not count if the reply has words and none is about that.
    Words without a reply code are those of the report, not of the server.
    """
    has_reply = _has_words(words) and REPLY_CODE.search(words)
    if status in GONE and has_reply and not NAMED.search(words):
        return _by_words(words, HINTS) or _by_reply_code(words)
    return _by_status(status) or _by_words(words, HINTS) or _by_reply_code(words)


def _by_status(status: str) -> Cause | None:
    if status in GONE:
        return Cause.ADDRESS
    if ABOUT_SENDER.fullmatch(status):
        return Cause.SENDER
    return Cause.MAILBOX if status and not GENERIC.fullmatch(status) else None


def _by_reply_code(words: str) -> Cause | None:
    codes = (BY_CODE.get(code) for code in REPLY_CODE.findall(words))
    return next(filter(None, codes), None)


def _normal(text: str) -> str:
    """A reply normalised to the form of the phrases."""
    spaced = SENTENCE.sub(". ", text[:MAX_TEXT].replace("_", " "))
    apart = WORD.sub(lambda word: HUMP.sub(" ", word[0]), spaced)
    plain = RELAYED.sub("", MAILBOX.sub("mailbox", apart.lower()))
    plain = IN_TEXT.sub(" ", WRAPPER.sub("", plain).replace("’", "'").replace("`", "'"))
    plain = HOST.sub(lambda name: name[0] if LIST.search(name[0]) else " ", plain)
    return " ".join(CONTINUED.sub(r"\1 ", plain).split())
