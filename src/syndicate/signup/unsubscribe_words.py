"""Detects unsubscribe requests in the text of a reader's email. Pure.

Only an email that contains nothing else counts: a question about unsubscribing, or a reply to an
article that mentions it, is for a person to read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import unescape
from typing import Final

MAX_TEXT: Final = 20_000
"""Characters of a text that are read."""

REPLY: Final = re.compile(
    r"\s*(?:(?:re|aw|antw|antwort|sv|vs|rv|res|ref|rif|r|odp|ynt|回复|回覆|答复|返信|fwd?|wg|tr)"
    r"(?:\[\d{1,3}\])?\s*[:：]\s*)+",
    re.I,
)
WORD: Final = re.compile(r"\w+")


def _phrases(text: str) -> frozenset[str]:
    return frozenset(each.strip() for line in text.splitlines() for each in line.split(",")) - {""}


CLEAR: Final = _phrases("""
    unsubscribe, unsubscribed, unsubscription, unsub, optout, opt out, signoff, sign off
    cancel subscription, end subscription, stop sending, stop emailing, no more emails
    abmelden, abmeldung, melde ab, melden ab, abbestellen, abbestellung, bestelle ab, austragen
    trage aus, tragen aus, keine mails mehr, abo kündigen, abonnement kündigen, abo beenden
    désabonner, désabonnement, désabonnez, désabonne, désinscrire, désinscription, désinscrivez
    desabonner, desabonnement, desinscription
    darme baja, dar baja, deme baja, dame baja, cancelar suscripción, cancelar suscripcion
    anular suscripción, desuscribir, desuscribirme
    cancelar inscrição, cancelar assinatura, cancelar subscrição, descadastrar
    disiscrivimi, disiscrizione, disiscrivermi, annulla iscrizione, annullare iscrizione
    cancella iscrizione, afmelden, afmelding, uitschrijven, uitschrijving, meld af, schrijf uit
    afmeld, frameld, avmeld, avmelding, meld av, avregistrera, avprenumerera, avanmäl
    avsluta prenumeration, peruuta tilaus, wypisz, wypisać, rezygnuję, rezygnacja
    odhlásit, odhlášení, odhlaste, odhlásiť, leiratkozás, leiratkozom, dezabonare, dezabonați
    abonelikten çık, aboneliği iptal, отписаться, отписка, отпишите, відписатися, відписка
    退订, 退訂, 取消订阅, 取消訂閱, 配信停止, 配信停止希望, 購読解除, 購読停止, 退会
    수신거부, 수신 거부, 구독취소, 구독 취소, 구독해지
""")
"""Phrases of requests, in lower case and without the words of POLITE."""

SHORT: Final = _phrases("""
    stop, remove, cancel, no more, löschen, kündigen, kündigung, beenden, keine mehr
    baja, remover, cancellami, cancellazione, διαγραφή
""")
"""Phrases that are a request only as the whole email: titles may contain them as well."""

POLITE: Final = frozenset(
    WORD.findall("""
    please pls kindly me us my our from to of the a an this that these your all at in on i we im d
    would like want wish and it list mailing newsletter newsletters mailinglist subscription email
    emails mail mails mailings message messages any address here now immediately asap effective
    hi hello dear sir madam team thanks thank you thx regards best kind cheers
    bitte ich mich wir uns möchte würde will gerne vom von aus der die das den dem diesem dieser
    diesen ihrem ihrer ihren eurem eurer deinem deiner meine meinen hiermit verteiler sofort danke
    vielen dank hallo guten tag liebe grüße mit freundlichen grüßen mfg vg lg adresse e abo
    abonnement liste rundbrief
    moi me je veux souhaite voudrais de du la le les l cette votre vos bonjour merci s il vous
    plaît plait infolettre lettre information
    por favor mi mia minha mon ma quiero deseo del lista boletín boletin gracias hola el su desta
    per favore dalla dal grazie tua vostra il
    mij mijn graag van voor alstublieft aub nieuwsbrief nyhedsbrev nyhetsbrev mig meg från fra
    proszę prosím mnie mě z пожалуйста меня от рассылки お願いします
""")
)
"""Words that change nothing about a request."""

NEGATION: Final = re.compile(
    r"\b(do not|don't|don’t|never|not to|nicht|ne|no|não|non|"
    r"niet|inte|ikke|не) (\w+ ){0,2}(unsub|remov|cancel|abmeld|abbest|austrag|"
    r"désabonn|désinscr|deis|baja|cancel|disiscri|uitschrij|afmeld|avregistr|отпис)",
    re.I,
)
"""The contrary of a request: the writer wants to stay."""

ENDS: Final = re.compile(
    r"-- ?$|>|\s*[-_=*]{5,}|-{2,}.{0,60}-{2,}\s*$|.{0,300}[:：]\s*$|"
    r"\s*(?:from|von|de|da|van|fra|från|от|od|发件人|差出人)\s*[:：]|"
    r"\s*(?:sent (?:from|with|via)|get outlook|von meinem|gesendet|envoyé|enviado|inviato|"
    r"verzonden|skickat|sendt|wysłane|отправлено|发自|来自|iphoneから)",
    re.I,
)
"""A line at which the text of the writer ends: a quotation, its introduction, a signature."""

GREETING: Final = re.compile(r"\s*\w+(?: \w+){0,2} ?[:：][ \t]*\r?\n\s*(?=\w)")
"""A first line of few words, such as `Dear team:`, that introduces no quotation marked by >."""

BLOCK: Final = re.compile(r"<(?:br|/p|/div|/tr|/h\d)\b[^<>]*>", re.I)
QUOTED: Final = re.compile(r"<(?:blockquote|hr)\b|<[^<>]*\bclass=[\"']?gmail_quote", re.I)
HIDDEN: Final = re.compile(r"<(style|script|title)\b[^<>]*>[^<]*</\1\s*>", re.I)
TAG: Final = re.compile(r"<[^<>]*>")


def asks_to_unsubscribe(subject: str, text: str, names: Collection[str] = ()) -> bool:
    """Whether an email with this subject and own text asks to unsubscribe, and nothing else.

    `names` of newsletters and of the writer may occur in it. The subject of a reply was not written
    by the reader, so only the text counts, if there is any.
    """
    if NEGATION.search(text[:MAX_TEXT]):
        return False
    titles = {word.casefold() for name in names for word in WORD.findall(name)}
    body, own = _phrase(text, titles), _phrase(REPLY.sub("", subject, count=1), titles)
    if body:
        return body in CLEAR | SHORT or (own in CLEAR and not REPLY.match(subject))
    return own in CLEAR | SHORT


def _phrase(text: str, titles: Collection[str]) -> str:
    """The words of a text in lower case, less those that change nothing about a request."""
    words = [word.casefold() for word in WORD.findall(text[:MAX_TEXT])]
    if (phrase := " ".join(words)) in CLEAR:
        return phrase
    return " ".join(word for word in words if word not in POLITE and word not in titles)


def own_text(text: str) -> str:
    """What the writer of a plain text wrote, without what they quote and without a signature."""
    lines: list[str] = []
    start = GREETING.match(text[:MAX_TEXT])
    for line in text[start.end() if start else 0 : MAX_TEXT].splitlines():
        if ENDS.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def text_of_html(html: str) -> str:
    """The text of an HTML document before what it quotes, as far as a request needs it."""
    html = html[:MAX_TEXT]
    if quoted := QUOTED.search(html):
        html = html[: quoted.start()]
    return unescape(TAG.sub("", BLOCK.sub("\n", HIDDEN.sub("", html))))
