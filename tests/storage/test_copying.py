"""One read, several targets; what fails fails alone and leaves nothing behind."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import xxhash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardcat.storage import copying, reading
from cardcat.storage.copying import CopyOutcome, Expected, SourceChanged, copy_once
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.reading import BLOCK, LARGE, expected_of

MTIME = 1_600_000_000_123_456_700
CONTENT = bytes(range(256)) * (BLOCK * 3 // 256) + b"and a little more"


class Recording(Disk):
    """Counts what is read from the source, and knows which file is open where."""

    def __init__(self) -> None:
        super().__init__()
        self.read_from_source = 0
        self.written: dict[str, int] = {}
        self._sources: set[int] = set()
        self._targets: dict[int, str] = {}

    def open_source(self, path: StrPath) -> int:
        fd = super().open_source(path)
        self._sources.add(fd)
        return fd

    def open_new(self, path: StrPath) -> int:
        fd = super().open_new(path)
        self._targets[fd] = Path(path).name
        self.written[Path(path).name] = 0
        return fd

    def read_into(self, fd: int, view: memoryview) -> int:
        size = super().read_into(fd, view)
        self.read_from_source += size if fd in self._sources else 0
        return size

    def write(self, fd: int, view: memoryview) -> None:
        super().write(fd, view)
        self.written[self._targets[fd]] += len(view)

    def close(self, fd: int) -> None:
        super().close(fd)
        self._sources.discard(fd)
        self._targets.pop(fd, None)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.jpg"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(MTIME, MTIME))
    return path


@pytest.fixture
def targets(tmp_path: Path) -> dict[str, Path]:
    return {"one": tmp_path / "one", "two": tmp_path / "two"}


EXPECTED = Expected(len(CONTENT), MTIME)


def assert_right(path: Path, content: bytes = CONTENT) -> None:
    assert path.read_bytes() == content
    assert path.stat().st_mtime_ns == MTIME


def assert_nothing_left(outcome: CopyOutcome[str], targets: dict[str, Path]) -> None:
    assert outcome.hashes is None
    assert not any(os.path.lexists(path) for path in targets.values())


def test_every_target_has_the_bytes_the_time_and_the_hashes(source: Path, targets: dict[str, Path]) -> None:
    told: list[int] = []

    outcome = copy_once(Disk(), source, targets, EXPECTED, told.append)

    assert (outcome.errors, outcome.source_error) == ({}, None)
    assert outcome.hashes is not None
    assert outcome.hashes.size == len(CONTENT) == sum(told)
    assert outcome.hashes.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert outcome.hashes.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT)
    assert outcome.hashes.head == CONTENT[: 64 * 1024]
    for path in targets.values():
        assert_right(path)


def test_the_source_is_read_once_for_all_targets(source: Path, targets: dict[str, Path]) -> None:
    disk = Recording()

    copy_once(disk, source, targets, EXPECTED)

    assert disk.read_from_source == len(CONTENT)
    assert disk.written == {"one": len(CONTENT), "two": len(CONTENT)}


def test_an_empty_file_is_copied(tmp_path: Path, targets: dict[str, Path]) -> None:
    (tmp_path / "empty").touch()
    os.utime(tmp_path / "empty", ns=(MTIME, MTIME))

    outcome = copy_once(Disk(), tmp_path / "empty", targets, Expected(0, MTIME))

    assert outcome.hashes is not None
    assert outcome.hashes.sha256 == hashlib.sha256().hexdigest()
    assert_right(targets["one"], b"")


class Failing(Recording):
    """Fails at the n-th write to the target *name*."""

    def __init__(self, name: str, write: int, number: int = errno.ENOSPC) -> None:
        super().__init__()
        self._name, self._left, self._number = name, write, number

    def write(self, fd: int, view: memoryview) -> None:
        if self._targets[fd] == self._name:
            self._left -= 1
            if self._left < 0:
                raise OSError(self._number, os.strerror(self._number))
        super().write(fd, view)


@pytest.mark.parametrize("write", [0, 1, 2, 3])
def test_a_target_that_fails_is_removed_and_the_other_goes_on(
    source: Path, targets: dict[str, Path], open_files: Callable[[], int], write: int
) -> None:
    before = open_files()
    disk = Failing("one", write)

    outcome = copy_once(disk, source, targets, EXPECTED)

    assert outcome.errors["one"].errno == errno.ENOSPC
    assert list(outcome.errors) == ["one"]
    assert outcome.hashes is not None
    assert outcome.source_error is None
    assert not targets["one"].exists()
    assert_right(targets["two"])
    assert disk.read_from_source == len(CONTENT)
    assert open_files() == before


def test_reading_stops_when_the_last_target_has_failed(source: Path, targets: dict[str, Path]) -> None:
    disk = Failing("one", 0)

    outcome = copy_once(disk, source, {"one": targets["one"]}, EXPECTED)

    assert_nothing_left(outcome, targets)
    assert (list(outcome.errors), outcome.source_error) == (["one"], None)
    assert disk.read_from_source == BLOCK


def test_a_file_that_is_there_is_never_touched(source: Path, targets: dict[str, Path]) -> None:
    targets["one"].write_bytes(b"precious")

    outcome = copy_once(Disk(), source, targets, EXPECTED)

    assert isinstance(outcome.errors["one"], FileExistsError)
    assert targets["one"].read_bytes() == b"precious"
    assert_right(targets["two"])


def test_a_link_in_the_targets_place_is_not_followed(tmp_path: Path, source: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")

    outcome = copy_once(Disk(), source, {"one": tmp_path / "link"}, EXPECTED)

    assert isinstance(outcome.errors["one"], FileExistsError)
    assert (tmp_path / "link").is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_there_survives_a_failing_source(source: Path, targets: dict[str, Path]) -> None:
    targets["one"].write_bytes(b"precious")

    outcome = copy_once(Disk(), source, targets, Expected(1, MTIME))

    assert isinstance(outcome.source_error, SourceChanged)
    assert targets["one"].read_bytes() == b"precious"
    assert not targets["two"].exists()


def test_what_a_share_tells_only_at_closing_is_that_targets_failure(
    source: Path, targets: dict[str, Path]
) -> None:
    class Late(Recording):
        def close(self, fd: int) -> None:
            fails = self._targets.get(fd) == "two"
            super().close(fd)
            if fails:
                raise OSError(errno.EIO, "Input/output error")

    outcome = copy_once(Late(), source, targets, EXPECTED)

    assert outcome.errors["two"].errno == errno.EIO
    assert not targets["two"].exists()
    assert_right(targets["one"])


def test_a_failure_at_setting_times_is_that_targets_failure(source: Path, targets: dict[str, Path]) -> None:
    class Readonly(Recording):
        def set_times(self, target: StrPath | int, mtime_ns: int) -> None:
            assert isinstance(target, int)
            if self._targets[target] == "one":
                raise OSError(errno.EROFS, "Read-only file system")
            super().set_times(target, mtime_ns)

    outcome = copy_once(Readonly(), source, targets, EXPECTED)

    assert outcome.errors["one"].errno == errno.EROFS
    assert_right(targets["two"])


class Unreadable(Recording):
    """Fails at the n-th read of the source."""

    def __init__(self, read: int) -> None:
        super().__init__()
        self._left = read

    def read_into(self, fd: int, view: memoryview) -> int:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.EIO, "Input/output error")
        return super().read_into(fd, view)


@pytest.mark.parametrize("read", [0, 1, 3, 4])
def test_a_source_that_cant_be_read_leaves_no_target(
    source: Path, targets: dict[str, Path], open_files: Callable[[], int], read: int
) -> None:
    before = open_files()

    outcome = copy_once(Unreadable(read), source, targets, EXPECTED)

    assert_nothing_left(outcome, targets)
    assert outcome.source_error is not None
    assert (outcome.source_error.errno, outcome.errors) == (errno.EIO, {})
    assert open_files() == before


@pytest.mark.parametrize("expected", [Expected(len(CONTENT) - 1, MTIME), Expected(len(CONTENT), MTIME - 1)])
def test_a_source_that_is_not_as_scanned_is_not_read(
    source: Path, targets: dict[str, Path], expected: Expected
) -> None:
    disk = Recording()

    outcome = copy_once(disk, source, targets, expected)

    assert_nothing_left(outcome, targets)
    assert isinstance(outcome.source_error, SourceChanged)
    assert str(source) in str(outcome.source_error)
    assert disk.read_from_source == 0


class Meddling(Recording):
    """Does something to the source after its first block was read."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: Callable[[], object] | None = act

    def read_into(self, fd: int, view: memoryview) -> int:
        size = super().read_into(fd, view)
        if self._act:
            self._act()
            self._act = None
        return size


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other bytes of the same number")


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")
    os.utime(path, ns=(MTIME, MTIME))


