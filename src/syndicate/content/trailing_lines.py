"""What the last lines of a text without front matter say about it: tags, and a date.

Explicit rules, each with a name that `explain` shows:

- labelled line 'Tags:': a label in one of many languages, then the tags; also a list below it;
- hashtags in the last line: nothing but hashtags;
- keyword line at the end: nothing but short phrases between separators, below a sentence, a list
  or a blank line.

Several such lines in a row are all taken, with a date on a line of its own among them. Pure, and
on the safe side: sentences, sign-offs, addresses, attributions, captions and ingredients stay in
the text. Nothing depends on the meaning of words beyond short lists of labels and closings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from syndicate.content import plaintext
from syndicate.content.dates import DateError, to_utc
from syndicate.content.layout import ends_sentence
from syndicate.content.metadata import MAX_TAG_LENGTH

MAX_LINE = 2_000  # characters of a line of tags; more is a paragraph
_MAX_LINES = 8  # lines at the end that are read so
_MAX_ITEMS = 50  # of a list below a label
_MAX_WRAPPED = 4  # lines that a list of keywords is wrapped behind

KEYWORDS, HASHTAGS = "keyword line at the end", "hashtags in the last line"

# Labels that can mean nothing else, and those that begin sentences and lists of other things too.
_TAG_LABELS = """
    tags, tag, tagged, tagged as, tagged with, tagged in, post tags, article tags, hashtags,
    keywords, keyword, key words, key phrases, keyphrases, index terms, search terms,
    meta keywords, seo keywords, tags and keywords, filed under, filed in, filed as, posted in,
    schlagwörter, schlagworte, schlagwort, schlüsselwörter, schlüsselworte, stichwörter,
    stichworte, stichwort, suchbegriffe, suchwörter, abgelegt unter, verschlagwortet mit,
    mots-clés, mots clés, mots-clefs, mots clefs, mot-clé, mots-dièse, étiquettes, balises,
    palabras clave, palabra clave, etiquetas, etiqueta, palavras-chave, palavras chave,
    palavra-chave, marcadores, parole chiave, parola chiave, etichette, paraules clau,
    etiquetes, palabras chave, hitz gakoak, etiketak, cuvinte cheie, cuvinte-cheie, etichete,
    trefwoorden, trefwoord, sleutelwoorden, steekwoorden, labels, sleutelwoorde, nyckelord,
    taggar, etiketter, nøkkelord, emneord, stikkord, nøgleord, avainsanat, avainsana,
    asiasanat, tunnisteet, efnisorð, lykilorð, märksõnad, võtmesõnad, sildid, atslēgvārdi,
    raktažodžiai, žymos, słowa kluczowe, słowo kluczowe, tagi, etykiety, klíčová slova, štítky,
    kľúčové slová, značky, ključne besede, oznake, ključne riječi, ključne reči, кључне речи,
    ознаке, клучни зборови, ключови думи, етикети, тагове, ключевые слова, ключевое слово,
    теги, тэги, метки, ключові слова, ключавыя словы, тэгі, мітки, λέξεις-κλειδιά,
    λέξεις κλειδιά, ετικέτες, kulcsszavak, címkék, anahtar kelimeler, anahtar sözcükler,
    etiketler, fjalë kyçe, etiketa, açar sözlər, теглер, кілт сөздер, калит сўзлар,
    kalit soʻzlar, بطاقات, كلمات مفتاحية, الكلمات المفتاحية, كلمات دلالية, الكلمات الدلالية,
    الكلمات الرئيسية, الوسوم, وسوم, کلیدواژه‌ها, کلیدواژه ها, کلمات کلیدی, واژگان کلیدی,
    برچسب‌ها, برچسب ها, مطلوبہ الفاظ, کلیدی الفاظ, ٹیگز, מילות מפתח, תגיות, תגים, תגית,
    关键词, 關鍵詞, 关键字, 關鍵字, 标签, 標籤, 主题词, 主題詞, 关键词语, キーワード, タグ,
    ハッシュタグ, 키워드, 태그, 핵심어, 주제어, 해시태그, từ khóa,
    từ khoá, thẻ, คำสำคัญ, แท็ก, ป้ายกำกับ,
    kata kunci, kata-kata kunci, tanda, mga keyword, मुख्य शब्द, कीवर्ड, संकेत शब्द, टैग,
    মূলশব্দ, ট্যাগ, குறிச்சொற்கள், முக்கிய வார்த்தைகள், maneno muhimu, ŝlosilvortoj,
    etikedoj, geiriau allweddol, allweddeiriau, eochairfhocail, բանալի բառեր,
    საკვანძო სიტყვები, түлхүүр үгс
