"""Text in columns, for terminals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from syndicate.text_width import broken, width, wrap

GAP = "  "
CellRow = Sequence[str]
Line = tuple[str, ...]


def in_columns(rows: Sequence[CellRow], columns: int, shares: Sequence[int]) -> list[list[Line]]:
    """Each row as the lines it takes, each line as cells padded to their columns' widths.

    All lines fit into `columns`. Columns with the share 0 are as wide as their longest cell; the
    others share the rest, and long words in them are broken.
    """
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    fixed = sum(taken for taken, share in zip(widths, shares, strict=True) if not share)
    room = columns - fixed - len(GAP) * (len(shares) - 1)
    # Space that a narrow column does not need goes to later ones.
    left = sum(shares)
    for number, share in enumerate(shares):
        if share:
            widths[number] = min(widths[number], room * share // left)
            room, left = room - widths[number], left - share
    return [_lines(row, widths) for row in rows]


def _lines(row: CellRow, widths: Sequence[int]) -> list[Line]:
    wrapped = (_wrapped(cell, max(room, 1)) for cell, room in zip(row, widths, strict=True))
    return [
        tuple(part + " " * (room - width(part)) for part, room in zip(parts, widths, strict=True))
        for parts in zip_longest(*wrapped, fillvalue="")
    ]


def _wrapped(cell: str, columns: int) -> list[str]:
    return [part for line in wrap(cell, columns) for part in broken(line, columns)]
