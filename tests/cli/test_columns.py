"""Tables fit the terminal, in every script."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicate.cli.columns import GAP, in_columns
from syndicate.text_width import width

CELLS = st.text(st.sampled_from("ab c-湖東é\u0301…"), max_size=60)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1), columns=st.integers(12, 100))
def test_no_line_is_wider_than_the_terminal_and_no_character_is_lost(
    rows: list[tuple[str, str]], columns: int
) -> None:
    for row, lines in zip(rows, in_columns(rows, columns, (1, 2)), strict=True):
        assert max(width(GAP.join(line)) for line in lines) <= columns
        for number, cell in enumerate(row):
            shown = "".join(line[number] for line in lines)
            assert shown.replace(" ", "") == cell.replace(" ", "")


def test_columns_of_wide_characters_are_aligned() -> None:
    rows = [("ab", "x"), ("東京", "y")]
    lines = [GAP.join(line) for (line,) in in_columns(rows, 20, (0, 1))]
    assert lines == ["ab    x", "東京  y"]