"""
_TOPIC_LABELS = """
    topics, topic, label, categories, category, subjects, subject, themes, theme, sections,
    themen, thema, kategorien, kategorie, rubriken, rubrik, catégories, catégorie, rubriques,
    rubrique, thèmes, thème, sujets, categorías, categoría, temas, tema, categorias, categoria,
    assuntos, categorie, argomenti, temi, categorieën, onderwerpen, kategorier, kategori,
    ämnen, emner, kategoriat, aiheet, kategorie, kategoria, tematy, témata, kategorije, teme,
    категории, категория, рубрики, рубрика, темы, категорії, теми, κατηγορίες, θέματα,
    kategóriák, témák, kategoriler, konular, التصنيفات, تصنيفات, المواضيع, موضوعات, دسته‌ها,
    دسته‌بندی, קטגוריות, נושאים, 分类, 分類, 类别, 主题, 主題, 話題, カテゴリー, カテゴリ, テーマ,
    분류, 카테고리, 주제, chủ đề, danh mục, หมวดหมู่, kategori, topik, श्रेणी, विषय
"""
_DATE_LABELS = """
    date, dated, published, published on, publication date, posted, posted on, written,
    written on, datum, veröffentlicht, veröffentlicht am, publié, publié le, fecha, publicado,
    data, pubblicato, gepubliceerd, publicerad, publisert, julkaistu, opublikowano, дата,
    опубликовано, tarih, تاريخ, التاريخ, תאריך, 日期, 发布日期, 發布日期, 日付, 公開日, 날짜, ngày
