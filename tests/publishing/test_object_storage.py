"""Documents in object storage: moto is the S3 server."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from published_site import PublishedSite, files

from site_folder import NOON
from syndicate.publishing.publisher import PublishOutcome

pytestmark = pytest.mark.slow

SERVER = Path(__file__).parents[2] / ".ci" / "moto-venv" / "bin" / "moto_server"
ANYONE = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request"
"""moto checks no signatures."""

SECRET = "s3cr3t-key"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server without buckets."""
    if not SERVER.exists():
        reason = "moto is not installed: .ci/moto"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("w") as file:
        server = subprocess.Popen([SERVER, "-H", "127.0.0.1", "-p", "0"], stderr=file, stdout=file)
    try:
        yield _address(log, server)
    finally:
        server.kill()
        server.wait()


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    """Where the server listens, which it writes into its log."""
    while server.poll() is None:
        with suppress(StopIteration):
            lines = log.read_text().splitlines()
            return next(line.partition(" on ")[2] for line in lines if "Running on http://" in line)
        time.sleep(0.05)
    pytest.fail(log.read_text())


@pytest.fixture
def bucket(storage: str, request: pytest.FixtureRequest) -> str:
    """The address of a new bucket."""
    name = f"bucket-{abs(hash(request.node.name))}"
    urlopen(Request(f"{storage}/{name}", method="PUT"))
    return f"{storage}/{name}"


@pytest.fixture
def site(on_sqlite: PublishedSite, bucket: str) -> PublishedSite:
    """A site that is published to a folder in the bucket."""
    configure(on_sqlite, bucket)
    return on_sqlite


def configure(site: PublishedSite, bucket: str) -> None:
    endpoint, _, name = bucket.rpartition("/")
    site.publish_to(
        url=f"s3://{name}/site",
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="key",
        secret_access_key=SECRET,
    )


def get(bucket: str, path: str) -> tuple[bytes, dict[str, str]]:
    request = Request(f"{bucket}/site/{path}", headers={"Authorization": ANYONE})
    with urlopen(request) as reply:
        return reply.read(), {name.lower(): value for name, value in reply.headers.items()}


def test_documents_are_uploaded_with_their_headers(site: PublishedSite, bucket: str) -> None:
    assert site.run() == PublishOutcome("live", written=len(files(site.output)))
    for path, data in files(site.output).items():
        assert get(bucket, path)[0] == data
    headers = get(bucket, "feed.xml")[1]
    assert headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert headers["cache-control"].startswith("max-age=")
    assert get(bucket, "index.html")[1]["content-type"] == "text/html; charset=utf-8"
    assert get(bucket, "articles/one/bird.png")[1]["content-type"] == "image/png"
    assert site.run() == PublishOutcome("live")


def test_documents_that_are_gone_are_removed(site: PublishedSite, bucket: str) -> None:
    site.run()
    site.folder.remove("two.md")
    site.folder.build()
    assert site.run().removed == 1
    with pytest.raises(OSError, match="404"):
        get(bucket, "articles/two/index.html")
    assert get(bucket, "articles/one/index.html")[0]


def test_names_in_any_script_are_kept(site: PublishedSite, bucket: str) -> None:
    site.folder.article("größe.md", "Größe", date="2026-11-04", slug="größe-100%")
    site.folder.build()
    assert site.run().failure == ""
    assert site.run() == PublishOutcome("live")
    odd = [path for path in files(site.output) if not path.isascii() or "%" in path]
    site.folder.remove("größe.md")
    site.folder.build()
    assert site.run().removed == max(len(odd), 1)


def test_a_removal_that_was_done_before_is_no_failure(site: PublishedSite, bucket: str) -> None:
    site.run()
    urlopen(
        Request(
            f"{bucket}/site/articles/two/index.html",
            method="DELETE",
            headers={"Authorization": ANYONE},
        )
    )
    site.folder.remove("two.md")
    site.folder.build()
    assert site.run().failure == ""


def test_a_server_that_is_away_is_tried_again_and_no_secret_is_shown(
    site: PublishedSite, bucket: str
) -> None:
    configure(site, "http://127.0.0.1:1/bucket")
    first = site.run().failure
    assert "127.0.0.1:1" in first
    assert SECRET not in first
    later = NOON + timedelta(seconds=31)
    assert site.run(later).failure.partition("/site/")[0] == first.partition("/site/")[0]
    configure(site, bucket)
    assert site.run(later).failure == ""
    assert get(bucket, "index.html")[0]


def test_a_bucket_that_is_not_there_is_reported(site: PublishedSite, storage: str) -> None:
    configure(site, f"{storage}/no-such-bucket")
    assert "NoSuchBucket" in site.run().failure
