"""What servers write when they refuse a message: phrases, and what each is about. Data only.

To teach `delivery.refusals` a new reply, add a phrase to the rule it belongs to, on a line of its
own, and the reply to tests/delivery/test_refusals.py. The order of rules matters: the first one
with a phrase in the reply counts. So a phrase that also occurs in another meaning (`access denied`)
goes into one of the first two rules, with enough around it to be certain.

Each phrase is a regular expression, in lowercase. It is searched in a reply in lowercase with one
space between words, without email addresses, and without names of hosts that are no blocklists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """What a refusal is about."""

    ADDRESS = "address"  # there is no such mailbox or domain, or not any more
    MAILBOX = "mailbox"  # it exists, and takes nothing now: full, busy, or out of reach
    SENDER = "sender"  # the sender, the message, or how much is sent; the address may be fine


@dataclass(frozen=True, slots=True)
class Rule:
    """Phrases with one meaning. `meaning` is for people who read the table."""

    cause: Cause
    meaning: str
    phrases: Sequence[str]


RULES: Final = (
    Rule(
        Cause.ADDRESS,
        "an unknown recipient, in words that otherwise mean the sender",
        (
            r"5\.4\.1 .{0,80}access denied",
            r"recipient address(es)? rejected ?: (invalid-recipient|no-domain|undeliverable)",
            r"user unknown in (relay|local|virtual) (recipient|mailbox|alias)",
            r"not in (the )?(recipient|relay_recipient) ?(list|maps?|table)",
            r"marked as invalid",
            r"not a valid rfc-?5321 address",
            r"bad ?rcpt ?to",
            r"not a member of domain",
            r"(destination )?server (has )?rejected (the )?recipient",
            r"domain is not reachable",
        ),
    ),
    Rule(
        Cause.MAILBOX,
        "a full or busy mailbox, in words that otherwise mean the sender",
        (
            r"user has too many messages",
            r"(mail ?box|account) .{0,40}exceed\w* .{0,20}polic",
            r"(receiving|received) (mail|messages|e-?mail) (too|at a rate)",
            r"receivingrate",
            r"recipient has exceeded",
            r"(account|user|recipient|mail ?box) (\w+ )?(is |has been |was )?(temporar\w+ "
            r")?(blocked|locked|suspended)",
            r"compte .{0,20}bloqu",
        ),
    ),
    Rule(
        Cause.SENDER,
        "the sender's IP address, host or domain is listed or blocked",
        (
            r"\b(black|block|deny)[ -]?list(ed|ing|s)?\b",
            r"\b(dns|ur?i?|ip)?[rd]?bls?\b",
            r"\bdns[rb]l\b",
            r"\brealtime block",
            r"spamhaus",
            r"spamcop",
            r"sorbs",
            r"barracudacentral",
            r"barracudanetworks",
            r"invaluement",
            r"spamrl",
            r"uceprotect",
            r"hostkarma",
            r"senderscore",
            r"cloudmark",
            r"ipcheck",
            r"abusix",
            r"mail-abuse",
            r"prs\.proofpoint",
            r"trend ?micro rbl",
            r"sender ?base",
            r"talosintelligence",
            r"surbl",
            r"uribl",
            r"(listed|found|registered) (by|at|in|on|as) [\w.'/:-]*(list|bl\b|spam|abus|policy)",
            r"blocked using",
            r"(bad|invalid|dynamic|banned|blocked|sending|source|client|originating) (sending |"
            r"source |client )?ips?\b",
            r"(client host|connecting host|ip( address)?|(?<!destination )server|network|domain|"
            r"range)\]?( \[?[\d.:a-f]+\]?)? ?(is|was|has been|are|temporarily|currently)? ?(being "
            r")?(block|ban|reject|denied|deferred|refused|throttled|suspended|listed)",
            r"(block|ban|refus|reject|den[iy]|restrict)\w* (mail |e-?mail |connections? |"
            r"messages? |access )?(from |for |by |to )?(your |this |the |that |sending |source |"
            r"client |sender'?s? |originating )*(ip|client|host|server|network|mta|country)\b",
            r"(your|the sending|the connecting|sending|connecting) (host|ip|network|server|domain|"
            r"mta|mail server)( address)? [\[(<]?[\w.:-]*[\])>]? ?(is|was|has been|had|does|"
            r"requires)",
            r"part of their network",
            r"not allowed to connect",
            r"no smtp service",
            r"service refus",
            r"connections? (will )?not (be )?accepted",
            r"not accepting connections",
            r"(no )?access from (your|mail|this)",
            r"your access to",
            r"not (currently )?(accept\w*|allow\w*) (any )?(mail|e-?mail|messages|connections?) "
            r"(from|with|contain)",
            r"messages? from .{0,60} (weren't|were not|was not|wasn't) (sent|delivered|accept)",
            r"(poor|bad|low) (\w+ )?reputation",
            r"reputation (filter|is|score|of|too)",
            r"to reputation",
            r"geo-?ip",
            r"geographical",
            r"your country",
            r"identified as (a )?spam",
            r"you are .{0,20}spammer",
            r"(smtp )?(server|gateway) of your isp",
            r"refused due to recipient preferences",
            r"adresse ip",
            r"ip-adresse",
            r"ip源",
            r"ip адрес",
            r"ip-адрес",
            r"ipアドレス",
            r"ip地址",
        ),
    ),
    Rule(
        Cause.SENDER,
        "the sender is not authenticated, or its address is refused: SPF, DKIM, DMARC, PTR, TLS",
        (
            r"\bspf\b",
            r"\bdkim\b",
            r"\bdmarc\b",
            r"\bbatv\b",
            r"sender ?id\b",
            r"sender policy",
            r"domainkeys",
            r"unauthenticated (mail|e-?mail|sender|message)",
            r"not (pass|accept)\w* .{0,40}authenticat",
            r"authenti(cation|fication) (fail|check|invalid|requi|credential|turned|information|"
            r"is)",
            r"(must|not) (be )?authenticat",
            r"requires? authentication",
            r"fails? authentication",
            r"\bptr\b",
            r"\brdns\b",
            r"\bfcrdns\b",
            r"iprev",
            r"forward[- ]confirmed",
            r"\be2110\b",
            r"(reverse|forward|invalid|missing)[ -](dns|lookup|resol|map|host ?name|entry|record)",
            r"dns (mx|ptr|a/aaaa|a record|reverse)",
            r"(ip|name|reverse|ptr) lookup fail",
            r"unresolvable",
            r"resolve your",
            r"(cannot|can't|could not|unable to) (find|resolve|verify) (your|the) (reverse |"
            r"client'?s? )?(host ?name|hostname|ip)",
            r"\bhelo\b",
            r"\behlo\b",
            r"invalid host ?name",
            r"spoof",
            r"forge[dr]",
            r"impersonat",
            r"purported responsible",
            r"fully[- ]qualified",
            r"start ?tls",
            r"\b(tls|ssl|encryption|encrypted)\b",
            r"sender('?s)? (\w+ )?(address|domain|e-?mail|host|mailbox|policy)",
            r"(invalid|bad|unroutable|unverifiable|malformed|fake|illegal|unknown|your) (envelope "
            r"|mail )?sender",
            r"sender (is |was |has been )?(reject|denied|refused|block|verif|unknown|invalid|not|"
            r"frequency|limit|format|list)",
            r"domain of sender",
            r"senders? (isn't|aren't|list)",
            r"list of (allowed |approved )?senders",
            r"(verify|verifying) (the )?sender",
            r"callback",
            r"callout",
            r"(mail[ _]?from|return[- ]path|envelope (sender|from)|\bfrom:) ?(address |domain |"
            r"header )?(is |was |does |must |could |has )?(not|invalid|listed|reject|block|"
            r"missing|denied|command)",
            r"groups\.google",
            r"send as\b",
            r"on behalf of",
            r"sendasdenied",
            r"mail[ _]from is mismatched",
            r"different address or alias",
            r"[ée]metteur",
            r"absender",
            r"отправител",
            r"发件",
            r"寄件",
            r"送信者",
            r"remitente",
            r"mittente",
            r"remetente",
            r"afzender",
            r"nadawc",
        ),
    ),
    Rule(
        Cause.SENDER,
        "the message was taken for spam or a virus",
        (
            r"\bspam(my|mer|ming|s)?\b",
            r"anti-?spam",
            r"spamassassin",
            r"spamdetected",
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
    ),
    Rule(
        Cause.SENDER,
        "a policy refused it, or the recipient does not want it",
        (
            r"polic(y|ies) (reason|violat|reject|restrict|block|prohibit|does not|require|error)",
            r"(local|security|company|admin\w*|content|site|organi[sz]ation|server|dmarc|against|"
            r"for|of|by) (the |our |a )?(\w+ )?polic",
            r"mailpolicy",
            r"violat\w+ .{0,20}polic",
            r"administrative(ly)? (prohibit|denied|reject|lock)",
            r"envelope (blocked|rejected)",
            r"(blocked|rejected|refused|denied) by (the )?(recipient|user|addressee)",
            r"block-(send-er|rcpt)",
            r"customized-block",
            r"senderfilter",
            r"recipient preferences",
            r"recipient (does not|doesn't|is not) (want|accept\w*|allow\w*) (mail|e-?mail|"
            r"messages?) (from|with)",
            r"white ?list",
            r"not on .{0,30}(allowed|accepted|approved)",
            r"(?<![.\w-])(relay(ing)?)(?![.=\w-]| recipient| host)",
            r"allowed rcpthosts",
            r"not a .{0,20}gateway",
            r"(not|aren't|isn't|no) (permi\w+|authori[sz]ed|allowed|permission)( to)? (send|"
            r"submit|post|deliver|mail|connect|accept)",
            r"(not|don't) have (the )?permission",
            r"resolver\.rst",
            r"restricted to",
            r"authori[sz]ed senders",
            r"require\w* moderat",
            r"members only",
            r"not a member",
            r"not subscribed",
            r"posting (to|permission)",
            r"members?-only",
            r"non-member",
            r"organi[sz]ational settings",
            r"captcha",
            r"go away",
            r"imposed mailbox access",
            r"low priority",
            r"vorschrift",
            r"richtlinie",
            r"sicherheitsgründ",
            r"politique",
            r"políticas?",
            r"политик",
            r"策略",
            r"政策",
            r"ポリシー",
            r"정책",
        ),
    ),
    Rule(
        Cause.SENDER,
        "too much was sent, or too fast",
        (
            r"gr[ea]y-?list",
            r"graulist",
            r"unexpected volume",
            r"user complaints",
            r"throttl",
            r"frequency",
            r"rate[- ]?limit",
            r"(sending|message|connection) (rate|limit)",
            r"limited? (the )?rate",
            r"too (many|much|fast|frequent\w*) ?(messages|mails?|e-?mails?|connections?|sessions?|"
            r"concurrent|recipients|recent|invalid|unknown|errors?|bad|requests?|for|sent)",
            r"too (fast|quickly)",
            r"to too many",
            r"slow(er|ing)? ?(down)?\b",
            r"max\w* (e-?mails|messages) per",
            r"(daily|hourly|relay|sender|sending|connection)s? (\w+ )?(quota|limit|volume)",
            r"max(imum)? (number|messages?|connections?|rate)",
            r"(limit|rate|maximum|quota) (for|of|on) (the )?(number|messages|mail|connections)",
            r"sender has exceeded",
            r"excessive (volume|rate|message|connection|number|load)",
            r"(reduce|slow) (your |the )?(sending|rate)",
            r"numerous attempts",
            r"частот",
            r"频率",
            r"頻率",
            r"过快",
            r"超过限制",
            r"送信制限",
            r"대량",
        ),
    ),
    Rule(
        Cause.SENDER,
        "the message is too large, or not in a form that the server takes",
        (
            r"\b(message|e-?mail|line|header)s? (\w+ )?(is |was |file |are |size |length |limit "
            r")?(too (large|big|long)|larger|exceed\w*)",
            r"(exceed\w*|over|above|maximum|fixed|max) .{0,30}(message|mail) size",
            r"message (size|length)",
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
            r"syntaxfehler",
            r"nachricht .{0,20}zu gro(ß|ss)",
            r"message trop",
            r"размер (письма|сообщения)",
            r"(邮件|郵件)(太|过|過)大",
        ),
    ),
    Rule(
        Cause.MAILBOX,
        "the mailbox is full",
        (
            r"(mail ?box|account|user|recipient|inbox|folder|storage|disk|directory)'?s? ?(\w+ "
            r"){0,4}(is |has |was |'s )?(been )?(too )?(full|exceed\w*|over (its |the )?(quota|"
            r"size|limit)|overquota|over quota|quota)",
            r"over ?-?quota",
            r"quota (\w+ )?(exceed|violat|reach|full|limit)",
            r"exceed\w* .{0,40}(quota|storage|allocat|size|space|limit|mail ?box)",
            r"(out of|insufficient|not enough|no|low|limited) (system |disk |mailbox |quota |"
            r"storage |more )*(storage|space|quota|room|resources)",
            r"mail ?box (size|limit|full|exceed)",
            r"full mail ?box",
            r"too full",
            r"mail ?folder is full",
            r"size limit exceeded",
            r"disk (full|quota)",
            r"storage allocation",
            r"max(imum)? (mailbox|storage|number of stored|allowed)",
            r"(boite|boîte|messagerie|bal) .{0,30}pleine?",
            r"postfach .{0,30}voll",
            r"speicher\w* .{0,30}(voll|überschritten|erschöpft)",
            r"buz[oó]n .{0,20}llen",
            r"casella .{0,20}pien",
            r"caixa .{0,20}cheia",
            r"postvak .{0,20}vol",
            r"skrzynk\w* .{0,20}(pełn|przepełn)",
            r"превышен\w* .{0,20}(квот|лимит|размер)",
            r"(ящик|почт)\w* .{0,20}(переполнен|заполнен)",
            r"переполнен",
            r"(邮箱|郵箱|信箱).{0,8}(满|滿)",
            r"容量.{0,8}(超過|不足|满|滿|オーバー)",
            r"空间不足",
            r"空間不足",
            r"メールボックス.{0,12}(一杯|いっぱい|容量|超)",
            r"용량.{0,8}(초과|부족)",
            r"사서함.{0,12}(가득|꽉)",
        ),
    ),
    Rule(
        Cause.MAILBOX,
        "the mailbox or its server takes nothing now",
        (
            r"temporar(y|ily)",
            r"come back later",
            r"try (it )?(again )?(later|in \d)",
            r"please resend",
            r"please try again(?! or)\b(?! -)",
            r"retry later",
            r"in progress",
            r"unverified address",
            r"(server|system|service) (is )?(currently )?(too )?(busy|overload|not available|"
            r"unavailable|down|shutting)",
            r"resources? (are )?unavailable",
            r"(timed? ?out|time-?out)",
            r"connection (refused|reset|lost|closed|dropped|failed|attempt)",
            r"no route",
            r"(network|host|server) (is )?(un|not )reachable",
            r"socket error",
            r"lost connection",
            r"(could|can|did) ?n[o']t (connect|establish|reach (the )?(server|host))",
            r"unable to connect",
            r"did not accept our requests",
            r"not responding",
            r"no answer from",
            r"(retry|delivery) (time(out)?|limit) (has been )?(exceed|expired|not reached)",
            r"(delivery|message|time|envelope) (has )?expired",
            r"retries, giving up",
            r"giving up\.",
            r"for the last \d+ seconds",
            r"(failed|after) \d+ attempts",
            r"aborted after",
            r"too long in the",
            r"(mail|routing|forwarding)?[- ]?loop",
            r"loops? back",
            r"too many hops",
            r"hop count",
            r"internal (server |system )?error",
            r"i/o error",
            r"input/output",
            r"read-only file",
            r"can(no|')t (create|open|write|lock)",
            r"permission denied",
            r"command failed",
            r"servfail",
            r"vorübergehend",
            r"temporairement",
            r"temporalmente",
            r"temporaneamente",
            r"временно",
            r"暂时",
            r"暫時",
            r"一時的",
            r"稍后",
            r"稍後",
            r"일시적",
        ),
    ),
    Rule(
        Cause.ADDRESS,
        "no such mailbox",
        (
            r"(unknown|no such|non-?exist\w*|invalid|bad|illegal|inexist\w*|undeliverable|"
            r"unrout[e]?able|no valid|incorrect|unrecogni[sz]ed|misspelled|unallocated|nosuch|no "
            r"known|not a( known| valid)?|wrong|non[- ]existant) (destination |local |virtual |"
            r"final |delivery |mail ?|e-?mail |receiving |recipient'?s? |address\w* |target |rcpt "
            r"|mailbox |user |lotus notes |public folder )*(user|recipient|rcpt|mail ?box|address|"
            r"addressee|account|person|customer|alias|name|id|local[- ]part|maildrop|subscriber|"
            r"member|destination|directory entry|one|entry|e-?mail)\w*",
            r"nosuchuser",
            r"disableduser",
            r"recip(ient)?notfound",
            r"resolver\.adr\.",
            r"addressunknown",
            r"nosuchrecipient",
            r"user[_-]unknown",
            r"unknown_user",
            r"usernotfound",
            r"unknownuser",
            r"unknown user",
            r"(user|recipient|rcpt|mail ?box|address|addressee|account|alias|e-?mail|name|"
            r"destination|person|customer|\bid|member|local part)s?( name| address| account| id| "
            r"mailbox)? ?[:,(-]{0,2} ?.{0,40}?(is |are |was |were |has |have |does |do |did |"
            r"could |can |cannot |may |isn't |doesn't |couldn't |can't |not |no |currently |been |"
            r"either |or |to |be |an |a |at |this |listed |- )*(unknown|exist|not found|found|"
            r"invalid|not valid|disabled|inactive|deactivated|closed|deleted|removed|terminated|"
            r"cancel+ed|discontinued|unallocated|no longer|known here|recogni[sz]ed|undeliverable|"
            r"unrout\w*|not known|not ours|obsolete|unavai?lable|misspelled|not present|not "
            r"active|not listed|handled here|permanently)",
            r"(doesn't|does not|don't|do not|didn't|no longer) have (a|an|any) .{0,60}(account|"
            r"mailbox|user|address)",
            r"no (such )?mail ?box",
            r"no (local )?(user|account|recipient)s?( of| by| with| exists?| named| here|$)",
            r"nobody (here|by|at)",
            r"no one (here|by|at)",
            r"isn't here",
            r"not our customer",
            r"(account|mail ?box|user|address|recipient|person) (has |have )?(moved|left|gone)",
            r"no longer (valid|available|active|in use|exist\w*|works?|employed|accept\w*|on|at|a "
            r"|with|has|used|monitored)",
            r"not (an? )?(active|local|known|valid|current) (e-?mail |mail )?(address|user|"
            r"mailbox|recipient|account)",
            r"user not local",
            r"not (listed )?in (the )?(domino|public|directory|database|our)",
            r"name not found",
            r"unknown (in|local|to)\b",
            r"this user doesn't",
            r"(?<!recipient )(?<!e-mail )(?<!email )(?<!ip )address rejected",
            r"recipient (unavailable|rejected)",
            r"due to inactivity",
            r"mail ?box not available",
            r"(deactivated|disabled|closed|expired|deleted) (mail ?box|account|user)",
            r"(account|user) (has )?(expired|not activated)",
            r"is now disabled",
            r"(dead|abandoned|dormant|inactive) (account|mailbox|address|user)",
            r"unknown e-?mail",
            r"\bnot found in\b",
            r"recipient (is )?not (local|ok|accepted)",
            r"can't accept (user|mail)",
            r"does not exist",
            r"doesn't exist",
            r"not exist",
            r"no existe",
            r"rejected ?: ?(unknown|inactive)",
            r"check the (recipient|address|spelling)",
            r"bad destination",
            r"address (has )?changed",
            r"new address",
            r"no forwarding",
            r"(boite|boîte|destinataire|adresse|utilisateur|compte|client) .{0,40}(inconnu|"
            r"invalide|inexist|n'existe|introuvable|désactiv|supprim)",
            r"destinataire invalide",
            r"n'existe pas",
            r"(empfänger|adresse|benutzer|postfach|konto|teilnehmer|mailbox|account)\w* "
            r".{0,40}(unbekannt|existiert nicht|nicht (bekannt|gefunden|vorhanden|existent|"
            r"gültig)|ungültig|deaktiviert|gelöscht)",
            r"unbekannter? (empf|benutzer|nutzer|adresse)",
            r"existiert nicht",
            r"(usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|utente|casella|indirizzo|"
            r"usu[aá]rio|conta|gebruiker|adres|konto|użytkownik|odbiorc\w*|caixa postal) "
            r".{0,40}(desconocid|no existe|inv[aá]lid|inexist|sconosciut|non esist|disabilitat|"
            r"desativad|não existe|onbekend|bestaat niet|nieznan|nie istnieje|nie znalezion)",
            r"nessun utente",
            r"(пользовател\w*|адрес\w*|ящик\w*|получател\w*|учетн\w* запис\w*|аккаунт\w*) "
            r".{0,40}(не (найден|существ|зарегистр|обслужива)|неизвест|отсутств|удал[её]н|отключ|"
            r"неверн)",
            r"нет такого",
            r"такого .{0,30}нет",
            r"не существует",
            r"(用户|用戶|收件人|邮箱|郵箱|帐号|账号|帳號|地址|信箱|使用者|邮件地址).{0,12}(不存在|"
            r"无效|無效|未找到|找不到|被禁|已停用|已注销|停用|未知)",
            r"无此用户",
            r"查無此",
            r"不存在",
            r"(宛先|ユーザ|アドレス|受信者|アカウント).{0,16}(不明|存在しま|見つかりま|見つからな|"
            r"ありません|無効|存在せ)",
            r"あて先.{0,16}(不明|ありません|見つかり)",
            r"リストにありません",
            r"(사용자|수신자|메일 ?주소|계정).{0,12}(없|존재하지|알 수 없)",
        ),
    ),
    Rule(
        Cause.ADDRESS,
        "no such domain, or one that takes no mail",
        (
            r"(host|domain|hostname|site)( or domain)?( name)?( \S+)? (is |was |could |does |did |"
            r"cannot |can )*(not |be )*(unknown|not found|found|exist|resolved|located)",
            r"(unknown|no such|unresolv\w*|non-?exist\w*|bad|illegal|unrout\w*) (mail )?(host|"
            r"domain|destination|address|site|server)\w*",
            r"nxdomain",
            r"infodomainnonexistent",
            r"no mx( record| or a| found)?",
            r"no (valid )?(a|mx|dns)\b.{0,20}(record|found|host)",
            r"null ?mx",
            r"all relevant mx records",
            r"(domain|host) .{0,80}does(n't| not) (accept|receive|exist)",
            r"never accepts mail",
            r"not accepting network messages",
            r"domain (has )?expired",
            r"domain name not found",
            r"name (service )?(error|lookup fail)",
            r"(name or service|nodename) .{0,10}not known",
            r"(couldn't|could not|cannot|can't) (find|resolve|locate) (any |a |the )?(host|domain|"
            r"mx|mail exchanger|server|exchange)",
            r"domaine? (inconnu|unbekannt)",
            r"dominio .{0,20}(no existe|inexistente|desconocido)",
            r"домен .{0,20}не (найден|существ)",
            r"域名.{0,8}(不存在|无效)",
        ),
    ),
)
"""What words mean; the first rule with a phrase in the reply counts."""

HINTS: Final = (
    Rule(
        Cause.SENDER,
        "a refusal that names nothing of the recipient",
        (
            r"\bpolic(y|ies)\b",
            r"access denied",
            r"\bdenied\b",
            r"\bblocked?\b",
            r"\bbanned\b",
            r"abus(e|ive)",
            r"prohibit",
            r"not (allowed|permitted|authori[sz]ed)",
            r"forbidden",
            r"filter",
            r"security",
            r"restrict",
            r"reputation",
            r"postmaster\.",
            r"content",
            r"syntax",
            r"protocol",
            r"command",
            r"sequence",
            r"parameters",
            r"(?<!recipient address )\breject(ed|ing|ion)?\b",
            r"\brefused\b",
            r"(transaction|message|mail|e-?mail|delivery|connection) (\w+ )?(not accepted|not "
            r"allowed|dropped)",
            r"(verification|authentication) fail",
            r"connections?\b",
        ),
    ),
)
"""What weak words mean: they count only where no specific status says something else."""
