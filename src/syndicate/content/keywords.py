"""Whether phrases are keywords: short noun phrases rather than parts of sentences. Pure.

Nothing depends on the meaning of words beyond short lists: words of sentences, closing phrases
and parts of postal addresses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from syndicate.content import plaintext

# Salutations, closings and interjections: a line that begins with one is text.
_CLOSING_PHRASES = """
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
"""
_CLOSINGS = frozenset(" ".join(_CLOSING_PHRASES.casefold().split()).split(", "))
_OPENINGS = ("yours ", "thanks ", "thank ", "until ", "see ", "dear ", "greetings ", "cheers ")
# Words of sentences. Keywords hardly ever contain one.
_IN_SENTENCES = (
    "i you he she we they it me him us them my your his her our their its is are was were be been "
    "am do does did don't has have had will would can could should must not this that these "
    "those there here but because if when while who which said says let's it's i'm we're "
    "ich du er sie wir ihr ist sind war waren nicht und oder aber weil wenn dass je tu il elle "
    "nous vous est sont et ou mais yo tú él ella es son y o pero que"
)
_SENTENCE_WORDS = frozenset(_IN_SENTENCES.split())
# Words of one language that are nouns in another: `civil war`, `son`.
_ALSO_NOUNS = frozenset(("war", "son", "will"))
_ARTICLE_WORDS = "the a an der die das den dem ein eine le la les un une el los las una"
_ARTICLES = frozenset(_ARTICLE_WORDS.split())
_CONJUNCTIONS = ("and", "or", "und", "oder", "et", "ou", "y", "e", "och", "of", "en", "и")
_BEGINNINGS = tuple(f"{word} " for word in _CONJUNCTIONS)
# Those that are not also other words.
_ONLY_CONJUNCTIONS = frozenset(_CONJUNCTIONS) - {"of", "en", "e", "y"}
_NOT_IN_KEYWORDS = frozenset('<>[]{}()|*`"“”„«»‹›「」『』=\\@$%^~—–…!?:;。！？؟：；')
_ODD_START = re.compile(r"[-+'’&/]|\.(?!\w)")
_NUMBER_ENDS = re.compile(r"^\d+(?:\s|$)|(?:^|\s)\d{3,}$")
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_STREET_ADDRESS = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|square|drive|suite|floor|postfach|platz)$"
    r"|(?:straße|strasse|gasse|allee)$|^(?:rue|avenue|via|calle|plaza|po box|postfach)\b"
    r"|^(?:ul|al|os|c/o|apt)\. ?\S|^(?:apartment|apt|flat|unit|suite|room) #?\d+\w?$"
    r"|^\d+\w? .*(?:way|close|court|crescent|terrace|boulevard|blvd|parkway|highway|hwy|row|hill)$"
    r"|\w{3}(?:weg|gata|gatan|gade|vej|straat|laan|kai|ring|ufer|damm) \d+\w?$|\d+-\d+-\d+\W?$"
    r"|^(?:piazza|corso|avenida|rua|paseo|carrer|boulevard|bd|ulica) .*\d+\w?$"
)


def are_keywords(phrases: Sequence[str]) -> bool:
    """Whether each phrase is a keyword.

    One of three or more may be long, one of four or more may be a year.
    """
    others = [phrase for phrase in phrases if not is_keyword(phrase)]
    if not others:
        return True
    if len(others) > 1 or len(phrases) < 3:
        return False
    if _YEAR.fullmatch(others[0]):
        return len(phrases) > 3
    words = others[0].lower().split()
    return 4 < len(words) <= 8 and _ARTICLES.isdisjoint(words) and is_keyword(others[0], 8, 70)


def is_keyword(phrase: str, max_words: int = 4, max_characters: int = 40) -> bool:
    """Whether a phrase is a keyword: few words, none of them of a sentence or a street address."""
    words = phrase.lower().replace("’", "'").split()
    return (
        0 < len(phrase) <= max_characters
        and not phrase[0].isspace()
        and len(words) <= max_words
        and any(char.isalpha() for char in phrase)
        and phrase[-1] not in ".'’-&/"
        and not _ODD_START.match(phrase)
        and _NOT_IN_KEYWORDS.isdisjoint(phrase)
        and not _NUMBER_ENDS.search(phrase)
        and not has_prose(phrase)
        and not _STREET_ADDRESS.search(phrase.lower())
        and plaintext.line(phrase) == " ".join(phrase.split())
    )


def has_prose(phrase: str) -> bool:
    """Whether a phrase contains a word that is rare outside sentences.

    Abbreviations (US, IT) do not count, nor, in phrases of up to two words, words that are also
    nouns.
    """
    words = phrase.replace("’", "'").split()
    counted = {word.lower() for word in words if len(word) == 1 or not word.isupper()}
    return not _SENTENCE_WORDS.isdisjoint(counted - _ALSO_NOUNS if len(words) < 3 else counted)


def is_sentence(text: str) -> bool:
    """Whether a few words contain one that is rare outside sentences, such as "we" or "is"."""
    return not _SENTENCE_WORDS.isdisjoint(text.lower().replace("’", "'").split())


def is_keyword_list(phrases: Sequence[str]) -> bool:
    """Whether keywords together are a list: different, no closing, no enumeration in a sentence."""
    folded = [phrase.casefold() for phrase in phrases]
    if len(set(folded)) < max(2, len(folded) - 1):
        return False
    if (
        folded[0] in _CLOSINGS
        or folded[0].startswith(_OPENINGS)
        or folded[-1].startswith(_BEGINNINGS)
    ):
        return False
    if any(word in _ONLY_CONJUNCTIONS for word in folded[-1].split()[1:-1]):
        return False
    # Two phrases make half a sentence as easily as a list, so these must be shorter.
    return len(phrases) > 2 or all(len(phrase.split()) <= 2 for phrase in phrases)
