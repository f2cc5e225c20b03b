"""Bounce reports as mail systems write them, in our own words."""

from __future__ import annotations

TOKEN = "bounces+ada@example.org"
"""The return path they come to."""

DSN = """\
Return-Path: <>
Delivered-To: {to}
From: Mail Delivery <mailer-daemon@{mta}>
To: {to}
Subject: Undeliverable
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

{words}

--b1
Content-Type: {type}

Reporting-MTA: dns; {mta}
Arrival-Date: Mon, 23 Nov 2026 08:00:07 +0000
{recipients}
--b1
Content-Type: {returned}

Return-Path: <{to}>
From: Lake <letters@example.org>
To: ada@example.net
Subject: Lake Weekly

{body}
--b1--
"""


def dsn(
    *recipients: str,
    to: str = TOKEN,
    mta: str = "mx.example.net",
    type_: str = "message/delivery-status",
    returned: str = "message/rfc822",
    words: str = "Your message did not arrive. Here is what we know of it.",
) -> bytes:
    """A report (RFC 3464) with a group of fields for each recipient."""
    groups = "".join(f"\n{each.strip()}\n" for each in recipients)
    text = DSN.format(
        to=to,
        mta=mta,
        type=type_,
        returned=returned,
        words=words,
        recipients=groups,
        body="A heron.",
    )
    return text.replace("\n", "\r\n").encode()


POSTFIX = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Original-Recipient: rfc822;ada@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.net>: Recipient address rejected:
    there is nobody of that name
"""
)
POSTFIX_NO_DOMAIN = dsn(
    """
Final-Recipient: rfc822; ada@gone.example
Action: failed
Status: 5.4.4
Diagnostic-Code: X-Postfix; Host or domain name not found.
"""
)
POSTFIX_GAVE_UP = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.example.net[192.0.2.7]:25: timed out
"""
)
POSTFIX_DELAYED = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Action: delayed
Status: 4.4.1
Will-Retry-Until: Sat, 28 Nov 2026 08:00:07 +0000
"""
)
EXIM = dsn(
    """
Action: failed
Final-Recipient: rfc822;ada@example.net
Status: 5.0.0
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 No such person here
"""
)
EXIM_BARE = dsn(
    """
Action: failed
Final-Recipient: rfc822;ada@example.net
Status: 5.0.0
Diagnostic-Code: smtp; 550 Unrouteable
"""
)
OPENSMTPD_WORDS = """\
    Hi!

    These could not be reached, see 5.2.2 of the house rules:

bea@example.net: 550 5.7.1 not from you
ada@example.net: 550 5.1.1 nobody of that name"""
OPENSMTPD_RELAYS = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 5.0.0
""",
    mta="obsd.example.org",
    returned="text/rfc822-headers",
    words=OPENSMTPD_WORDS,
)
OPENSMTPD = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 5.2.2
""",
    mta="obsd.example.org",
    returned="text/rfc822-headers",
)
EXCHANGE = dsn(
    """
Final-recipient: RFC822;ada@example.net
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; nobody found
X-Display-Name: Ada
""",
    mta="AM0PR01.example.onmicrosoft.com",
)
GMAIL = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 5.2.1
Remote-MTA: dns; gmail-smtp-in.example. (192.0.2.9, the server for the domain.)
Diagnostic-Code: smtp; 550-5.2.1 The account you wrote to is disabled. For more, go to
 550 5.2.1  https://support.example/ a1-2b3 - gsmtp
Last-Attempt-Date: Mon, 23 Nov 2026 00:00:09 -0800 (PST)
"""
)
GMAIL_POLICY = dsn(
    """
Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 5.7.26
Diagnostic-Code: smtp; 550-5.7.26 Unauthenticated mail is not accepted
"""
)
SENDMAIL = dsn(
    """
Original-Recipient: rfc822;ada@example.net
Final-Recipient: RFC822; ada@example.net
Action: failed (no such user)
Status: 5.1.1
Diagnostic-Code: SMTP; 553 5.1.1 <ada@example.net>... User unknown
"""
)
INTERNATIONAL = dsn(
    """
Final-Recipient: utf-8; ada@example.net
Action: failed
Status: 5.1.1
""",
    type_="message/global-delivery-status",
    returned="message/global-headers",
)
RELAYED = dsn("Final-Recipient: rfc822; ada@example.net\nAction: relayed\nStatus: 2.1.9")
A_LIST = dsn(
    "Final-Recipient: rfc822; one@example.net\nAction: failed\nStatus: 5.1.1",
    "Final-Recipient: rfc822; two@example.net\nAction: failed\nStatus: 5.2.2",
)
ONE_OF_A_LIST = dsn(
    "Final-Recipient: rfc822; one@example.net\nAction: failed\nStatus: 5.1.1",
    "Final-Recipient: rfc822; two@example.net\nAction: delivered\nStatus: 2.0.0",
)

