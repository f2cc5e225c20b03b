"""Debounce files of a folder: one that is still being written waits for a second scan.

Pure: compares scans. Programs save in steps, and copying takes time: a file is settled when two
scans in a row find it unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syndicate.content.folder import Stat


@dataclass(frozen=True, slots=True)
class DebouncedScan:
    """A scan of a folder, debounced.

    `latest` has all files of the scan, `settled` those that may be read. A path in `unsettled`
    differs from the scan before; `settled` has its last settled version, if there is one.
    """

    latest: Mapping[str, Stat]
    settled: Mapping[str, Stat]
    unsettled: frozenset[str]


def debounce(before: DebouncedScan | None, scan: Mapping[str, Stat]) -> DebouncedScan:
    """Debounce a new scan. Without changes, the result is `before` itself.

    After the first scan nothing is settled.
    """
    if before is None:
        return DebouncedScan(scan, {}, frozenset(scan))
    if scan == before.latest:
        return DebouncedScan(scan, scan, frozenset()) if before.unsettled else before
    return _settled_but(before, scan, differing(scan, before.latest))


def rescan(before: DebouncedScan, scan: Mapping[str, Stat]) -> DebouncedScan:
    """Debounce a scan that follows so soon after the last that it settles no file."""
    if scan == before.latest:
        return before
    return _settled_but(before, scan, before.unsettled | differing(scan, before.latest))


def _settled_but(
    before: DebouncedScan, scan: Mapping[str, Stat], unsettled: frozenset[str]
) -> DebouncedScan:
    settled = {path: stat for path, stat in scan.items() if path not in unsettled}
    settled |= {path: before.settled[path] for path in unsettled if path in before.settled}
    return DebouncedScan(scan, settled, unsettled)


def differing(one: Mapping[str, Stat], other: Mapping[str, Stat]) -> frozenset[str]:
    """The paths that differ between two scans."""
    if one is other:
        return frozenset()
    return frozenset(path for path, _ in one.items() ^ other.items())
