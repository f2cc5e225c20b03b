"""`export`: the next issue as another service takes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from terminal import CommandResult, RunCommand, article

LISTMONK = ("export", "weekly", "--for", "listmonk", "--list", "3")
EXPORTED = Path("issues/weekly/export")


def configure(old: str, new: str) -> None:
    text = Path("config.yaml").read_text(encoding="utf-8")
    assert old in text
    Path("config.yaml").write_text(text.replace(old, new), encoding="utf-8")


def campaign() -> dict[str, object]:
    values = json.loads((EXPORTED / "listmonk/campaign.json").read_text(encoding="utf-8"))
    assert isinstance(values, dict)
    return values


def expect_refusal(result: CommandResult, *words: str) -> None:
    assert result.code == 2
    for word in words:
        assert word in result.err
    assert not EXPORTED.exists()


def test_listmonk_gets_a_campaign(site: Path, run: RunCommand) -> None:
    result = run(*LISTMONK, "--list", "5", "--template", "2")
    assert (result.code, result.out) == (0, "issues/weekly/export/listmonk/campaign.json\n")
    made = campaign()
    body, text = str(made.pop("body")), str(made.pop("altbody"))
    assert made == {
        "name": "weekly 2026-10-11",
        "subject": "Low Tide, weekly: The rule of twelfths",
        "lists": [3, 5],
        "from_email": "Low Tide <letters@example.net>",
        "type": "regular",
        "content_type": "html",
        "messenger": "email",
        "tags": ["weekly"],
        "headers": [{"List-ID": "<weekly.example.net>"}],
        "template_id": 2,
    }
    assert 'href="{{ UnsubscribeURL }}"' in body
    assert "Unsubscribe: {{ UnsubscribeURL }}\n" in text


def test_without_a_template_listmonk_uses_its_default(site: Path, run: RunCommand) -> None:
    assert run(*LISTMONK).code == 0
    assert "template_id" not in campaign()


@pytest.mark.parametrize(
    ("service", "leave"),
    [
        ("mailchimp", "*|UNSUB|*"),
        ("buttondown", "{{ unsubscribe_url }}"),
        ("sendgrid", "{{{unsubscribe}}}"),
    ],
)
def test_others_get_html_text_and_subject(
    site: Path, run: RunCommand, service: str, leave: str
) -> None:
    result = run("export", "weekly", "--for", service)
    names = ("email.html", "email.txt", "subject.txt")
    assert result.code == 0
    assert result.out.split() == [str(EXPORTED / service / name) for name in names]
    html, text, subject = (
        (EXPORTED / service / name).read_text(encoding="utf-8") for name in names
    )
    assert f'href="{leave}"' in html
    assert f"Unsubscribe: {leave}\n" in text
    assert subject == "Low Tide, weekly: The rule of twelfths\n"


def test_a_folder_can_be_named(site: Path, run: RunCommand) -> None:
    assert run("export", "weekly", "--for", "sendgrid", "--out", "out/mail").code == 0
    assert Path("out/mail/email.html").exists()
    assert not EXPORTED.exists()


def test_what_was_just_written_is_in_it(site: Path, run: RunCommand) -> None:
    article(site, "gulls.md", "---\ntitle: Gulls\ndate: 2026-11-01\n---\nEleven of them.\n")
    run(*LISTMONK)
    assert "Eleven of them." in str(campaign()["body"])
    assert Path("public/articles/gulls/index.html").exists()


def test_the_newsletters_own_service_is_the_default(site: Path, run: RunCommand) -> None:
    configure("    max_articles: 10", "    max_articles: 10\n    merge_fields: mailchimp")
    assert run("export", "weekly").out.startswith("issues/weekly/export/mailchimp/email.html")


def test_text_that_resembles_a_placeholder_is_reported(site: Path, run: RunCommand) -> None:
    article(site, "merge.md", "---\ntitle: Merge\ndate: 2026-11-01\n---\nWrite *|FNAME|* there.\n")
    result = run("export", "weekly", "--for", "mailchimp")
    assert result.code == 0
    assert "[email-merge]" in result.err
    assert "*\u2060|FNAME|*" in (EXPORTED / "mailchimp/email.txt").read_text(encoding="utf-8")
    assert "[email-merge]" not in run(*LISTMONK).err


def test_without_anything_to_send_no_older_issue_remains(site: Path, run: RunCommand) -> None:
    run(*LISTMONK)
    configure("    max_articles: 10", "    max_articles: 10\n    include: [nothing-has-this-tag]")
    result = run(*LISTMONK)
    assert (result.code, result.out) == (0, "")
    assert "weekly: nothing new to send." in result.err
    assert list((EXPORTED / "listmonk").iterdir()) == []


def test_an_issue_that_breaks_a_rule_is_not_exported(site: Path, run: RunCommand) -> None:
    footer = Path("templates/newsletter/parts/footer.html")
    html = footer.read_text(encoding="utf-8")
    assert "links.unsubscribe_url" in html
    footer.write_text(html.replace("links.unsubscribe_url", "links.home_url"), encoding="utf-8")
    result = run(*LISTMONK)
    assert (result.code, result.out) == (1, "")
    assert "[email-26]" in result.err
    assert "Nothing exported: fix the errors above first." in result.err
    assert not EXPORTED.exists()


def test_an_issue_that_cannot_be_made_is_reported_with_its_place(
    site: Path, run: RunCommand
) -> None:
    mail = Path("templates/newsletter/email.txt")
    mail.write_text("{{ nothing }}\n", encoding="utf-8")
    expect_refusal(run(*LISTMONK), "templates/newsletter/email.txt:1", "nothing")


def test_a_newsletter_that_does_not_exist(site: Path, run: RunCommand) -> None:
    result = run("export", "wekly", "--for", "listmonk", "--list", "1")
    expect_refusal(result, "there is no newsletter wekly", "did you mean weekly?")


def test_a_newsletter_with_no_similar_name(site: Path, run: RunCommand) -> None:
    expect_refusal(run("export", "x", "--for", "sendgrid"), "known: weekly")


def test_no_service(site: Path, run: RunCommand) -> None:
    expect_refusal(run("export", "weekly"), "--for listmonk|mailchimp", "newsletters.weekly.merge")


def test_an_unknown_service(site: Path, run: RunCommand) -> None:
    expect_refusal(run("export", "weekly", "--for", "pigeon"), "'listmonk'", "'sendgrid'")


def test_listmonk_needs_lists(site: Path, run: RunCommand) -> None:
    expect_refusal(run("export", "weekly", "--for", "listmonk"), "--list ID")


@pytest.mark.parametrize("option", ["--list", "--template"])
def test_only_listmonk_has_lists_and_templates(site: Path, run: RunCommand, option: str) -> None:
    result = run("export", "weekly", "--for", "mailchimp", option, "1")
    expect_refusal(result, "are for listmonk, not mailchimp")


# -- with merge: in the configuration ----------------------------------------------------------


def test_a_build_writes_the_placeholders_of_the_service(site: Path, run: RunCommand) -> None:
    plain = Path("issues/weekly/next/message.eml").read_bytes()
    page = Path("public/newsletters/weekly/next/index.html").read_bytes()
    configure("    max_articles: 10", "    max_articles: 10\n    merge_fields: sendgrid")
    assert run("build", "--strict").code == 0
    html = Path("issues/weekly/next/email.html").read_text(encoding="utf-8")
    assert 'href="{{{unsubscribe}}}"' in html
    assert Path("issues/weekly/next/message.eml").read_bytes() == plain
    assert Path("public/newsletters/weekly/next/index.html").read_bytes() == page
