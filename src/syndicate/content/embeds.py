"""Things other pages embed (players, posts, figures), as plain HTML that works in feeds and mail.

Pure: text in, HTML out. Never frames or scripts, never fetches; what it returns is sanitised later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

import comrak


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a shortcode was given: by position, by name, and as written."""

    positional: tuple[str, ...]
    named: Mapping[str, str]
    text: str

    def get(self, *names: str) -> str:
        """The first of `names` that was given, or ""."""
        return next((self.named[name] for name in names if name in self.named), "")

    def first(self, *names: str) -> str:
        """The first of `names` that was given, else the first positional one, or ""."""
        return self.get(*names) or (self.positional[0] if self.positional else "")


_YOUTUBE = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:embed/|v/|shorts/|watch\?(?:[^#]*&)?v=)|youtu\.be/)([\w-]+)"
)
_VIMEO = re.compile(r"vimeo\.com/(?:video/)?(\d+)")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|avif|svg)$", re.IGNORECASE)

_MARKUP = re.compile(r"[*_`\[]")


def link(url: str, text: str) -> str:
    """A link on its own."""
    return f'<p><a href="{escape(url)}">{escape(text)}</a></p>'


def player(source: str, title: str = "") -> tuple[str, str]:
    """The page behind an embedded player or frame: its address and a text for the link."""
    title = " ".join(title.split())
    if found := _YOUTUBE.search(source):
        return f"https://www.youtube.com/watch?v={found[1]}", _named(title, "YouTube")
    if found := _VIMEO.search(source):
        return f"https://vimeo.com/{found[1]}", _named(title, "Vimeo")
    try:
        host = urlsplit(source).hostname or "this site"
    except ValueError:
        host = "another site"
    return source, title or f"Open what is embedded here from {host.removeprefix('www.')}"


def _named(title: str, site: str) -> str:
    return f"{title} ({site})" if title else f"Watch the video on {site}"


def figure(given: Arguments) -> str | None:
    """Hugo's figure, and its likes: src, alt, caption, title, link, attr, attrlink."""
    source = given.first("src", "url", "image_path", "path", "image", "file")
    if not source:
        return None
    caption = given.get("caption", "description")
    alt = given.named.get("alt", _plain(_inline(caption)) if caption else None)
    picture = _picture(source, alt, given)
    if target := given.get("link", "href"):
        picture = f'<a href="{escape(target)}">{picture}</a>'
    words = " ".join(filter(None, (_bold(given.get("title")), _inline(caption), _credit(given))))
    return f"<figure>{picture}{f'<figcaption>{words}</figcaption>' if words else ''}</figure>"


def _picture(source: str, alt: str | None, given: Arguments) -> str:
    described = "" if alt is None else f' alt="{escape(alt)}"'
    sizes = "".join(
        f' {side}="{escape(given.named[side])}"'
        for side in ("width", "height")
        if side in given.named
    )
    return f'<img src="{escape(source)}"{described}{sizes}>'


def _inline(text: str) -> str:
    """Markdown within a line, as Hugo reads captions; not yet safe."""
    if not _MARKUP.search(text):
        return text
    options = comrak.RenderOptions()
    options.unsafe_ = True
    html = comrak.render_markdown(text, None, None, options)
    return html.strip().removeprefix("<p>").removesuffix("</p>")


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^<>]*>", "", html).split())


def _bold(title: str) -> str:
    return f"<strong>{title}</strong>" if title else ""


def _credit(given: Arguments) -> str:
    name, target = given.get("attr"), given.get("attrlink")
    return f'<a href="{escape(target)}">{name or escape(target)}</a>' if target else name


def credit(given: Arguments) -> str:
    """Who is quoted, as the last paragraph of a quote, or ""."""
    name = given.get("author", "attr", "name", "source") or " ".join(given.positional)
    target = given.get("attrlink", "link", "url", "cite")
    if target:
        name = f'<a href="{escape(target)}">{name or escape(target)}</a>'
    return f"<p>— {name}</p>" if name else ""


