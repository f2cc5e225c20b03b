"""The loop of the preview: renders after each change, while a page is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from syndicate.errors import ConfigError, ConfigProblem, Location, SyndicateError, refused
from syndicate.findings import Finding, Level
from syndicate.preview.renderer import Locate, PreviewRenderer
from syndicate.preview.session import PreviewSession
from syndicate.preview.watch import Seen, Watcher


class PreviewLoop:
    """Keeps `session` up to date with the files, rendered by `workshop`."""

    def __init__(
        self,
        workshop: PreviewRenderer,
        session: PreviewSession,
        clock: Callable[[], datetime],
        placed: Locate,
    ) -> None:
        self._renderer = workshop
        self._session = session
        self._clock = clock
        self._placed = placed
        self._watcher = Watcher()
        self._seen: Seen | None = None
        self._error: tuple[Finding, ...] = ()
        """Errors in the files as last seen."""
        self._rendered_input: dict[str, Seen] = {}

    def run(self) -> None:
        """Run until interrupted (Ctrl-C) or until a bug of this program raises."""
        while True:
            self.make(self._session.viewed())

    def make(self, names: Sequence[str]) -> None:
        """Render and show these newsletters, unless they are up to date."""
        seen = self._watcher.next(self._renderer.watched, self._seen)
        if seen != self._seen:
            self._seen = seen
            self._error = self._try(partial(self._refresh, seen))
        for name in names:
            if self._rendered_input.get(name) != seen:
                self._rendered_input[name] = seen
                trouble = self._error or self._try(partial(self._show, name))
                if trouble:
                    self._session.show_faults(name, trouble)

    def _refresh(self, seen: Seen) -> None:
        self._renderer.refresh(seen, self._clock())
        newsletters = self._renderer.site.config.newsletters
        self._session.titles = {name: each.title for name, each in newsletters.items()}

    def _show(self, name: str) -> None:
        self._session.show(name, self._renderer.preview(name))

    def _try(self, do: Callable[[], None]) -> tuple[Finding, ...]:
        """Do it; return the errors that prevented it."""
        try:
            do()
        except SyndicateError as error:
            return self._findings(error)
        except OSError as error:
            return self._findings(refused(error))
        return ()

    def _findings(self, error: SyndicateError) -> tuple[Finding, ...]:
        """An error as findings that a page can show."""
        alone = ConfigProblem(error.message, error.place or Location(""), error.hint)
        faults = error.faults if isinstance(error, ConfigError) else (alone,)
        changed = [
            Finding(Level.ERROR, "", f.message, f.place.path, f.place.line, f.hint) for f in faults
        ]
        site = self._renderer.site
        placeless = (finding for finding in changed if not finding.path)
        return (*placeless, *self._placed([f for f in changed if f.path], site))