QMAIL = f"""\
Return-Path: <>
Delivered-To: {TOKEN}
From: MAILER-DAEMON@example.net
To: {TOKEN}
Subject: failure notice

Hi. This is the qmail-send program at example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.net>:
192.0.2.7 does not know this name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <{TOKEN}>
From: Lake <letters@example.org>
""".encode()
OLD_EXIM = f"""\
Return-Path: <>
X-Failed-Recipients: ada@example.net
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@example.net>
To: {TOKEN}
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

  ada@example.net
    SMTP error from remote mail server: 552 5.2.2 mailbox full
""".encode()
OUT_OF_OFFICE = f"""\
Return-Path: <>
From: Ada <ada@example.net>
To: {TOKEN}
Auto-Submitted: auto-replied (vacation)
Subject: I am away

Your message to ada@example.net is read next week. User unknown 5.1.1 is a joke of mine.
""".encode()
OLD_AUTORESPONDER = OUT_OF_OFFICE.replace(
    b"Auto-Submitted: auto-replied (vacation)", b"X-Autoreply: 1"
)
PERSON = f"From: Ada <ada@example.net>\nTo: {TOKEN}\nSubject: Re: Lake\n\nHow lovely!\n".encode()

ARF = """\
Return-Path: <fbl@provider.example>
Delivered-To: {inbox}
From: <staff@provider.example>
To: {inbox}
Subject: Abuse report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=arf

--arf
Content-Type: text/plain

Somebody called this message spam.

--arf
Content-Type: message/feedback-report

Feedback-Type: {said}
User-Agent: Provider-Feedback/2.1
Version: 1
{envelope}Arrival-Date: Mon, 23 Nov 2026 08:02:00 +0000
Source-IP: 192.0.2.1

--arf
Content-Type: message/rfc822
Content-Disposition: inline

{path}From: Lake <letters@example.org>
To: redacted@provider.example
Subject: Lake Weekly

A heron.
--arf--
"""


def arf(said: str = "abuse", *, in_fields: bool = True, inbox: str = "fbl@example.org") -> bytes:
    """An abuse report (RFC 5965) sent to the address its provider knows.

    It names the return path in its fields, as Yahoo's do, or in the returned message alone.
    """
    envelope = f"Original-Mail-From: <{TOKEN}>\n" if in_fields else ""
    path = "" if in_fields else f"Return-Path: <{TOKEN}>\n"
    return ARF.format(said=said, inbox=inbox, envelope=envelope, path=path).encode()


def plain(
    words: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example.net",
    subject: str = "Mail delivery failed",
    headers: str = "Return-Path: <>",
    charset: str = "utf-8",
) -> bytes:
    """A mail in plain words, of a mail system unless another sender is given."""
    head = f"{headers}\nDelivered-To: {TOKEN}\nFrom: {sender}\nTo: {TOKEN}\nSubject: {subject}\n"
    head += f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n"
    return head.encode() + b"\n" + words.encode(charset)


