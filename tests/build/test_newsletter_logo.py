"""The logo of a newsletter among the documents of the site."""

from __future__ import annotations

from three_articles import WEEKLY, three_articles

from site_folder import PNG, SiteFolder


def branded(sqlite_site: SiteFolder, **brand: str) -> None:
    sqlite_site.configure(newsletters={"weekly": WEEKLY["weekly"] | {"brand": brand}})


def test_a_logo_is_published_with_the_newsletter_and_follows_its_file(
    sqlite_site: SiteFolder,
) -> None:
    branded(sqlite_site, logo="art/mark.png", logo_alt="A lake")
    sqlite_site.write("art/mark.png", PNG)
    three_articles(sqlite_site)
    sqlite_site.build()
    logo = "newsletters/weekly/logo.png"
    shown = f'src="https://example.org/{logo}" alt="A lake" width="1" height="1"'
    assert shown in sqlite_site.text("newsletters/weekly/next/index.html")
    assert (sqlite_site.root / "public" / logo).read_bytes() == PNG
    assert sqlite_site.build().written == ()
    sqlite_site.write("art/mark.png", PNG + b"newer")
    assert logo in sqlite_site.build().written
    branded(sqlite_site)
    sqlite_site.build()
    assert not sqlite_site.has(logo)
    assert "Sea" in sqlite_site.text("newsletters/weekly/next/index.html")


def test_a_missing_logo_is_reported_at_its_setting(sqlite_site: SiteFolder) -> None:
    branded(sqlite_site, logo="mark.png")
    three_articles(sqlite_site)
    (finding,) = (each for each in sqlite_site.build().findings if each.rule == "newsletter-failed")
    assert "the logo mark.png" in finding.message
    assert (finding.path, finding.line is not None) == (str(sqlite_site.config_file), True)
    sqlite_site.write("mark.png", PNG)
    assert "newsletter-failed" not in {each.rule for each in sqlite_site.build().findings}
    assert sqlite_site.has("newsletters/weekly/logo.png")


def test_a_logo_on_another_site_is_only_linked(sqlite_site: SiteFolder) -> None:
    branded(sqlite_site, logo="https://e.org/mark.png")
    three_articles(sqlite_site)
    sqlite_site.build()
    assert 'src="https://e.org/mark.png"' in sqlite_site.text("newsletters/weekly/next/index.html")
    assert not sqlite_site.has("newsletters/weekly/logo.png")