"""


def _phrases(names: str) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in " ".join(names.split()).split(","))


_TAGS, _TOPICS, _DATES = map(_phrases, (_TAG_LABELS, _TOPIC_LABELS, _DATE_LABELS))

_LABEL = re.compile(
    r"[^\w\s#>*_+-]{0,4}\s{0,2}[*_\[(<]{0,4}"
    r"([^\W\d_][^\n:：﹕=*_|]{1,40}?)"
    r"\s{0,2}[*_]{0,3}\s{0,2}(?:[:：﹕]|[-–—=|](?=\s))[*_]{0,3}\s*(.*)"
)
_HEADING_LABEL = re.compile(r"#{1,6}[ \t]+[*_]{0,3}([^\n#:：*_]{2,40}?)[ \t]*[*_:：]{0,4}[ \t]*#*$")
_EMPHASISED = re.compile(r"(\*{1,3}|_{1,3})(?=[^\s*_])(.*[^\s*_])\1$")
_BRACKETED = re.compile(r"(?:\(([^()]*)\)|\[([^\[\]]*)\])$")
_ENCLOSED = (
    *('""', "''", "“”", "„“", "„”", "‘’", "«»", "»«", "‹›", "「」", "『』", "《》", "``", "[]"),
)
_MARKS = ("**", "__", "*", "_")
_HASHTAG = re.compile(
    r"[#＃](?=[^\s#＃]*[^\W\d_])([^\s#＃,;，、；،.!?]+)(?:[#＃](?![^\s,;，、；،]))?"
)
_BETWEEN_HASHTAGS = re.compile(r"[\s,;，、；،·|]*")
_ITEM = re.compile(r"[ \t]{0,6}(?:[-*+•]|\d{1,2}[.)])[ \t]+(.*\S)[ \t]*$")
_LABELLED_SEPARATOR = re.compile(r"[,;、，،；؛|•·∙‧]|\s[/–—-]\s|\u3000+")
# The separators of a line without label: one kind to a line, the first that occurs. Commas and
# semicolons may be mixed.
_BARE_SEPARATORS = tuple(
    map(re.compile, (r"\s*\|\s*", r"\s*[•·∙]\s*|\s‧\s", r"[,、，،;；؛]", r"\s/\s"))
)
_COMMAS = re.compile(r"[^,、，،;；؛|•·∙‧]*[,、，،][^;；؛|•·∙‧]*$")
_CJK_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?: [\u3040-\u30ff\u3400-\u9fff]+)+"
)
_DATE = re.compile(r"(?=.*\d)(?!\d+$)[^\n]{6,40}$")
_DATE_SHAPE = re.compile(r"[\d\s./年月日-]+$")

# A closing line of words: what keeps it in the text. Compared without case.
_CLOSINGS = _phrases("""
    yours, best, regards, cheers, thanks, thank you, thx, sincerely, love, lots of love, with
    love, cordially, warmly, respectfully, take care, all the best, best wishes, best regards,
    kind regards, warm regards, kindest regards, warmest regards, many thanks, with thanks,
    good night, goodbye, bye, bye for now, ciao, farewell, later, see you, see you soon, so
    long, peace, hugs, xoxo, xo, until next time, until then, hello, hi, hey, dear, greetings,
    good luck, have fun, enjoy, amen, gruß, grüße, lg, vg, mfg, viele grüße, liebe grüße,
    beste grüße, herzliche grüße, schöne grüße, mit freundlichen grüßen, freundliche grüße,
    herzlich, herzlichst, euer, eure, dein, deine, bis bald, bis dann, danke, tschüss,
    cordialement, amicalement, bien à vous, bises, bisous, merci, à bientôt, salutations,
    amitiés, saludos, un saludo, un abrazo, abrazos, atentamente, gracias, hasta luego, hasta
    pronto, besos, saluti, cordiali saluti, un saluto, un abbraccio, grazie, a presto,
    abraços, um abraço, atenciosamente, obrigado, obrigada, groeten, groetjes, met
    vriendelijke groet, hälsningar, vänliga hälsningar, mvh, hilsen, med venlig hilsen,
    terveisin, pozdrawiam, s pozdravem, с уважением, всего доброго, с любовью, 敬具, 草々, かしこ,
    では, それでは, yes, no, well, oh, so, sadly, luckily, however, finally, then, still, yet,
    indeed, again, please
""")
_OPENINGS = ("yours ", "thanks ", "thank ", "until ", "see ", "dear ", "greetings ", "cheers ")
# Words that make a phrase part of a sentence. Keywords hardly ever hold one.
_PROSE = (
    "i you he she we they it me him us them my your his her our their its is are was were be been "
    "am do does did don't has have had will would can could should must not this that these "
    "those there here but because if when while who which said says let's it's i'm we're "
    "ich du er sie wir ihr ist sind war waren nicht und oder aber weil wenn dass je tu il elle "
    "nous vous est sont et ou mais yo tú él ella es son y o pero que"
)
_SENTENCE_WORDS = frozenset(_PROSE.split())
# Words of one language that are nouns in another: `civil war`, `son`.
_ALSO_NOUNS = frozenset(("war", "son", "will"))
_SIGNS = "\N{LABEL}\N{BOOKMARK}\N{PUSHPIN}\N{VARIATION SELECTOR-16} "
_ARTICLE_WORDS = "the a an der die das den dem ein eine le la les un une el los las una"
_ARTICLES = frozenset(_ARTICLE_WORDS.split())
_JOINING = ("and ", "or ", "und ", "oder ", "et ", "ou ", "y ", "e ", "och ", "of ", "en ", "и ")
_NOT_IN_TAGS = frozenset('<>[]{}()|*`"“”„«»‹›「」『』=\\@$%^~—–…!?:;。！？؟：；')
_ODD_START = re.compile(r"[-+'’&/]|\.(?!\w)")
_NUMBER_ENDS = re.compile(r"^\d+(?:\s|$)|(?:^|\s)\d{3,}$")
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|square|drive|suite|floor|postfach|platz)$"
    r"|(?:straße|strasse|gasse|allee)$|^(?:rue|avenue|via|calle|plaza|po box|postfach)\b"
    r"|^(?:ul|al|os|c/o|apt)\. ?\S|^(?:apartment|apt|flat|unit|suite|room) #?\d+\w?$"
    r"|^\d+\w? .*(?:way|close|court|crescent|terrace|boulevard|blvd|parkway|highway|hwy|row|hill)$"
    r"|\w{3}(?:weg|gata|gatan|gade|vej|straat|laan|kai|ring|ufer|damm) \d+\w?$|\d+-\d+-\d+\W?$"
    r"|^(?:piazza|corso|avenida|rua|paseo|carrer|boulevard|bd|ulica) .*\d+\w?$"
)
_BEFORE_TEXT = re.compile(r"[#|]|!\[|<|=+$|-+$|[-_*]{3}|.*[:：,，、]$", re.DOTALL)
_LONGEST_BARE = 400
_GOES_ON = re.compile(r"[,;、，；،؛][ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Closing:
    """What the last lines say, and the text without them. `rules`: how the tags were found."""

    body: str
    tags: tuple[str, ...]
    rules: tuple[str, ...]
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that is not text, and the text above it.

    `sure`: it says so itself, whatever stands above. `apart`: a blank line stands above it.
    """

    rest: str
    apart: bool = False
    tags: tuple[str, ...] = ()
    rule: str = ""
    sure: bool = True
    date: datetime | None = None


