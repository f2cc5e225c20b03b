"""Each design that ships, judged by programs that others wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import css_inline
import pytest
from lxml.html import HtmlElement, document_fromstring, tostring
from newsletter_samples import DESIGNS_THAT_SHIP, Issue, written

from syndicate.newsletters.contrast import properties
from syndicate.newsletters.issue import Rendered

CI = Path(__file__).parents[2] / ".ci"
Need = Callable[[str, str], str]


@pytest.fixture(scope="module", params=DESIGNS_THAT_SHIP, ids=str)
def rendered(issue: Issue, request: pytest.FixtureRequest) -> Rendered:
    return issue(**request.param)


# -- styles ----------------------------------------------------------------------------------


def test_another_inliner_gives_every_element_the_same_declarations(rendered: Rendered) -> None:
    page: HtmlElement = document_fromstring(rendered.html)
    ours: dict[str, dict[str, str]] = {}
    for number, element in enumerate(page.xpath("//body/descendant-or-self::*")):
        ours[str(number)] = properties(element.attrib.pop("style", ""))
        element.set("data-number", str(number))
    other: HtmlElement = document_fromstring(css_inline.inline(tostring(page, encoding="unicode")))
    assert len(ours) > 50
    for element in other.xpath("//*[@data-number]"):
        theirs = properties(element.get("style", ""))
        assert comparable(ours[element.get("data-number")]) == comparable(theirs)


def comparable(style: dict[str, str]) -> set[tuple[str, str]]:
    """Declarations without what means the same: `#fff` and `#ffffff`, kinds of quotes, spaces."""
    return {
        (
            name,
            re.sub(r"#(.)\1(.)\2(.)\3\b", r"#\1\2\3", value).replace('"', "'").replace(", ", ","),
        )
        for name, value in style.items()
    }


# -- spam ------------------------------------------------------------------------------------


def test_spamassassin_sees_nothing_of_spam(
    issue: Issue, require_program: Need, tmp_path: Path
) -> None:
    """It judges all designs at once: most of its time it reads its rules."""
    program = require_program("spamassassin", "apt-get install spamassassin")
    files = [tmp_path / f"{number}.eml" for number in range(len(DESIGNS_THAT_SHIP))]
    for file, design in zip(files, DESIGNS_THAT_SHIP, strict=True):
        file.write_bytes(written(issue(**design)))
    judged = subprocess.run(
        [program, "--local", "--test-mode", *files],
        capture_output=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path)},
    ).stdout.decode(errors="replace")
    scores = re.findall(r"Content analysis details:\s+\((-?[\d.]+) points", judged)
    assert len(scores) == len(files), "the rules of SpamAssassin are not installed"
    assert max(map(float, scores)) <= 0, judged


# -- mail programs ---------------------------------------------------------------------------

# Those whose features are known wholly.
PROGRAMS = (
    *("apple-mail.ios", "apple-mail.macos", "gmail.android", "gmail.desktop-webmail", "gmail.ios"),
    *("outlook.android", "outlook.ios", "outlook.macos", "outlook.outlook-com", "outlook.windows"),
    *("yahoo.android", "yahoo.desktop-webmail", "yahoo.ios", "samsung-email.android"),
    *("fastmail.desktop-webmail", "protonmail.desktop-webmail", "protonmail.ios"),
)
HEAD = "what needs the head only betters the mail: styles are written into elements"
HINT = "a hint to programs that know it; others pass over it"
REASONS = {
    "<bdi> element": "mixed directions; where it is unknown, dir=auto of the block decides",
    "<body> element": "made a <div>, which keeps the colours; the outer table has them as well",
    "@media": HEAD,
    "Chaining selectors": HEAD,
    "Class selector": HEAD,
    "Descendant combinator": HEAD,
    "Type selector": HEAD,
    "border-inline & border-block": "without it a quotation has no bar, but its indent",
    "border-inline & border-block individual logical properties": "as border-inline",
    "border-radius": "corners are square",
    "color-scheme meta tag": HINT,
    "height property": "the attribute says the height",
    "max-height property": "one of several ways by which the preheader hides",
    "min-width property": "a table of many columns is as narrow as it can be",
    "opacity": "one of several ways by which the preheader hides",
    "overflow": "a wide table wraps instead of scrolling",
    "overflow-wrap": "word-break says the same to programs that do not know it",
    "table-layout": "the outer table holds one cell; Outlook gets one of fixed width",
    "text-decoration": "links are shown as that program shows links",
    "text-decoration-color": "the line has the colour of the text",
    "text-decoration-thickness": "the line has the thickness of any other",
    "text-underline-offset": "the line stands where it stands elsewhere",
    "white-space": "long lines of code do not wrap",
    "word-break": "overflow-wrap says the same to programs that do not know it",
}


def test_mail_programs_support_each_feature_or_there_is_a_reason(
    rendered: Rendered, require_program: Need, caniemail: Path
) -> None:
    judged = subprocess.run(
        [require_program("node", "apt-get install nodejs"), caniemail, *PROGRAMS],
        input=rendered.html.encode(),
        capture_output=True,
        check=True,
    )
    unsupported = json.loads(judged.stdout)
    assert {each: unsupported[each] for each in unsupported.keys() - REASONS.keys()} == {}