def shorten(path: Path) -> None:
    os.truncate(path, BLOCK + 5)
    os.utime(path, ns=(MTIME, MTIME))


@pytest.mark.parametrize("change", [overwrite, append, shorten])
def test_a_source_that_changes_while_it_is_read_leaves_no_target(
    source: Path, targets: dict[str, Path], change: Callable[[Path], None]
) -> None:
    outcome = copy_once(Meddling(lambda: change(source)), source, targets, EXPECTED)

    assert_nothing_left(outcome, targets)
    assert isinstance(outcome.source_error, SourceChanged)


def test_a_source_that_gives_fewer_bytes_than_it_says_leaves_no_target(
    source: Path, targets: dict[str, Path]
) -> None:
    class Lying(Recording):
        def read_into(self, fd: int, view: memoryview) -> int:
            return 0 if self.read_from_source else super().read_into(fd, view)

    outcome = copy_once(Lying(), source, targets, EXPECTED)

    assert_nothing_left(outcome, targets)
    assert isinstance(outcome.source_error, SourceChanged)


def test_a_source_that_never_ends_is_left(source: Path, targets: dict[str, Path]) -> None:
    class Endless(Recording):
        def read_into(self, fd: int, view: memoryview) -> int:
            assert self.read_from_source < 10 * BLOCK
            self.read_from_source += len(view)
            return len(view)

    outcome = copy_once(Endless(), source, targets, EXPECTED)

    assert_nothing_left(outcome, targets)
    assert isinstance(outcome.source_error, SourceChanged)