def read(body: str, zone: tzinfo, *, indented: bool = False) -> Closing | None:
    """Read the tags and the date at the end of a body; None if there are none.

    A date without an offset is in `zone`. `indented`: spaces before a line mean nothing. A body is
    never left without text.
    """
    lines = _last_lines(body, zone, indented=indented)
    while lines and not _may_stand(lines):
        lines.pop()
    if not any(line.tags for line in lines) and not any(line.sure for line in lines):
        return None
    if _is_open(lines[-1].rest):
        return None
    tags = [tag for line in reversed(lines) for tag in line.tags]
    rules = dict.fromkeys(line.rule for line in reversed(lines) if line.rule)
    date = next((line.date for line in lines if line.date), None)
    unique = {tag.casefold(): tag for tag in reversed(tags)}
    kept = tuple(unique[key] for key in dict.fromkeys(map(str.casefold, tags)))
    return Closing(lines[-1].rest + "\n", kept, tuple(rules), date)


def _last_lines(body: str, zone: tzinfo, *, indented: bool) -> list[_Line]:
    """The lines at the end that may be tags or a date, the last one first."""
    lines: list[_Line] = []
    rest = _rejoined(body.rstrip())
    while len(lines) < _MAX_LINES:
        if indented:
            above, newline, last = rest.rpartition("\n")
            rest = f"{above}{newline}{last.lstrip()}"
        line = _below_label(rest) or _last_line(rest, zone, dated=any(o.date for o in lines))
        if line is None or not line.rest:
            break
        lines.append(line)
        rest = line.rest
    return lines


def _rejoined(text: str) -> str:
    """The text with its last line whole, if that was wrapped behind the commas of a list."""
    above, newline, last = text.rpartition("\n")
    for _ in range(_MAX_WRAPPED):
        before, more, line = above.rpartition("\n")
        if not newline or not _GOES_ON.search(line) or len(line) + len(last) > MAX_LINE:
            break
        above, newline, last = before, more, f"{line.rstrip()} {last.lstrip()}"
    whole = above + newline + last
    return whole if last != text.rpartition("\n")[2] and _is_about(last) else text


def _is_about(line: str) -> bool:
    return bool(labelled(line) or hashtags(line) or _bare(line))


def _last_line(text: str, zone: tzinfo, *, dated: bool) -> _Line | None:
    above, newline, last = text.rpartition("\n")
    if not newline or len(last) > MAX_LINE:
        return None
    rest = above.rstrip()
    apart = "\n" in above[len(rest) :]
    if found := labelled(last):
        return _Line(rest, apart, *found)
    if tags := hashtags(last):
        return _Line(rest, apart, tags, HASHTAGS)
    if not dated and (found_date := date_of(last, zone)):
        return _Line(rest, apart, date=found_date[0], sure=found_date[1])
    if (phrases := _bare(last)) and (apart or len(phrases) > 2):
        return _Line(rest, apart, phrases, KEYWORDS, sure=False)
    return None


