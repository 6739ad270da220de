"""Equal files are found, all of them and no others, with as little reading as will do."""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
from pathlib import Path

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcat.errors import SourceError
from cardcat.searching.search import Progress, Search, find_duplicates
from cardcat.storage.quick.digests import SAMPLE, WHOLE
from tests.searching.oracle import equal_files, told

SIZES = (0, 1, 100, SAMPLE, WHOLE - 1, WHOLE, WHOLE + 1, WHOLE + SAMPLE, 3 * WHOLE, (1 << 20) + 1)
FOLDERS = ("", "a", "a/b", "c d", "é")
BOTH = pytest.mark.parametrize("processes", [1, 2])


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[str, int, int, int | None, bool]]:
    """Files as (folder, size, which byte differs, link to an earlier file, excluded)."""
    size = st.sampled_from(draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=3)))
    differs = st.sampled_from((-1, -1, 0, 30, 50, 70, 100))  # percent of the size; -1 for nothing
    link = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 20))
    file = st.tuples(st.sampled_from(FOLDERS), size, differs, link, st.integers(0, 5).map(lambda n: n == 0))
    return draw(st.lists(file, min_size=2, max_size=14))


def content(size: int, differs: int) -> bytes:
    data = bytearray(random.Random(size).randbytes(size))
    if data and differs >= 0:
        data[(size - 1) * differs // 100] ^= 0xFF
    return bytes(data)


def grow(root: Path, files: list[tuple[str, int, int, int | None, bool]]) -> None:
    made: list[Path] = []
    for number, (folder, size, differs, link, excluded) in enumerate(files):
        path = root / folder / f"{number}.{'skip' if excluded else 'jpg'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if link is not None and made:
            path.hardlink_to(made[link % len(made)])
        else:
            path.write_bytes(content(size, differs))
        made.append(path)


@settings(max_examples=60)
@given(
    files=trees(),
    min_size=st.sampled_from((0, 1, 101)),
    sure=st.booleans(),
    processes=st.sampled_from((1, 2)),
)
def test_the_groups_are_those_of_the_hashes(
    files: list[tuple[str, int, int, int | None, bool]], min_size: int, sure: bool, processes: int
) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        grow(root, files)
        found = find_duplicates(
            Search((made,), min_size=min_size, excludes=("*.skip",), sure=sure, processes=processes)
        )
        assert told(found) == equal_files(root, min_size=min_size, without=".skip")
        assert not found.unread
        for group in found.groups:
            data = Path(group.copies[0].paths[0]).read_bytes()
            whole = hashlib.sha256(data) if sure else xxhash.xxh3_128(data)
            assert (group.size, group.hash) == (len(data), whole.hexdigest())
    assert [group.wasted for group in found.groups] == sorted((g.wasted for g in found.groups), reverse=True)


@BOTH
def test_samples_that_match_are_followed_by_a_full_read(tmp_path: Path, processes: int) -> None:
    size = 5 * WHOLE
    for name, differs in (("a", -1), ("b", 30), ("c", -1), ("d", 70)):  # between the samples
        (tmp_path / name).write_bytes(content(size, differs))
    found = find_duplicates(Search((str(tmp_path),), processes=processes))
    assert told(found) == {frozenset({frozenset({str(tmp_path / "a")}), frozenset({str(tmp_path / "c")})})}
    assert found.seen.read == 4 * 3 * SAMPLE + 4 * size


def test_no_more_is_read_than_needed(tmp_path: Path) -> None:
    (tmp_path / "alone").write_bytes(b"a size of its own")
    (tmp_path / "small-1").write_bytes(b"same size")
    (tmp_path / "small-2").write_bytes(b"not equal")
    for number in range(3):
        (tmp_path / f"large-{number}").write_bytes(bytes([number]) + bytes(WHOLE))
    found = find_duplicates(Search((str(tmp_path),)))
    assert found.groups == ()
    assert found.seen.read == 2 * 9 + 3 * 3 * SAMPLE


@BOTH
def test_several_thousand_files_in_many_folders(tmp_path: Path, processes: int) -> None:
    """More than a worker takes at once, of folders and of files; more open ahead than a window holds."""
    dice = random.Random(1)
    for number in range(300):
        folder = tmp_path / str(number % 7) / str(number % 50) / str(number)
        folder.mkdir(parents=True)
        for name in range(10):
            (folder / f"{name}.txt").write_bytes(dice.randbytes(1) * dice.choice((1, 1, 2, 3000)))
    told_of: list[Progress] = []
    found = find_duplicates(Search((str(tmp_path),), processes=processes), told_of.append)
    assert told(found) == equal_files(tmp_path)
    assert found.seen.files == 3000
    assert {one.doing for one in told_of} == {"Listing", "Reading"}
    assert max(one.files for one in told_of if one.of) == 3000


def test_hard_links_are_one_copy(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"once")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    alone = find_duplicates(Search((str(tmp_path),)))
    assert (alone.groups, alone.seen.links) == ((), 1)
    (tmp_path / "c").write_bytes(b"once")
    found = find_duplicates(Search((str(tmp_path),)))
    (group,) = found.groups
    assert group.wasted == 4
    assert sorted(len(copy.paths) for copy in group.copies) == [1, 2]
    assert told(found) == equal_files(tmp_path)


def test_a_path_within_another_counts_once(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "1").write_bytes(b"x")
    (tmp_path / "again").symlink_to(tmp_path / "a")
    names = (tmp_path / "a", folder, tmp_path / "a", folder / "1", tmp_path / "again")
    found = find_duplicates(Search(tuple(map(str, names))))
    assert (found.seen.files, found.groups) == (1, ())


def test_files_can_be_named_one_by_one(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        (tmp_path / name).write_bytes(b"x")
    found = find_duplicates(Search((str(tmp_path / "1"), str(tmp_path / "3"))))
    assert told(found) == {frozenset({frozenset({str(tmp_path / "1")}), frozenset({str(tmp_path / "3")})})}


@BOTH
def test_what_is_no_file_is_left_alone(tmp_path: Path, processes: int) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "dangling").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe")
    found = find_duplicates(Search((str(tmp_path),), processes=processes))
    assert (found.groups, found.unread) == ((), ())
    assert (found.seen.files, found.seen.special) == (1, 4)


def test_a_destination_is_searched_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "drive" / ".cardcat").mkdir(parents=True)
    (tmp_path / "drive" / "1.jpg").write_bytes(b"x")
    (tmp_path / "1.jpg").write_bytes(b"x")
    found = find_duplicates(Search((str(tmp_path),)))
    assert found.seen.destinations == [str(tmp_path / "drive")]
    assert len(found.groups) == 1


