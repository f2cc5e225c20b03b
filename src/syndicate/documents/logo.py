"""A newsletter's logo: a file in the content folder, or a URL. Reads files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from syndicate.config.model import Newsletter
from syndicate.content import folder
from syndicate.content.article import Image
from syndicate.documents.references import size_of


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo as shown, and the document that is published for it, if it is a file of the site."""

    image: Image
    documents: dict[str, bytes]


def logo_of(
    newsletter: Newsletter, content: Path, base: str, links: Sequence[Path] = ()
) -> Logo | None:
    """The newsletter's logo; `base` is the address of the site. Raises ArticleError.

    `links` are the folders outside `content` that symbolic links in it may lead to.
    """
    path, alt = newsletter.brand.logo, newsletter.brand.logo_alt or newsletter.title
    if not path:
        return None
    if "://" in path:
        return Logo(Image(path, alt), {})
    name = f"newsletters/{newsletter.name}/logo{PurePosixPath(path).suffix.lower()}"
    data = folder.read(content, path, links=links)
    width, height = size_of(content, path, links)
    return Logo(Image(base + quote(name), alt, width, height), {name: data})