DRAGONFLY = plain(
    """\
This is the DragonFly Mail Agent at lake.example.org.

There was an error delivering your mail to <ada@example.net>.

mx.example.net [192.0.2.25] did not like our RCPT TO:
550 5.1.1 <ada@example.net>: no such user

Message headers follow.

Subject: [spam] Lake Weekly
Received: from lake.example.org
"""
)
IONOS = plain(
    """\
A message that you sent could not be delivered. This is a permanent error.

ada@example.net:
SMTP error from remote server for RCPT TO command, reason: 550 5.1.1 User unknown

--- The header of the original message is following. ---

Subject: Delayed flights
""",
    headers="Return-Path: <>\nAuto-Submitted: auto-replied",
)
OLD_OPENSMTPD = plain(
    """\
    Hi!

    An error has occurred while attempting to deliver a message:

ada@example.net: 550 5.7.1 <203.0.113.9> is on our blocklist

    Below is a copy of the original message:
""",
    subject="Delivery status notification: error",
)
JAPANESE = plain(
    "送信先のメールボックスが一杯のため、送信できませんでした。\n",
    sender="postmaster@example.jp",
    subject="=?utf-8?b?44Oh44O844Or44Ko44Op44O86YCa55+l?=",
    charset="iso-2022-jp",
)
PLAIN_DELAY = plain(
    """\
Your message has not yet been delivered. Delivery will be retried.

ada@example.net: 451 4.3.0 try again later
""",
    subject="Warning: message delayed 24 hours",
)
GAVE_UP_IN_WORDS = plain("Could not deliver for the last 432000 seconds. Giving up.\n")
PART_WITHOUT_HEADERS = (
    f"""\
Return-Path: <>
Delivered-To: {TOKEN}
From: MAILER-DAEMON@example.net
Subject: failure notice
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b

<ada@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

--b
Content-Type: message/rfc822

Subject: Lake Weekly

A heron.
--b--
"""
).encode()
ADA = "Ada <ada@example.net>"
REPLIES = {
    "Exchange out of office": plain(
        "I am out of the office.",
        sender=ADA,
        subject="Automatic reply: Lake Weekly",
        headers="Return-Path: <>\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
    ),
    "by its subject alone": plain("I am away.", sender=ADA, subject="Out of Office: Lake Weekly"),
    "by Notes": plain(
        "Back soon.", sender=ADA, subject="AUTO: Ada is out of the office (back 5/1)"
    ),
    "in Polish": plain("Do zobaczenia.", sender=ADA, subject="[Automatyczna odpowiedź] Lake"),
    "in German": plain("Ich bin nicht da.", sender=ADA, subject="Abwesenheitsnotiz: Lake"),
    "by its precedence": plain(
        "away", sender=ADA, subject="Away", headers="Precedence: auto_reply\nReturn-Path: <ada@x>"
    ),
    "that speaks of failures": plain(
        "She left. User unknown: 550 5.1.1",
        sender=ADA,
        subject="Automatic reply: Undeliverable",
        headers="Return-Path: <>\nAuto-Submitted: auto-replied",
    ),
    "of a postmaster": plain(
        "I am away. Bob has left us: user unknown.",
        sender="postmaster@example.net",
        subject="Out of office: Delivery failed",
        headers="Return-Path: <>\nAuto-Submitted: auto-replied",
    ),
    "of a ticket system": plain(
        "We have your request. Delivery failed? Undelivered mail returned to sender.",
        sender="Support <support@example.com>",
        subject="[#12] Received",
        headers="Auto-Submitted: auto-generated\nX-Autorespond: x",
    ),
    "a read receipt": (
        f"""\
Delivered-To: {TOKEN}
From: {ADA}
Subject: Read: Lake Weekly
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: text/plain

Your message was read.
--b--
"""
    ).encode(),
}
QUOTED_BY_A_PERSON = plain(
    "> <ada@example.net>: 550 5.1.1 User unknown\n\nHi, I got this from you?",
    sender=ADA,
    subject="Re: your mail",
    headers="Return-Path: <ada@example.net>",
)


def dsn_with(diagnostic: str, *, status: str = "5.0.0", action: str = "failed") -> bytes:
    """A report whose server said something."""
    return dsn(
        "Final-Recipient: rfc822; ada@example.net\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}"
    )


def jmrp(unsubscribe: str, *, path: str = "news@example.org") -> bytes:
    """A report of Microsoft's junk mail programme: the message, and no report."""
    return f"""\
Delivered-To: fbl@example.org
From: staff@hotmail.example
Subject: complaint about message from 192.0.2.1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="j"

--j
Content-Type: message/rfc822
Content-Disposition: inline

X-HmXmrOriginalRecipient: ada@example.net
Return-Path: {path}
From: Lake <letters@example.org>
Subject: Lake Weekly
List-Unsubscribe: {unsubscribe}

A heron.
--j--
""".encode()
