"""What a server's refusal is about, by its words and codes, in the languages servers answer in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.bounces.classify import BounceKind, classify_refusal
from syndicate.mail.refusal_phrases import HINTS, RULES, Cause
from syndicate.mail.refusals import (
    MAX_TEXT,
    cause,
    enhanced_status,
    is_temporary,
    may_be_recipient,
    replies_in,
)

UNKNOWN_ADDRESSES = [
    "550 5.1.1 <x@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 The email account that you tried to reach does not exist",
    "550 5.7.1 No such user!",
    "554 5.7.1 <x@example.net>: Recipient address rejected: Invalid-Recipient.",
    "554 5.7.1 <x@example.net>: Recipient address rejected: Not in recipient list",
    "550 5.4.1 [x@example.net]: Recipient address rejected: Access denied. [a.b.example.com]",
    "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable",
    "550 5.4.310 DNS domain gone.example does not exist",
    "550 5.5.0 Requested action not taken: mailbox unavailable (S1)",
    "550 Requested action not taken: mailbox unavailable",
    "552 1 Requested mail action aborted, mailbox not found",
    "554 delivery error: dd This user doesn't have a example.net account",
    "550 #5.1.0 Address rejected.",
    "550 cuda_nsu 5.1.1 <x@example.net>... User unknown",
    "550 Invalid recipient <x@example.net> (#5.1.1)",
    "X-Postfix; Domain gone.example does not accept mail (nullMX)",
    "Unrouteable address",
    "550 Unrouteable",
    "DNS type 'mx' lookup of gone.example responded with code NXDOMAIN",
    "550 Unknown user x@example.net",
    "host antispam.example.net[192.0.2.9] said: 550 5.1.1 User unknown",
    "550 5.1.1 <blacklist@spam.example.net>: no mailbox here by that name",
    "556 5.1.10 no mail here",
    "550 5.7.1 Requested action not taken: mailbox not available",
    "551 <x@example.net> is a deactivated mailbox",
    "550 User not a member of domain: <x@example.net>",
    "550 5.1.1 Adresse d'au moins un destinataire invalide",
    "550 Empfänger unbekannt",
    "550 5.2.1 Postfach wurde deaktiviert",
    "550 Нет такого пользователя: пользователь не найден",
    "550 邮箱不存在",
    "550 ユーザが見つかりません",
    "550 収信者が見つかりません",
    "550 5.1.1 המשתמש אינו קיים",
    "550 El usuario no existe",
    "550 Utente sconosciuto",
    "550 존재하지 않는 사용자: 사용자가 없습니다",
    "550 Neznámý uživatel",
    "550 Ismeretlen cím",
    "550 Bilinmeyen kullanıcı",
    "550 Okänd användare",
    "550 Brukeren finnes ikke",
    "550 Tuntematon käyttäjä",
    "550 Takie konto nie istnieje",
    "550 Dieses Postfach existiert hier nicht",
    "550 La cuenta no se encuentra registrada",
    "550 Indirizzo inesistente",
    "554 5.7.1 Message rejected: no valid recipients",
    "553 this user is not in my validrcptto list (#5.7.1)",
    "553 mailbox name not allowed",
    "553 sorry, no mail-box of that name",
    "550 5.7.1 NoSuchRecipient",
    "550 user_not_found",
    "550 Mailbox blocked due to inactivity",
    "550 We do not host mail for that domain",
    "550 mail receiving disabled for x@example.net",
    "550 she has left the company",
    "550 x@example.net: recipient address rejected. (in reply to RCPT TO command)",
    "550 5.7.17 sorry, we have no mailbox by this name",
    "550 5.7.18 The owner of the domain has changed",
    "525 5.7.13 Recipient address rejected: disabled recipient",
    "554 gone.example: the MX record indicates no SMTP service",
    "550 The account or domain may not exist, or may be blacklisted",
    "550 <x@example.net> not found",
    "550 no x in the name directory",
    "550 5.1.1 https://support.example.com/mail?p=42 a1si99.83 - gsmtp",
    "553 bad recipient to, see our list",
    "550 Command RCPT User <x@example.net> not OK",
    "554 5.7.1 verification of the recipient failed: recipient verify from LDAP failed",
    "550 The recipient cannot be verified",
    "550 Message rejected: recipient mailbox closed",
    "550 no route found to domain gone.example",
    "550 mailbox unavaiable",
    "551 5.7.0 Recipient address is reserved by RFC 2606",
    "421 4.4.2 mx1.example.net timed out 550 5.1.1 <x@example.net>: User unknown",
    "550 This user is unknown. 421 mx2.example.net Deferred: Connection timed out",
    "553 5.1.2 gone.example. Invalid host name",
    "550 Delivery error.Mailbox does not exist",
    "550 Der Empfänger ist hier nicht bekannt",
    "550 L'utilisateur est inconnu",
    "550 Esta cuenta no existe",
    "550 Questa casella non esiste",
    "550 Usuário inexistente",
    "550 Этот адрес не существует",
    "550 收件人不存在",
    "550 宛先のアドレスが存在しません",
    "550 Deze gebruiker bestaat niet",
    "550 Esta casilla ha expirado",
    "550 Usuário não encontrado",
    "550 Endereço inexistente",
    "550 존재하지 않는 계정입니다",
    "550 Nie ma takiej skrzynki",
    "550 Ukendt modtager",
    "550 Dieser Nutzer ist uns nicht bekannt",
    "550 Indirizzo email non trovato",
    "550 Usuário desconhecido",
    "550 無此帳號",
    "550 Adresat nieznany",
    "550 Adressaten existerar inte",
]
FULL_OR_BUSY = [
    "552 5.1.1 Boite du destinataire pleine. Recipient overquota",
    "452 4.2.2 The account is over quota",
    "552 requested action aborted: exceeded storage allocation",
    "550 Postfach ist voll",
    "552 Превышен лимит почтового ящика",
    "552 邮箱已满",
    "550 メールボックスの容量を超えています",
    "connect to mx.example.net[192.0.2.7]:25: Connection timed out",
    "550 5.2.2 full",
    "451 4.3.0 Temporary lookup failure",
    "550 Message rejected: this mailbox is over quota",
    "550 too many messages in this mailbox",
    "552 mailbox_quota_exceeded",
    "552 5.2.2 OverQuotaPerm",
    "554 the user has not enough disk space",
    "550 The message would exceed the mailbox quota",
    "552 x@example.net is over the allowed quota",
    "550 the space of this user has been used up",
    "552 this mail is larger than the space that is left",
    "550 Delivery error.Mailbox of x@example.net is full",
    "554 unable to process this email at this time",
    "551 5.3.0 Unknown error",
    "551 Unbekannter Fehler",
    "550 erreur inconnue",
    "Host gone.example not found, try again",
    "550 La boîte du destinataire est pleine",
    "550 El buzón está lleno",
    "550 La casella è piena",
    "550 Destinatario desconocido o buzón lleno",
    "Delivery has failed for a full mailbox, after numerous attempts",
    "550 5.1.4 RESOLVER.ADR.Ambiguous; two users have this address",
    "550 The name of this user is not unique, several were found in our directory",
    "550 A caixa postal está cheia",
    "550 Почтовый ящик переполнен",
]
SENDER_REFUSED = [
    "554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "550 SPF check failed",
    "550 Your IP has no reverse DNS",
    "550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted using SOME-XBL",
    "550 5.1.1 User unknown; your host is on our blocklist",
    "553 http://www.spamhaus.org/query/bl?ip=192.0.2.1",
    "550 5.1.1 The sender has sent to too many recipients this hour",
    "550 5.7.1 IP address blacklisted by recipient",
    "550 5.7.26 Unauthenticated mail is not accepted: user unknown",
    "554 Message not allowed - [PH01] Email not accepted for policy reasons",
    "550 IP address is block listed",
    "550 Bad DNS PTR resource record",
    "553 5.3.0 flp DNSBL:RBL 521< 192.0.2.1 >_is_blocked",
    "550 5.1.0 x@example.org sender rejected",
    "554 5.2.121 The sender has exceeded the limit for messages to this recipient",
    "450 4.2.0 <x@example.net>: Recipient address rejected: greylisted for 60 seconds",
    "552 5.3.4 Message size exceeds fixed limit",
    "550 5.7.1 Relay access denied",
    "550 rejected: DMARC policy of example.org",
    "550 5.1.8 Sender address does not exist",
    "550 Adresse IP source bloquee pour incident de spam",
    "550 Nachricht wurde als Spam eingestuft",
    "550 Письмо похоже на спам",
    "550 邮件被判定为垃圾邮件",
    "550 Error: MAIL FROM is mismatched with the header",
    "550 5.7.1 <news@example.org>: Sender address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 your server's name could not be confirmed",
    "550 5.1.1 DmarcRejection",
    "550 please turn on SMTP AUTH",
    "550 the sender x@example.org has no MX record",
    "550 see help_spam_12.htm",
    "554 smtp-in Connection refused from 192.0.2.1",
    "550 Su servidor está en una lista negra",
    "550 the domain example.org is not trusted here",
    "521 5.2.1 we will not accept delivery of this message",
    "421 4.7.0 messages from 192.0.2.1 temporarily deferred",
    "550 A link in this mail is listed on a register",
    "550-5.2.1 This user receives mail at a rate that prevents 550-5.2.1 more: ReceivingRate",
    "550 5.2.1 the user is receiving mail at a rate above the limit",
    "554 5.2.122 The recipient has exceeded their limit of messages per hour",
    "550 5.1.1 the submission quota is exceeded",
    "552 no more than 50 messages per connection",
    "550 has exceeded permitted limits within ten minutes",
    "552 mail size limit exceeded",
    "550 message length exceeds what we take",
    "550 missing a valid address in the From: header",
    "554 Service unavailable. Client blocked",
    "550 5.5.0 Les messages de ce serveur sont bloqués pour spam",
    "550 5.1.1 <x@example.net>: the policy of the sender prohibits this",
    "550 5.1.1 Domain may not exist or DNS check failed",
    "550 5.1.1 <x@example.net>: Access denied",
    "550 5.1.1 against our rules for security",
    "550 5.2.1 the sending of this was prohibited",
    "550 5.4.1 Relay access denied",
    "550 we don't handle mail for that domain",
    "550 this is not a local host, and no gateway",
    "554 Email address is not verified",
    "550 no such authentication mechanism",
    "550 SC-00 see our page",
    "450 Zu viele Verbindungen von diesem Rechner",
    "450 trop de connexions",
    "450 Demasiadas conexiones",
    "450 troppe connessioni",
    "450 muitas conexões",
    "450 Слишком много писем",
    "550 Ваш IP-адрес в чёрном списке",
    "550 Ihre IP-Adresse steht auf einer Sperrliste",
    "550 Rechazado por nuestras políticas",
    "550 您的IP地址被拒绝",
    "550 送信者のIPアドレスは拒否されました",
    "550 Su mensaje fue clasificado como spam",
    "550 Su dirección IP está bloqueada",
    "550 Expéditeur inconnu",
    "550 Absender unbekannt",
    "550 Remitente desconocido",
    "550 Mittente sconosciuto",
    "550 Remetente desconhecido",
    "550 Неизвестный отправитель",
    "550 Nieznany nadawca",
    "550 Afsender ukendt",
    "550 Avsändaren finns inte",
    "550 发件人不存在",
    "550 送信者が存在しません",
    "550 존재하지 않는 발신자",
    "550 Votre adresse IP est bloquée",
    "550 Il vostro indirizzo IP è bloccato",
    "550 Seu endereço IP foi bloqueado",
]
WEAKLY_SENDER = [
    "550 DT:SPM mx3",
    "550 Rejected",
    "554 Transaction failed",
    "550 5.7.1 Delivery not authorized, message refused",
    "553 5.0.3 Blocked by a list of ours",
]
UNEXPLAINED_OF_SENDER = [
    "550 5.0.0 come to our web site",
    "550 5.3.0 (A7) see https://help.example.net/mail",
    "553 we do not like robots",
    "550 bonjour",
]
UNEXPLAINED_OF_RECIPIENT = [
    "550",
    "550 5.5.0 (S2)",
    "550 5.1.0 something happened",
    "550 problem with this recipient",
    "550 Problem mit dem Empfänger x@example.net",
    "553 the user asks for something else",
]
SAYS_NOTHING = ["550", "550 5.0.0 sorry", "", "553 5.1.0 no", "550 5.5.0 (S2)"]


def own(text: str) -> str:
    return enhanced_status(text)


@pytest.mark.parametrize("reply", UNKNOWN_ADDRESSES)
def test_an_unknown_address_is_recognised_with_any_status(reply: str) -> None:
    assert cause(reply, own(reply)) is Cause.ADDRESS


@pytest.mark.parametrize("reply", FULL_OR_BUSY)
def test_a_full_or_busy_mailbox_is_not_an_unknown_address(reply: str) -> None:
    assert cause(reply, own(reply)) is Cause.MAILBOX


@pytest.mark.parametrize("reply", [*SENDER_REFUSED, *WEAKLY_SENDER])
def test_a_refusal_of_the_sender_does_not_concern_the_address(reply: str) -> None:
    assert cause(reply, own(reply)) is Cause.SENDER


@pytest.mark.parametrize("reply", SAYS_NOTHING)
def test_a_bare_refusal_has_no_cause(reply: str) -> None:
    assert cause(reply, own(reply)) is None


@pytest.mark.parametrize("reply", UNEXPLAINED_OF_SENDER)
def test_a_refusal_that_names_no_recipient_and_no_reason_is_not_of_the_recipient(
    reply: str,
) -> None:
    assert cause(reply, own(reply)) is None
    assert not may_be_recipient(reply, own(reply))


@pytest.mark.parametrize("reply", UNEXPLAINED_OF_RECIPIENT)
def test_a_refusal_without_a_reason_may_be_of_the_recipient(reply: str) -> None:
    assert cause(reply, own(reply)) is None
    assert may_be_recipient(reply, own(reply))


ABOUT_THE_SENDER = [
    "The address in your return path is of no mailbox: it does not exist",
    "Domain of the return address was not found",
    "the host you are sending from is unknown",
    "This domain in MAIL FROM cannot be resolved",
    "User unsubscribed last week",
    "That person has opted out of mailings",
    "The account takes no more mail from you",
    "User does not accept any mail from this sender",
    "The user has blocked you",
    "A recipient's mailbox blocks your domain: not found in its contacts",
    "ARC-Seal of the message is invalid for this user",
    "A TLS certificate was not found",
    "No such selector, the user's public key was not found",
    "dynamic addresses are not accepted for this user",
    "newsletters are not delivered to this account",
    "Your mail server's name does not exist",
    "Ihre Domain existiert nicht",
    "Ihr Mailserver ist dem Empfänger nicht bekannt",
    "Einlieferung aus dynamischem Adressraum, Empfänger nimmt keine Post von Ihnen",
    "Rücksendeadresse unbekannt",
    "Votre nom de domaine n'existe pas",
    "L'adresse de retour est introuvable",
    "Su servidor no existe para este usuario",
    "El usuario ha bloqueado su dominio",
    "O seu domínio não foi encontrado",
    "Il vostro dominio non esiste",
    "Uw server bestaat niet",
    "Вашего домена не существует: ваш домен не найден",
    "Пользователь не принимает почту от вас",
    "您的域名未找到",
    "发信人地址不存在",
    "送信元のアドレスが見つかりません",
    "差出人のドメインが存在しません",
    "귀하의 주소가 존재하지 않습니다",
    "Sunucunuz bulunamadı: adresiniz yok",
]
NOT_REACHABLE_NOW = [
    "De mailbox zit helemaal vol: zit vol",
    "Le quota de la boîte est dépassé",
    "Das Konto hat seinen Speicherplatz ausgeschöpft: Kontingent überschritten",
    "Die Mailbox ist voll",
    "편지함이 꽉 찼습니다",
    "user's mailbox is busy",
    "The account is being migrated",
    "This mailbox is on hold for an unpaid bill",
    "mailbox closed for maintenance",
    "Das Postfach wird zurzeit verschoben",
    "La casella ha superato la quota",
    "La cuota del usuario está agotada: cuota agotada",
    "Kullanıcı kotası doldu",
    "Квота пользователя исчерпана",
    "邮箱空间已用完",
    "メールボックスが満杯です",
]
UNKNOWN_IN_WORDS = [
    "Diese Empfängeradresse gibt es nicht",
    "Kein Benutzer dieses Namens",
    "Dieses Konto wurde aufgelöst",
    "Die E-Mail-Adresse ist nicht mehr gültig",
    "Ungültige Adresse",
    "Aucun compte ne porte ce nom",
    "Cette adresse n'est plus utilisée",
    "Boîte fermée",
    "Compte résilié",
    "Pas de boîte ici sous ce nom",
    "Böyle bir alıcı yok",
    "Geçersiz kullanıcı",
    "Hesap silinmiş",
    "Bu adres kullanılmıyor",
    "Your message was not delivered: user unknown",
    "Ihre Nachricht ist nicht zustellbar: Empfänger unbekannt",
]


@pytest.mark.parametrize("status", ["5.1.1", "5.1.3", "5.2.1"])
@pytest.mark.parametrize("words", ABOUT_THE_SENDER)
def test_words_about_the_sender_never_count_against_the_recipient(words: str, status: str) -> None:
    assert classify_refusal(f"550 {status} {words}", status) is BounceKind.BLOCKED


@pytest.mark.parametrize("words", NOT_REACHABLE_NOW)
def test_a_mailbox_that_is_full_or_busy_is_soft_in_any_language(words: str) -> None:
    assert classify_refusal(f"550 5.1.1 {words}", "5.1.1") is BounceKind.SOFT


@pytest.mark.parametrize("words", UNKNOWN_IN_WORDS)
def test_an_unknown_address_is_hard_in_any_language_without_a_status(words: str) -> None:
    assert classify_refusal(f"550 {words}") is BounceKind.HARD


STATUSES = [
    "", "5.0.0", "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.0", "5.2.1", "5.2.2",
    "5.3.0", "5.4.1", "5.4.4", "5.5.0", "5.7.0", "5.7.1", "5.7.17",
]  # fmt: skip
statuses = st.sampled_from(STATUSES)
names = st.from_regex(r"[a-z]{1,8}([._-][a-z]{1,8})?", fullmatch=True)


def bare(reply: str) -> str:
    """A reply without its codes."""
    return re.sub(r"\b[245]\d\d[ -]#?|\b[245]\.\d\.\d+ ?|\(#[\d.]+\)", "", reply)


@given(st.sampled_from(SENDER_REFUSED), statuses, st.sampled_from(["550", "551", "553", "554"]))
def test_a_refusal_of_the_sender_never_counts_against_the_recipient_whatever_the_codes(
    reply: str, status: str, code: str
) -> None:
    assert classify_refusal(f"{code} {status} {bare(reply)}", status) is BounceKind.BLOCKED


@given(st.sampled_from([*SENDER_REFUSED, *WEAKLY_SENDER, *UNEXPLAINED_OF_SENDER]), statuses)
def test_a_status_alone_does_not_suppress_an_address(reply: str, status: str) -> None:
    assert classify_refusal(f"550 {status} {bare(reply)}", status) is not BounceKind.HARD


@given(
    st.sampled_from([r for r in FULL_OR_BUSY if bare(r) != "full"]),
    statuses,
    st.sampled_from(["550", "551", "552", "556"]),
)
def test_a_full_mailbox_is_never_a_hard_bounce(reply: str, status: str, code: str) -> None:
    assert classify_refusal(f"{code} {status} {bare(reply)}", status) is not BounceKind.HARD


CERTAINLY_SENDER = [
    "your address is on a blocklist",
    "blocked using zen.spamhaus.org",
    "SPF check failed",
    "DKIM signature is bad",
    "rejected by the DMARC policy of example.org",
    "there is no PTR record",
    "this looks like spam",
    "Sender address rejected",
]


@given(st.sampled_from(UNKNOWN_ADDRESSES), st.sampled_from(CERTAINLY_SENDER), statuses)
def test_a_reply_with_two_causes_spares_the_recipient(gone: str, other: str, status: str) -> None:
    assert classify_refusal(f"550 {status} {other}; {bare(gone)}", status) is BounceKind.BLOCKED
    assert classify_refusal(f"550 {status} {bare(gone)}; {other}", status) is BounceKind.BLOCKED


@given(names, names, st.sampled_from(["blocked", "spam", "policy", "quota", "full", "blacklist"]))
def test_words_within_an_address_decide_nothing(local: str, domain: str, word: str) -> None:
    for name in (f"{local}.{word}", word):
        address = f"{name}@{word}-{domain}.example"
        assert cause(f"550 5.1.1 <{address}>: no such user", "5.1.1") is Cause.ADDRESS
        assert cause(f"550 no mailbox for {address}", "") is Cause.ADDRESS


@given(st.sampled_from(UNKNOWN_ADDRESSES))
def test_a_temporary_refusal_is_never_hard(reply: str) -> None:
    assert classify_refusal(f"450 4.1.1 {bare(reply)}", "4.1.1") is not BounceKind.HARD


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 nobody", "5.1.1"),
        ("550-5.7.26 policy", "5.7.26"),
        ("550 #5.7.1 no", "5.7.1"),
        ("550 cuda_nsu 5.1.1 no", "5.1.1"),
        ("it is gone (#5.1.1).", "5.1.1"),
        ("refused 5.1.1.", "5.1.1"),
        ("550 5.0.0 said 5.1.1", "5.1.1"),
        ("blocked 5.1.1.2 by 192.5.1.1", ""),
        ("Exim 4.96.2", ""),
        ("550 no", ""),
    ],
)
def test_the_status_may_stand_anywhere_and_the_specific_one_counts(text: str, status: str) -> None:
    assert enhanced_status(text) == status


def test_only_the_server_decides_that_a_refusal_is_temporary() -> None:
    assert is_temporary("450 4.1.1 User unknown")
    assert is_temporary("4.4.1 no answer")
    assert not is_temporary("550 4.2.2 over quota")
    assert not is_temporary("421 4.7.0 busy, later 550 5.1.1 User unknown")
    assert is_temporary("450 4.7.1 greylisted, try again in 500 seconds")
    assert is_temporary("450 4.1.1 User unknown, 550 5.4.7 expired")
    assert not is_temporary("user unknown")


def test_replies_are_found_in_a_text_for_people() -> None:
    text = (
        "Sorry.\n\n<x@example.net>:\nRemote host said: 550 5.1.1 nobody\n of that name\n\nBye 2026."
    )
    assert list(replies_in(text)) == ["550 5.1.1 nobody of that name"]
    assert list(replies_in("Call 555-1234 or port 587.")) == []


def test_every_phrase_is_lowercase_and_unique() -> None:
    phrases = [phrase for rule in (*RULES, *HINTS) for phrase in rule.phrases]
    assert {phrase for phrase in phrases if phrases.count(phrase) > 1} == set()
    assert [
        phrase
        for phrase in phrases
        if re.sub(r"\\.", "", phrase).lower() != re.sub(r"\\.", "", phrase)
    ] == []
    meanings = [rule.meaning for rule in (*RULES, *HINTS)]
    assert len(meanings) == len(set(meanings))


@given(st.text(max_size=300), st.sampled_from(["", "5.1.1", "4.7.0", "5.0.0", "9.9.9"]))
def test_no_text_raises(text: str, status: str) -> None:
    cause(text, status)
    list(replies_in(text))


@pytest.mark.parametrize(
    "piece", ["user is ", "a.", "550 ", "mailbox not ", "x@", "host ", "address (", "5.1.1 - a "]
)
def test_a_long_reply_takes_no_longer_than_its_beginning(piece: str) -> None:
    text = piece * MAX_TEXT
    assert cause(text, "5.0.0") == cause(text[:MAX_TEXT], "5.0.0")


@pytest.mark.parametrize("status", ["5.7.0", "5.6.0", "5.3.4", "4.7.1", "5.2.3", "5.1.8"])
def test_a_status_of_policy_content_or_size_is_about_the_sender(status: str) -> None:
    assert cause(f"550 {status} bonjour", status) is Cause.SENDER


def test_another_specific_status_is_about_the_mailbox() -> None:
    assert cause("550 5.2.2 bonjour", "5.2.2") is Cause.MAILBOX