def _img(given: Arguments) -> str | None:
    """Octopress: {% img [classes] /path [width [height]] ["title" ["alt"]] %}."""
    if given.named:
        return figure(given)
    words = list(given.positional)
    at = next((i for i, word in enumerate(words) if "/" in word or _PICTURE.search(word)), None)
    if at is None:
        return None
    rest = words[at + 1 :]
    sides = [word for word in rest if word.isdecimal()][:2]
    texts = [word for word in rest if not word.isdecimal()]
    named = dict(zip(("width", "height"), sides, strict=False))
    return f"<p>{_picture(words[at], texts[-1] if texts else None, Arguments((), named, ''))}</p>"


def _video(given: Arguments) -> str | None:
    if given.get("provider") in ("youtube", "vimeo"):
        return EMBEDS[given.get("provider")](given)
    source = given.first("src", "url", "mp4", "webm", "file", "id")
    if not source:
        return None
    page, text = player(source, given.get("title", "caption"))
    if page != source:
        return link(page, text)
    poster = given.get("poster") or next(filter(_PICTURE.search, given.positional), "")
    shown = f' poster="{escape(poster)}"' if poster else ""
    name = escape(given.get("title", "caption", "alt") or source.rpartition("/")[2])
    inside = f'<a href="{escape(source)}">Watch the video {name}</a>'
    return f'<video controls src="{escape(source)}"{shown}>{inside}</video>'


def _audio(given: Arguments) -> str | None:
    source = given.first("src", "url", "mp3", "file")
    name = escape(source.rpartition("/")[2])
    inside = f'<a href="{escape(source)}">Listen to {name}</a>'
    return f'<audio controls src="{escape(source)}">{inside}</audio>' if source else None


def _youtube(given: Arguments) -> str | None:
    which = given.first("id", "url")
    url = which if "://" in which else f"https://www.youtube.com/watch?v={which}"
    return link(*player(url, given.get("title"))) if which else None


def _vimeo(given: Arguments) -> str | None:
    which = given.first("id", "url")
    url = which if "://" in which else f"https://vimeo.com/{which}"
    return link(*player(url, given.get("title"))) if which else None


def _instagram(given: Arguments) -> str | None:
    which = given.first("id", "url")
    url = which if "://" in which else f"https://www.instagram.com/p/{which}/"
    return link(url, "See the post on Instagram") if which else None


def _post(given: Arguments) -> str | None:
    """A post on X: by user and id, by id alone, or by address."""
    which = given.first("id", "url")
    user = given.get("user") or "i/web"
    if len(given.positional) > 1:
        user, which = given.positional[:2]
    if not which:
        return None
    url = which if "://" in which else f"https://twitter.com/{user}/status/{which}"
    return link(url, f"Read the post by @{user}" if user != "i/web" else "Read the post on X")


def _gist(given: Arguments) -> str | None:
    words = [word for word in given.positional if word] or [given.get("id", "url")]
    path = "/".join(words[:2]) if len(words) > 1 and not _PICTURE.search(words[1]) else words[0]
    url = path if "://" in path else f"https://gist.github.com/{path}"
    return link(url, "Read the code on GitHub Gist") if path else None


def _source(given: Arguments) -> str | None:
    """A notebook or a listing kept in a file of its own."""
    source = given.first("src", "file")
    return link(source, source.rpartition("/")[2]) if source else None


def _include(given: Arguments) -> str | None:
    """Jekyll: include figure.html image.html youtube.html and their likes; others are unknown."""
    name = given.positional[0] if given.positional else ""
    stem = name.rpartition("/")[2].partition(".")[0].lower()
    rest = Arguments(given.positional[1:], given.named, given.text)
    known = EMBEDS.get(stem)
    if stem in ("figure", "image", "img", "picture"):
        known = figure
    elif stem == "include":
        known = None
    return known(rest) if known else None


EMBEDS: Mapping[str, Callable[[Arguments], str | None]] = {
    "figure": figure,
    "image": figure,
    "img": _img,
    "picture": figure,
    "youtube": _youtube,
    "vimeo": _vimeo,
    "video": _video,
    "audio": _audio,
    "tweet": _post,
    "twitter": _post,
    "twitter_simple": _post,
    "x": _post,
    "x_simple": _post,
    "instagram": _instagram,
    "gist": _gist,
    "notebook": _source,
    "include_code": _source,
    "include": _include,
}
