"""Phrases about the sender: where the message comes from, and who it says it is from. Data only."""

from __future__ import annotations

from typing import Final

from syndicate.delivery.refusal_phrases.rule import Cause, Rule

CERTAIN: Final = Rule(
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
LISTED: Final = Rule(
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
        r"ip-adresse",
        r"ip源",
        r"ip адрес",
        r"ip-адрес",
        r"ipアドレス",
        r"ip地址",
    ),
)
NOT_AUTHENTICATED: Final = Rule(
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
)
