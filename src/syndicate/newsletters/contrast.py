"""Colours of a rendered issue: each has a dark counterpart, and all text has enough contrast.

Checks what mail programs get: style attributes in light mode, the dark @media block over them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml.html import HtmlElement

from syndicate.colours import MIN_CONTRAST, contrast

DARK = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
NAMED = {"white": "#ffffff", "black": "#000000"}
# WCAG 2.2, success criterion 1.4.3; large is 24 pixels, or 18.66 in bold.
MIN_LARGE, LARGE, LARGE_BOLD = 3.0, 24.0, 18.66

Style = dict[str, str]
Styles = Mapping[HtmlElement, Style]


def colour_faults(root: HtmlElement, css: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Yield (rule number, colours, message): no dark counterpart, and poor contrast.

    Each unreadable pair of colours is reported once, with the first element that has it.
    """
    light = {each: properties(each.get("style", "")) for each in root.iter() if _is_tag(each)}
    over = _dark_styles(root, css)
    yield from _without_dark(light, over)
    dark = {each: {**style, **over.get(each, {})} for each, style in light.items()}
    reported: set[tuple[str, str]] = set()
    for scheme, styles in (("light", light), ("dark", dark)):
        for ink, paper, message in _unreadable(root, styles):
            if (ink, paper) not in reported:
                yield 19, (ink, paper), f"{message} in {scheme} mode"
            reported.add((ink, paper))


def properties(style: str) -> Style:
    """The properties of a declaration block, by name; !important is left out of the values."""
    pairs = (each.partition(":") for each in style.split(";"))
    return {
        name.strip().lower(): value.replace("!important", "").strip()
        for name, colon, value in pairs
        if colon
    }


def _dark_styles(root: HtmlElement, css: str) -> dict[HtmlElement, Style]:
    """What the dark block sets with !important, by element; the more specific rule wins."""
    rules: list[tuple[tuple[int, int, int], int, str, str]] = []
    for block in DARK.findall(css):
        for selectors, body in RULE.findall(block):
            important = ";".join(each for each in body.split(";") if "!important" in each)
            for selector in selectors.split(","):
                rules.append((_specificity(selector), len(rules), selector.strip(), important))
    styles: dict[HtmlElement, Style] = {}
    for _, _, selector, body in sorted(rules):
        for element in root.cssselect(selector):
            styles.setdefault(element, {}).update(properties(body))
    return styles


def _specificity(selector: str) -> tuple[int, int, int]:
    names = len(re.findall(r"(?:^|[\s>+~])[a-z]", selector.strip(), re.IGNORECASE))
    return selector.count("#"), selector.count("."), names


def _colour_kind(name: str) -> str:
    """What a property colours: `color`, `background` or `border`; "" if nothing."""
    if name == "color":
        return "color"
    if name in ("background", "background-color"):
        return "background"
    return "border" if name.startswith("border") else ""


def _sets_colour(style: Style) -> bool:
    return any(
        _colour_kind(each) in ("color", "background") and _hex(style[each]) for each in style
    )


def _without_dark(light: Styles, over: Styles) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Colours written on an element that dark mode does not replace."""
    faults = set()
    for element, style in light.items():
        replaced = {_colour_kind(name) for name in over.get(element, {})}
        for name, value in style.items():
            kind = _colour_kind(name)
            if kind and _hex(value) and kind not in replaced:
                message = f"{name}: {_hex(value)} of {_label(element)} has no dark counterpart"
                faults.add((18, (_hex(value),), message))
    yield from sorted(faults)


def _label(element: HtmlElement) -> str:
    """How a style sheet names an element: by its class, or by its tag within a class."""
    within = (each for each in element.iterancestors() if each.get("class"))
    around = [f".{each.get('class').split()[-1]}" for each in [*within][:1]]
    own = element.get("class", "").split()
    return f".{own[-1]}" if own else " ".join([*around, str(element.tag)])


def _unreadable(root: HtmlElement, styles: Styles) -> Iterator[tuple[str, str, str]]:
    """Ink, paper and what is wrong with them, in the order of the text."""
    body = root.find("body")
    if body is not None:
        yield from _walk(body, styles, "#000000", "#ffffff", 16.0, bold=False)


def _walk(
    element: HtmlElement, styles: Styles, ink: str, paper: str, size: float, *, bold: bool
) -> Iterator[tuple[str, str, str]]:
    """Follow inherited colours down and check every element with text directly in it."""
    style = styles[element]
    if style.get("display") == "none":
        return
    ink = _hex(style.get("color", "")) or ink
    paper = _hex(style.get("background-color", style.get("background", ""))) or paper
    pixels = re.fullmatch(r"([\d.]+)px", style.get("font-size", ""))
    size = float(pixels[1]) if pixels else size
    bold = style["font-weight"] in ("bold", "600", "700") if "font-weight" in style else bold
    least = MIN_LARGE if size >= (LARGE_BOLD if bold else LARGE) else MIN_CONTRAST
    texts = [element.text, *(child.tail for child in element)]
    if any(each and each.strip() for each in texts) and contrast(ink, paper) < least:
        ratio = f"a contrast of {contrast(ink, paper):.1f}, {least} is needed,"
        setters = (
            each for each in (element, *element.iterancestors()) if _sets_colour(styles[each])
        )
        label = _label(next(setters, element))
        yield ink, paper, f"{label}: {ink} on {paper} has {ratio}"
    for child in element:
        if _is_tag(child):
            yield from _walk(child, styles, ink, paper, size, bold=bold)


def _hex(value: str) -> str:
    """The first colour in a value as #rrggbb, or "" without one."""
    value = NAMED.get(value.strip().lower(), value)
    match = HEX.search(value)
    if not match:
        return ""
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(each * 2 for each in digits))


def _is_tag(element: HtmlElement) -> bool:
    return isinstance(element.tag, str)
