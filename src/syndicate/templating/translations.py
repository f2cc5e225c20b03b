"""The texts of templates in the language of the site: gettext catalogues, and data of Babel.

English is written in the templates and costs nothing; Babel is imported only for other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.errors import Location, TemplateError

if TYPE_CHECKING:
    from babel import Locale

FOLDER = "translations"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Tongue:
    """How templates speak.

    `words` is the language of their words, `dates` that of dates (BCP 47): a site in a language
    without a catalogue has English words, but its own dates if Babel knows it.
    """

    words: str = "en"
    dates: str = "en"
    messages: NullTranslations = field(default_factory=NullTranslations)

    def day(self, moment: date) -> str:
        """A date for people, whatever the process's locale: `22. November 2026`."""
        locale = _locale(self.dates)
        if locale is None:
            return day(moment)
        from babel.dates import format_date

        return format_date(moment, "long", locale)

    def listed(self, names: Iterable[str]) -> str:
        """Names in a sentence: `cats, dogs and birds`."""
        names, locale = list(names), _locale(self.words)
        if locale is None:
            return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
        from babel.lists import format_list

        return format_list(names, locale=locale)


def day(moment: date) -> str:
    """A date for people, independent of the process's locale: `22. November 2026`."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def tongue(folders: Sequence[Path], language: str) -> Tongue:
    """How a site in `language` speaks, with the catalogues below `folders`, the first ones first.

    What a catalogue does not translate is looked up in the next, and is English at last. `de-AT`
    falls back to `de`. Raises TemplateError at a line that is no catalogue.
    """
    if _is_english(language):
        return Tongue()
    dates = language if _locale(language) else "en"
    for tag in _narrowing(language):
        files = [file for folder in folders for file in _catalogues(folder, tag)]
        if files:
            messages = _read(files[0])
            for file in files[1:]:
                messages.add_fallback(_read(file))
            return Tongue(tag, dates, messages)
    return Tongue(dates=dates)


def _is_english(language: str) -> bool:
    return language.lower().replace("_", "-").split("-")[0] == "en"


def _narrowing(language: str) -> Iterator[str]:
    """`zh-Hant-TW`, `zh-Hant`, `zh` (RFC 4647, section 3.4)."""
    parts = language.replace("_", "-").split("-")
    yield from ("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def _catalogues(folder: Path, tag: str) -> list[Path]:
    files = sorted((folder / FOLDER).glob("*.po"))
    return [file for file in files if file.stem.replace("_", "-").lower() == tag.lower()]


def _read(file: Path) -> NullTranslations:
    """A catalogue as gettext looks it up; translations marked as fuzzy do not count."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        with file.open("rb") as lines:
            catalogue = read_po(lines, abort_invalid=True)
    except PoFileError as error:
        place = Location(str(file), (error.lineno or 0) + 1)
        raise TemplateError(str(error), place=place, hint="correct the catalogue") from error
    except ValueError as error:
        hint = "save it as UTF-8, with msgid and msgstr for each text"
        raise TemplateError(str(error), place=Location(str(file)), hint=hint) from error
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _locale(language: str) -> Locale | None:
    """What Babel knows of a language; None for English, which needs no Babel, and unknown ones."""
    if _is_english(language):
        return None
    from babel import Locale, UnknownLocaleError

    for tag in _narrowing(language):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None
