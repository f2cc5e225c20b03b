"""The header keys syndicate reads, known keys of generators that it ignores, and typos of keys.

This module has only names; `header_interpreter` reads the values. Names are compared without case,
hyphens, underscores and spaces (`publishedAt` = `published_at`).
"""

from __future__ import annotations

from enum import IntEnum, auto


class Role(IntEnum):
    """What a key is for. (IntEnum: its members hash at C speed, once per key of every header.)"""

    TITLE = auto()
    DATE = auto()
    UPDATED = auto()
    DRAFT = auto()
    PUBLISHED = auto()
    STATUS = auto()
    VISIBILITY = auto()
    STAGE = auto()
    WITHHELD = auto()
    SHOWN = auto()
    UNLISTED = auto()
    LISTED = auto()
    BUILD = auto()
    PASSWORD = auto()
    EXPIRY = auto()
    TYPE = auto()
    LAYOUT = auto()
    TEMPLATE = auto()
    TAGS = auto()
    TAXONOMIES = auto()
    AUTHORS = auto()
    SUMMARY = auto()
    SLUG = auto()
    URL = auto()
    IMAGE = auto()
    IMAGE_ALT = auto()
    ENCLOSURE = auto()
    LANGUAGE = auto()
    ALIASES = auto()
    PATH = auto()


# Where several keys of one role are present, the first named here wins. A stated day of
# publication goes before `date`, so that an article is never published before it.
_NAMES = {
    Role.TITLE: "title",
    Role.PUBLISHED: "published publish ispublished dgpublish",
    Role.DATE: "publishdate publishedat pubdate publishedon publicationdate datepublished date "
    "created createdat",
    Role.UPDATED: "updated updatedat lastmod lastmodified lastmodifiedat modified modifiedat "
    "update lastupdated revisedat datemodified",
    Role.DRAFT: "draft isdraft",
    Role.STATUS: "status poststatus articlestatus publishstatus publicationstatus",
    Role.VISIBILITY: "visibility",
    Role.STAGE: "access state stage",
    # What holds an article back if it is true, and if it is false.
    Role.WITHHELD: "hidden ishidden private isprivate headless wip iswip workinprogress "
    "unpublished expired protected encrypted encrypt membersonly subscribersonly "
    "embargoed deleted disabled ignore",
    Role.SHOWN: "visible isvisible render public ispublic",
    # What keeps it out of every list and feed, but not off the web.
    Role.UNLISTED: "unlisted isunlisted excludefromrss excludefromfeed excludefromfeeds "
    "excludefeed excluderss hidefromrss hidefromfeed hideinrss hiddeninrss "
    "disablefeed disablerss nofeed norss eleventyexcludefromcollections",
    Role.LISTED: "feed rss atom listed infeed infeeds inrss includeinfeed includeinrss showinfeed "
    "showinrss list",
    Role.BUILD: "build",
    Role.PASSWORD: "password passwd postpassword passphrase",
    Role.EXPIRY: "expirydate expires expiry expiredate expiresat expireson expiration "
    "expirationdate unpublishdate unpublishat unpublishon",
    Role.TYPE: "type posttype",
    Role.LAYOUT: "layout",
    Role.TEMPLATE: "template",
    Role.TAGS: "tags tag categories category keywords keyword",
    Role.TAXONOMIES: "taxonomies",
    Role.AUTHORS: "authors author byline",
    Role.SUMMARY: "summary description excerpt abstract",
    Role.SLUG: "slug",
    Role.URL: "permalink url",
    Role.IMAGE: "image cover coverimage featuredimage featureimage heroimage thumbnail feature "
    "images",
    Role.IMAGE_ALT: "imagealt coveralt coverimagealt featuredimagealt heroimagealt thumbnailalt "
    "alt",
    Role.ENCLOSURE: "enclosure audio",
    Role.LANGUAGE: "lang language locale",
    Role.ALIASES: "aliases alias redirectfrom",
    Role.PATH: "path",
}
_ROLES = {
    name: (role, rank) for role, names in _NAMES.items() for rank, name in enumerate(names.split())
}

# Keys of Hugo, Zola, Jekyll, Pelican, Eleventy, Hexo and Astro without meaning for feeds, and words
# that look like typos of a known key but are not.
_FOREIGN_KEYS = (
    "kind weight order toc comments comment series math mathjax katex mermaid menu "
    "menus cascade outputs params markup sitemap robots noindex linktitle isocode "
    "resources extra templates intemplate inspage insearchindex path sortby pagetemplate "
    "paginateby generatefeed id guid uuid link links data date rate publisher creator creators "
    "features featured feat sticky pin pinned related relatedposts subtitle subject section saveas "
    "translation translations translationkey slugs languages urls stats statistics version "
    "versions license copyright canonical canonicalurl social share sharing showtoc tocopen "
    "readingtime readtime wordcount disqus pagination collection collections "
    "eleventynavigation eleventycomputed header footer banner "
    "hero teaser video videos photo photos gallery caption captions credit credits photocredit "
    "excerptseparator lead intro source sources via rating review location place event "
    "edition parent child children nav navigation hidetoc searchhidden showdate showauthor "
    "hideheader hidemeta color css js script scripts styles style theme priority "
    "external redirect redirects redirectto refreshdate gist code name file files host "
    "dates tests types layouts craft draught drift graft raft daft gender republic privacy feeds "
    "lists lister atoms states stages publishedin publishedby publishers reader "
    "builds builder rebuild renders renderer statue publication publications visibly datei dated "
    "encryption word words wipe swipe expert experts"
)
_FOREIGN = frozenset(_FOREIGN_KEYS.split())


def normal(key: str) -> str:
    """The key as it is compared."""
    return key.strip().lower().replace("-", "").replace("_", "").replace(" ", "")


CONTROLLING = frozenset(
    (
        *(Role.DRAFT, Role.PUBLISHED, Role.DATE, Role.STATUS, Role.WITHHELD, Role.SHOWN),
        *(Role.VISIBILITY, Role.UNLISTED, Role.LISTED, Role.BUILD, Role.PASSWORD, Role.EXPIRY),
    )
)
"""Roles that decide whether, where or when an article is published."""


def role_of(key: str) -> tuple[Role, int] | None:
    """What a key is for, and its rank among keys of that role (0 is first); None if unknown."""
    return _ROLES.get(key) or _ROLES.get(normal(key))


def intended(key: str) -> str | None:
    """The known key of which an unknown one is probably a typo: one character differs, or two are
    swapped."""
    typed = normal(key)
    if len(typed) < 4 or typed in _FOREIGN:
        return None
    return next((name for name in _ROLES if _is_typo(typed, name)), None)


def _is_typo(typed: str, name: str) -> bool:
    if len(name) < 4 or abs(len(typed) - len(name)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(name)) and typed[start] == name[start]:
        start += 1
    end = 0
    while end < min(len(typed), len(name)) - start and typed[-1 - end] == name[-1 - end]:
        end += 1
    left, right = typed[start : len(typed) - end], name[start : len(name) - end]
    if len(left) == len(right) == 1:
        return len(name) > 4  # short words often differ in one character: rate, date
    return len(left) + len(right) == 1 or (len(left) == 2 and left == right[::-1])
