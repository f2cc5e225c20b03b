"""Phrases about the message: its content and structure. Data only."""

from __future__ import annotations

from typing import Final

from syndicate.mail.refusal_phrases.rule import Cause, RefusalRule

SPAM: Final = RefusalRule(
    Cause.SENDER,
    "the message was taken for spam or a virus",
    (
        r"spam",
        r"\bscored?\b",
        r"(not|n't|refus\w* to) (accept|take) (\w+ ){0,2}(this|your) (message|mail|e-?mail)\b",
        r"\burls? (in|contain|found|with|was|is)",
        r"accepts? (messages?|mail|e-?mail) (with|contain)",
        r"нежелательн",
        r"werbung",
        r"\bjunk\b",
        r"phish",
        r"scam\b",
        r"unsolicited",
        r"unwanted (mail|message)",
        r"\bbulk (mail|e-?mail|sender)",
        r"mass mail",
        r"suspicious",
        r"\bvirus",
        r"malware",
        r"infected",
        r"trojan",
        r"worm\b",
        r"executable",
        r"attachments?\b",
        r"(?<!local )message (was |has been |is |being )?(\w+ )?(reject|refus|block|"
        r"considered|detected|filter|classified|flag|denied|not allowed|looks like)",
        r"(?<!no )(mail|e-?mail) (was |is |has been )?(reject|refus|block|flag|filter|denied)",
        r"(banned|prohibited|illegal|forbidden|blocked|denied) (content|file|word|extension|"
        r"subject|url)",
        r"(mail|message) content",
        r"content (reject|denied|filter|block|polic|restrict)",
        r"contains? (a |an )?(url|link|banned|prohibit|forbidden)",
        r"by our filter",
        r"has been (temporarily )?blocked",
        r"system has detected",
        r"спам",
        r"垃圾",
        r"スパム",
        r"迷惑メール",
        r"spamverdacht",
        r"indésirable",
        r"no deseado",
        r"pourriel",
        r"스팸",
    ),
)
FORM: Final = RefusalRule(
    Cause.SENDER,
    "the message is too large, or not in a form that the server takes",
    (
        r"\b(message|e-?mail|line|header)s? (\w+ )?(is |was |file |are |size |length |limit "
        r")?(too (large|big|long)|larger|exceed\w*)",
        r"(exceed\w*|over|above|maximum|fixed|max) .{0,30}(message|mail) size",
        r"message (size|length) (\w+ ){0,3}(exceed|limit|too|larger|over|not|violat|reject)",
        r"\b(mail|e-?mail|header) size",
        r"too (large|big)\b",
        r"size limit(?! exceeded)",
        r"taille limite",
        r"rfc ?-?(2?822|5322|2?821|5321|2045|1123|\w*complian|\w*compatib)",
        r"\brfcs? ",
        r"rfcmessage",
        r"(headers?|subject|date|message-id|mime|charset|bare (lf|cr)) (\w+ )?(is |are |was |"
        r"were |has |have )?(not |missing|invalid|malformed|too|illegal|empty|duplicate|bad|"
        r"error)",
        r"(missing|malformed|duplicate|invalid|bad) (message|headers?|mime|from|to|date|"
        r"message-id|subject)\b",
        r"bare (lf|linefeed|newline)",
        r"\b8-?bit\b",
        r"null ?bytes?",
        r"(in|of) the (from|to|subject|date|sender) ?:? ?(header|field)",
        r"syntaxfehler",
        r"nachricht .{0,20}zu gro(ß|ss)",
        r"message trop",
        r"размер (письма|сообщения)",
        r"(邮件|郵件)(太|过|過)大",
    ),
)
