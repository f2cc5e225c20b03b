"""Findings as the store keeps them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicate.findings import Finding, Level, from_json, to_json

FINDINGS = st.builds(
    Finding,
    level=st.sampled_from(Level),
    rule=st.text(),
    message=st.text(),
    path=st.text(),
    line=st.none() | st.integers(1),
    hint=st.text(),
)


@given(st.lists(FINDINGS, min_size=1))
def test_findings_are_read_back_unchanged(findings: list[Finding]) -> None:
    assert from_json(to_json(findings)) == findings


def test_no_findings_take_no_room() -> None:
    assert to_json([]) is None
    assert from_json(None) == []


def test_findings_of_a_renamed_file_name_it_as_it_is_called_now() -> None:
    kept = to_json([Finding(Level.WARNING, "rule", "message", "old.md", 3, "way out")])
    (finding,) = from_json(kept, "new.md")
    assert (finding.path, finding.line, finding.level) == ("new.md", 3, Level.WARNING)