def _may_stand(lines: Sequence[_Line]) -> bool:
    """Whether the uppermost of the lines is what it seems to be, given what stands above it."""
    line, below = lines[-1], lines[-2] if len(lines) > 1 else None
    if line.sure:
        return True
    if line.date:
        return any(other.tags for other in lines)
    if below and below.apart and not below.sure:
        return False
    return _may_follow(line)


def _may_follow(line: _Line) -> bool:
    """Whether phrases may be keywords below that text: not an attribution, a caption, the end of
    a sentence, or what a heading or colon announces."""
    above = line.rest.rpartition("\n")[2].strip()
    if above.startswith(">"):
        return len(line.tags) > 2 and line.tags[0][:1].islower()
    if _BEFORE_TEXT.match(above):
        return False
    marked = _ITEM.match(above) or _FENCE.match(above) or _DATE_SHAPE.match(above)
    return line.apart or bool(marked) or ends_sentence(above)


# -- labelled lines --------------------------------------------------------------------------


def labelled(line: str) -> tuple[tuple[str, ...], str] | None:
    """The tags behind a label, and the name of the rule: `Tags: tides, mills`. None if none."""
    text = _unwrapped(line.strip().lstrip(_SIGNS))
    found = _LABEL.match(text) if len(text) <= MAX_LINE else None
    if found is None:
        return None
    label = " ".join(found[1].split())
    strict = label.casefold() in _TOPICS
    if not strict and label.casefold() not in _TAGS:
        return None
    tags = _values(found[2].strip(), strict=strict)
    return (tags, _rule_of(label)) if tags else None


def _rule_of(label: str) -> str:
    return f"labelled line '{label}:'"


def _below_label(text: str) -> _Line | None:
    """Tags in a list, or in a line, below a line or heading that is nothing but a label."""
    above, newline, last = text.rpartition("\n")
    items: list[str] = []
    while newline and len(items) < _MAX_ITEMS and (item := _ITEM.match(last)):
        items.insert(0, item[1])
        above, newline, last = above.rpartition("\n")
    if items:
        above = f"{above}\n{last}" if newline else ""
    elif newline and len(last) <= MAX_LINE and _LABELLED_SEPARATOR.search(last):
        items = [_unwrapped(last.strip())]
    else:
        above, items = _keyword_lines(text)
    rest, _, title = above.rstrip().rpartition("\n")
    label = _lone_label(title) if items else ""
    found = [_values(item, strict=True) for item in items] if label else [()]
    if not all(found):
        return None
    return _Line(rest.rstrip(), True, tuple(tag for tags in found for tag in tags), _rule_of(label))


def _keyword_lines(text: str) -> tuple[str, list[str]]:
    """What stands above the lines of one keyword each, and these."""
    above, items = text, list[str]()
    while len(items) < _MAX_ITEMS and "\n" in above:
        rest, _, last = above.rpartition("\n")
        if len(last) > MAX_TAG_LENGTH or not _is_keyword(last.strip() or " "):
            break
        above, items = rest, [last.strip(), *items]
    return above, items


def _lone_label(line: str) -> str:
    """The label if the line is nothing else: `Keywords:`, `**Tags**`, `### Tags`. Else ""."""
    text = line.strip()
    found = _HEADING_LABEL.match(text) or _LABEL.match(text)
    if found is None or (found.re is _LABEL and found[2].strip("*_ ")):
        return ""
    label = " ".join(found[1].split())
    return label if label.casefold() in _TAGS else ""


def _values(text: str, *, strict: bool) -> tuple[str, ...]:
    """The tags in what stands behind a label; () if that is a sentence after all."""
    if tags := hashtags(text):
        return tags
    if _LABELLED_SEPARATOR.search(text):
        parts = _LABELLED_SEPARATOR.split(text)
    elif _CJK_WORDS.fullmatch(text):
        parts = text.split()
    else:
        parts = [text]
    phrases = [_cleaned(part) for part in parts]
    phrases = [phrase for phrase in phrases if phrase]
    if phrases:
        phrases[-1] = _without_stop(phrases[-1])
    fits = all(_is_tag(phrase, strict=strict or len(phrases) == 1) for phrase in phrases)
    return tuple(phrases) if fits else ()