@pytest.mark.parametrize("kind", ["missing", "pipe", "link", "folder"])
def test_a_source_that_is_no_file_any_more_is_its_own_failure(
    tmp_path: Path, targets: dict[str, Path], kind: str
) -> None:
    place = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to(__file__)
    elif kind == "folder":
        place.mkdir()

    outcome = copy_once(Disk(), place, targets, EXPECTED)

    assert_nothing_left(outcome, targets)
    assert outcome.source_error is not None


def test_an_end_in_the_middle_leaves_nothing_open_and_nothing_half(
    source: Path, targets: dict[str, Path], open_files: Callable[[], int]
) -> None:
    class Cancelled(BaseException):
        pass

    def cancel(size: int) -> None:
        raise Cancelled

    before = open_files()

    with pytest.raises(Cancelled):
        copy_once(Disk(), source, targets, EXPECTED, cancel)

    assert not any(path.exists() for path in targets.values())
    assert open_files() == before


def test_the_source_is_not_written_to_and_keeps_its_access_time(
    source: Path, targets: dict[str, Path]
) -> None:
    os.utime(source, ns=(10**18, MTIME))
    before = source.stat()

    copy_once(Disk(), source, targets, EXPECTED)

    now = source.stat()
    assert now.st_atime_ns == 10**18
    assert now.st_ctime_ns == before.st_ctime_ns
    source.read_bytes()
    if source.stat().st_atime_ns == 10**18:
        pytest.skip("this filesystem keeps no access times: the test proves nothing here")


def test_short_writes_are_continued(
    source: Path, targets: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_all = os.write
    monkeypatch.setattr(os, "write", lambda fd, view: take_all(fd, view[:300_007]))

    copy_once(Disk(), source, targets, EXPECTED)

    assert_right(targets["one"])
    assert_right(targets["two"])


@pytest.mark.parametrize(("size", "is_written_out"), [(0, False), (65_535, False), (65_536, True)])
def test_the_medium_is_put_to_work_for_a_file_where_that_is_worth_it(
    tmp_path: Path, targets: dict[str, Path], size: int, is_written_out: bool
) -> None:
    class Counting(Disk):
        times = 0

        def start_writeback(self, fd: int) -> None:
            self.times += 1

    path, disk = tmp_path / "source", Counting()
    path.write_bytes(bytes(size))
    copy_once(disk, path, targets, expected_of(path.stat()))
    assert disk.times == (len(targets) if is_written_out else 0)


def test_threads_do_not_share_a_buffer(tmp_path: Path) -> None:
    contents = {str(n): bytes([n]) * (2 * BLOCK + n) for n in range(8)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, ns=(MTIME, MTIME))

    def copy(name: str) -> CopyOutcome[str]:
        expected = Expected(len(contents[name]), MTIME)
        return copy_once(Disk(), tmp_path / name, {"to": tmp_path / f"{name}.copy"}, expected)

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(copy, contents))

    for (name, content), outcome in zip(contents.items(), outcomes, strict=True):
        assert outcome.hashes is not None
        assert outcome.hashes.sha256 == hashlib.sha256(content).hexdigest()
        assert_right(tmp_path / f"{name}.copy", content)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=5000), st.lists(st.integers(1, 400), min_size=1))
