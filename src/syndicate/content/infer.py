"""What the body of an article says about itself where the header does not: title and tags.

Pure, and on the safe side: a line that might be prose, a sign-off or an address stays where
it is. Nothing is inferred from the meaning of words beyond short lists of closings.
"""

from __future__ import annotations

import re

from syndicate.content import plaintext
from syndicate.content.article import Format

LONGEST_TITLE = 80  # characters of a title taken from a sentence
_LONGEST_HEADING = 500
_LEAD_WINDOW = 20_000  # how far into the body the first sentence is looked for

_H1 = re.compile(r"<h1(?:\s[^<>]*)?>(.*?)</h1\s*>[ \t]*\n?", re.DOTALL | re.IGNORECASE)
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")
_OWN_TITLE = re.compile(r"\{\{-?\s*(?:page\.)?title\s*(?:\|[^{}]*)?-?\}\}")
_NOT_PROSE = re.compile(
    r"[#<>|{]|!\[|:::|={3}|\[[^\]\n]*\]:|[-*+][ \t]|\d+[.)][ \t]|(?:[-*_][ \t]*){3}|    |\t|\.\. "
    r"|[^\n]+\n[-=]{3,}[ \t]*(?:\n|\Z)"
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?…؟]+[\"'”’)»]*(?=\s|$)|[。！？]+[」』）]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|etc|No|Nr|approx|ca|bzw|resp|Vol|Fig|cf)|\b\w|\.\w)\.$"
)


def heading(body: str, form: Format) -> tuple[str, int] | None:
    """The first-level heading that opens the body, as plain text, and where the body goes on.

    `# ATX`, an underline of `===`, or `<h1>`. The text is "" where the heading is template code
    for the stated title (`# {{ page.title }}`). None when the body opens with anything else.
    """
    end = body.find("\n")
    first = body[: end if end >= 0 else len(body)].strip()
    if first.startswith("<") and form is not Format.TEXT:
        return _html_heading(body)
    if form is Format.HTML or not 0 < len(first) <= _LONGEST_HEADING:
        return None
    if body.startswith(("    ", "\t")):
        return None
    if first.startswith(("# ", "#\t")):
        markup, after = _unclosed(first[1:].strip()), end + 1 if end >= 0 else len(body)
    elif end >= 0 and body.startswith("=", end + 1) and not _NOT_PROSE.match(first):
        stop = body.find("\n", end + 1)
        if body[end + 1 : stop if stop >= 0 else len(body)].rstrip().strip("="):
            return None
        markup, after = first, stop + 1 if stop >= 0 else len(body)
    else:
        return None
    title = plaintext.from_markdown(markup)
    if not title and not _OWN_TITLE.fullmatch(markup):
        return None
    return title, _past_blank(body, after)


def _html_heading(body: str) -> tuple[str, int] | None:
    found = _H1.match(body[: plaintext.LONGEST_MARKUP].lstrip())
    if found is None:
        return None
    skipped = len(body) - len(body.lstrip())
    title = plaintext.from_html(found[1])
    return (title, _past_blank(body, skipped + found.end())) if title else None


def _unclosed(text: str) -> str:
    """A heading without its closing `##` (CommonMark section 4.2)."""
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and bare[-1:] in ("", " ", "\t") else text


def _past_blank(body: str, at: int) -> int:
    blank = _BLANK_LINES.match(body, at)
    return blank.end() if blank else at


def first_sentence(body: str, form: Format) -> str | None:
    """The first sentence of the first paragraph of prose, cut at a word when it is long."""
    window = body[:_LEAD_WINDOW]
    if form is Format.HTML:
        lead = plaintext.from_html(window)
    else:
        paragraphs = map(plaintext.from_markdown, _paragraphs(window))
        lead = next(filter(None, paragraphs), "")
    if not any(char.isalnum() for char in lead):
        return None
    return _cut(_sentence(lead))


def _paragraphs(window: str) -> list[str]:
    """The blocks that are prose: no headings, lists, quotes, tables, code, HTML or templates."""
    found, fence = [], ""
    for block in re.split(r"\n[ \t]*\n", window):
        text = block.strip("\n")
        if not fence and text and not _NOT_PROSE.match(text) and not _FENCE.match(text):
            found.append(text)
        for mark in _FENCE.findall(block):
            if not fence:
                fence = mark
            elif mark.startswith(fence):
                fence = ""
    return found