def _is_tag(phrase: str, *, strict: bool) -> bool:
    """Whether a phrase behind a label is a tag. A label is no guess, so much is."""
    words = phrase.lower().replace("’", "'").split()
    if len(phrase) > MAX_TAG_LENGTH or not any(map(str.isalnum, phrase)) or "](" in phrase:
        return False
    if phrase[-1] in "!?…。！？؟" and len(words) > 2:
        return False
    if ". " in phrase and len(words) > 4:
        return False
    if strict or len(words) > 4:
        return len(words) <= (5 if strict else 8) and not _has_prose(phrase)
    return True


def _cleaned(part: str) -> str:
    """A phrase without its quotes, emphasis or number sign."""
    return plaintext.line(_bared(part.strip()).lstrip("#＃").strip())


def _bared(phrase: str) -> str:
    for mark in _MARKS:
        if len(phrase) > 2 * len(mark) and phrase.startswith(mark) and phrase.endswith(mark):
            return _bared(phrase[len(mark) : -len(mark)])
    if len(phrase) > 2 and phrase[0] + phrase[-1] in _ENCLOSED:
        return _bared(phrase[1:-1].strip())
    return phrase


def _without_stop(phrase: str) -> str:
    """Without the full stop behind a whole line; an abbreviation keeps its own."""
    bare = phrase[:-1] if phrase.endswith((".", "。", "．")) else phrase
    return bare if "." not in bare and bare else phrase


def _unwrapped(line: str) -> str:
    """A line without the italics, bold or brackets that are around all of it."""
    if found := _BRACKETED.match(line):
        return found[1] or found[2] or line
    found = _EMPHASISED.match(line)
    return line if found is None or found[1] in found[2] else found[2]


# -- hashtags and dates ----------------------------------------------------------------------


def hashtags(line: str) -> tuple[str, ...]:
    """The tags of a line of nothing but hashtags: `#tides #mills`, also between commas."""
    text = _unwrapped(line.strip())
    if not text.startswith(("#", "＃")) or len(text) > MAX_LINE:
        return ()
    tags: list[str] = []
    at = 0
    while at < len(text):
        found = _HASHTAG.match(text, at)
        if found is None:
            return _hash_phrases(text)
        tags.append(found[1])
        end = _BETWEEN_HASHTAGS.match(text, found.end())
        at = end.end() if end else found.end()
    return tuple(tags) if all(map(plaintext.line, tags)) else ()


def _hash_phrases(text: str) -> tuple[str, ...]:
    """`#tide mills, #water power`: every phrase between separators is marked."""
    parts = [part.strip() for part in re.split("[,;，、；،]", text)]
    parts = parts if parts[-1] else parts[:-1]
    marked = len(parts) > 1 and all(re.match(r"[#＃][^\W\d_]", part) for part in parts)
    phrases = tuple(part[1:].strip() for part in parts)
    return phrases if marked and all(map(_is_keyword, phrases)) else ()


def date_of(line: str, zone: tzinfo) -> tuple[datetime, bool] | None:
    """The day that a line is, and whether a label says so; None unless it can be only one day."""
    text = _unwrapped(line.strip())
    if len(text) > 2 * MAX_TAG_LENGTH:
        return None
    found = _LABEL.match(text)
    label = " ".join(found[1].split()).casefold() if found else ""
    if found and label in _DATES:
        text = found[2].strip().strip("*_").strip()
    if not _DATE.match(text):
        return None
    try:
        return to_utc(text, zone), label in _DATES
    except DateError:
        return None


# -- bare lines ------------------------------------------------------------------------------