def test_short_reads_change_nothing(content: bytes, sizes: list[int]) -> None:
    class Short(Disk):
        turn = 0

        def read_into(self, fd: int, view: memoryview) -> int:
            self.turn += 1
            return super().read_into(fd, view[: sizes[self.turn % len(sizes)]])

    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place, "source"), Path(place, "target")
        source.write_bytes(content)
        os.utime(source, ns=(MTIME, MTIME))

        outcome = copy_once(Short(), source, {0: target}, Expected(len(content), MTIME))

        assert outcome.hashes is not None
        assert outcome.hashes.sha256 == hashlib.sha256(content).hexdigest()
        assert_right(target, content)


LONG = bytes(range(256)) * (LARGE // 256) + b"and a tail that is no whole block"


@pytest.fixture
def long(tmp_path: Path) -> Path:
    path = tmp_path / "source.mp4"
    path.write_bytes(LONG)
    os.utime(path, ns=(MTIME, MTIME))
    return path


class Past(Recording):
    """Notes how each piece was written: past the cache or through it."""

    def __init__(self, takes: bool = True, alignment: int = 4096) -> None:
        super().__init__()
        self.pieces: list[tuple[str, bool, int]] = []
        self._takes = takes
        self._alignment = alignment

    def go_past_cache(self, fd: int) -> bool:
        return self._takes and super().go_past_cache(fd)

    def write_some(self, fd: int, view: memoryview) -> int:
        is_past = bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT)
        if is_past and len(view) % self._alignment:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.pieces.append((self._targets[fd], is_past, len(view)))
        return super().write_some(fd, view)


def _needs_past(folder: Path) -> None:
    with (folder / "probe").open("wb") as file:
        if not Disk().go_past_cache(file.fileno()):
            pytest.skip("the filesystem of the temporary folder always writes to memory first")


def copied_long(disk: Disk, long: Path, targets: dict[str, Path]) -> CopyOutcome[str]:
    return copy_once(disk, long, targets, Expected(len(LONG), MTIME), past_cache=["one"])


