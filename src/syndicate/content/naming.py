"""What follows from the path of a file: whether it is an article, its name, date and slug.

Takes paths relative to the content folder with forward slashes. Touches no disk and never
guesses a day that the path does not spell out.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from hashlib import blake2b

from syndicate.content.article import Format

FORMATS = {
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".mdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
    ".html": Format.HTML,
    ".htm": Format.HTML,
}
MAX_SLUG_LENGTH = 180  # bytes of UTF-8; a file name may have 255, and outputs add suffixes

_DATED_NAME = re.compile(
    r"((?:19|20)\d\d)(?:([-_.])(\d\d?)\2(\d\d?)|(\d\d)(\d\d))(?:[-_ .T]+|$)", re.ASCII
)
_DATED_FOLDERS = re.compile(r"(?:^|/)((?:19|20)\d\d)/(\d\d?)/(\d\d?)(?:/|$)", re.ASCII)
_TRANSLATED_SECTION = re.compile(r"_index\.[^.]+\.")
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_WORD_BREAK = re.compile(r"[\s_+-]+")
_CJK_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{4}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Words that programs put into file names; a name of nothing else is not a title.
_FILLERS = (
    "a article articles blog copy doc document draft entry file final image img index my new "
    "note notes of page post readme scan screenshot temp test text the tmp untitled"
)
_EMPTY_WORDS = frozenset(_FILLERS.split())
# What lies in the folders of projects and sites for other readers.
_NOT_FOR_READERS = re.compile(
    r"(?:readme|licen[cs]e|changelog|contributing|code_of_conduct|404)\.(?:[\w-]+\.)?\w+"
    r"|(?:robots|humans|ads|security|requirements[\w.-]*)\.txt|google[0-9a-f]{8,}\.html"
)


# What sites keep beside their texts: templates, what was built of them, programs.
_OTHER_FOLDERS = frozenset(
    ("_includes", "_layouts", "_sass", "_site", "_data", "_plugins", "_templates", "_partials",
     "node_modules", "archetypes")
)  # fmt: skip


def is_article(path: str) -> bool:
    """Whether the file is to be read: by suffix, and neither hidden nor a backup.

    Nor are translations of section pages (`_index.de.md`), and what every project or site has
    beside its texts: `README.md`, `robots.txt`, `404.html`, the templates in `_includes/` and the
    like.
    """
    parts = path.split("/")
    if any(part.startswith(".") for part in parts) or not _OTHER_FOLDERS.isdisjoint(parts[:-1]):
        return False
    name = parts[-1].lower()
    if name.startswith(("#", "~")) or _TRANSLATED_SECTION.match(name):
        return False
    return format_of(path) is not None and not _NOT_FOR_READERS.fullmatch(name)


def format_of(path: str) -> Format | None:
    """How the body is written, by the suffix; None for a suffix that is no article's."""
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return FORMATS.get(f"{dot}{suffix.lower()}") if stem else None


def dated_name(path: str) -> tuple[date | None, str]:
    """The date at the front of the article's name, and the rest of the name.

    The name is that of the file without suffix; for a bundle (`my-trip/index.md`) the folder's.
    """
    folder, _, name = path.rpartition("/")
    name = name.rpartition(".")[0] or name
    if folder and name.lower() in ("index", "_index"):
        name = folder.rpartition("/")[2]
    if not name[:4].isdigit():
        return None, name
    if (match := _DATED_NAME.match(name)) is None:
        return None, name
    year, _, month, day, month2, day2 = match.groups()
    when = _day(year, month or month2, day or day2)
    return (None, name) if when is None else (when, name[match.end() :])


def has_impossible_day(path: str) -> bool:
    """Whether the name begins as one with a date, of a day that does not exist (2026-02-30)."""
    folder, _, name = path.rpartition("/")
    if folder and name.lower().rpartition(".")[0] == "index":
        name = folder.rpartition("/")[2]
    match = _DATED_NAME.match(name)
    return bool(match and match[2] and dated_name(path)[0] is None)


def dated_folders(path: str) -> date | None:
    """The day that three folders in a row spell, as in `2013/03/05/`. A month is no day."""
    match = _DATED_FOLDERS.search(path)
    return _day(*match.groups()) if match else None


def in_drafts(path: str) -> bool:
    """Whether the file lies in a folder named for drafts (`_drafts` as in Jekyll, `drafts`)."""
    folder = path.lower().rpartition("/")[0]
    return "drafts" in folder and any(part in ("drafts", "_drafts") for part in folder.split("/"))


# What begins with `_` and is published: posts, and pages of themes for Jekyll.
_SHOWN_FOLDERS = frozenset(("_posts", "_drafts", "_pages", "_tabs"))


def partial(path: str) -> str:
    """The folder or name that begins with `_`; "" if there is none.

    To Jekyll, Hexo, Docusaurus, Quarto and Astro such files are parts of others, or private.
    """
    if "_" not in path:
        return ""
    *folders, name = path.split("/")
    hidden = (f for f in folders if f.startswith("_") and f.lower() not in _SHOWN_FOLDERS)
    folder = next(hidden, "")
    if folder:
        return f"{folder}/"
    lowered = name.lower()
    return name if lowered.startswith("_") and not lowered.startswith("_index.") else ""


def words_of(name: str) -> str | None:
    """The name as a title if it reads as words, else None.

    At least two words without digits, one of which programs do not use (`new post`), or four
    characters in a script that is written without spaces.
    """
    words = [word for word in _WORD_BREAK.split(name) if word]
    spoken = [word for word in words if word.isalpha()]
    if _UUID.fullmatch(name) or not spoken:
        return None
    meaning = [word for word in spoken if word.lower() not in _EMPTY_WORDS]
    if not _CJK_WORDS.search(name) and (len(spoken) < 2 or not meaning):
        return None
    title = " ".join(words) if " " not in name else " ".join(name.split())
    return title[0].upper() + title[1:] if title.islower() else title


def slug_of(text: str, path: str) -> str:
    """One URL segment: lowercase, alphanumeric characters of any script, single hyphens.

    Never empty: text without such characters becomes a short hash of `path`; a long one is cut and
    gets that hash, so that two long names differ.
    """
    text = text.lower()
    if text.isascii():
        slug = _NOT_PLAIN.sub("-", text).strip("-")
    else:
        slug = _unicode_slug(unicodedata.normalize("NFC", text))
    if slug and len(slug.encode()) <= MAX_SLUG_LENGTH:
        return slug
    digest = blake2b(path.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    cut = slug.encode()[:MAX_SLUG_LENGTH].decode("utf-8", "ignore").strip("-")
    return f"{cut}-{digest}" if cut else digest


def _unicode_slug(text: str) -> str:
    kept = (char if unicodedata.category(char)[0] in "LMN" else " " for char in text)
    return "-".join("".join(kept).split())


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
