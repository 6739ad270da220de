"""What is asked for ahead: fetched in one go, and never in the way of what is read."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardcat.storage import _linux
from cardcat.storage.quick import ahead
from cardcat.storage.quick.ahead import Ahead

_REFUSING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_AFTER_REFUSAL = """
import mmap, os, sys
from cardcat.storage.quick.ahead import Ahead

asked = Ahead()
asked.ask(os.open(sys.argv[1], os.O_RDONLY), 0, 1 << 20)
theirs = [mmap.mmap(-1, 1 << 20) for _ in range(20)]
for one in theirs:
    one.write(b"x" * (1 << 20))
asked.ask(os.open(sys.argv[2], os.O_RDONLY), 0, 5000)
asked.send()
asked.close()
assert all(one[:] == b"x" * (1 << 20) for one in theirs)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files are mapped to be asked for on Linux")


@pytest.fixture
def asked() -> Iterator[Ahead]:
    """One that is closed in the end."""
    one = Ahead()
    yield one
    one.close()


def _opened(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    return fd


def _resident(fd: int, length: int) -> int:
    return _linux.resident_pages(fd, 0, length)


def test_what_was_sent_is_fetched(asked: Ahead, tmp_path: Path) -> None:
    files = [_opened(tmp_path / str(number), bytes(5000)) for number in range(20)]
    if any(_resident(fd, 5000) for fd in files):
        pytest.skip("this filesystem keeps everything in memory")
    for fd in files:
        asked.ask(fd, 0, 5000)
    assert not any(_resident(fd, 5000) for fd in files), "asked for, not sent"
    asked.send()
    for fd in files:
        assert len(os.pread(fd, 5000, 0)) == 5000
        assert _resident(fd, 5000) == 2
        os.close(fd)


def test_a_part_in_the_middle_of_a_page_is_fetched(asked: Ahead, tmp_path: Path) -> None:
    fd = _opened(tmp_path / "a", bytes(1 << 20))
    if _resident(fd, 1 << 20):
        pytest.skip("this filesystem keeps everything in memory")
    asked.ask(fd, 500_001, 16_384)
    asked.send()
    while _resident(fd, 1 << 20) < 5:  # it is on its way
        os.pread(fd, 16_384, 500_001)
    assert _resident(fd, 1 << 20) < 100, "not all of the file"
    os.close(fd)


def test_more_than_there_is_room_for_is_sent_in_parts(
    asked: Ahead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_ROOM", 3 * resource.getpagesize())
    fds = [_opened(tmp_path / str(number), bytes(4000)) for number in range(10)]
    for fd in fds:
        asked.ask(fd, 0, 4000)
    asked.send()
    for fd in fds:
        assert os.pread(fd, 4000, 0) == bytes(4000)
        os.close(fd)


def test_files_are_let_go_once_they_were_asked_for(asked: Ahead, tmp_path: Path) -> None:
    fd = _opened(tmp_path / "a", bytes(5000))
    asked.ask(fd, 0, 5000)
    asked.send()
    os.close(fd)
    assert str(tmp_path) not in Path("/proc/self/maps").read_text(), "a card could not be taken out"


def test_a_file_that_ends_before_its_end_does_no_harm(asked: Ahead, tmp_path: Path) -> None:
    fd = _opened(tmp_path / "a", bytes(50_000))
    os.truncate(tmp_path / "a", 10)
    asked.ask(fd, 0, 50_000)
    asked.send()
    assert os.pread(fd, 50_000, 0) == bytes(10)
    os.close(fd)


def test_what_others_have_where_a_mapping_was_refused_is_left_alone(tmp_path: Path) -> None:
    """The system takes the room away before the filesystem says no: the next memory may be given there."""
    if not _REFUSING.exists():
        pytest.skip("there is no /sys here")
    (tmp_path / "a").write_bytes(bytes(5000))
    done = subprocess.run(
        [sys.executable, "-c", _AFTER_REFUSAL, str(_REFUSING), str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_pipe_is_told(asked: Ahead, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    fd = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match="Illegal seek"):
        asked.ask(fd, 0, 100)
    os.close(fd)


def test_without_address_space_each_file_is_asked_for_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_room", lambda: None)
    one = Ahead()
    fd = _opened(tmp_path / "a", bytes(5000))
    one.ask(fd, 0, 5000)
    one.send()
    one.close()
    assert os.pread(fd, 5000, 0) == bytes(5000)
    os.close(fd)
