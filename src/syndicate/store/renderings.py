"""Tables of rendered articles and their dependencies. All their SQL is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syndicate.catalogue.records import BESIDE_ARTICLES, State
from syndicate.content.path_set import PathSet
from syndicate.store.articles import SHOWN_BY_ID, Articles, among, chunks
from syndicate.store.database import Database, text_pairs


@dataclass(frozen=True, slots=True)
class CachedRendering:
    """A row of the cache: the rendering and findings of an article as JSON, and its input hash."""

    article: str
    input_hash: str
    rendering: str
    findings: str | None


class Renderings:
    """The rows of the render cache. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def get(self, ids: Sequence[str]) -> dict[str, CachedRendering]:
        """The cached renderings of these articles."""
        cached: dict[str, CachedRendering] = {}
        for names, values in chunks(ids):
            for row in self._rows(
                "SELECT article, input_hash, rendering, findings FROM renderings "
                f"WHERE article IN ({names})",
                values,
            ):
                cached[row[0]] = CachedRendering(*row)
        return cached

    def uses(self, targets: PathSet) -> list[tuple[str, str, str]]:
        """Dependencies of published articles and pages on targets: article, target, fingerprint."""
        return [
            (str(a), str(t), str(w))
            for where, values in among("u.target", targets)
            for a, t, w in self._rows(
                # CROSS JOIN and + 0 keep databases from starting with all articles.
                "SELECT u.article, u.target, u.fingerprint "
                "FROM dependencies u CROSS JOIN articles a "
                f"WHERE a.id = u.article AND {SHOWN_BY_ID}{where} "
                "ORDER BY a.sequence + 0, u.target",
                values,
            )
        ]

    def uses_of(self, ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """As `uses`, of these articles alone."""
        return [
            (str(a), str(t), str(w))
            for names, values in chunks(ids)
            for a, t, w in self._rows(
                f"SELECT article, target, fingerprint FROM dependencies WHERE article IN ({names})",
                values,
            )
        ]

    def findings(self) -> list[tuple[str, str]]:
        """Path and findings (JSON) of rendering each published article that was rendered."""
        # Not a join: databases may start it with all articles.
        findings = dict(
            text_pairs(
                self._database,
                "SELECT article, findings FROM renderings WHERE findings IS NOT NULL",
            )
        )
        shown = (State.LIVE, *BESIDE_ARTICLES)
        live = (r for r in Articles(self._database).by_ids(sorted(findings)) if r.state in shown)
        return sorted((record.path, findings[record.id]) for record in live)

    def save(self, kept: Sequence[CachedRendering], uses: Mapping[str, Mapping[str, str]]) -> None:
        """Cache renderings and what they refer to: article -> target -> fingerprint."""
        ids = [{"id": k.article} for k in kept]
        self._database.run_many("DELETE FROM renderings WHERE article = :id", ids)
        self._database.run_many("DELETE FROM dependencies WHERE article = :id", ids)
        self._database.run_many(
            "INSERT INTO renderings (article, input_hash, rendering, findings) "
            "VALUES (:article, :input_hash, :rendering, :findings)",
            [
                {
                    "article": k.article,
                    "input_hash": k.input_hash,
                    "rendering": k.rendering,
                    "findings": k.findings,
                }
                for k in kept
            ],
        )
        self._database.run_many(
            "INSERT INTO dependencies (article, target, fingerprint) "
            "VALUES (:article, :target, :fingerprint)",
            [
                {"article": k.article, "target": t, "fingerprint": w}
                for k in kept
                for t, w in uses.get(k.article, {}).items()
            ],
        )