def _bare(line: str) -> tuple[str, ...] | None:
    """The phrases of a line that is nothing but keywords, judged without what stands above."""
    if len(line) > _LONGEST_BARE or line[:1] in " \t":
        return None
    text = _unwrapped(line.strip().lstrip(_SIGNS))
    separator = next((one for one in _BARE_SEPARATORS if one.search(text)), None)
    if separator is None:
        return None
    phrases = [phrase.strip() for phrase in separator.split(text)]
    if not phrases[-1] and len(phrases) > 3:
        phrases.pop()
    if len(phrases) > 2 and phrases[-1].endswith(".") and phrases[0][:1].islower():
        phrases[-1] = phrases[-1][:-1]
    if all(len(phrase) > 2 and phrase[0] + phrase[-1] in _ENCLOSED for phrase in phrases):
        phrases = [phrase[1:-1] for phrase in phrases]
    phrases = [phrase.removeprefix("#") for phrase in phrases]
    enough = len(phrases) > 2 or bool(_COMMAS.match(text))
    if not enough or not _are_keywords(phrases) or not _is_list(phrases):
        return None
    return tuple(phrases)


def _are_keywords(phrases: Sequence[str]) -> bool:
    """Whether each phrase is a keyword; of three or more, one may be long, of four one a year."""
    others = [phrase for phrase in phrases if not _is_keyword(phrase)]
    if not others:
        return True
    if len(others) > 1 or len(phrases) < 3:
        return False
    if _YEAR.fullmatch(others[0]):
        return len(phrases) > 3
    words = others[0].lower().split()
    return 4 < len(words) <= 8 and _ARTICLES.isdisjoint(words) and _is_keyword(others[0], 8, 70)


def _is_keyword(phrase: str, most_words: int = 4, most_characters: int = 40) -> bool:
    words = phrase.lower().replace("’", "'").split()
    return (
        0 < len(phrase) <= most_characters
        and not phrase[0].isspace()
        and len(words) <= most_words
        and any(char.isalpha() for char in phrase)
        and phrase[-1] not in ".'’-&/"
        and not _ODD_START.match(phrase)
        and _NOT_IN_TAGS.isdisjoint(phrase)
        and not _NUMBER_ENDS.search(phrase)
        and not _has_prose(phrase)
        and not _STREET.search(phrase.lower())
        and plaintext.line(phrase) == " ".join(phrase.split())
    )


def _has_prose(phrase: str) -> bool:
    """Whether a phrase holds a word that hardly stands but in sentences.

    Not abbreviations (US, IT), nor in one or two words those that are nouns as well.
    """
    written = phrase.replace("’", "'").split()
    words = {word.lower() for word in written if len(word) == 1 or not word.isupper()}
    return not _SENTENCE_WORDS.isdisjoint(words - _ALSO_NOUNS if len(written) < 3 else words)


def is_sentence(text: str) -> bool:
    """Whether a few words hold one that hardly stands but in sentences, such as "we" or "is"."""
    return not _SENTENCE_WORDS.isdisjoint(text.lower().replace("’", "'").split())


def _is_list(phrases: Sequence[str]) -> bool:
    """Whether the phrases together are keywords: different, no closing, no prose enumeration."""
    folded = [phrase.casefold() for phrase in phrases]
    if len(set(folded)) < max(2, len(folded) - 1):
        return False
    if folded[0] in _CLOSINGS or folded[0].startswith(_OPENINGS) or folded[-1].startswith(_JOINING):
        return False
    if any(word in _JOINING_WORDS for word in folded[-1].split()[1:-1]):
        return False
    # Two phrases make half a sentence as easily as a list, so these must be shorter.
    return len(phrases) > 2 or all(len(phrase.split()) <= 2 for phrase in phrases)


_JOINING_WORDS = frozenset(word.strip() for word in _JOINING) - {"of", "en", "e", "y"}


def _is_open(text: str) -> bool:
    """Whether code, a comment or a raw element begun above is still open at the end."""
    fence = ""
    for mark in _FENCE.findall(text) if "```" in text or "~~~" in text else ():
        if not fence:
            fence = mark
        elif mark.startswith(fence):
            fence = ""
    pairs = (("<!--", "-->"), ("<pre", "</pre"), ("<script", "</script"), ("<style", "</style"),
             ("{% highlight", "{% endhighlight"), ("{% raw", "{% endraw"))  # fmt: skip
    return bool(fence) or any(text.rfind(start) > text.rfind(end) for start, end in pairs)
