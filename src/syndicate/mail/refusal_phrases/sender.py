"""Phrases about the sender: its server, domain and address. Data only."""

from __future__ import annotations

from typing import Final

from syndicate.mail.refusal_phrases.rule import Cause, RefusalRule

CERTAIN: Final = RefusalRule(
    Cause.SENDER,
    "a blocklist, spam, or a failed check of the sender, which nothing else is called",
    (
        r"(?<!be )\b(black|block|deny)[ -]?list(ed|ing|s)?\b",
        r"\b(dns|ur?i?|ip)?[rd]?bls?\b",
        r"\bdns[rb]l\b",
        r"\brealtime block",
        r"ivmsip|ivmuri",
        r"sorbs",
        r"barracudacentral",
        r"barracudanetworks",
        r"invaluement",
        r"uceprotect",
        r"hostkarma",
        r"senderscore",
        r"cloudmark",
        r"abusix",
        r"mail-abuse",
        r"prs\.proofpoint",
        r"trend ?micro rbl",
        r"talosintelligence",
        r"surbl",
        r"uribl",
        r"blocked using",
        r"\bspf",
        r"\bdkim",
        r"\bdmarc",
        r"\bptr\b",
        r"\brdns\b",
        r"(reverse|missing) (dns|ptr)",
        r"sender address rejected",
        r"(?<!anti-)\bspam",
    ),
)
LISTED: Final = RefusalRule(
    Cause.SENDER,
    "the sender's IP address, host or domain is listed or blocked",
    (
        r"ipcheck",
        r"sender ?base",
        r"(found|registered) (by|at|in|on|as) [\w.'/:-]*(list|bl\b|spam|abus|policy)",
        r"(?<!not )\blisted (at|on|in|by)\b",
        r"permanently deferred",
        r"domain (is not|isn't) in my list",
        r"\b(ou|sc|dy|rp)-\d{2,3}",  # Microsoft
        r"(bad|invalid|dynamic|banned|blocked|sending|source|client|originating) (sending |"
        r"source |client )?ips?\b",
        r"(client( host)?|connecting host|ip( address)?|(?<!destination )server|network|domain|"
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
        r"\byour (\w+ )?(ip|server|host|domain|network|mta|isp|provider|country|reputation|"
        r"website|computer|system|rdns|sender|connection)s?('s)?\b",
        r"connection refused (from|due|for|because)",
        r"lista (negra|nera)|liste noire|schwarze\w* liste|ч[её]рн\w+ спис|czarn\w+ li|"
        r"黑名单|黑名單|ブラックリスト",
        r"not trusted|untrusted",
        r"(mail|messages?|connections?) from .{0,60} (deferred|limited|not wanted|unwanted)",
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
        r"identified as (a )?spam",
        r"you are .{0,20}spammer",
        r"(smtp )?(server|gateway) of your isp",
        r"refused due to recipient preferences",
        r"adresse ip",
        r"(direcci[oó]n|endereço|indirizzo|adres) ip\b",
        r"ip-adresse",
        r"ip源",
        r"ip адрес",
        r"ip-адрес",
        r"ipアドレス",
        r"ip地址",
    ),
)
NOT_AUTHENTICATED: Final = RefusalRule(
    Cause.SENDER,
    "the sender is not authenticated, or its address is refused: SPF, DKIM, DMARC, PTR, TLS",
    (
        r"smtp[- ]auth",
        r"\bsender\b .{0,60}\b(has no|does not|doesn't|is not|must|cannot|can't|could not)\b",
        r"dns check",
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
        r"\bfcrdns\b",
        r"iprev",
        r"forward[- ]confirmed",
        r"\be2110\b",
        r"(reverse|forward|missing)[ -](dns|lookup|resol|map|host ?name|entry|record)",
        r"invalid (reverse|dns|lookup|resol|map|entry|record)",
        r"authentication (mechanism|method)",
        r"dns (mx|ptr|a/aaaa|a record|reverse)",
        r"(ip|name|reverse|ptr) lookup fail",
        r"unresolvable",
        r"resolve your",
        r"(cannot|can't|could not|unable to) (find|resolve|verify) (your|the) (reverse |"
        r"client'?s? )?(host ?name|hostname|ip)",
        r"\bhelo\b",
        r"\behlo\b",
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
        r"[ée]metteur|exp[ée]diteur",
        r"afsender|avs[äe]nd|verzender|lähettäj|ode[sš][ií]latel|felad[oó]|gönderen|expeditor",
        r"발신|보낸|송신|відправник|αποστολέ|المرسل|השולח|ผู้ส่ง|người gửi",
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
)
SUBJECT: Final = RefusalRule(
    Cause.SENDER,
    "the subject of the sentence is the sender: its address, domain, certificate or consent",
    (
        r"(?<!check )(?<!verify )(?<!in )\byour (\w+ ){0,2}(domain|address(?!e| ?book| ?list)|"
        r"certificates?|signature|mailings?|identity|reverse|ptr|return)\b",
        r"return[- ]?(path|address)\b|bounce address|reply-to\b",
        r"(^|[^\w-])(mail )?from address\b",
        r"(sending|originating|originator'?s?|sender'?s?) (domain|address|mailbox|host|mx)",
        r"\boriginator\b",
        r"(domain|address|host|server) (that )?you('re| are| have)? ?(send|sent|sending|mailing) "
        r"(\w+ )?from",
        r"certificat|zertifikat|сертификат|証明書|证书|인증서",
        r"(domain|address|host|name) in (the |your )?(mail from|envelope|from)\b",
        r"\b(mails?|messages?) from (unknown|un\w+|such|dynamic|your|bulk)\b",
        r"\b(newsletters?|bulk ?mail\w*|mass ?mail\w*|advertis\w*|werbung|werbe\w*|publicité|"
        r"publicidad|pubblicità|рассылк\w*|реклам\w*|广告|広告|광고)\b|mailing list (mail|message)",
        r"hea(r|rs|ring) from|removed (themselves|himself|herself)|(not|n't) (wish|want)\b",
        r"\bsending (account|server|domain|user|system|site)",
        r"\barc[- ](seal|set|chain|sign|auth|valid|fail|header)",
        r"domain ?keys?\b|\bselector\b|signature (key|not|invalid|fail|verif)|"
        r"(signing|public) key\b",
        r"dynamic\w* (ip|address|range|pool|host)|residential|dial-?up|dynamisch\w* (ip|adress)",
        r"unsubscribed|opt(ed|s)?[- ]out\b",
        r"(accept\w*|want\w*|receiv\w*|allow\w*|tak\w+) (no |any |more ){0,2}(e-?mails?|mails?|"
        r"messages?|mailings?) (from|sent by) (you|the sender|this sender|this domain)",
        r"\bblock(s|ed|ing)? (you|your|the sender|this sender|mail from|messages from)\b",
        r"\bihr(e[rsmn]?)? (absender\w*|domain|domäne|server\w*|mailserver|ip\w*|adresse|"
        r"e-mail-adresse|zertifikat|netz\w*)\b",
        r"(mails?|nachrichten|post) von ihnen|rücksendeadresse|antwortadresse",
        r"\bvotre (domaine|adresse|serveur|machine|nom|hôte|certificat|réseau|ip)\b|"
        r"\bvos (messages|mails|envois|courriels|e-mails)\b.{0,40}(refus|bloqu|rejet)|"
        r"accepte pas (vos|les messages de vous)",
        r"adresse de retour|domaine d'envoi|domaine d'origine|domaine émett",
        r"\bsu (dominio|servidor|certificado|ip)\b|bloque\w* su (direcci|dominio|correo)|"
        r"bloquead[oa] su|direcci[oó]n de retorno|dominio de origen",
        r"\bseu (domínio|servidor|certificado|ip|endereço)\b|domínio de origem|endereço de retorno",
        r"\b(tuo|suo|vostro) (dominio|indirizzo|server|certificato|ip)\b|"
        r"indirizzo di ritorno|dominio di origine",
        r"\buw (domein|adres|server|certificaat|ip)\b",
        r"\btwoj\w* (domen|adres|serwer)|\bvaš\w* (domén|adres|server)",
        r"\bваш(а|его|ей|ему|им|у)? ?(домен|адрес|сервер|сертификат|ip|почтов)",
        r"не принима\w+ (письм|почт|сообщен)\w* (от|с)\b|заблокировал\w* (вас|ваш)|"
        r"обратн\w+ адрес",
        r"(您|你|贵方|貴方)的?(的)?(域名|地址|服务器|伺服器|证书|網域|ip)|发信人|發信人|寄信人|发送方",
        r"発信者|発信元|送信(元|ドメイン|サーバ)|差出人|あなたの(ドメイン|アドレス|サーバ)|貴(社|殿)",
        r"(귀하|당신)의? ?(도메인|주소|서버|ip)|발송자|송신자",
        r"alan adınız|etki alanınız|adresiniz|sunucunuz|gönderici",
    ),
)
"""Whose address or domain it is that does not exist, or who is not wanted: checked first."""
