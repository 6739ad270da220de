"""What is asked of macOS, as far as that can be told on another system."""

from __future__ import annotations

import ast
import errno
import os
import subprocess
import sys
from ctypes import c_char_p, c_uint, set_errno
from pathlib import Path

import pytest

from cardcat.model import Evidence
from cardcat.storage import _macos, system
from cardcat.storage._macos import F_FULLFSYNC, F_NOCACHE, MacDisk
from cardcat.storage.disk import Disk
from cardcat.storage.durable import make_durable
from cardcat.storage.verify import read_back
from tests.program_text import calls


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


def test_each_folder_is_synced_as_far_as_a_file(asked: Asked, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    fd = os.open(tmp_path, os.O_RDONLY)

    MacDisk().fsync_folder(tmp_path)
    MacDisk().fsync_folder(fd)
    os.close(fd)

    assert asked.calls == [F_FULLFSYNC, F_FULLFSYNC]
    asked.trouble = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        MacDisk().fsync_folder(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


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


class Library:
    """In the place of the C library: notes how renamex_np(2) is called, and fails as told."""

    def __init__(self, trouble: int = 0) -> None:
        self.calls: list[tuple[bytes, bytes, int]] = []
        self.trouble = trouble

    def renamex_np(self, source: c_char_p, target: c_char_p, flags: c_uint) -> int:
        assert source.value is not None
        assert target.value is not None
        self.calls.append((source.value, target.value, flags.value))
        set_errno(self.trouble)
        return -1 if self.trouble else 0


def libc(monkeypatch: pytest.MonkeyPatch, trouble: int = 0) -> Library:
    found = Library(trouble)
    monkeypatch.setattr("cardcat.storage._macos.ctypes.CDLL", lambda name, use_errno: found)
    return found


def test_names_are_given_by_the_call_that_never_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    library = libc(monkeypatch)

    MacDisk().rename_new("a", "b")

    assert library.calls == [(b"a", b"b", 0x4)]


@pytest.mark.parametrize(
    ("trouble", "raised"), [(errno.EEXIST, FileExistsError), (errno.EIO, OSError), (errno.ENOENT, OSError)]
)
def test_what_that_call_says_is_told_with_both_names(
    file: Path, monkeypatch: pytest.MonkeyPatch, trouble: int, raised: type[OSError]
) -> None:
    libc(monkeypatch, trouble)

    with pytest.raises(raised) as told:
        MacDisk().rename_new(file, file.with_name("b"))

    assert (told.value.errno, told.value.filename2) == (trouble, str(file.with_name("b")))
    assert file.exists()


def test_a_cache_that_can_not_be_gone_past_is_no_direct_way(asked: Asked, file: Path) -> None:
    asked.trouble = errno.ENOTTY
    before = len(os.listdir("/proc/self/fd"))

    with pytest.raises(OSError, match="ioctl"):
        MacDisk().open_direct(file)

    assert len(os.listdir("/proc/self/fd")) == before
    assert read_back(MacDisk(), file, 7, "apfs").evidence is Evidence.READ_BACK


def test_what_the_system_lacks_is_not_asked_for(file: Path) -> None:
    with file.open("rb") as opened, pytest.raises(OSError, match="not implemented"):
        MacDisk().sync_filesystem(opened.fileno())
    with file.open("rb") as opened:
        MacDisk().start_writeback(opened.fileno())


WITHOUT_LINUX = """
import os, sys
for name in ("O_PATH", "O_NOATIME", "O_DIRECT", "posix_fadvise", "POSIX_FADV_DONTNEED"):
    delattr(os, name)
sys.platform = "darwin"
from cardcat.storage.system import this_disk
disk, buffer = this_disk(), bytearray(20)
fd = disk.open_copy(sys.argv[1])
print(type(disk).__name__, buffer[: disk.read_into(fd, memoryview(buffer))].decode())
"""


def test_nothing_that_only_linux_has_is_needed_to_open_and_read(file: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_LINUX, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout.strip(), done.stderr) == ("MacDisk a photo", "")


def test_nobody_takes_the_plain_seam_without_asking_which_system_it_is() -> None:
    def is_plain(call: ast.Call) -> bool:
        return isinstance(call.func, ast.Name) and call.func.id == "Disk"

    assert list(calls(is_plain, in_files=lambda file: not file.endswith("storage/system.py"))) == []


def test_each_system_has_its_own_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardcat.storage.system.sys.platform", "darwin")
    assert type(system.this_disk()) is MacDisk
    monkeypatch.setattr("cardcat.storage.system.sys.platform", "linux")
    assert type(system.this_disk()) is Disk
