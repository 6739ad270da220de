"""The seam does what it says, also where the system can't."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cardcat.storage import _linux
from cardcat.storage.disk import Disk, StrPath


def refuse_renames(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(source: bytes, target: bytes, folder: int | None) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(_linux, "rename_noreplace", refuse)


def test_renaming_moves_a_file(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "a").write_bytes(b"a")

    disk.rename_new(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == b"a"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("taken", ["file", "link", "folder"])
def test_renaming_replaces_nothing_even_if_nobody_looks(tmp_path: Path, taken: str) -> None:
    class Blind(Disk):
        def exists(self, path: StrPath) -> bool:
            return False

    (tmp_path / "a").write_bytes(b"a")
    occupy(tmp_path / "b", taken)

    with pytest.raises(FileExistsError, match="b"):
        Blind().rename_new(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "a").read_bytes() == b"a"
    assert_occupied(tmp_path / "b", taken)


@pytest.mark.parametrize("taken", ["file", "link", "folder"])
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_renaming_looks_first_where_the_filesystem_promises_nothing(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, number: int, taken: str
) -> None:
    refuse_renames(monkeypatch, number)
    (tmp_path / "a").write_bytes(b"a")
    occupy(tmp_path / "b", taken)

    with pytest.raises(FileExistsError):
        disk.rename_new(tmp_path / "a", tmp_path / "b")
    assert_occupied(tmp_path / "b", taken)

    disk.rename_new(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == b"a"


def test_other_trouble_at_renaming_is_told_with_both_names(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_renames(monkeypatch, errno.EROFS)

    with pytest.raises(OSError, match="Read-only") as caught:
        disk.rename_new(tmp_path / "a", tmp_path / "b")
    assert (caught.value.filename, caught.value.filename2) == (str(tmp_path / "a"), str(tmp_path / "b"))


def occupy(path: Path, kind: str) -> None:
    if kind == "file":
        path.write_bytes(b"precious")
    elif kind == "link":
        path.symlink_to("nowhere")
    else:
        path.mkdir()


def assert_occupied(path: Path, kind: str) -> None:
    if kind == "file":
        assert path.read_bytes() == b"precious"
    else:
        assert path.is_symlink() if kind == "link" else path.is_dir()


def test_a_new_file_replaces_nothing(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "a").write_bytes(b"precious")
    (tmp_path / "b").symlink_to("c")

    for name in ("a", "b"):
        with pytest.raises(FileExistsError):
            disk.open_new(tmp_path / name)

    assert (tmp_path / "a").read_bytes() == b"precious"
    assert not (tmp_path / "c").exists()


def test_access_times_are_asked_to_stay_and_nothing_fails_where_they_cant(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"a")
    really, asked = os.open, []

    def for_owners_only(path: str, flags: int, *more: int, dir_fd: int | None = None) -> int:
        asked.append(bool(flags & os.O_NOATIME))
        if flags & os.O_NOATIME:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        return really(path, flags, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", for_owners_only)

    for fd in (disk.open_source(tmp_path / "a"), disk.open_folder(tmp_path)):
        disk.close(fd)
    assert asked == [True, False, True, False]


def test_a_pipe_or_a_link_is_not_opened_as_a_source(tmp_path: Path, disk: Disk) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(__file__)

    with pytest.raises(OSError, match="not a regular file"):
        disk.open_source(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic links"):
        disk.open_source(tmp_path / "link")


def test_folders_are_made_with_their_entries_synced(tmp_path: Path) -> None:
    class Recording(Disk):
        def __init__(self) -> None:
            super().__init__()
            self.synced: list[Path] = []

        def fsync_folder(self, path: StrPath | int) -> None:
            super().fsync_folder(path)
            self.synced.append(Path(os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else path))

    disk = Recording()

    disk.make_folders(tmp_path / "2024" / "2024-05-01")
    disk.make_folders(tmp_path / "2024" / "2024-05-01")

    assert (tmp_path / "2024" / "2024-05-01").is_dir()
    assert disk.synced == [tmp_path, tmp_path / "2024"]


def test_a_file_in_a_folders_place_is_no_folder(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "2024").write_bytes(b"precious")

    with pytest.raises(OSError, match="2024"):
        disk.make_folders(tmp_path / "2024" / "2024-05-01")
    assert (tmp_path / "2024").read_bytes() == b"precious"


def test_a_dangling_link_is_something(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "file").touch()

    assert disk.exists(tmp_path / "link")
    assert not disk.exists(tmp_path / "nothing")
    assert not disk.exists(tmp_path / "file" / "below")


def test_a_system_that_takes_no_bytes_is_an_error(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", lambda fd, view: 0)

    with pytest.raises(OSError, match="no more bytes"):
        disk.write(0, memoryview(b"abc"))


@pytest.mark.parametrize(
    ("number", "fails"), [(errno.EPERM, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_a_filesystem_without_times_or_rights_is_no_failure(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, number: int, *, fails: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    if not fails:
        disk.set_times(0, 1)
        disk.set_read_only(0)
        return
    with pytest.raises(OSError, match="output"):
        disk.set_times(0, 1)
    with pytest.raises(OSError, match="output"):
        disk.set_read_only(0)


@pytest.mark.parametrize(("number", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cant_be_synced_fails_only_if_the_medium_does(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, number: int, *, fails: bool
) -> None:
    def refuse(fd: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if fails:
        with pytest.raises(OSError, match="output"):
            disk.fsync_folder(tmp_path)
    else:
        disk.fsync_folder(tmp_path)


def test_synced_pages_can_be_dropped_and_counted(tmp_path: Path, disk: Disk, block_fs: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1_000_000)
    fd = disk.open_copy(path)
    disk.sync_filesystem(fd)
    assert _linux.resident_pages(fd, 0, 1_000_000) > 200

    assert disk.drop_cache(fd, 1_000_000) == 0
    os.pread(fd, 10, 900_000)
    assert _linux.resident_pages(fd, 900_000, 10) == 1
    disk.close(fd)


def test_pages_beyond_4_gib_are_counted(tmp_path: Path, disk: Disk, block_fs: str) -> None:
    size = (5 << 30) + 123
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    fd = disk.open_copy(tmp_path / "large")

    assert disk.drop_cache(fd, size) == 0
    os.pread(fd, 1, size - 1)
    assert _linux.resident_pages(fd, 0, size) > 0
    assert disk.drop_cache(fd, size) == 0
    disk.close(fd)


def test_memory_keeps_its_files(memory_folder: Path, disk: Disk) -> None:
    (memory_folder / "a").write_bytes(b"x" * 100_000)
    fd = disk.open_copy(memory_folder / "a")

    assert disk.drop_cache(fd, 100_000)
    disk.close(fd)


def test_where_nobody_tells_of_pages_none_is_the_answer(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int, offset: int, length: int) -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(_linux, "resident_pages", refuse)
    (tmp_path / "a").write_bytes(b"x")
    fd = disk.open_copy(tmp_path / "a")

    assert disk.drop_cache(fd, 1) is None
    disk.close(fd)


def test_a_call_that_the_system_lacks_says_so() -> None:
    with pytest.raises(OSError, match="not implemented") as caught:
        _linux._call("no_such_call_anywhere")
    assert caught.value.errno == errno.ENOSYS


def test_an_interrupted_call_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([-1, -1, 0])
    monkeypatch.setattr(_linux, "_function", lambda name, result: lambda *_: next(answers))
    monkeypatch.setattr(_linux, "_last_error", lambda name: InterruptedError(errno.EINTR, "Interrupted"))

    _linux._call("syncfs", 3)

    assert next(answers, "no more") == "no more"


def test_free_space_is_what_the_user_may_fill(tmp_path: Path, disk: Disk) -> None:
    numbers = os.statvfs(tmp_path)
    assert 0 < disk.free_bytes(tmp_path) <= numbers.f_bfree * numbers.f_frsize


def test_a_tree_is_removed_without_following_links(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a").write_bytes(b"precious")
    (tmp_path / "mine" / "deep" / "link").symlink_to(tmp_path / "photos")

    disk.remove_tree(tmp_path / "mine")

    assert (tmp_path / "photos" / "a").read_bytes() == b"precious"
    assert not (tmp_path / "mine").exists()
