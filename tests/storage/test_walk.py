"""Everything below a root is listed or accounted for, and nothing there is touched."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcat.errors import SourceError
from cardcat.model import Finding
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.reading import expected_of
from cardcat.storage.walk import Walk, walk


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def look(root: Path, *excludes: str, disk: Disk | None = None) -> Walk:
    return walk(root, excludes, disk or Disk())


def by_path(found: Walk) -> dict[str, Finding]:
    assert len({finding.path for finding in found.findings}) == len(found.findings)
    return {finding.path: finding for finding in found.findings}


def test_every_file_is_listed_with_its_size_time_and_inode(tmp_path: Path) -> None:
    names = [
        "DCIM/100/IMG_1.JPG",
        "DCIM/100/IMG_1.XMP",
        "DCIM/101/MVI.MP4",
        ".hidden",
        "unknown.bin",
        "z/e/r/o",
    ]
    make(tmp_path, *names)
    (tmp_path / "z/e/r/o").write_bytes(b"")

    found = look(tmp_path)

    assert sorted(found.paths) == sorted(names)
    for path, size, mtime, inode in zip(found.paths, found.sizes, found.mtimes_ns, found.inodes, strict=True):
        status = (tmp_path / path).stat()
        assert (size, mtime, inode) == (status.st_size, status.st_mtime_ns, status.st_ino)
    assert (found.findings, found.empty_folders, found.unreadable, found.ignored, found.excluded) == (
        [],
        [],
        0,
        0,
        0,
    )


def test_the_order_is_the_same_whatever_the_disk_answers(tmp_path: Path) -> None:
    class Backwards(Disk):
        def list_folder(self, path: StrPath | int) -> list[str]:
            return sorted(super().list_folder(path), reverse=True)

    make(tmp_path, "b/2", "b/1", "a/1", "c", "a.b", "a/d/1")

    assert (
        look(tmp_path).paths
        == look(tmp_path, disk=Backwards()).paths
        == ["a.b", "c", "a/1", "a/d/1", "b/1", "b/2"]
    )


def test_the_published_list_is_counted_and_not_listed(tmp_path: Path) -> None:
    ignored = [
        ".DS_Store",
        "DCIM/Thumbs.db",
        "DCIM/desktop.ini",
        "DCIM/._IMG_1.JPG",
        "._DCIM",
        ".Trash-1000/files/a",
    ]
    ignored += [".Trashes/501/b", ".Spotlight-V100/s/t", ".fseventsd/x", "$RECYCLE.BIN/S-1/y"]
    ignored += ["System Volume Information/w"]
    kept = [
        "DCIM/IMG_1.JPG",
        "DCIM/._alone.JPG",
        "DCIM/thumbs.DB",
        "DCIM/desktop.ini.txt",
        "desktop.ini/IMG_2.JPG",
    ]
    make(tmp_path, *ignored, *kept)

    found = look(tmp_path)

    assert sorted(found.paths) == sorted(kept)
    assert found.ignored == len(ignored)
    assert not found.findings


def test_trouble_inside_an_ignored_folder_is_no_finding(tmp_path: Path) -> None:
    class Locked(Disk):
        def open_folder(self, path: StrPath, within: int | None = None) -> int:
            if "System Volume" in str(path):
                raise PermissionError(errno.EACCES, "Permission denied")
            return super().open_folder(path, within)

    make(tmp_path, "System Volume Information/w", "a")

    found = look(tmp_path, disk=Locked())

    assert (found.paths, found.findings, found.ignored) == (["a"], [], 1)


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*.THM", ["A/IMG.JPG", "A/b.thm", "B/C/d"]),
        ("A", ["B/C/d"]),
        ("A/*.JPG", ["A/IMG.THM", "A/b.thm", "B/C/d"]),
        ("/B/", ["A/IMG.JPG", "A/IMG.THM", "A/b.thm"]),
        ("C", ["A/IMG.JPG", "A/IMG.THM", "A/b.thm"]),
        ("a", ["A/IMG.JPG", "A/IMG.THM", "A/b.thm", "B/C/d"]),
        ("[AB]/*", []),
        ("", ["A/IMG.JPG", "A/IMG.THM", "A/b.thm", "B/C/d"]),
    ],
)
def test_excludes_match_the_path_or_the_name_and_are_counted_in_files(
    tmp_path: Path, pattern: str, left: list[str]
) -> None:
    make(tmp_path, "A/IMG.JPG", "A/IMG.THM", "A/b.thm", "B/C/d")

    found = look(tmp_path, pattern)

    assert sorted(found.paths) == left
    assert found.excluded == 4 - len(left)
    assert found.ignored == 0


def test_what_is_no_file_is_a_finding_and_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path / "card", "a")
    make(tmp_path / "elsewhere", "secret")
    card = tmp_path / "card"
    (card / "out").symlink_to(tmp_path / "elsewhere")
    (card / "loop").symlink_to(card)
    (card / "dangling").symlink_to("nowhere")
    os.mkfifo(card / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        place = os.open(card, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{place}/socket")
        os.close(place)

    found = look(card)

    kinds = {path: finding.error_type for path, finding in by_path(found).items()}
    assert found.paths == ["a"]
    assert kinds == {
        "out": "SymbolicLink",
        "loop": "SymbolicLink",
        "dangling": "SymbolicLink",
        "pipe": "Pipe",
        "socket": "Socket",
    }
    assert all(finding.attention and not finding.failed for finding in found.findings)
    assert found.unreadable == 0


def test_an_unreadable_folder_is_a_finding_and_the_walk_goes_on(tmp_path: Path) -> None:
    class Locked(Disk):
        def open_folder(self, path: StrPath, within: int | None = None) -> int:
            if path == "b":
                raise PermissionError(errno.EACCES, "Permission denied")
            return super().open_folder(path, within)

    make(tmp_path, "a/1", "b/2", "c/3")

    found = look(tmp_path, disk=Locked())

    finding = by_path(found)["b"]
    assert found.paths == ["a/1", "c/3"]
    assert (finding.error_type, finding.failed, found.unreadable) == ("PermissionError", True, 1)
    assert finding.message.startswith("Permission denied while listing this folder")


def test_a_folder_that_cant_be_read_by_its_rights_is_a_finding(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    make(tmp_path, "a/1", "b/2")
    (tmp_path / "b").chmod(0)
    try:
        assert by_path(look(tmp_path))["b"].failed
    finally:
        (tmp_path / "b").chmod(0o700)


def test_a_file_that_cant_be_looked_at_is_a_failed_finding(tmp_path: Path) -> None:
    class Damaged(Disk):
        def stat_in(self, folder: int, name: str) -> os.stat_result:
            if name == "2":
                raise OSError(errno.EIO, "Input/output error")
            return super().stat_in(folder, name)

    make(tmp_path, "a/1", "a/2", "a/3", "b/2")

    found = look(tmp_path, disk=Damaged())

    assert found.paths == ["a/1", "a/3"]
    assert sorted(by_path(found)) == ["a/2", "b/2"]
    assert all(finding.failed for finding in found.findings)
    assert found.unreadable == 2
    assert found.empty_folders == []


def test_what_a_damaged_filesystem_calls_neither_file_nor_folder_is_a_failed_finding(tmp_path: Path) -> None:
    class Damaged(Disk):
        def stat_in(self, folder: int, name: str) -> os.stat_result:
            status = super().stat_in(folder, name)
            return os.stat_result((0, *status[1:])) if name == "b" else status

    make(tmp_path, "a", "b")

    found = look(tmp_path, disk=Damaged())

    assert (found.paths, found.unreadable) == (["a"], 1)
    assert by_path(found)["b"].failed


class Meddling(Disk):
    """Does something just before the folder *when* is opened."""

    def __init__(self, when: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._when, self._act = when, act

    def open_folder(self, path: StrPath, within: int | None = None) -> int:
        if path == self._when:
            self._act()
        return super().open_folder(path, within)


def test_a_folder_that_vanishes_is_a_finding_while_the_root_is_there(tmp_path: Path) -> None:
    make(tmp_path, "a/1", "b/2", "c/3")

    found = look(tmp_path, disk=Meddling("b", lambda: shutil.rmtree(tmp_path / "b")))

    assert found.paths == ["a/1", "c/3"]
    assert by_path(found)["b"].error_type == "FileNotFoundError"
    assert by_path(found)["b"].failed


def test_a_folder_that_is_exchanged_for_another_is_not_entered(tmp_path: Path) -> None:
    card, other = tmp_path / "card", tmp_path / "other"
    make(card, "a/1", "b/2")
    make(other, "secret")

    def exchange() -> None:
        (card / "b").rename(tmp_path / "moved")
        other.rename(card / "b")

    found = look(card, disk=Meddling("b", exchange))

    assert found.paths == ["a/1"]
    assert by_path(found)["b"].error_type == "SourceChanged"


def test_a_folder_that_is_exchanged_for_a_link_is_not_followed(tmp_path: Path) -> None:
    card = tmp_path / "card"
    make(card, "a/1", "b/2")

    def exchange() -> None:
        (card / "b").rename(tmp_path / "moved")
        (card / "b").symlink_to(tmp_path / "moved")

    found = look(card, disk=Meddling("b", exchange))

    assert found.paths == ["a/1"]
    assert by_path(found)["b"].failed


def test_a_root_that_goes_away_ends_the_walk(tmp_path: Path) -> None:
    card = tmp_path / "card"
    make(card, "a/1", "b/2")

    with pytest.raises(SourceError, match="can't be read"):
        look(card, disk=Meddling("b", lambda: card.rename(tmp_path / "pulled")))


def test_a_root_that_is_exchanged_ends_the_walk_though_nothing_failed(tmp_path: Path) -> None:
    card = tmp_path / "card"
    make(card, "a/1", "b/2")

    def exchange() -> None:
        card.rename(tmp_path / "pulled")
        card.mkdir()

    with pytest.raises(SourceError, match="another folder"):
        look(card, disk=Meddling("b", exchange))


def test_errors_of_the_root_itself_end_the_walk(tmp_path: Path) -> None:
    class Broken(Disk):
        def list_folder(self, path: StrPath | int) -> list[str]:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(SourceError, match="input/output error"):
        look(tmp_path, disk=Broken())


def test_a_folder_error_with_a_root_that_no_longer_answers_ends_the_walk(tmp_path: Path) -> None:
    class Dying(Disk):
        is_dead = False

        def list_folder(self, path: StrPath | int) -> list[str]:
            if self.is_dead:
                raise OSError(errno.EIO, "Input/output error")
            self.is_dead = True
            return super().list_folder(path)

        def peek_folder(self, fd: int) -> None:
            if self.is_dead:
                raise OSError(errno.EIO, "Input/output error")

    make(tmp_path, "a/1")

    with pytest.raises(SourceError, match="input/output error"):
        look(tmp_path, disk=Dying())


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_root_that_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    make(tmp_path, "file")

    with pytest.raises(SourceError) as caught:
        look(tmp_path / kind)

    assert str(tmp_path / kind) in caught.value.message
    assert caught.value.hint


def test_empty_folders_are_told(tmp_path: Path) -> None:
    make(tmp_path, "full/1", "nearly/.DS_Store", "left/x.tmp")
    (tmp_path / "empty" / "er").mkdir(parents=True)

    assert look(tmp_path, "*.tmp").empty_folders == ["empty/er", "nearly"]
    assert look(tmp_path / "empty" / "er").empty_folders == []


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline",
        b"-rf",
        b"bad \xff\xfe utf-8",
        b"x" * 255,
        b"\xff" * 255,
        b" ",
        b"\\",
        b"a:b",
        b"\x01\x1b[2J",
        b"...",
    ],
)
def test_names_of_any_bytes_are_listed_exactly(tmp_path: Path, name: bytes) -> None:
    folder = os.path.join(os.fsencode(tmp_path), name)
    os.mkdir(folder)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(b"content")

    found = look(tmp_path)

    assert [os.fsencode(path) for path in found.paths] == [name + b"/" + name]
    assert not found.findings


NAMES = st.binary(min_size=1, max_size=255).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.binary(max_size=20), lambda below: st.dictionaries(NAMES, below, max_size=4), max_leaves=12
    ).map(lambda tree: {b"top": tree})
)
def test_any_tree_is_listed_or_counted_completely(tree: dict[bytes, object]) -> None:
    with tempfile.TemporaryDirectory() as place:
        made = dict(_build(os.fsencode(place), b"", tree))

        found = look(Path(place))

    sizes = {os.fsencode(path): size for path, size in zip(found.paths, found.sizes, strict=True)}
    assert sizes.items() <= made.items()
    assert len(sizes) + found.ignored == len(made)
    assert not found.findings


def _build(root: bytes, below: bytes, tree: dict[bytes, object]) -> Iterator[tuple[bytes, int]]:
    for name, content in tree.items():
        path = os.path.join(root, below, name)
        if isinstance(content, dict):
            os.mkdir(path)
            yield from _build(root, os.path.join(below, name), content)
        else:
            assert isinstance(content, bytes)
            with open(path, "wb") as file:
                file.write(content)
            yield os.path.join(below, name), len(content)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Callable[[str, int], Path]]:
    """Make a chain of folders, a file at its end, without ever naming the whole path."""
    root = tmp_path / "deep"
    root.mkdir()

    def chain(name: str, levels: int) -> Path:
        folder = os.open(root, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir(name, dir_fd=folder)
            deeper = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = deeper
        with open(os.open("end", os.O_WRONLY | os.O_CREAT, dir_fd=folder), "wb") as file:
            file.write(b"far away")
        os.close(folder)
        return root

    yield chain
    subprocess.run(["rm", "-rf", "--", str(root)], check=True)


@pytest.mark.parametrize(("name", "levels"), [("x" * 200, 60), ("é" * 100, 45), ("xx", 1500)])
def test_folders_deeper_than_a_path_may_be_are_walked_and_readable(
    deep: Callable[[str, int], Path], disk: Disk, open_files: Callable[[], int], name: str, levels: int
) -> None:
    root = deep(name, levels)
    before = open_files()

    found = look(root)

    path = "/".join([name] * levels) + "/end"
    assert len(os.fsencode(path)) > 4096
    assert (found.paths, found.findings) == ([path], [])
    far = f"{root}/{path}"
    assert disk.stat(far).st_size == 8
    assert disk.exists(far)
    fd = disk.open_source(far)
    assert os.read(fd, 100) == b"far away"
    os.close(fd)
    assert open_files() == before


def test_no_folder_stays_open(tmp_path: Path, open_files: Callable[[], int]) -> None:
    make(tmp_path, "a/b/1", ".Trashes/c/2", "d/3")
    before = open_files()

    look(tmp_path, "d")
    with pytest.raises(SourceError):
        look(tmp_path, disk=Meddling("a/b", lambda: tmp_path.rename(tmp_path.with_name("gone"))))

    assert open_files() == before


def test_access_times_of_files_and_folders_stay(tmp_path: Path) -> None:
    make(tmp_path, "a/1", ".Trashes/2", "c/3")
    places = [tmp_path, *tmp_path.rglob("*")]
    for place in places:
        os.utime(place, ns=(10**18, 2 * 10**18))  # older than the change: even relatime would move it
    before = {place: os.lstat(place) for place in places}

    look(tmp_path, "c")

    for place, status in before.items():
        now = os.lstat(place)
        assert now.st_atime_ns == status.st_atime_ns
        assert (now.st_mtime_ns, now.st_ctime_ns) == (status.st_mtime_ns, status.st_ctime_ns)
    os.listdir(tmp_path / "a")
    if os.stat(tmp_path / "a").st_atime_ns == 10**18:
        pytest.skip("this filesystem keeps no access times: the test proves nothing here")


def test_times_beyond_64_bits_are_kept_as_far_as_they_go(tmp_path: Path) -> None:
    make(tmp_path, "a")
    os.utime(tmp_path / "a", (0, 13_000_000_000))  # in the year 2381

    found = look(tmp_path)

    assert found.mtimes_ns[0] == expected_of((tmp_path / "a").stat()).mtime_ns <= 2**63 - 1


def test_another_filesystem_below_the_root_is_walked_and_told(
    tmp_path: Path, make_volume: Callable[..., Path]
) -> None:
    card = tmp_path / "card"
    make(card, "a/1")
    make(make_volume("card/mounted"), "b/2")
    (tmp_path / "card/mounted.img").unlink()

    found = look(card)

    assert found.paths == ["a/1", "mounted/b/2"]
    finding = by_path(found)["mounted"]
    assert (finding.error_type, finding.failed, finding.attention) == ("MountPoint", False, True)


def test_the_real_files_are_all_listed(devset: Path, manifest: list[dict[str, str]]) -> None:
    found = look(devset)

    on_disk = {
        os.path.relpath(os.path.join(folder, name), devset)
        for folder, _, names in os.walk(devset)
        for name in names
        if not os.path.islink(os.path.join(folder, name))
    }
    assert set(found.paths) <= on_disk
    assert len(found.paths) + found.ignored == len(on_disk)
    assert found.unreadable == 0
