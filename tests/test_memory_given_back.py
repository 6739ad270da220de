"""What a large card leaves in memory: nothing that keeps others from theirs, and no error of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cardcat.model import SessionStatus
from cardcat.stages import copying
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.volumes import volume_of
from tests.support import Desk, fill, jpeg

_LARGE = {f"DCIM/{n}.JPG": jpeg(n) + bytes(100_000) for n in range(3)}


class Watching(Disk):
    """Notes of which files memory is given back."""

    def __init__(self) -> None:
        super().__init__()
        self.given_back: list[str] = []

    def has_read(self, fd: int, offset: int, length: int) -> None:
        assert (offset, length) == (0, 0)
        self.given_back.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        super().has_read(fd, offset, length)


class OnceOnly(Disk):
    """A card that is pulled as soon as all of it is copied."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: set[str] = set()

    def open_source(self, path: StrPath) -> int:
        if str(path) in self._opened:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._opened.add(str(path))
        return super().open_source(path)


@pytest.fixture
def near(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tests run on counts as a local drive."""
    monkeypatch.setattr(copying, "LOCAL_FILESYSTEMS", {volume_of(desk.folder).fs_type})


@pytest.mark.usefixtures("near")
def test_memory_is_given_back_once_much_has_been_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MUCH", 100_000)
    fill(desk.card, {**_LARGE, "DCIM/small.txt": b"small"})
    disk = Watching()
    drives = ("one", "two")
    assert desk.backup(*drives, disk=disk).status == SessionStatus.COMPLETED
    card = [str(desk.card / name) for name in _LARGE]
    copies = [name for name in disk.given_back if "/.cardcat/incoming/" in name]
    assert sorted(set(disk.given_back) - set(copies)) == card
    assert len(copies) == len(drives) * len(_LARGE)


def test_nobody_is_asked_for_it_over_a_network(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MUCH", 0)
    monkeypatch.setattr(copying, "LOCAL_FILESYSTEMS", frozenset())
    fill(desk.card, _LARGE)
    disk = Watching()
    assert desk.backup(disk=disk).status == SessionStatus.COMPLETED
    assert disk.given_back == []


@pytest.mark.usefixtures("near")
def test_of_a_small_card_it_is_kept(desk: Desk) -> None:
    fill(desk.card, _LARGE)
    disk = Watching()
    assert desk.backup(disk=disk).status == SessionStatus.COMPLETED
    assert disk.given_back == []


@pytest.mark.usefixtures("near")
def test_what_stands_in_its_way_is_no_failure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MUCH", 0)
    fill(desk.card, _LARGE)
    result = desk.backup(disk=OnceOnly())
    assert result.status == SessionStatus.COMPLETED
    assert result.sessions[0].counts.copied == len(_LARGE)
    assert not result.findings