def test_names_that_are_no_text_keep_their_bytes(tmp_path: Path) -> None:
    names = (b"\xff\xfe.jpg", b"new\nline.jpg", "é.jpg".encode())
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    (group,) = find_duplicates(Search((str(tmp_path),))).groups
    assert {os.path.basename(os.fsencode(copy.paths[0])) for copy in group.copies} == set(names)  # noqa: PTH119


def test_a_path_longer_than_the_system_takes(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=fd)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = deeper
    for name in ("1", "2"):
        file = os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=fd)
        os.write(file, b"x")
        os.close(file)
    os.close(fd)
    (group,) = find_duplicates(Search((str(tmp_path),))).groups
    assert [len(copy.paths[0]) > 5000 for copy in group.copies] == [True, True]


def test_nothing_is_written_and_no_access_time_changes(tmp_path: Path) -> None:
    for name in ("1", "2", "sub/3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(2 * WHOLE))
    paths = [tmp_path, *tmp_path.rglob("*")]
    for path in paths:
        os.utime(
            path, (1_000_000_000, 1_500_000_000)
        )  # read long before it was changed: the next read is noted
    before = [_all_of(path) for path in paths]
    assert len(find_duplicates(Search((str(tmp_path),))).groups[0].copies) == 3
    assert [_all_of(path) for path in paths] == before
    assert [tmp_path, *tmp_path.rglob("*")] == paths


def _all_of(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    times = (status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns)
    return (path, status.st_ino, status.st_mode, status.st_nlink, status.st_size, *times)


@pytest.mark.parametrize("name", ["nowhere", "pipe"])
def test_a_path_that_can_not_be_searched_ends_it(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=name) as raised:
        find_duplicates(Search((str(tmp_path), str(tmp_path / name))[1:]))
    assert raised.value.hint


def test_what_was_put_aside_is_not_found_again(tmp_path: Path) -> None:
    (tmp_path / "lib/.cardcat-quarantine/1-00000000").mkdir(parents=True)
    for name in ("lib/a", "lib/.cardcat-quarantine/1-00000000/a"):
        (tmp_path / name).write_bytes(b"the same")

    assert find_duplicates(Search((str(tmp_path),), processes=1)).groups == ()