def test_a_large_file_goes_past_the_cache_where_it_may(long: Path, targets: dict[str, Path]) -> None:
    _needs_past(long.parent)
    disk = Past()
    outcome = copied_long(disk, long, targets)
    assert outcome.hashes is not None
    assert outcome.hashes.sha256 == hashlib.sha256(LONG).hexdigest()
    for path in targets.values():
        assert_right(path, LONG)
    of_one = [(is_past, size) for name, is_past, size in disk.pieces if name == "one"]
    assert of_one == [*[(True, BLOCK)] * (LARGE // BLOCK), (False, len(LONG) - LARGE)]
    assert not any(is_past for name, is_past, _ in disk.pieces if name == "two"), "that filesystem may not"


def test_a_small_file_goes_through_the_cache(source: Path, targets: dict[str, Path]) -> None:
    disk = Past()
    copy_once(disk, source, targets, EXPECTED, past_cache=["one", "two"])
    assert not any(is_past for _, is_past, _ in disk.pieces)


@pytest.mark.parametrize("takes", [True, False])
def test_where_past_the_cache_is_refused_it_goes_through(
    long: Path, targets: dict[str, Path], takes: bool
) -> None:
    """At once, or when its device wants larger pieces than there are."""
    disk = Past(takes, alignment=4 * BLOCK)
    assert copied_long(disk, long, targets).hashes is not None
    for path in targets.values():
        assert_right(path, LONG)
    assert not any(is_past for _, is_past, _ in disk.pieces)


def test_a_large_target_that_fails_leaves_nothing_and_the_other_goes_on(
    long: Path, targets: dict[str, Path]
) -> None:
    class Full(Past):
        def write_some(self, fd: int, view: memoryview) -> int:
            if self._targets[fd] == "one" and len(self.pieces) > 10:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write_some(fd, view)

    outcome = copied_long(Full(), long, targets)
    assert outcome.errors["one"].errno == errno.ENOSPC
    assert not targets["one"].exists()
    assert_right(targets["two"], LONG)


@pytest.mark.parametrize("name", ["one", "two"])
def test_all_of_a_large_file_is_written_before_it_counts(
    long: Path, targets: dict[str, Path], name: str
) -> None:
    """The last block fails while nothing is left to read."""

    class LateFull(Past):
        def write_some(self, fd: int, view: memoryview) -> int:
            if self._targets[fd] == name and len(view) < BLOCK:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().write_some(fd, view)

    outcome = copied_long(LateFull(), long, targets)
    assert set(outcome.errors) == {name}
    assert not targets[name].exists()


def test_a_large_copy_that_is_stopped_writes_no_more_and_leaves_nothing(
    long: Path, targets: dict[str, Path]
) -> None:
    at_work = threading.Event()

    class Slow(Past):
        def write_some(self, fd: int, view: memoryview) -> int:
            at_work.set()
            return super().write_some(fd, view)

    def stop(_: int) -> None:
        if at_work.wait(10):
            raise KeyboardInterrupt

    disk = Slow()
    with pytest.raises(KeyboardInterrupt):
        copy_once(disk, long, targets, Expected(len(LONG), MTIME), stop, past_cache=["one"])
    assert not any(os.path.lexists(path) for path in targets.values())
    assert not disk._targets, "no file is open any more"


def test_a_large_file_is_read_with_a_block_at_work_behind(long: Path, targets: dict[str, Path]) -> None:
    """What is read next must not come where the block before still waits to be written."""

    was_read = threading.Event()

    class Late(Past):
        def read_into(self, fd: int, view: memoryview) -> int:
            count = super().read_into(fd, view)
            was_read.set()
            return count

        def write_some(self, fd: int, view: memoryview) -> int:
            was_read.clear()
            was_read.wait(0.2)  # the next block is read meanwhile
            return super().write_some(fd, view)

    content = b"".join(bytes([n]) * BLOCK for n in range(LARGE // BLOCK + 3))
    long.write_bytes(content)
    os.utime(long, ns=(MTIME, MTIME))
    outcome = copy_once(Late(), long, targets, Expected(len(content), MTIME), past_cache=["one"])
    assert outcome.hashes is not None
    for path in targets.values():
        assert_right(path, content)


def test_the_memory_of_what_was_read_is_given_back(long: Path, targets: dict[str, Path]) -> None:
    given_back: list[tuple[int, int]] = []

    class Noting(Past):
        def has_read(self, fd: int, offset: int, length: int) -> None:
            given_back.append((offset, length))
            super().has_read(fd, offset, length)

    copied_long(Noting(), long, targets)
    assert given_back == [(0, LARGE), (LARGE, len(LONG) - LARGE)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=3 * 4096 + 100),
    st.lists(st.sampled_from([1, 511, 512, 4096, 5000]), min_size=1, max_size=5),
    st.lists(st.sampled_from([1, 512, 4096, BLOCK]), min_size=1, max_size=5),
)
def test_short_reads_and_writes_past_the_cache_change_nothing(
    monkeypatch: pytest.MonkeyPatch, content: bytes, reads: list[int], writes: list[int]
) -> None:
    monkeypatch.setattr(reading, "LARGE", 1)
    monkeypatch.setattr(copying, "LARGE", 1)

    class Short(Disk):
        turn = 0

        def read_into(self, fd: int, view: memoryview) -> int:
            self.turn += 1
            return super().read_into(fd, view[: reads[self.turn % len(reads)]])

        def write_some(self, fd: int, view: memoryview) -> int:
            return super().write_some(fd, view[: writes[len(view) % len(writes)]])

    with tempfile.TemporaryDirectory() as place:
        source, one, two = (Path(place, name) for name in ("source", "one", "two"))
        source.write_bytes(content)
        os.utime(source, ns=(MTIME, MTIME))
        expected = Expected(len(content), MTIME)
        outcome = copy_once(Short(), source, {1: one, 2: two}, expected, past_cache=[1])
        assert outcome.hashes is not None
        assert outcome.hashes.sha256 == hashlib.sha256(content).hexdigest()
        assert_right(one, content)
        assert_right(two, content)


@pytest.mark.parametrize("times", [1, 1_000])
def test_without_another_thread_a_large_file_is_copied_all_the_same(
    long: Path, targets: dict[str, Path], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Also if one is to be had a little later: it must not find the first block waiting for it."""
    start, refusals = threading.Thread.start, iter(range(times))

    def refused(self: threading.Thread) -> None:
        if next(refusals, None) is not None:
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert copied_long(Past(), long, targets).hashes is not None
    for path in targets.values():
        assert_right(path, LONG)
