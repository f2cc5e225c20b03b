"""Placeholders of newsletter services, and escaping of text that looks like one.

An issue is rendered with tokens for the values of each recipient; inlining styles does not change
them, and no article contains them. `filled` replaces them by the placeholders of the service, and
escapes all other text that its template language would evaluate. After the service has evaluated
the result, readers see what the author wrote.

Pure; does not use the APIs of the services. Sources: listmonk's "Templating" page and the code that
compiles campaigns; Mailchimp's "All the merge tags: cheat sheet"; Buttondown's "Templating" and
"Naked mode", and Django's "Built-in template tags and filters"; SendGrid's "Substitution tags",
"The Weblink substitution tag" and "Using Handlebars".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from syndicate.newsletters.issue import IssueLinks, Rendered

# Divides what a template language reads as one (Unicode, section 23.2); shows as nothing.
JOINER = "\u2060"
# A subscriber without a name is greeted as this.
NAMELESS = "there"
STYLE = r"<style\b[^>]*>.*?</style>"
COMMENT = r"<!--.*?-->"

Replace = Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class MergeSyntax:
    """A service's placeholders, and how its template language is kept off our text.

    `special` finds, in a piece of text, what the language would take; the end of a piece counts,
    for a placeholder may follow. `in_text` gives what to write for it in plain text and subject;
    in HTML a character reference does. `opaque` gives what to write for a whole comment in HTML,
    where the service would drop it.
    """

    unsubscribe: str
    preferences: str
    web: str
    name: str
    name_in_text: str
    special: re.Pattern[str]
    special_in_text: re.Pattern[str]
    in_text: Replace
    opaque: Callable[[str], str] | None = None


def _safe(text: str) -> str:
    """An action of listmonk that prints `text` unchanged in any context."""
    literal = json.dumps(text, ensure_ascii=False).replace("@TrackLink", r"\u0040TrackLink")
    return f"{{{{ Safe {literal} }}}}"


def _is_harmless(match: re.Match[str]) -> bool:
    """One brace with text behind it: no action begins there."""
    return match[0] == "{" and match.end() < len(match.string)


def _joined(match: re.Match[str]) -> str:
    return match[0] + JOINER


LISTMONK = MergeSyntax(
    unsubscribe="{{ UnsubscribeURL }}",
    preferences="{{ ManageURL }}",
    web="{{ MessageURL }}",
    name=f'{{{{ or .Subscriber.FirstName "{NAMELESS}" }}}}',
    name_in_text=f'{{{{ Safe (or .Subscriber.FirstName "{NAMELESS}") }}}}',
    special=re.compile(r"\{(?=\{|\Z)|@(?=TrackLink)"),
    # Plain text too is compiled as HTML, in which < begins a tag.
    special_in_text=re.compile(r"(?:[{<]|@(?=TrackLink))+"),
    in_text=lambda found: found[0] if _is_harmless(found) else _safe(found[0]),
    opaque=_safe,
)
MAILCHIMP = MergeSyntax(
    unsubscribe="*|UNSUB|*",
    preferences="*|UPDATE_PROFILE|*",
    web="*|ARCHIVE|*",
    name=f"*|IF:FNAME|**|FNAME|**|ELSE:|*{NAMELESS}*|END:IF|*",
    name_in_text=f"*|IF:FNAME|**|FNAME|**|ELSE:|*{NAMELESS}*|END:IF|*",
    special=re.compile(r"\*(?=\|)"),
    special_in_text=re.compile(r"\*(?=\|)"),
    in_text=_joined,
)
BUTTONDOWN = MergeSyntax(
    unsubscribe="{{ unsubscribe_url }}",
    preferences="{{ manage_subscription_url }}",
    web="{{ email.absolute_url }}",
    name=f'{{{{ subscriber.metadata.first_name|default:"{NAMELESS}" }}}}',
    name_in_text=f'{{{{ subscriber.metadata.first_name|default:"{NAMELESS}"|safe }}}}',
    special=re.compile(r"\{(?=[{%#]|\Z)"),
    special_in_text=re.compile(r"\{(?=[{%#]|\Z)"),
    in_text=lambda _: "{% templatetag openbrace %}",
)
SENDGRID = MergeSyntax(
    unsubscribe="{{{unsubscribe}}}",
    preferences="{{{unsubscribe_preferences}}}",
    web="{{Weblink}}",
    name=f'{{{{insert first_name "default={NAMELESS}"}}}}',
    name_in_text=f'{{{{insert first_name "default={NAMELESS}"}}}}',
    # A backslash before braces is Handlebars' own escape, and a brace after braces closes more
    # than was opened; <% %> and [% %] are older tags.
    special=re.compile(r"\{(?=\{|\Z)|\A\}|[<\[](?=%)|\\(?=\Z)"),
    special_in_text=re.compile(r"\{(?=\{|\Z)|\A(?=\})|[<\[](?=%)|\\(?=\Z)"),
    in_text=_joined,
)
SERVICES: Mapping[str, MergeSyntax] = {
    "listmonk": LISTMONK,
    "mailchimp": MAILCHIMP,
    "buttondown": BUTTONDOWN,
    "sendgrid": SENDGRID,
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens for placeholders while an issue is rendered: URLs, and a name.

    All contain `digest`, which nothing else in the issue does.
    """

    links: IssueLinks
    name: str
    digest: str

    @property
    def pattern(self) -> str:
        """A regular expression that finds any of them."""
        links = (self.links.unsubscribe_url, self.links.preferences_url, self.links.web_url)
        return "|".join(map(re.escape, (*links, self.name)))

    def written(self, service: MergeSyntax, name: str) -> Mapping[str, str]:
        """Each token with the placeholder that takes its place."""
        return {
            self.links.unsubscribe_url: service.unsubscribe,
            self.links.preferences_url: service.preferences,
            self.links.web_url: service.web,
            self.name: name,
        }