def _sentence(lead: str) -> str:
    for end in _SENTENCE_END.finditer(lead):
        said = lead[: end.end()]
        if len(said) > 200:
            break
        following = lead[end.end() :].lstrip()[:1]
        if not _ABBREVIATION.search(said) and not following.islower():
            return said
    return lead


def _cut(sentence: str) -> str:
    if len(sentence) <= LONGEST_TITLE:
        ends_plainly = sentence.endswith((".", "。")) and not sentence.endswith(("..", "。。"))
        return (sentence[:-1].rstrip() if ends_plainly else sentence) or sentence
    window = sentence[:LONGEST_TITLE]
    words = window.rpartition(" ")[0]
    kept = words if len(words) >= LONGEST_TITLE // 2 else window[: LONGEST_TITLE - 20]
    return kept.rstrip(" ,;:–—-.、，") + "…"


# A closing line of words: what keeps it in the text. Compared without case.
_CLOSINGS = frozenset(
    phrase.strip().casefold()
    for phrase in """
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
    """.replace("\n    ", " ").split(",")
)
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
_JOINING = ("and ", "or ", "und ", "oder ", "et ", "ou ", "y ", "e ", "och ", "of ", "en ")
_SEPARATOR = re.compile(r"[,、，،]")
_NOT_IN_TAGS = frozenset('<>[]{}()|*`"“”„«»‹›「」『』=\\@$%^~—–…!?:;。！？؟：；')
_NUMBER_ENDS = re.compile(r"^\d+(?:\s|$)|(?:^|\s)\d{3,}$")
_BEFORE_LIST = re.compile(r"[#>|]|!\[|<|=+$|-+$|[-_*]{3}|.*[:：,，、]$", re.DOTALL)
_LONGEST_TAG_LINE = 400


def last_line_tags(body: str) -> tuple[tuple[str, ...], str] | None:
    """The tags in a last line that is nothing but short phrases between commas; the body without.

    The line stands alone after a blank one. Lines that may be prose, sign-offs, addresses,
    attributions, captions, ingredients or code are left: None.
    """
    text = body.rstrip()
    above, newline, last = text.rpartition("\n")
    if not newline or len(last) > _LONGEST_TAG_LINE or not _SEPARATOR.search(last):
        return None
    rest = above.rstrip()
    if not rest or above.rpartition("\n")[2].strip() or last[0] in " \t":
        return None
    phrases = [phrase.strip().removeprefix("#") for phrase in _SEPARATOR.split(last)]
    if not all(map(_is_keyword, phrases)) or not _is_list(phrases):
        return None
    if _BEFORE_LIST.match(rest.rpartition("\n")[2].strip()) or _is_open(rest):
        return None
    return tuple(phrases), rest + "\n"


def _is_keyword(phrase: str) -> bool:
    words = phrase.lower().replace("’", "'").split()
    return (
        0 < len(phrase) <= 40
        and not phrase[0].isspace()
        and len(words) <= 4
        and any(char.isalpha() for char in phrase)
        and phrase[-1] not in ".'’-&/"
        and phrase[0] not in "-+.'’&/"
        and _NOT_IN_TAGS.isdisjoint(phrase)
        and not _NUMBER_ENDS.search(phrase)
        and _SENTENCE_WORDS.isdisjoint(words)
        and plaintext.line(phrase) == " ".join(phrase.split())
    )


def _is_list(phrases: list[str]) -> bool:
    """Whether the phrases together are keywords: different, no closing, no prose enumeration."""
    folded = [phrase.casefold() for phrase in phrases]
    if len(set(folded)) < max(2, len(folded) - 1):
        return False
    if folded[0] in _CLOSINGS or folded[0].startswith(_OPENINGS) or folded[-1].startswith(_JOINING):
        return False
    # Two phrases make half a sentence as easily as a list, so these must be shorter.
    return len(phrases) > 2 or all(len(phrase.split()) <= 2 for phrase in phrases)


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
