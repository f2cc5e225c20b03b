"""A message in the outbox is one complete file that only its owner can read."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from syndicate.errors import DeliveryError
from syndicate.mail.outbox import Outbox
from syndicate.mail.transport import Envelope, Transport


def send(transport: Transport, *messages: bytes) -> list[str]:
    replies = []
    with transport.session() as session:
        for message in messages:
            session.begin(Envelope("a@example.org", "b@example.org"))
            replies.append(session.finish(message))
    return replies


def test_each_message_is_a_file_in_the_order_they_were_sent(tmp_path: Path) -> None:
    replies = send(Outbox(tmp_path / "outbox"), b"one\r\n", b"two\r\n")
    files = sorted((tmp_path / "outbox").iterdir())
    assert [file.name for file in files] == replies
    assert [file.read_bytes() for file in files] == [b"one\r\n", b"two\r\n"]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    (name,) = send(Outbox(tmp_path / "outbox"), b"one\r\n")
    assert (tmp_path / "outbox" / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(DeliveryError, match="outbox cannot be written") as error:
        send(Outbox(tmp_path / "outbox"), b"one\r\n")
    assert not error.value.permanent


def test_partial_files_of_a_killed_program_are_deleted_and_those_being_written_are_not(
    tmp_path: Path,
) -> None:
    import fcntl

    abandoned, written = tmp_path / "one.part", tmp_path / "two.part"
    abandoned.write_text("To: ada@example.org")
    with written.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (name,) = send(Outbox(tmp_path), b"three\r\n")
        assert {each.name for each in tmp_path.iterdir()} == {"two.part", name}


def test_a_message_that_was_removed_from_the_outbox_may_have_been_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            return real(descriptor)
        for file in tmp_path.glob("*.eml"):
            file.unlink()  # by the program that sends what is here
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(DeliveryError) as caught:
        send(Outbox(tmp_path), b"one\r\n")
    assert caught.value.outcome_unknown
