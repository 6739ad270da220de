"""What is asked of macOS, as far as that can be told on another system."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cardcat.model import Evidence
from cardcat.storage import _macos, system
from cardcat.storage._macos import F_FULLFSYNC, F_NOCACHE, MacDisk
from cardcat.storage.disk import Disk
from cardcat.storage.durable import make_durable
from cardcat.storage.verify import read_back


class Asked:
    """In the place of fcntl(2): notes what is asked, and fails as told."""

    def __init__(self, trouble: int | None = None) -> None:
        self.calls: list[int] = []
        self.trouble = trouble

    def __call__(self, fd: int, command: int, argument: int = 0) -> int:
        self.calls.append(command)
        if self.trouble is not None:
            raise OSError(self.trouble, os.strerror(self.trouble))
        return 0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked()
    monkeypatch.setattr("cardcat.storage._macos.fcntl.fcntl", found)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a"
    path.write_bytes(b"a photo")
    return path


def test_each_file_is_synced_down_to_the_drives_own_cache(asked: Asked, file: Path) -> None:
    make_durable(MacDisk(), [file, file], "ext4")

    assert asked.calls == [F_FULLFSYNC, F_FULLFSYNC]


def test_a_share_that_knows_no_such_sync_gets_the_plain_one(
    asked: Asked, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.trouble = errno.ENOTSUP
    plain: list[int] = []
    monkeypatch.setattr("cardcat.storage._macos.os.fsync", plain.append)
    with file.open("rb") as opened:
        MacDisk().fsync(opened.fileno())

    assert len(plain) == 1


def test_a_medium_that_fails_is_not_taken_for_one_that_was_not_asked(asked: Asked, file: Path) -> None:
    asked.trouble = errno.EIO
    with file.open("rb") as opened, pytest.raises(OSError, match="Input/output"):
        MacDisk().fsync(opened.fileno())


def test_copies_are_read_past_the_cache_and_still_not_called_cold(asked: Asked, file: Path) -> None:
    answer = read_back(MacDisk(), file, 7, "ext4")

    assert F_NOCACHE in asked.calls
    assert answer.evidence is Evidence.READ_BACK


def test_a_name_that_is_taken_stays_whoevers_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = file.with_name("b")
    other.write_bytes(b"another")

    def refuse(source: bytes, target: bytes) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(_macos, "_rename_excl", refuse)
    with pytest.raises(FileExistsError):
        MacDisk().rename_new(file, other)
    MacDisk().rename_new(file, file.with_name("c"))

    assert other.read_bytes() == b"another"
    assert file.with_name("c").read_bytes() == b"a photo"


def test_each_system_has_its_own_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardcat.storage.system.sys.platform", "darwin")
    assert type(system.this_disk()) is MacDisk
    monkeypatch.setattr("cardcat.storage.system.sys.platform", "linux")
    assert type(system.this_disk()) is Disk
