"""A line that contains nothing but tags: with a label, as hashtags, or as bare keywords. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from syndicate.content import plaintext
from syndicate.content.keywords import are_keywords, has_prose, is_keyword, is_keyword_list
from syndicate.content.line_labels import split_label, unwrapped, without_symbols
from syndicate.content.metadata import MAX_TAG_LENGTH

MAX_LINE = 2_000  # characters of a line of tags; more is a paragraph
_ENCLOSED = (
    *('""', "''", "“”", "„“", "„”", "‘’", "«»", "»«", "‹›", "「」", "『』", "《》", "``", "[]"),
)
_MARKS = ("**", "__", "*", "_")
_HASHTAG = re.compile(
    r"[#＃](?=[^\s#＃]*[^\W\d_])([^\s#＃,;，、；،.!?]+)(?:[#＃](?![^\s,;，、；،]))?"
)
_BETWEEN_HASHTAGS = re.compile(r"[\s,;，、；،·|]*")
TAG_SEPARATOR = re.compile(r"[,;、，،；؛|•·∙‧]|\s[/–—-]\s|\u3000+")
# The separators of a line without label: a line has one kind, the first that occurs. Commas and
# semicolons may be mixed.
_KEYWORD_SEPARATORS = tuple(
    map(re.compile, (r"\s*\|\s*", r"\s*[•·∙]\s*|\s‧\s", r"[,、，،;；؛]", r"\s/\s"))
)
_COMMAS = re.compile(r"[^,、，،;；؛|•·∙‧]*[,、，،][^;；؛|•·∙‧]*$")
_CJK_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?: [\u3040-\u30ff\u3400-\u9fff]+)+"
)
_MAX_BARE_LINE = 400  # characters


class LabelledTags(NamedTuple):
    """The tags of a line with a label, and the name of the rule, as `explain` shows it."""

    tags: tuple[str, ...]
    rule: str


def labelled_tags(line: str) -> LabelledTags | None:
    """The tags that follow a label: `Tags: tides, mills`. None if the line is not one of tags."""
    text = unwrapped(without_symbols(line))
    labelled = split_label(text) if len(text) <= MAX_LINE else None
    if labelled is None or not (labelled.is_for_tags or labelled.is_for_topics):
        return None
    tags = listed_tags(labelled.text, strict=labelled.is_for_topics)
    return LabelledTags(tags, labelled.rule) if tags else None


def listed_tags(text: str, *, strict: bool) -> tuple[str, ...]:
    """The tags in text that follows a label; () if the text is a sentence.

    `strict`: the label also begins sentences, so tags of more words are taken for one.
    """
    if tags := hashtags(text):
        return tags
    if TAG_SEPARATOR.search(text):
        parts = TAG_SEPARATOR.split(text)
    elif _CJK_WORDS.fullmatch(text):
        parts = text.split()
    else:
        parts = [text]
    phrases = [_cleaned(part) for part in parts]
    phrases = [phrase for phrase in phrases if phrase]
    if phrases:
        phrases[-1] = _without_full_stop(phrases[-1])
    fits = all(_is_tag(phrase, strict=strict or len(phrases) == 1) for phrase in phrases)
    return tuple(phrases) if fits else ()


def _is_tag(phrase: str, *, strict: bool) -> bool:
    """Whether a phrase is a tag. It follows a label, so most phrases are."""
    words = phrase.lower().replace("’", "'").split()
    if len(phrase) > MAX_TAG_LENGTH or not any(map(str.isalnum, phrase)) or "](" in phrase:
        return False
    if phrase[-1] in "!?…。！？؟" and len(words) > 2:
        return False
    if ". " in phrase and len(words) > 4:
        return False
    if strict or len(words) > 4:
        return len(words) <= (5 if strict else 8) and not has_prose(phrase)
    return True


def _cleaned(part: str) -> str:
    """A phrase without its quotes, emphasis or number sign."""
    return plaintext.line(_without_marks(part.strip()).lstrip("#＃").strip())


def _without_marks(phrase: str) -> str:
    for mark in _MARKS:
        if len(phrase) > 2 * len(mark) and phrase.startswith(mark) and phrase.endswith(mark):
            return _without_marks(phrase[len(mark) : -len(mark)])
    if len(phrase) > 2 and phrase[0] + phrase[-1] in _ENCLOSED:
        return _without_marks(phrase[1:-1].strip())
    return phrase


def _without_full_stop(phrase: str) -> str:
    """The phrase without the full stop of the line; an abbreviation keeps its own."""
    bare = phrase[:-1] if phrase.endswith((".", "。", "．")) else phrase
    return bare if "." not in bare and bare else phrase


def hashtags(line: str) -> tuple[str, ...]:
    """The tags of a line of hashtags, also between commas: `#tides #mills`. () if it has text."""
    text = unwrapped(line.strip())
    if not text.startswith(("#", "＃")) or len(text) > MAX_LINE:
        return ()
    tags: list[str] = []
    at = 0
    while at < len(text):
        match = _HASHTAG.match(text, at)
        if match is None:
            return _hashtags_with_spaces(text)
        tags.append(match[1])
        end = _BETWEEN_HASHTAGS.match(text, match.end())
        at = end.end() if end else match.end()
    return tuple(tags) if all(map(plaintext.line, tags)) else ()


def _hashtags_with_spaces(text: str) -> tuple[str, ...]:
    """The tags of `#tide mills, #water power`; () if one phrase does not begin with #."""
    parts = [part.strip() for part in re.split("[,;，、；،]", text)]
    parts = parts if parts[-1] else parts[:-1]
    marked = len(parts) > 1 and all(re.match(r"[#＃][^\W\d_]", part) for part in parts)
    phrases = tuple(part[1:].strip() for part in parts)
    return phrases if marked and all(map(is_keyword, phrases)) else ()


def bare_keywords(line: str) -> tuple[str, ...]:
    """The phrases of a line of keywords without label; () if it may be text.

    The text above the line, which may show that it is not one of keywords, is not considered.
    """
    if len(line) > _MAX_BARE_LINE or line[:1] in " \t":
        return ()
    text = unwrapped(without_symbols(line))
    separator = next((pattern for pattern in _KEYWORD_SEPARATORS if pattern.search(text)), None)
    if separator is None:
        return ()
    phrases = [phrase.strip() for phrase in separator.split(text)]
    if not phrases[-1] and len(phrases) > 3:
        phrases.pop()
    if len(phrases) > 2 and phrases[-1].endswith(".") and phrases[0][:1].islower():
        phrases[-1] = phrases[-1][:-1]
    if all(len(phrase) > 2 and phrase[0] + phrase[-1] in _ENCLOSED for phrase in phrases):
        phrases = [phrase[1:-1] for phrase in phrases]
    phrases = [phrase.removeprefix("#") for phrase in phrases]
    enough = len(phrases) > 2 or bool(_COMMAS.match(text))
    if not enough or not are_keywords(phrases) or not is_keyword_list(phrases):
        return ()
    return tuple(phrases)
