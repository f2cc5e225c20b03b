"""Labels such as `Tags:` and `Date:`, in many languages, and how a line is split at one. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

# Labels that can mean nothing else, and those that also begin sentences and other lists.
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


def _labels(text: str) -> frozenset[str]:
    return frozenset(" ".join(text.casefold().split()).split(", "))


_TAGS, _TOPICS, _DATES = map(_labels, (_TAG_LABELS, _TOPIC_LABELS, _DATE_LABELS))
_LABEL = re.compile(
    r"[^\w\s#>*_+-]{0,4}\s{0,2}[*_\[(<]{0,4}"
    r"([^\W\d_][^\n:：﹕=*_|]{1,40}?)"
    r"\s{0,2}[*_]{0,3}\s{0,2}(?:[:：﹕]|[-–—=|](?=\s))[*_]{0,3}\s*(.*)"
)
_HEADING_LABEL = re.compile(r"#{1,6}[ \t]+[*_]{0,3}([^\n#:：*_]{2,40}?)[ \t]*[*_:：]{0,4}[ \t]*#*$")
_EMPHASISED = re.compile(r"(\*{1,3}|_{1,3})(?=[^\s*_])(.*[^\s*_])\1$")
_BRACKETED = re.compile(r"(?:\(([^()]*)\)|\[([^\[\]]*)\])$")
_SYMBOLS = "\N{LABEL}\N{BOOKMARK}\N{PUSHPIN}\N{VARIATION SELECTOR-16} "


class LabelledText(NamedTuple):
    """A label, and the text that follows it on the line."""

    label: str
    text: str

    @property
    def is_for_tags(self) -> bool:
        """Whether the label means tags and nothing else: `Keywords`."""
        return self.label.casefold() in _TAGS

    @property
    def is_for_topics(self) -> bool:
        """Whether the label may mean tags, or begin a sentence: `Subject`."""
        return self.label.casefold() in _TOPICS

    @property
    def is_for_date(self) -> bool:
        """Whether the label means a date: `Published`."""
        return self.label.casefold() in _DATES

    @property
    def rule(self) -> str:
        """The name of the rule that found the tags, as `explain` shows it."""
        return f"labelled line '{self.label}:'"


def split_label(line: str) -> LabelledText | None:
    """The line split at its label, which need not be a known one; None without a label."""
    match = _LABEL.match(line)
    return LabelledText(" ".join(match[1].split()), match[2].strip()) if match else None


def lone_label(line: str) -> LabelledText | None:
    """The label for tags that is all of the line: `Keywords:`, `**Tags**`, `### Tags`."""
    text = line.strip()
    heading = _HEADING_LABEL.match(text)
    labelled = LabelledText(" ".join(heading[1].split()), "") if heading else split_label(text)
    if labelled is None or labelled.text.strip("*_ ") or not labelled.is_for_tags:
        return None
    return labelled


def without_symbols(line: str) -> str:
    """The line without spaces around it and without pictures of a label or pin in front."""
    return line.strip().lstrip(_SYMBOLS)


def unwrapped(line: str) -> str:
    """The line without italics, bold or brackets that enclose all of it."""
    if match := _BRACKETED.match(line):
        return match[1] or match[2] or line
    match = _EMPHASISED.match(line)
    return line if match is None or match[1] in match[2] else match[2]
