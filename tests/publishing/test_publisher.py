"""Each target gets what it lacks, once, in order; failures are retried, removals come last."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from published_site import PublishedSite, files

from site_folder import NOON
from syndicate.publishing.publisher import MAX_REMOVALS, PublishOutcome, publish
from syndicate.store.incarnation import RESTORED

HOOK = {"listener": {"on": ["documents-changed"], "command": "cat"}}


def record(site: PublishedSite) -> Path:
    """Publish by a command that appends what it is given to a file, one JSON list a line."""
    script = site.folder.root / "record.py"
    script.write_text(
        "import json, pathlib, sys\n"
        "paths = sys.stdin.read().splitlines()\n"
        "there = [path for path in paths if (pathlib.Path('public') / path).exists()]\n"
        "with open('record', 'a') as file:\n"
        "    print(json.dumps([there, sorted(set(paths) - set(there))]), file=file)\n"
    )
    site.publish_to(command=f"{sys.executable} {script}")
    return site.folder.root / "record"


def recorded(file: Path) -> list[list[list[str]]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_target_gets_every_document_and_its_time(published: PublishedSite) -> None:
    outcome = published.run()
    assert files(published.live) == files(published.output)
    assert outcome == PublishOutcome("live", written=len(files(published.output)))
    for path in files(published.output):
        times = [(folder / path).stat().st_mtime for folder in (published.live, published.output)]
        assert times[0] == times[1], path


def test_only_what_changed_is_written_and_what_is_gone_is_removed(
    published: PublishedSite,
) -> None:
    published.run()
    before = {path: (published.live / path).stat().st_ino for path in files(published.live)}
    assert published.run() == PublishOutcome("live")
    published.folder.remove("two.md")
    report = published.folder.build()
    outcome = published.run()
    assert files(published.live) == files(published.output)
    assert outcome.removed == len(before.keys() - files(published.output).keys()) == 1
    replaced = {p for p in before if (published.live / p).exists()} - {
        p
        for p, inode in before.items()
        if (published.live / p).exists() and (published.live / p).stat().st_ino == inode
    }
    assert replaced <= set(report.written)


def test_files_come_before_pages_and_pages_before_feeds(on_sqlite: PublishedSite) -> None:
    file = record(on_sqlite)
    on_sqlite.run()
    order = [path for written, _ in recorded(file) for path in written]
    assert sorted(order) == sorted(files(on_sqlite.output))
    last: dict[str, int] = {}
    for position, path in enumerate(order):
        last.setdefault(path, position)
    texts = [p for p in order if p.startswith("articles/") and p.endswith(".html")]
    feeds = [p for p in order if p.endswith((".xml", ".json"))]
    assert last["articles/one/bird.png"] < min(last[path] for path in texts)
    assert max(last[path] for path in texts) < last["index.html"]
    assert last["index.html"] < min(last[path] for path in feeds if "feed" in path)


def test_removals_come_last_and_a_command_sees_that_they_are_gone(
    on_sqlite: PublishedSite,
) -> None:
    file = record(on_sqlite)
    on_sqlite.run()
    file.unlink()
    on_sqlite.folder.remove("two.md")
    on_sqlite.folder.article("three.md", "Three", date="2026-11-03")
    on_sqlite.folder.build()
    on_sqlite.run()
    *writing, (written, removed) = recorded(file)
    assert (written, removed) == ([], ["articles/two/index.html"])
    assert writing
    assert all(gone == [] for _, gone in writing)


def test_a_failure_is_retried_later_and_again_later(published: PublishedSite) -> None:
    published.live.rmdir()
    assert "there is no folder" in published.run().failure
    published.live.mkdir()
    assert "there is no folder" in published.run(NOON + timedelta(seconds=29)).failure
    assert files(published.live) == {}, "its next try has not come"
    assert published.run(NOON + timedelta(seconds=30)).failure == ""
    assert files(published.live) == files(published.output)


def test_a_clock_that_was_ahead_does_not_delay_the_next_try(published: PublishedSite) -> None:
    published.live.rmdir()
    assert published.run(NOON + timedelta(days=365)).failure
    published.live.mkdir()
    assert published.run(NOON).failure == ""


def test_one_failing_target_delays_no_other(on_sqlite: PublishedSite, tmp_path: Path) -> None:
    on_sqlite.folder.configure(publish={"broken": {"folder": str(tmp_path / "missing")}})
    with on_sqlite.folder.opened() as site:
        outcomes = {each.target: each for each in publish(site, NOON)}
    assert outcomes["broken"].failure
    assert outcomes["live"].written == len(files(on_sqlite.output))


@pytest.mark.slow
def test_a_publisher_that_is_killed_continues_where_it_was(on_sqlite: PublishedSite) -> None:
    """The command kills its parent when it gets the second group of documents."""
    file = record(on_sqlite)
    killer = on_sqlite.folder.root / "kill.py"
    killer.write_text(
        "import os, pathlib, signal, subprocess, sys\n"
        "if pathlib.Path('record').exists() and not pathlib.Path('killed').exists():\n"
        "    pathlib.Path('killed').touch()\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
        "    sys.exit(1)\n"
        "subprocess.run([sys.executable, 'record.py'], check=True)\n"
    )
    on_sqlite.publish_to(command=f"{sys.executable} {killer}")
    program = Path(sys.executable).with_name("syndicate")
    killed = subprocess.run([program, "publish"], cwd=on_sqlite.folder.root, capture_output=True)
    assert killed.returncode < 0
    assert len(recorded(file)) == 1
    subprocess.run([program, "publish"], cwd=on_sqlite.folder.root, check=True)
    written = [path for paths, _ in recorded(file) for path in paths]
    assert sorted(written) == sorted(files(on_sqlite.output)), "nothing lost, nothing twice"


def test_a_document_whose_writing_was_interrupted_is_removed_when_it_is_gone(
    published: PublishedSite,
) -> None:
    """Written to the target, then killed before that was kept, and then withdrawn."""
    published.run()
    published.folder.article("three.md", "Three", date="2026-11-03")
    published.folder.build()
    (published.live / "index.html").unlink()
    (published.live / "index.html").mkdir()  # the page of the article is written, this fails
    assert published.run().failure
    assert (published.live / "articles/three/index.html").exists()
    (published.live / "index.html").rmdir()
    published.folder.remove("three.md")
    published.folder.build()
    published.run_by_hand()
    assert files(published.live) == files(published.output)


def test_a_document_that_is_not_as_it_was_built_is_not_published(
    published: PublishedSite,
) -> None:
    (published.output / "index.html").write_text("half a page")
    assert "index.html is not as it was built" in published.run().failure
    published.folder.build()
    assert published.run_by_hand().failure == ""
    assert files(published.live) == files(published.output)


@pytest.mark.parametrize("place", ["public", "public/below", "."])
def test_a_folder_that_overlaps_with_the_output_is_refused(
    on_sqlite: PublishedSite, place: str
) -> None:
    on_sqlite.publish_to(folder=place)
    assert "lie within each other" in on_sqlite.run().failure


def test_files_that_were_not_published_stay(published: PublishedSite) -> None:
    (published.live / "robots.txt").write_text("by hand")
    published.run()
    published.folder.remove("two.md")
    published.folder.build()
    published.run()
    assert (published.live / "robots.txt").read_text() == "by hand"


def test_many_documents_are_removed_only_when_confirmed(published: PublishedSite) -> None:
    for number in range(MAX_REMOVALS + 1):
        published.folder.article(f"many/{number}.md", f"Number {number}", date="2026-10-01")
    published.folder.build()
    published.run()
    published.folder.remove_all("many")
    published.folder.article("three.md", "Three", date="2026-11-03")
    published.folder.build()
    outcome = published.run()
    assert outcome.removed == 0
    assert outcome.unconfirmed > MAX_REMOVALS
    assert (published.live / "articles/three/index.html").exists(), "what is new is published"
    assert published.run_by_hand(remove_any=True).removed == outcome.unconfirmed
    assert files(published.live) == files(published.output)


def test_another_destination_gets_everything(published: PublishedSite, tmp_path: Path) -> None:
    published.run()
    (other := tmp_path / "other").mkdir()
    published.publish_to(folder=str(other))
    published.run()
    assert files(other) == files(published.output)


def test_a_target_that_was_taken_out_and_comes_back_gets_everything(
    published: PublishedSite, tmp_path: Path
) -> None:
    published.run()
    (other := tmp_path / "other").mkdir()
    published.folder.settings["publish"] = {"other": {"folder": str(other)}}
    published.folder.configure()
    published.run()
    published.publish_to(folder=str(published.live))
    assert published.run().written == len(files(published.output))


def test_a_store_in_doubt_publishes_nothing(published: PublishedSite) -> None:
    with published.folder.opened() as site:
        with site.database.transaction():
            site.database.upsert("meta", ("key", "value"), [(RESTORED, "yes")])
        assert publish(site, NOON) == []
    assert files(published.live) == {}


def test_hooks_get_the_paths_that_a_target_has_now(published: PublishedSite) -> None:
    published.folder.configure(hooks=HOOK)
    published.run()
    published.folder.remove("two.md")
    published.folder.build()
    before = len(published.changes())
    published.run()
    changes = [json.loads(event.subject) for event in published.changes()[before:]]
    assert {change["target"] for change in changes} == {"live"}
    assert changes[-1]["paths"] == ["articles/two/index.html"]
    assert "index.html" in [path for change in changes for path in change["paths"]]


def test_without_a_target_hooks_get_the_paths_that_were_built(published: PublishedSite) -> None:
    published.folder.settings.pop("publish")
    published.folder.configure(hooks=HOOK)
    assert published.changes() == []
    published.folder.build()
    published.folder.article("three.md", "Three", date="2026-11-03")
    report = published.folder.build()
    last = json.loads(published.changes()[-1].subject)
    assert last["target"] == ""
    assert "articles/three/index.html" in last["paths"]
    assert set(last["paths"]) <= set(report.written)


def test_rsync_writes_and_removes(
    on_sqlite: PublishedSite, require_program: object, tmp_path: Path
) -> None:
    assert callable(require_program)
    rsync = require_program("rsync", "apt-get install rsync")
    on_sqlite.publish_to(
        command=f"{rsync} -a --delete-missing-args --files-from=- public/ {on_sqlite.live}/"
    )
    assert on_sqlite.run().failure == ""
    assert files(on_sqlite.live) == files(on_sqlite.output)
    on_sqlite.folder.remove("two.md")
    on_sqlite.folder.build()
    assert on_sqlite.run().failure == ""
    assert files(on_sqlite.live) == files(on_sqlite.output)
    for path in files(on_sqlite.output):
        times = [(f / path).stat().st_mtime for f in (on_sqlite.live, on_sqlite.output)]
        assert times[0] == times[1]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("no-such-program", "cannot be run"),
        ("sh -c 'echo no room >&2; exit 3'", "exited with 3: no room"),
    ],
)
def test_a_command_that_fails_is_reported(
    on_sqlite: PublishedSite, command: str, reason: str
) -> None:
    on_sqlite.publish_to(command=command)
    assert reason in on_sqlite.run().failure


def test_upgraded_stores_hash_all_documents_at_the_next_build(published: PublishedSite) -> None:
    with published.folder.opened() as site, site.database.transaction():
        site.database.run("UPDATE documents SET hash = '', changed = 0")
        site.database.run("DELETE FROM meta WHERE key = 'recipe'")
    assert published.run().written == 0
    published.folder.build()
    published.run_by_hand()
    assert files(published.live) == files(published.output)