def tokens(content: str, home_url: str) -> Tokens:
    """Tokens for an issue made from `content`, which cannot hold its own digest."""
    digest = sha256(content.encode()).hexdigest()[:40]
    links = IssueLinks(
        web_url=f"https://{digest}.invalid/web",
        unsubscribe_url=f"https://{digest}.invalid/unsubscribe",
        preferences_url=f"https://{digest}.invalid/preferences",
        home_url=home_url,
    )
    return Tokens(links, f"name{digest}", digest)


def filled(rendered: Rendered, service: MergeSyntax, tokens: Tokens) -> Rendered:
    """The issue as `service` takes it: placeholders for tokens, everything else escaped."""
    text = partial(_text, service, tokens)
    return replace(
        rendered,
        subject=text(rendered.subject),
        html="".join(_html(service, tokens, rendered.html)),
        text=text(rendered.text),
    )


def is_divided(rendered: Rendered, written: Rendered) -> bool:
    """Whether `filled` had to put invisible characters into subject or plain text."""
    before, after = (each.subject + each.text for each in (rendered, written))
    return before.count(JOINER) < after.count(JOINER)


def _text(service: MergeSyntax, tokens: Tokens, text: str) -> str:
    placeholders = tokens.written(service, service.name_in_text)
    return "".join(
        placeholders.get(piece) or service.special_in_text.sub(service.in_text, piece)
        for piece in re.split(f"({tokens.pattern})", text)
    )


def _html(service: MergeSyntax, tokens: Tokens, html: str) -> Iterator[str]:
    placeholders = tokens.written(service, service.name)
    kept = f"{STYLE}|{COMMENT}" if service.opaque else STYLE
    for piece in re.split(f"({tokens.pattern}|{kept})", html, flags=re.DOTALL):
        if piece in placeholders:
            yield placeholders[piece]
        elif piece.startswith("<style"):
            # CSS knows no character references; between its tokens, a space means nothing.
            yield service.special.sub(lambda match: f"{match[0]} ", piece)
        elif piece.startswith("<!--") and service.opaque:
            for part in filter(None, re.split(f"({tokens.pattern})", piece)):
                yield placeholders.get(part) or service.opaque(part)
        else:
            yield service.special.sub(_reference, piece)


def _reference(match: re.Match[str]) -> str:
    """Characters as HTML's references to them: browsers read them, template languages do not."""
    return "".join(f"&#{ord(each)};" for each in match[0])
