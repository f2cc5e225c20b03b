"""Phrases about addresses that do not exist, or no longer do. Data only."""

from __future__ import annotations

from typing import Final

from syndicate.mail.refusal_phrases.rule import Cause, RefusalRule

NO_MAILBOX: Final = RefusalRule(
    Cause.ADDRESS,
    "no such mailbox",
    (
        r"(unknown|no such|non-?exist\w*|invalid|bad|illegal|inexist\w*|undeliverable|"
        r"unrout[e]?able|no valid|incorrect|unrecogni[sz]ed|misspelled|unallocated|nosuch|no "
        r"known|not a( known| valid)?|wrong|non[- ]existant|inactive|disabled)[ -]"
        r"(destination |local |virtual |final |delivery |mail ?|e-?mail |receiving |"
        r"recipient'?s? |address\w* |target |rcpt |mailbox |user |lotus notes |public folder )*"
        r"(user|recipient|rcpt|mail ?box|address|addressee|account|person|customer|alias|name|"
        r"id|local[- ]part|maildrop|subscriber|member|destination|directory entry|one|entry|"
        r"e-?mail)\w*",
        r"recip not found",
        r"in (the )?name directory",
        r"^[\W\d]*not (found|known|here|exist)",
        r"mail ?box unava\w*able",
        r"(bad|wrong) (\w+ ){1,3}recipient",
        r"missing home directory",
        r"resolver\.adr\.",
        r"user-unknown",
        r"unknown user",
        r"(user|recipient|rcpt|mail ?box|address|addressee|account|alias|e-?mail|name|"
        r"destination|person|customer|\bid|member|local part)s?( name| address| account| id| "
        r"mailbox)? ?[:,(-]{0,2} ?.{0,40}?(is |are |was |were |has |have |does |do |did |"
        r"could |can |cannot |may |isn't |doesn't |couldn't |can't |not |no |currently |been |"
        r"either |or |to |be |an |a |at |this |listed |- )*(unknown|exist|not found|found|"
        r"invalid|not valid|disabled|inactive|deactivated|closed|deleted|removed|terminated|"
        r"cancel+ed|discontinued|unallocated|no longer|known here|recogni[sz]ed|undeliverable|"
        r"unrout\w*|not known|not ours|obsolete|unavai?lable|misspelled|not present|not "
        r"active|not listed|handled here)",
        r"(doesn't|does not|don't|do not|didn't|no longer) have (a|an|any) .{0,60}(account|"
        r"mailbox|user|address)",
        r"no (such )?mail ?box",
        r"no (local )?(user|account|recipient)s?( of| by| with| exists?| named| here|$)",
        r"(not|n't) (handle|host|serve|know)\w* (any )?(mail|e-?mail|domain|address|such)",
        r"deliver (any )?(mail|messages?|e-?mail) (for|to)\b",
        r"(mail )?receiving (is )?disabled",
        r"never (receive|accept)s?\b",
        r"(cannot|can't|not able to) receive (any )?(e-?mail|mail|messages?)",
        r"(user|rcpt|recipient)\W{1,5}not ok",
        r"\bleft (the|our|this) (company|organi[sz]ation|school|firm)",
        r"nobody (here|by|at)",
        r"no one (here|by|at|with)",
        r"no such (\w+ ){0,2}(drop|box|name|entry|id|alias|person|account)",
        r"incorrectly addressed",
        r"inesistent|(destinatario|indirizzo) errat",
        r"nie (istnieje|ma takie|znaleziono)",
        r"isn't here",
        r"not our customer",
        r"(account|mail ?box|user|address|recipient|person) (has |have )?(moved|left|gone)",
        r"no longer (valid|available|active|in use|exist\w*|works?|employed|accept\w*|on|at|"
        r"an? |with|has|used|monitored)",
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
        r"não (foi )?(existe|encontrad|localizad)",
        r"\binexist",
        r"unbekannt|inconnue?\b|desconocid|desconhecid|onbekend|nieznan|ukjent|неизвест",
        r"nicht (bekannt|gefunden|vorhanden)|existiert nicht|non (trovat|esist)|introuvable",
        r"(existerar|hittades) inte|ikke (funnet|fundet)|bestaat niet|niet gevonden",
        r"[无無]此|查[无無]",
        r"존재하지 않",
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
        r"existiert (\w+ ){0,2}nicht",
        r"no (se |ha sido )?(encuentra|encontrad|existe|registrad)",
        r"sconosciut",
        r"necunoscut|nu exist[aă]",
        r"nezn[aá]m|neexist|nenalezen",
        r"ismeretlen|nem (létez|található)",
        r"bilinmey|bulunam|mevcut değil",
        r"u[kc]k?[ej]n(d|t|dt)\b|okänd|(finns|findes|finnes|eksisterer) (inte|ikke|ej)",
        r"tuntematon|ei löydy",
        r"άγνωστ|δεν υπάρχει",
        r"невідом|не існує|не знайден",
        r"không tồn tại",
        r"tidak (ditemukan|dikenal|ada)",
        r"غير (موجود|معروف)",
        r"(לא|אינו|אינה) (קיים|נמצא|ידוע)",
        r"ไม่พบ",
        r"(usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|utente|casella|indirizzo|"
        r"usu[aá]rio|conta|gebruiker|adres|konto|użytkownik|odbiorc\w*|caixa postal) "
        r".{0,40}(desconocid|no existe|inv[aá]lid|inexist|sconosciut|non esist|disabilitat|"
        r"desativad|não existe|onbekend|bestaat niet|nieznan|nie istnieje|nie znalezion)",
        r"nessun[ao]? ?(utente|casella|account|indirizzo|destinatario)",
        r"gibt es (hier )?nicht|nicht mehr (gültig|aktiv|vergeben)|nicht registriert",
        r"\bkeine?[nrsm]? (solche[rsn]? |passende[rsn]? |gültige[rsn]? )?(e-?mail-?|"
        r"mail)?(benutzer|"
        r"nutzer|postf|empfänger|konto|adress|teilnehmer|mailbox|account)",
        r"(konto|postfach|adresse|account) .{0,30}(geschlossen|aufgelöst|gesperrt und gelöscht)",
        r"n'(est|existe) plus( valide| valable| active?| utilisée?|\b)",
        r"\baucune? (utilisat|compte|destinat|abonn|boîte|boite|adresse|client|usager)",
        r"(compte|boîte|boite|adresse) .{0,30}(clôturée?|cloturée?|fermée?|erronée?|résiliée?)",
        r"\bpas de (boîte|boite|compte|utilisateur|destinataire|bal)\b|non trouvée?\b",
        r"ungültige[rsmn]? (empf|adress|benutzer|mail|e-mail|postf|konto)|ausgeschieden",
        r"n'est pas (connu|reconnu|valide|enregistr)|a quitté (la|notre|l')",
        r"kullanılmıyor|hatalı (adres|alıcı)|no( ?one|body) uses",
        r"böyle bir (kullanıcı|adres|hesap|alıcı|posta|e-?posta)",
        r"geçersiz (alıcı|adres|kullanıcı|hesap|posta|e-?posta)",
        r"(hesap|hesab|adres|kullanıcı|alıcı|kutusu|posta)\w* .{0,30}(kapatıl|geçersiz|\byok\b|"
        r"silin|tanınm|bulunm|devre dışı|kayıtlı değil)",
        r"そのような(ユーザ|アドレス|宛先|受信者|アカウント)|ユーザ.{0,8}いません",
        r"(usuario|cuenta|casilla|buz[oó]n|direcci[oó]n) .{0,30}(desactivad|caducad|expirad|"
        r"eliminad|cancelad|dad[oa] de baja)",
        r"(пользовател\w*|адрес\w*|ящик\w*|получател\w*|учетн\w* запис\w*|аккаунт\w*) "
        r".{0,40}(не (найден|существ|зарегистр|обслужива)|неизвест|отсутств|удал[её]н|отключ|"
        r"неверн)",
        r"нет такого",
        r"такого .{0,30}нет",
        r"не существует",
        r"(用户|用戶|收件人|邮箱|郵箱|帐号|账号|帳號|地址|信箱|使用者|邮件地址).{0,12}(不存在|"
        r"无效|無效|未找到|找不到|被禁|已停用|已注销|停用|未知)",
        r"不存在",
        r"(宛先|ユーザ|アドレス|[受収]信者|アカウント).{0,16}(不明|存在しま|見つかりま|見つからな|"
        r"ありません|無効|存在せ)",
        r"あて先.{0,16}(不明|ありません|見つかり)",
        r"リストにありません",
        r"(사용자|수신자|메일 ?주소|계정).{0,12}(없|존재하지|알 수 없)",
    ),
)
NO_DOMAIN: Final = RefusalRule(
    Cause.ADDRESS,
    "no such domain, or one that takes no mail",
    (
        r"(host|domain|hostname|site)( or domain)?( name)?( \S+)? (is |was |could |does |did |"
        r"cannot |can )*(not |be )*(unknown|not found|found|exist|resolved|located)",
        r"(unknown|no such|unresolv\w*|non-?exist\w*|bad|illegal|unrout\w*) (mail )?(host|"
        r"domain|destination|address|site|server)\w*",
        r"nxdomain",
        r"\bunroute?able\b",
        r"infodomainnonexistent",
        r"no mx( record| or a| found)?",
        r"no route (found )?to (the )?domain",
        r"no mail (hosts?|servers?|exchangers?)\b",
        r"(dominio|domaine|domena) (non|no|nie) ",
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
)
