"""The running service accepts webhooks of configured providers, beside the signup pages."""

from __future__ import annotations

from pathlib import Path

from visits import opened

BODY = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "nobody@example.net"}
LOGIN = ("user", "a-password-by-lot")


def test_only_authenticated_providers_are_accepted(tmp_path: Path) -> None:
    webhooks = {"webhooks": {"postmark": ":".join(LOGIN)}}
    database = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, database, bounces=webhooks) as place:
        address = f"{place.url}bounces/postmark"
        post = place.client.post
        assert post(address, json=BODY, auth=LOGIN).status_code == 200
        assert post(address, json=BODY).status_code == 403
        assert post(address, json=[], auth=LOGIN).status_code == 400
        assert post(f"{place.url}bounces/mailgun", json=BODY).status_code == 404
        assert place.get("bounces/postmark").status_code == 405
        large = {**BODY, "Details": "x" * 900_000}
        assert post(address, json=large, auth=LOGIN).status_code == 200
        assert post(address, json=large | {"More": "x" * 200_000}).status_code == 413
        assert place.get("subscribe/").status_code == 200
