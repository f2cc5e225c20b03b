"""The demonstration site and the built-in templates, of which there is one copy.

In a wheel they are beside this module, in a checkout at the top of the repository.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from syndicate.errors import Location, SyndicateError

PARTS = ("config.yaml", "content", "templates")


def starter() -> Path:
    """The folder with config.yaml, content/ and templates/."""
    packed = Path(__file__).with_name("starter")
    return packed if packed.is_dir() else Path(__file__).parents[2]


def copy_to(target: Path) -> list[str]:
    """Start a site in `target`; give the parts that were there before, and are used as they are.

    Raises SyndicateError when it has a configuration already.
    """
    existing = [part for part in PARTS if (target / part).exists()]
    if "config.yaml" in existing:
        raise SyndicateError(
            "a site is here already",
            place=Location(str(target / "config.yaml")),
            hint="choose another folder, or use this one: syndicate build",
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(starter() / "config.yaml", target / "config.yaml")
        for part in PARTS[1:]:
            if part in existing:
                continue
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(starter() / part, target / part, ignore=ignored)
    except OSError as error:
        raise SyndicateError(
            f"cannot be written: {error.strerror}",
            place=Location(str(target)),
            hint="choose a folder you may write to",
        ) from error
    return existing


def write_article(path: Path, title: str, now: datetime) -> Path:
    """Write a draft called `title` to `path`. Raises SyndicateError if the file exists."""
    import json

    title = _checked(title)
    header = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\ndate: {now:%Y-%m-%d %H:%M}\n"
    message, hint = "an article is here already", "choose another title"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(f"{header}tags: []\ndraft: true\n---\n\n")
    except OSError as error:
        if not path.exists():
            message = f"cannot be written: {error.strerror}"
            hint = "check the folder's rights and the disk's space"
        raise SyndicateError(message, place=Location(str(path)), hint=hint) from error
    return path


NO_TITLE = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of characters no title has: controls, halves of pairs, line and paragraph ends."""


def _checked(title: str) -> str:
    """A title that is one line of text. Raises SyndicateError."""
    import unicodedata

    title = title.strip()
    if not title:
        raise SyndicateError("the title is empty", hint='say it: syndicate new "A title"')
    if any(unicodedata.category(character) in NO_TITLE for character in title):
        raise SyndicateError(
            "the title has a line break, a control character or bytes that are not UTF-8",
            hint="write it as one line of text",
        )
    return title
