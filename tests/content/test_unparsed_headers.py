"""Lines that look like a header outside of one hold the article back."""

from __future__ import annotations

import pytest
from reading_samples import article, reading


@pytest.mark.parametrize(
    "text",
    [
        "<!-- draft: true -->\n\n# One\n\nText.",
        "# One\n\nStatus: Draft\n\nText.",
        "# One\n\n**Status:** Draft\n\nText.",
        "#+TITLE: One\n#+DRAFT: t\n#+STATUS: draft\n\nText.",
        ":title: One\n:status: draft\n\nText.",
        "publish:: false\n\nText of a note.",
        "title = 'One'\ndraft = true\n+++\nText.",
        "---\ntitle: One\n---\n<!-- published: false -->\nText.",
    ],
)
def test_header_lines_in_an_unknown_format_hold_the_article_back(text: str) -> None:
    found = reading(text)
    assert found.article.hold
    assert [f.rule for f in found.findings] == ["publication-unclear"]


@pytest.mark.parametrize(
    "text",
    [
        "How drafts work.\n\nStatus: draft\n",
        "# Headers\n\n```\nstatus: draft\n```\n",
        "Note: this is text.\n\nDraft: a word for beer and for wind.\n",
        "<!-- draft: false -->\n\nText.",
        ".. title: One\n.. status: published\n\nText.",
        "# One\n\n- Private: no\n- Public: yes\n",
    ],
)
def test_text_about_drafts_is_published(text: str) -> None:
    assert not article(text).hold
