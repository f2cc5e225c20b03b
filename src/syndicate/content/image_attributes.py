"""Attributes of pictures: size, candidates of srcset, URLs that a script loads later. Pure."""

from __future__ import annotations

import re

from syndicate.content.addresses import LocalFile
from syndicate.content.article import Image

Attributes = dict[str, str]

LAZY_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-url")
LAZY_SOURCE_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_PIXELS = re.compile(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*", re.IGNORECASE)
_COMMA_WITHOUT_SPACE = re.compile(r"(\s[\d.]+[wxh]),(?=\S)")
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
}


def take_lazy(attributes: Attributes, plain: str, lazy: tuple[str, ...]) -> str:
    """Take the address that a script would load later; else the one in the attribute `plain`."""
    urls = [attributes.pop(key) for key in lazy if key in attributes]
    return next(
        filter(None, urls),
        attributes.pop(plain, "") if plain == "src" else attributes.get(plain, ""),
    )


def candidates(srcset: str) -> list[tuple[str, str]]:
    """The addresses in a srcset, each with its descriptor (HTML, section 4.8.4.2.1)."""
    kept: list[tuple[str, str]] = []
    address = ""
    for word in _COMMA_WITHOUT_SPACE.sub(r"\1, ", srcset).split():
        if not address:
            address = word.strip(",")
            ended = word.endswith(",")
            size = ""
        else:
            size, ended = word.rstrip(","), True
        if address and ended:
            kept.append((address, size if re.fullmatch(r"[\d.]+[wxh]", size) else ""))
            address = ""
    return [*kept, (address, "")] if address else kept


def keep_whole_pixels(attributes: Attributes) -> None:
    """Keep width and height in whole pixels; remove others ("50%", "auto")."""
    for side in ("width", "height"):
        if side in attributes:
            pixels = _PIXELS.fullmatch(attributes[side])
            if pixels:
                attributes[side] = pixels[1]
            else:
                del attributes[side]


def is_tracking_pixel(attributes: Attributes) -> bool:
    """Whether the picture is stated to be at most one pixel wide and high."""
    sides = [attributes[side] for side in ("width", "height") if side in attributes]
    return len(sides) == 2 and all(int(side) <= 1 for side in sides)


def add_size(attributes: Attributes, file: LocalFile | None) -> None:
    """Add the size of the file where it is not stated, in proportion to what is stated."""
    if file is None or not file.width or not file.height:
        return
    width, height = attributes.get("width"), attributes.get("height")
    if width is None:
        scaled = round(file.width * int(height) / file.height) if height else file.width
        attributes["width"] = str(max(1, scaled))
    if height is None:
        scaled = round(file.height * int(attributes["width"]) / file.width)
        attributes["height"] = str(max(1, scaled))


def image_of(attributes: Attributes, file: LocalFile | None) -> Image:
    """The picture as a value of the rendering."""
    path = attributes["src"].partition("?")[0].partition("#")[0]
    kind = (file.type if file else None) or _MEDIA_TYPES.get(path.rpartition(".")[2].lower())
    width, height = (int(attributes[s]) if s in attributes else None for s in ("width", "height"))
    return Image(attributes["src"], attributes["alt"], width, height, kind)
