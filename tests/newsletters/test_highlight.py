"""Code in colours, without a change of its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import Element, tostring

from syndicate.newsletters.body import for_mail
from syndicate.newsletters.highlight import MAX_LENGTH, MAX_LINE_LENGTH, highlight


def coloured(text: str, language: str = "python") -> str:
    code = Element("code")
    code.text = text
    highlight(code, language)
    html: str = tostring(code, encoding="unicode")
    assert code.text_content() == text
    return html


def test_parts_of_code_have_classes() -> None:
    html = coloured('def tide(x):  # rises\n    return 12 + "m"\n')
    for part in (
        '<span class="k">def </span>',
        '<span class="f">tide</span>',
        '<span class="c"># rises\n    </span>',
        '<span class="n">12 </span>',
        '<span class="s">"m"\n</span>',
    ):
        assert part in html


def test_a_diff_shows_removed_and_added_lines() -> None:
    html = coloured("-old\n+new\n", "diff")
    assert '<span class="d">-old\n</span>' in html
    assert '<span class="i">+new\n</span>' in html


@pytest.mark.parametrize("language", ["no-such-language", "text", "../x", ""])
def test_an_unknown_language_stays_plain(language: str) -> None:
    assert "<span" not in coloured("def tide(): pass", language)


def test_a_long_listing_and_one_with_a_long_line_stay_plain() -> None:
    assert "<span" in coloured("x = 1\n" * 100)
    assert "<span" not in coloured("x = 1\n" * MAX_LENGTH)
    assert "<span" not in coloured("x = 1; " * MAX_LINE_LENGTH)


@given(st.text(max_size=80), st.sampled_from(["python", "html", "js", "bash", "yaml", "diff"]))
def test_no_character_is_lost_or_added(text: str, language: str) -> None:
    text = "".join(
        each for each in text if each == "\n" or (each >= " " and each not in "\ufffe\uffff")
    )
    coloured(text, language)


def test_only_a_block_that_states_its_language_is_coloured() -> None:
    def mail(html: str) -> str:
        return for_mail(html, url="https://e.org/", width=576)

    code = "def tide(): pass"
    assert '<span class="k">def ' in mail(f'<pre><code class="language-python">{code}</code></pre>')
    assert "<span" not in mail(f"<pre><code>{code}</code></pre>")
    assert "<span" not in mail(f'<p><code class="language-python">{code}</code></p>')
    assert "<span" not in mail(f'<pre><code class="language-python"><em>{code}</em></code></pre>')
