"""Bounce reports in plain text, from mail systems that write no standard report. Pure.

Only mail systems are trusted: a person may quote a bounce, and an automatic reply may state that a
person has moved. A mail system is known by its name (RFC 2142, section 5), or by an empty return
path (RFC 5321, section 4.5.5) together with a matching subject.
"""

from __future__ import annotations

import re

from syndicate.bounces.classify import classify_refusal
from syndicate.bounces.mime import Mail, header, subject, text_body
from syndicate.bounces.report import BounceReport, short
from syndicate.mail.refusals import enhanced_status, is_temporary, replies_in

SYSTEM = re.compile(
    r"mailer[-_. ]?daemon|post-?master|mail[-_. ]delivery|mail[-_. ]?system|mail[-_. ]?admin|"
    r"delivery[-_. ]sub|^[^@]*\bndr\b|mmsc",
    re.I,
)
FAILED = re.compile(
    r"undeliver|not? (be )?deliver|non[- ]?deliver|failure notice|returned (mail|to sender)|"
    r"(delivery|mail|message|sending|transmission).{0,40}(fail|error|problem|notif|status|report|"
    r"trouble|unsuccessful|impossible)|(fail|error|trouble|unable).{0,40}(deliver|sending|"
    r"mail\b)|could ?n[o']t (be )?(sent|deliver)|bounce|rejected mail|mail error|"
    r"unzustellbar|nicht (zugestellt|ausgeliefert)|zustell\w* fehl|non remis|échec|"
    r"impossible de (remettre|distribuer)|no se (pudo|ha podido)|não (foi )?entreg|mancat|"
    r"не (удалось|может быть|было|доставлен)|недоставлен|退信|无法(投递|送达|发送)|投递失败|"
    r"送信できませんでした|配信できま|エラー|送信エラー|배달",
    re.I,
)
DELAYED = re.compile(
    r"delay|not (yet )?been delivered( yet)?|will (be )?(retr|try|keep trying|continue)|"
    r"warning only|do not need to resend|no action is required|still being (re)?tried|"
    r"could not send message for past|deferred|verzögert|noch nicht zugestellt|retardé|"
    r"задерж|遅延|延迟",
    re.I,
)
GAVE_UP = re.compile(r"permanent|gave up|giv(en|ing) up|no (further|more) attempts|failed", re.I)
ORIGINAL = re.compile(
    r"^[^\w\n]{0,40}(below (this line )?is a copy|"
    r"(this|here|below|enclosed|attached|following)\b.{0,20} "
    r"(is|are) (a copy|the (headers?|original))|"
    r"(the )?(original|returned|undelivered|your|failed) (message|mail|e-?mail)( headers?| text)?"
    r"( follows?| is attached| below| header)?[^\w\n]{0,40}$|(message|mail) headers? (follow|of)|"
    r"(the )?headers? of the original|text of (the )?original|copy of (the|your) (original )?"
    r"(message|mail)|received: (from|by|\()|return-path: ?<)",
    re.I | re.M,
)
"""The line at which the returned message begins."""


def read(message: Mail) -> BounceReport | None:
    """The report in the text of a mail system's message; None if it has none.

    The caller checks that it is from a mail system, and adds `sent_to`.
    """
    text, title = text_of(message), subject(message)
    if not (FAILED.search(title) or DELAYED.search(title) or FAILED.search(text[:2_000])):
        return None
    replies = " ".join(replies_in(text))
    if _is_delay(title, text, replies):
        return BounceReport(None, detail="a delay")
    reply = replies or text
    status = enhanced_status(reply, "5") or enhanced_status(reply)
    return BounceReport(classify_refusal(reply, status), status, short(reply))


def _is_delay(title: str, text: str, replies: str) -> bool:
    """Whether a message is still being retried, without a permanent refusal."""
    if not (DELAYED.search(title) or DELAYED.search(text)):
        return False
    return (not replies or is_temporary(replies)) and not GAVE_UP.search(text)


def is_mail_system(message: Mail) -> bool:
    """Whether a message is from a mail system, by its name."""
    sender = f"{header(message, 'from')} {header(message, 'return-path')}"
    return SYSTEM.search(sender) is not None


def is_returned(message: Mail) -> bool:
    """Whether a message has an empty return path and the subject of a failure."""
    path = header(message, "return-path").replace(" ", "")
    return path == "<>" and FAILED.search(subject(message)) is not None


def text_of(message: Mail) -> str:
    """The human-readable text of a message, without the returned message."""
    text = text_body(message)
    start = ORIGINAL.search(text)
    return text[: start.start()] if start and text[: start.start()].strip() else text
