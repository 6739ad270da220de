"""While one portion of an index is recorded, the next one is read; whatever ends it, that ends too."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from cardcat.errors import CatalogError
from cardcat.indexing import ScanState, hashing, reading, recording
from cardcat.indexing.hashing import Batch, IndexedFile
from cardcat.indexing.job import Job
from cardcat.indexing.places import Asked
from cardcat.indexing.reading import read_batch
from cardcat.indexing.running import Steps, carry_out, opened_index
from cardcat.media.pool import MetadataPool
from cardcat.media.protocol import Request
from cardcat.metadata import Metadata
from cardcat.plan import batches, index_batches
from cardcat.storage.disk import Disk, StrPath
from tests.indexing.conftest import Counting, Library
from tests.support import jpeg

FILES = {f"a/IMG_{number}.JPG": jpeg(number) for number in range(8)}
LONG = 60  # seconds; nothing waits for so long but a program that is wrong


@pytest.fixture
def filled(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(index_batches.portions, "__defaults__", (2, 1_000_000))
    return library.fill(FILES)


class Telling(Disk):
    """Says when the file *name* is closed again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.fd = -1
        self.is_read = threading.Event()

    def open_source(self, path: StrPath) -> int:
        fd = super().open_source(path)
        if Path(path).name == self.name:
            self.fd = fd
        return fd

    def close(self, fd: int) -> None:
        super().close(fd)
        if fd == self.fd:
            self.is_read.set()


def test_the_next_portion_is_read_while_one_is_recorded(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Telling("IMG_3.JPG")
    seen: list[bool] = []

    def slowly(job: Job, files: Sequence[IndexedFile]) -> None:
        seen.append(disk.is_read.wait(LONG if not seen else 0))
        recording.record(job, files)

    monkeypatch.setattr(reading, "record", slowly)
    assert filled.one(disk=disk).new == len(FILES)
    assert (seen[0], len(seen)) == (True, 4)


def test_the_steps_of_an_index_are_read_ahead_too(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_batches, "MOST_FILES", 4)  # bytes count too: three
    monkeypatch.setattr(batches, "MOST_BATCHES", 10**6)
    disk = Counting()
    numbers: list[list[int]] = []

    def told(job: Job, batch: Batch) -> None:
        numbers.append([*batch.numbers])
        read_batch(job, batch)

    with opened_index(filled.catalog, disk=disk) as run:
        found = carry_out(run, [filled.root], Asked(), Steps(read=told)).locations[0]
    assert numbers == [[0, 1], [2, 3], [4]]
    assert (found.new, len(filled.rows()), len(disk.opened)) == (8, 8, 8)


def test_after_a_stop_what_was_read_ahead_is_recorded_and_no_more(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Telling("IMG_3.JPG")
    asked = threading.Event()

    def stopping(job: Job, files: Sequence[IndexedFile]) -> None:
        assert disk.is_read.wait(LONG)
        asked.set()
        recording.record(job, files)

    monkeypatch.setattr(reading, "record", stopping)
    found = filled.one(mode="content", disk=disk, stop=asked.is_set)
    assert (found.state, found.new) == (ScanState.PAUSED, 4)
    assert len(filled.rows()) == 4


def test_after_a_stop_no_file_is_looked_into(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Telling("IMG_3.JPG")
    asked = threading.Event()
    looked_into: list[int] = []
    read = MetadataPool.read

    def stopping(job: Job, files: Sequence[IndexedFile]) -> None:
        assert disk.is_read.wait(LONG)
        asked.set()
        recording.record(job, files)

    def noted(pool: MetadataPool, files: Sequence[Request]) -> list[Metadata]:
        looked_into.append(len(files))
        return read(pool, files)

    monkeypatch.setattr(reading, "record", stopping)
    monkeypatch.setattr(MetadataPool, "read", noted)
    found = filled.one(disk=disk, stop=asked.is_set)
    assert (found.state, found.new, looked_into) == (ScanState.PAUSED, 2, [2])
    assert filled.one().new == len(FILES) - 2


def test_what_failed_ahead_is_tried_again_by_the_one_that_wants_it(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    recall = hashing._recall

    def busy_once(job: Job, files: Sequence[IndexedFile]) -> None:
        if files[0].name == "IMG_2.JPG" and not failed.is_set():
            failed.set()
            raise CatalogError("The catalog is busy.")
        recall(job, files)

    def late(job: Job, files: Sequence[IndexedFile]) -> None:
        assert failed.wait(LONG)
        recording.record(job, files)

    monkeypatch.setattr(hashing, "_recall", busy_once)
    monkeypatch.setattr(reading, "record", late)
    assert filled.one().new == len(FILES)


def test_what_could_not_be_read_before_a_drive_went_is_told(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(Disk):
        def open_source(self, path: StrPath) -> int:
            if Path(path).name == "IMG_3.JPG":
                filled.root.rename(filled.folder / "elsewhere")
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().open_source(path)

    found = filled.one(disk=Dying())
    assert (found.state, found.new) == (ScanState.ERROR, 2)
    assert [each.path for each in found.findings] == ["a/IMG_3.JPG"]
    assert "missing" not in filled.statuses().values()


def test_a_film_is_not_read_to_its_end_once_the_catalog_fails(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    length = 20_000_000_000

    class Film(Disk):
        read = 0

        def read_into(self, fd: int, view: memoryview) -> int:
            count = super().read_into(fd, view)
            if os.fstat(fd).st_size == length:
                self.read += count
                begun.set()
            return count

    (filled.root / "b").mkdir()
    with (filled.root / "b/film.mov").open("wb") as film:
        film.truncate(length)

    def failing(job: Job, files: Sequence[IndexedFile]) -> None:
        if any(file.name == "IMG_7.JPG" for file in files):
            assert begun.wait(LONG)
            raise CatalogError("The catalog can't be written.")
        recording.record(job, files)

    monkeypatch.setattr(reading, "record", failing)
    disk = Film()
    with pytest.raises(CatalogError):
        filled.one(disk=disk)
    assert 0 < disk.read < length
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hash ahead")]
