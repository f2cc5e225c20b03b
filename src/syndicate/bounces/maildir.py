"""Bounce reports in a Maildir: read, handle, move to `cur/` as read.

After a crash in between, a report is read again, which changes nothing. Messages that could not be
parsed are flagged. Nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syndicate.bounces.mime import MAX_BYTES
from syndicate.errors import Location, SyndicateError


class MaildirMessage:
    """A message in the folder `new/` of a Maildir."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with file.open("rb") as stream:
            self.data = stream.read(MAX_BYTES)

    def done(self, *, needs_attention: bool) -> None:
        """Mark it as read, and flag it if `needs_attention`: an operator should read it."""
        name = self._file.name.partition(":")[0]
        self._file.rename(
            self._file.parents[1] / "cur" / f"{name}:2,{'FS' if needs_attention else 'S'}"
        )


@contextmanager
def opened(folder: Path) -> Iterator[Iterator[MaildirMessage]]:
    """The new messages in a Maildir, the oldest first. Raises SyndicateError."""
    missing = [name for name in ("new", "cur") if not (folder / name).is_dir()]
    if missing:
        raise SyndicateError(
            f"there is no Maildir here: it has no folder {missing[0]}",
            place=Location(str(folder)),
            hint="correct bounces.maildir, or have the mail server deliver to it once",
        )
    new = sorted(each for each in (folder / "new").iterdir() if not each.name.startswith("."))
    yield (MaildirMessage(each) for each in new)
