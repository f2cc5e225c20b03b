"""Every URL in a feed is a valid URI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path

import pytest
from lxml import etree
from lxml.html import fragment_fromstring

from site_folder import PNG, SiteFolder
from syndicate.findings import Finding
from syndicate.uris import is_uri

ODD = (
    *("https://a.example/p[1].png", "https://a.example/?f[]=1&g={x}", "https://a.example/a|b^c"),
    *("https://bücher.example/straße", "https://straße.de/x", "https://i❤.ws/", "//ä.example/[x]"),
    *("https://a.example/100%/", "https://a.example\\b\\c", "pic [1].png", "a%zz.png", "ä[b].png"),
    *("https://b%C3%BCcher.example/neu", "?x=[1]", "#a[b]", "../[up]/", "/root[1]/100%"),
    *("mailto:ann@bücher.example", "https://[2001:db8::1]/[x]", "https://a.example/\u202e\u00a0x"),
)
IMPOSSIBLE = ("https://exa mple.org/x.png", "https://h:99999/x.png", "https://[::1/x.png")
WEEKLY = {
    "weekly": {"title": "Lake Weekly", "sender": "lake@bücher.example", "postal_address": "Here"}
}
NAMES = ("href", "src", "poster", "cite")


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    return SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")


def of_html(html: str) -> set[str]:
    root = fragment_fromstring(html, create_parent="div")
    found = {each.get(name, "") for each in root.iter() for name in NAMES}
    sets = (each.get("srcset", "") for each in root.iter() if each.get("srcset"))
    return found | {part.split()[0] for each in sets for part in each.split(", ")}


def addresses(site: SiteFolder) -> set[str]:
    """All addresses in the feeds of all formats."""
    found: set[str] = set()
    for file in (site.root / "public").rglob("*.xml"):
        root = etree.parse(str(file)).getroot()
        for each in root.iter(etree.Element):
            found |= {each.get(name, "") for name in ("href", "url", "src", "scheme")}
            local = etree.QName(each).localname
            if local in ("link", "guid", "id", "uri", "docs", "comments") and each.text:
                found.add(each.text.strip())
            if local in ("encoded", "content", "description", "summary") and each.text:
                found |= of_html(each.text) if "<" in each.text else set()
        found |= set(re.findall(r'xml-stylesheet[^?]*href="([^"]*)"', file.read_text()))
    for file in (site.root / "public").rglob("feed.json"):
        found |= of_json(json.loads(file.read_text()))
    return {unescape(each) for each in found if each.strip()}


def of_json(value: object) -> set[str]:
    found: set[str] = set()
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, str) and (key.endswith("url") or key in ("image", "id", "icon")):
            found.add(each)
        elif key == "content_html":
            found |= of_html(str(each))
    children = value.values() if isinstance(value, dict) else value
    for each in children if isinstance(children, Iterable) and not isinstance(value, str) else ():
        found |= of_json(each)
    return found


def body(address: str) -> str:
    quoted = address.replace('"', "&quot;")
    candidates = f"{quoted.replace(' ', '%20')} 2x, {quoted.replace(' ', '')} 3x"
    return f"""![picture](<{address}>) [link](<{address}>)

<img src="{quoted}" alt=""><a href="{quoted}">x</a><video src="{quoted}" poster="{quoted}"></video>
<blockquote cite="{quoted}">q</blockquote><img src="x.png" alt="" srcset="{candidates}">
"""


def test_every_address_in_a_feed_is_a_uri(site: SiteFolder) -> None:
    site.configure(
        site={"url": "https://bücher.example/[blog]/"}, feeds={"hub": "https://hüb.example/"}
    )
    for name in ("pic [1].png", "ä[b].png", "song [1].mp3"):
        site.write(name, PNG)
    for number, address in enumerate(ODD):
        for suffix in ("md", "html"):
            site.article(
                f"{suffix}/{number} [x] ä.{suffix}",
                f"Number {number} {suffix}",
                body(address),
                date="2026-03-08",
                image=address,
                enclosure="/song [1].mp3",
                aliases=[address],
                tags=["a[b] ä|c"],
                **({} if address.startswith("mailto") else {"url": f"{address}-{suffix}"}),
            )
    report = site.build()
    assert report.articles == 2 * len(ODD)
    found = addresses(site)
    assert len(found) > 130
    assert sorted(each for each in found if not is_uri(each)) == []
    hosts = {each.split("/")[2] for each in found if "://" in each}
    assert {"xn--bcher-kva.example", "xn--strae-oqa.de", "xn--i-7iq.ws"} <= hosts
    assert not hosts & {"strasse.de", "b%C3%BCcher.example"}


@pytest.mark.parametrize("address", IMPOSSIBLE)
@pytest.mark.parametrize("suffix", ["md", "html"])
def test_an_invalid_url_is_left_out_and_named(site: SiteFolder, address: str, suffix: str) -> None:
    for number, text in enumerate((f"[x](<{address}>)", f'<a href="{address}">x</a>')):
        if suffix == "md" or number:
            site.article(f"{number}.{suffix}", "A", f"<p>One.</p>\n\n<p>Two.</p>\n\n{text}")
    site.article(f"header.{suffix}", "B", image=address, url=address, aliases=[address])
    report = site.build()
    lines = [(f.path, f.line) for f in report.findings if f.rule == "link-unsafe"]
    assert lines == [(f"{n}.{suffix}", 8) for n in (0, 1) if suffix == "md" or n]
    rules = {f.rule for f in report.findings if f.path.startswith("header") and f.line}
    assert rules == {"permalink-ignored", "image-missing", "alias-ignored"}
    assert all(is_uri(each) for each in addresses(site))
    assert {each.split("/")[2] for each in addresses(site) if "://" in each} <= {
        "example.org",
        "www.rssboard.org",
    }


def email_findings(findings: tuple[Finding, ...]) -> list[Finding]:
    return [each for each in findings if each.rule.startswith(("email", "newsletter"))]


def test_a_site_with_an_international_domain_sends_newsletters(site: SiteFolder) -> None:
    site.configure(site={"url": "https://bücher.example/"}, newsletters=WEEKLY)
    site.article("lake.md", "Lake", "Words of the [lake](https://bücher.example/x).")
    report = site.build()
    assert email_findings(report.findings) == []
    message = (site.root / "issues/weekly/next/message.eml").read_text()
    assert "https://xn--bcher-kva.example/" in message
    assert "From: lake@xn--bcher-kva.example" in message
    assert site.ids("feed.json")[0].startswith("tag:xn--bcher-kva.example,")
