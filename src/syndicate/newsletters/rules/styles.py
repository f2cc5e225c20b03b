"""Rules about CSS: the style sheet, colours, sizes of text and of links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syndicate.findings import Level
from syndicate.newsletters.contrast import colour_faults, properties
from syndicate.newsletters.rules.checked_issue import CheckedIssue, Fault, label
from syndicate.newsletters.style_doubts import doubts

MAX_STYLE = 16 * 1024
MIN_TEXT = 16
TAP = 44
"""Pixels a link that stands alone is high at least (WCAG 2.2, success criterion 2.5.5)."""
NESTED_AT_RULE = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*@")


def style_sheet(issue: CheckedIssue) -> Iterator[Fault]:
    if len(issue.style.encode()) > MAX_STYLE:
        message = "the style sheet is larger than 16 KB"
        yield Fault(16, Level.ERROR, message, "shorten email.css", issue.place(".css"))
    nested = NESTED_AT_RULE.search(issue.style)
    if nested:
        message = "an at-rule is inside @media: mail programs ignore the whole style sheet"
        place = issue.place(".css", nested[0])
        yield Fault(16, Level.ERROR, message, "move it out in email.css", place)


def lost_styles(issue: CheckedIssue) -> Iterator[Fault]:
    """CSS that is dropped in silence on its way into style attributes, or by mail programs."""
    for doubt in dict.fromkeys(doubts(issue.style)):
        place = issue.place("", doubt.written)
        yield Fault("css", Level.WARNING, doubt.message, doubt.hint, place)


def colours(issue: CheckedIssue) -> Iterator[Fault]:
    """Faults of colours, at the style sheet if that is where the colours are."""
    for rule, colours, message in colour_faults(issue.root, issue.style):
        stated = any(each in issue.style.lower() for each in colours)
        place = issue.place(".css", *colours) if stated else None
        hint = f"change the colour in {'email.css' if stated else 'the design'}"
        yield Fault(rule, Level.WARNING, message, hint, place)


def readable(issue: CheckedIssue) -> Iterator[Fault]:
    """Text large enough, and links that show without colour: by underline or frame."""
    faults = []
    for element in issue.root.xpath("//body//*"):
        style = properties(element.get("style", ""))
        pixels = re.fullmatch(r"([\d.]+)px", style.get("font-size", ""))
        if pixels and float(pixels[1]) < MIN_TEXT and style.get("display") != "none":
            place = issue.place(".css", f"font-size: {pixels[0]}")
            message = f"text of {pixels[0]} is too small to read"
            faults.append(Fault(25, Level.WARNING, message, "use 16px or more in email.css", place))
        framed = "underline" in style.get("text-decoration", "") or "border" in style
        if element.tag == "a" and not framed:
            message = f"only the colour shows that {label(element)} is a link"
            place = issue.place_of(element.get("href", ""), "text-decoration: none", "<a")
            faults.append(Fault(25, Level.WARNING, message, "underline it in email.css", place))
        height = _height(style) if element.tag == "a" else None
        if height is not None and height < TAP:
            message = (
                f"the link {label(element)} is {height:g} pixels high; touch screens need {TAP}"
            )
            place = issue.place_of(element.get("href", ""), "<a")
            faults.append(Fault(25, Level.WARNING, message, "give it padding in email.css", place))
    yield from dict.fromkeys(faults)


def _height(style: Mapping[str, str]) -> float | None:
    """The height in pixels of a link on a line of its own, if its style states one."""
    line = re.fullmatch(r"([\d.]+)px", style.get("line-height", ""))
    if style.get("display") not in ("block", "inline-block") or not line:
        return None
    sides = [re.fullmatch(r"([\d.]+)(?:px)?", each) for each in style.get("padding", "0").split()]
    if not sides or not all(sides):
        return None
    top, bottom = sides[0], sides[2] if len(sides) > 2 else sides[0]
    edges = 2 * sum(float(each) for each in re.findall(r"^([\d.]+)px", style.get("border", "")))
    return float(line[1]) + edges + sum(float(each[1]) for each in (top, bottom) if each)
