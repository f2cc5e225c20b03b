"""What shortcodes embed (players, posts, figures), as plain HTML that works in feeds and email.

Pure. Never returns frames or scripts, never fetches; the HTML is sanitised later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import urlsplit

import comrak

from syndicate.content.shortcode_syntax import Arguments, Tag, parse_arguments

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
    if match := _YOUTUBE.search(source):
        return f"https://www.youtube.com/watch?v={match[1]}", _named(title, "YouTube")
    if match := _VIMEO.search(source):
        return f"https://vimeo.com/{match[1]}", _named(title, "Vimeo")
    try:
        host = urlsplit(source).hostname or "this site"
    except ValueError:
        host = "another site"
    return source, title or f"Open what is embedded here from {host.removeprefix('www.')}"


def _named(title: str, site: str) -> str:
    return f"{title} ({site})" if title else f"Watch the video on {site}"


def figure(arguments: Arguments) -> str | None:
    """A figure, as in Hugo: src, alt, caption, title, link, attr, attrlink."""
    source = arguments.first("src", "url", "image_path", "path", "image", "file")
    if not source:
        return None
    caption = arguments.get("caption", "description")
    alt = arguments.named.get("alt", _plain(_inline(caption)) if caption else None)
    picture = _picture(source, alt, arguments)
    if target := arguments.get("link", "href"):
        picture = f'<a href="{escape(target)}">{picture}</a>'
    words = " ".join(
        filter(None, (_bold(arguments.get("title")), _inline(caption), _credit(arguments)))
    )
    return f"<figure>{picture}{f'<figcaption>{words}</figcaption>' if words else ''}</figure>"


def _picture(source: str, alt: str | None, arguments: Arguments) -> str:
    described = "" if alt is None else f' alt="{escape(alt)}"'
    sizes = "".join(
        f' {side}="{escape(arguments.named[side])}"'
        for side in ("width", "height")
        if side in arguments.named
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


def _credit(arguments: Arguments) -> str:
    name, target = arguments.get("attr"), arguments.get("attrlink")
    return f'<a href="{escape(target)}">{name or escape(target)}</a>' if target else name


def code_block(tag: Tag, content: str) -> str:
    """The code in a highlight or codeblock, with its language."""
    arguments = parse_arguments(tag.text)
    words = [word.removeprefix("lang:") for word in arguments.positional if "title:" not in word]
    written = arguments.get("lang", "language") or (words[0] if words else "")
    language = written if tag.name == "highlight" or "lang:" in tag.text else ""
    is_name = re.fullmatch(r"[\w+#.-]+", language)
    marked = f' class="language-{escape(language)}"' if is_name else ""
    return f"<pre><code{marked}>{escape(content.strip(chr(10)), quote=False)}\n</code></pre>"


def credit(arguments: Arguments) -> str:
    """The author of a quotation, as its last paragraph, or ""."""
    name = arguments.get("author", "attr", "name", "source") or " ".join(arguments.positional)
    target = arguments.get("attrlink", "link", "url", "cite")
    if target:
        name = f'<a href="{escape(target)}">{name or escape(target)}</a>'
    return f"<p>— {name}</p>" if name else ""


def _img(arguments: Arguments) -> str | None:
    """Octopress: {% img [classes] /path [width [height]] ["title" ["alt"]] %}."""
    if arguments.named:
        return figure(arguments)
    words = list(arguments.positional)
    at = next((i for i, word in enumerate(words) if "/" in word or _PICTURE.search(word)), None)
    if at is None:
        return None
    rest = words[at + 1 :]
    sides = [word for word in rest if word.isdecimal()][:2]
    texts = [word for word in rest if not word.isdecimal()]
    named = dict(zip(("width", "height"), sides, strict=False))
    return f"<p>{_picture(words[at], texts[-1] if texts else None, Arguments((), named, ''))}</p>"


def _video(arguments: Arguments) -> str | None:
    if arguments.get("provider") in ("youtube", "vimeo"):
        return EMBEDS[arguments.get("provider")](arguments)
    source = arguments.first("src", "url", "mp4", "webm", "file", "id")
    if not source:
        return None
    page, text = player(source, arguments.get("title", "caption"))
    if page != source:
        return link(page, text)
    poster = arguments.get("poster") or next(filter(_PICTURE.search, arguments.positional), "")
    shown = f' poster="{escape(poster)}"' if poster else ""
    name = escape(arguments.get("title", "caption", "alt") or source.rpartition("/")[2])
    inside = f'<a href="{escape(source)}">Watch the video {name}</a>'
    return f'<video controls src="{escape(source)}"{shown}>{inside}</video>'


def _audio(arguments: Arguments) -> str | None:
    source = arguments.first("src", "url", "mp3", "file")
    name = escape(source.rpartition("/")[2])
    inside = f'<a href="{escape(source)}">Listen to {name}</a>'
    return f'<audio controls src="{escape(source)}">{inside}</audio>' if source else None


def _youtube(arguments: Arguments) -> str | None:
    which = arguments.first("id", "url")
    url = which if "://" in which else f"https://www.youtube.com/watch?v={which}"
    return link(*player(url, arguments.get("title"))) if which else None


def _vimeo(arguments: Arguments) -> str | None:
    which = arguments.first("id", "url")
    url = which if "://" in which else f"https://vimeo.com/{which}"
    return link(*player(url, arguments.get("title"))) if which else None


def _instagram(arguments: Arguments) -> str | None:
    which = arguments.first("id", "url")
    url = which if "://" in which else f"https://www.instagram.com/p/{which}/"
    return link(url, "See the post on Instagram") if which else None


def _post(arguments: Arguments) -> str | None:
    """A post on X: by user and id, by id alone, or by address."""
    which = arguments.first("id", "url")
    user = arguments.get("user") or "i/web"
    if len(arguments.positional) > 1:
        user, which = arguments.positional[:2]
    if not which:
        return None
    url = which if "://" in which else f"https://twitter.com/{user}/status/{which}"
    return link(url, f"Read the post by @{user}" if user != "i/web" else "Read the post on X")


def _gist(arguments: Arguments) -> str | None:
    words = [word for word in arguments.positional if word] or [arguments.get("id", "url")]
    path = "/".join(words[:2]) if len(words) > 1 and not _PICTURE.search(words[1]) else words[0]
    url = path if "://" in path else f"https://gist.github.com/{path}"
    return link(url, "Read the code on GitHub Gist") if path else None


def _source(arguments: Arguments) -> str | None:
    """A link to a notebook or code in a separate file."""
    source = arguments.first("src", "file")
    return link(source, source.rpartition("/")[2]) if source else None


def _include(arguments: Arguments) -> str | None:
    """`include` of Jekyll with figure.html, image.html, youtube.html and so on; None for others."""
    name = arguments.positional[0] if arguments.positional else ""
    stem = name.rpartition("/")[2].partition(".")[0].lower()
    rest = Arguments(arguments.positional[1:], arguments.named, arguments.text)
    embed = EMBEDS.get(stem)
    if stem in ("figure", "image", "img", "picture"):
        embed = figure
    elif stem == "include":
        embed = None
    return embed(rest) if embed else None


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
