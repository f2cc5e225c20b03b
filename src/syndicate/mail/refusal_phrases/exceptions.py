"""Phrases that are matched first, because their words usually mean something else. Data only."""

from __future__ import annotations

from typing import Final

from syndicate.mail.refusal_phrases.rule import Cause, RefusalRule

UNKNOWN_AFTER_ALL: Final = RefusalRule(
    Cause.ADDRESS,
    "an unknown recipient, in words that otherwise mean the sender",
    (
        r"5\.4\.1 .{0,80}rejected ?:? ?access denied",
        r"recipient address(es)? rejected ?: (invalid-recipient|no-domain|undeliverable)",
        r"(?<!sender address rejected: )user unknown in (relay|local|virtual) (recipient|"
        r"mailbox|alias)",
        r"not in (the |my )?(relay )?(recipient|valid ?rcpt ?to) ?(list|maps?|table)",
        r"recipient unknown",
        r"no valid recipient",
        r"mailbox name (is )?(not allowed|invalid)",
        r"(due|owing|because of|for) .{0,20}inactivity",
        r"no (\w+ ){0,2}activity",
        r"marked as invalid",
        r"not a valid rfc[- ]?5321 address",
        r"bad ?(rcpt|recipient) ?to",
        r"not a member of domain",
        r"(destination )?server (has )?rejected (the )?recipient",
        r"domain is not reachable",
        r"reserved by rfc",
        r"single label domain",
        r"no mail-?enabled",
        r"(account|address|mailbox|user) (or domain )?may not exist",
        r"\b(mx|srv)\b .{0,40}no (smtp |mail )?service",
        r"recipient address(es)? rejected ?\.?($| ?\(in reply| \[)",
        r"recipient .{0,10}verif\w+ .{0,20}fail",
        r"failed recipient validation",
        r"recipient (cannot|can't|could not|couldn't) be verified",
        r"recipient (mailbox|account|address) (is |was |has been )?(closed|deleted|removed|"
        r"deactivated|disabled|terminated)",
    ),
)
FULL_AFTER_ALL: Final = RefusalRule(
    Cause.MAILBOX,
    "a full or busy mailbox, in words that otherwise mean the sender",
    (
        r"user has too many messages",
        r"full mail ?box",
        r"message (would|will) exceed (the |its |this )?(\w+ )?(quota|mailbox|storage|space)",
        r"(larger|more) than the (space|room)",
        r"too many messages (in|on|for) (the|this) mailbox",
        r"(mailbox|inbox|storage|disk).{0,40} quota",
        r"(this|the|user'?s?|recipient'?s?) (mailbox|account|inbox) .{0,20}(is )?(over|full)",
        r"(max\w* |the )mailbox size",
        r"file too large",
        r"enough (\w+ )?(space|room|storage|disk)",
        r"(mail ?box|account) .{0,40}exceed\w* .{0,20}polic",
        r"(account|user|recipient|mail ?box) (\w+ )?(is |has been |was )?(temporar\w+ "
        r")?(blocked|locked|suspended)",
        r"compte .{0,20}bloqu",
    ),
)
