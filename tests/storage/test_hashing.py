"""Full hashes are right; a fingerprint is cheap and never tells equal files apart."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from cardcat.storage.disk import Disk
from cardcat.storage.hashing import Hasher, fingerprint, hash_file
from cardcat.storage.reading import Expected, SourceChanged

KIB = 1024


class Counting(Disk):
    read = 0

    def read_at(self, fd: int, view: memoryview, offset: int) -> int:
        size = super().read_at(fd, view, offset)
        self.read += size
        return size


def write(path: Path, content: bytes | bytearray) -> Path:
    path.write_bytes(content)
    return path


@given(st.lists(st.binary(max_size=40 * KIB), max_size=6))
def test_hashes_do_not_depend_on_how_the_bytes_come(parts: list[bytes]) -> None:
    hasher = Hasher()
    for part in parts:
        hasher.update(memoryview(part))
    whole = b"".join(parts)

    hashes = hasher.hashes()

    assert hashes.sha256 == hashlib.sha256(whole).hexdigest()
    assert hashes.xxh3 == xxhash.xxh3_128_hexdigest(whole)
    assert (hashes.size, hashes.head) == (len(whole), whole[: 64 * KIB])


@pytest.mark.parametrize("source", [True, False])
def test_a_file_is_hashed_whole_and_told_of(tmp_path: Path, disk: Disk, *, source: bool) -> None:
    content = os.urandom(1024 * KIB + 77)
    told: list[int] = []

    hashes = hash_file(disk, write(tmp_path / "a", content), source=source, on_bytes=told.append)

    assert hashes.sha256 == hashlib.sha256(content).hexdigest()
    assert sum(told) == hashes.size == len(content)


def test_a_file_that_is_not_as_expected_is_not_hashed(tmp_path: Path, disk: Disk) -> None:
    path = write(tmp_path / "a", b"12345")
    status = path.stat()

    assert hash_file(disk, path, source=True, expected=Expected(5, status.st_mtime_ns)).size == 5
    with pytest.raises(SourceChanged, match="size changed from 4 to 5"):
        hash_file(disk, path, source=True, expected=Expected(4, status.st_mtime_ns))
    with pytest.raises(SourceChanged, match="modification time"):
        hash_file(disk, path, source=True, expected=Expected(5, 1))


def test_a_file_that_changes_while_it_is_hashed_has_no_hash(tmp_path: Path) -> None:
    class Meddling(Disk):
        def read_into(self, fd: int, view: memoryview) -> int:
            size = super().read_into(fd, view)
            os.utime(tmp_path / "a", ns=(0, 0))
            return size

    write(tmp_path / "a", b"12345")

    with pytest.raises(SourceChanged):
        hash_file(Meddling(), tmp_path / "a", source=True)


def test_equal_files_have_equal_fingerprints_of_the_published_form(tmp_path: Path, disk: Disk) -> None:
    content = os.urandom(300 * KIB)
    one, two = write(tmp_path / "1", content), write(tmp_path / "2", content)
    middle = (300 * KIB - 16 * KIB) // 2
    sampled = content[: 16 * KIB] + content[middle : middle + 16 * KIB] + content[-16 * KIB :]
    expected = xxhash.xxh3_128_hexdigest((300 * KIB).to_bytes(8, "little") + sampled)

    prints = {fingerprint(disk, path, 300 * KIB, source=path is one) for path in (one, two)}

    assert prints == {f"4b000-{expected}"}


@pytest.mark.parametrize("size", [1, 16 * KIB, 64 * KIB])
def test_small_files_are_fingerprinted_by_every_byte(tmp_path: Path, disk: Disk, size: int) -> None:
    content = os.urandom(size)
    changed = bytearray(content)
    changed[size // 3] ^= 1

    prints = [
        fingerprint(disk, write(tmp_path / "a", each), size, source=True) for each in (content, changed)
    ]

    assert prints[0] != prints[1]


@pytest.mark.parametrize("place", [0, 16 * KIB - 1, 500 * KIB, 1000 * KIB - 1])
def test_head_middle_and_tail_of_large_files_count(tmp_path: Path, disk: Disk, place: int) -> None:
    content = bytearray(1000 * KIB)
    before = fingerprint(disk, write(tmp_path / "a", content), len(content), source=True)
    content[place] = 1

    assert fingerprint(disk, write(tmp_path / "a", content), len(content), source=True) != before


def test_a_large_file_is_hardly_read(tmp_path: Path) -> None:
    disk = Counting()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(5 << 30)

    told = fingerprint(disk, tmp_path / "large", 5 << 30, source=True)

    assert told.startswith("140000000-")
    assert disk.read == 48 * KIB


@pytest.mark.parametrize("size", [2_000, 200_000])
def test_a_file_that_became_shorter_has_no_fingerprint(tmp_path: Path, disk: Disk, size: int) -> None:
    path = write(tmp_path / "a", b"x" * 1000)
    with pytest.raises(OSError, match="before its end"):
        fingerprint(disk, path, size, source=True)


def test_the_real_files_have_the_published_hashes(
    devset: Path, manifest: list[dict[str, str]], disk: Disk
) -> None:
    rows = [row for row in manifest if (devset / row["path"]).is_file()]

    for row in rows:
        assert hash_file(disk, devset / row["path"], source=True).sha256 == row["sha256"]
    assert len(rows) > 100
