"""Photos that are made to cost too much: each costs a finding, or nothing at all."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cardcat.media.bounded import LARGEST_READ, BoundedReader, TooMuchError
from cardcat.media.photos import chunks
from cardcat.media.photos.image import read_image
from cardcat.media.pool import MetadataPool
from cardcat.metadata import Metadata
from cardcat.model import Kind

Make = Callable[..., bytes]
Read = Callable[[bytes], Metadata]
HEAD = struct.pack("<2sHI", b"II", 42, 8)
MIB = 1 << 20
LARGEST_PEAK = 300 * MIB


class Watched(io.BytesIO):
    """A stream that remembers how it is read."""

    reads = 0
    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        asked = len(self.getvalue()) if size is None or size < 0 else size
        self.largest = max(self.largest, asked)
        return super().read(size)


def entries(*listed: tuple[int, int, int, int]) -> bytes:
    return struct.pack("<H", len(listed)) + b"".join(struct.pack("<HHII", *one) for one in listed) + bytes(4)


def test_a_bounded_stream_is_read_in_pieces() -> None:
    stream = BoundedReader(io.BytesIO(bytes(LARGEST_READ + 10)))

    assert len(stream.read()) == LARGEST_READ
    assert len(stream.read(1 << 32)) == 10
    stream.seek(0)
    assert stream.read(3) == bytes(3)


@pytest.mark.parametrize(("size", "least", "most"), [(LARGEST_READ, 10, 100), (0, 100_000, 1_000_000)])
def test_a_bounded_stream_is_not_read_for_ever(size: int, least: int, most: int) -> None:
    stream = BoundedReader(io.BytesIO(bytes(10)))
    for _ in range(least):
        stream.read(size)

    def go_on() -> None:
        for _ in range(most):
            stream.read(size)

    with pytest.raises(TooMuchError):
        go_on()


MILLIONS = {
    "one tag again and again": HEAD
    + struct.pack("<H", 5000)
    + struct.pack("<HHII", 0x829A, 5, 999, 8) * 5000,
    "every tag there is": HEAD
    + struct.pack("<H", 5000)
    + b"".join(struct.pack("<HHII", tag, 5, 999, 8) for tag in range(5000)),
}


@pytest.mark.parametrize("block", MILLIONS.values(), ids=MILLIONS)
def test_a_block_of_millions_of_numbers_is_given_up(read_photo: Read, jpeg_of: Make, block: bytes) -> None:
    for data in (block, jpeg_of(block)):
        found = read_photo(data)
        assert found.trouble == "its EXIF block is damaged: it never ends"
        assert found.details.read_with == "exifread"
    assert found.resolution_width == 64


@pytest.mark.parametrize("tag", [0x10F, 0x110, 0x2BC, 0x8773, 0x9286, 0x927C, 0xC4A5])
@pytest.mark.parametrize("kind", [2, 7])
def test_a_tag_of_100_mb_is_not_read_at_once(tag: int, kind: int) -> None:
    stream = Watched(HEAD + entries((tag, kind, 100 * MIB, 100), (0x8769, 4, 1, 8)) + bytes(5 * MIB))

    read_image(stream)

    assert stream.largest <= LARGEST_READ


def test_many_tags_of_100_mb_are_given_up(read_photo: Read) -> None:
    data = HEAD + entries(*((tag, 2, 100 * MIB, 8) for tag in range(0x9000, 0x9000 + 1000)))

    assert read_photo(data + bytes(8 * MIB)).trouble == "its EXIF block is damaged: it never ends"


BOMB = zlib.compress(bytes(64 * MIB), 9)


@pytest.mark.parametrize(
    "chunk",
    [
        (b"iCCP", b"x\0\0" + BOMB),
        (b"zTXt", b"Raw profile type exif\0\0" + BOMB),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB),
        (b"iTXt", b"Raw profile type APP1\0\1\0\0\0" + BOMB),
    ],
    ids=lambda chunk: chunk[0].decode(),
)
def test_what_is_compressed_is_not_unpacked_whole(png: Make, chunk: tuple[bytes, bytes]) -> None:
    data = png(*[chunk] * 20)
    tracemalloc.start()
    try:
        read_image(io.BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_texts_without_end_are_not_all_unpacked(png: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[bytes] = []

    def watched(data: bytes) -> bytes:
        unpacked.append(data)
        return b""

    monkeypatch.setattr(chunks, "_inflated", watched)
    read_image(io.BytesIO(png(*[(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"x"))] * 1000)))

    assert 0 < len(unpacked) <= 100


def test_blocks_without_length_end(make_box: Make) -> None:
    endless = {
        "MRW": b"\0MRM\xff\xff\xff\xff" + bytes(100),
        "WebP": b"RIFF\xff\xff\xff\xffWEBP" + b"abcd\0\0\0\0" * 200_000,
        "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17) + b"\0\0\0\0abcd\0\0\0\0" * 200_000,
        "JPEG": b"\xff\xd8" + b"\xff\xe5\0\2" * 200_000,
        "boxes": make_box(b"ftyp", b"heic\0\0\0\0") + make_box(b"free") * 200_000,
    }
    for name, data in endless.items():
        stream = Watched(data)
        read_image(stream)
        assert stream.reads < 500_000, name


LAUGHS = (
    b"""<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Make="&c;"/>"""
)


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>' + LAUGHS,
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:y='tiff:Make'>" + b"<x:a>" * 100_000,
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:y='tiff:Make'>" + b"<x:a/>" * 150_000 + b"</x:xmpmeta>",
    ],
    ids=["entities", "deep", "wide"],
)
def test_xmp_that_grows_is_left_alone(read_photo: Read, png: Make, packet: bytes) -> None:
    found = read_photo(png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)))

    assert (found.camera_make, found.trouble, found.resolution_width) == (None, None, 64)


def hungry() -> bytes:
    """A raw whose tags are each 1.9 MB long, and all the same bytes; the second reader copies every one."""
    start = HEAD + entries((0x10F, 2, 6, 8000), (0x8769, 4, 1, 100))
    inner = entries((0x927C, 7, MIB, 9000), *((0x9300 + at, 7, 1_900_000, 9000) for at in range(240)))
    return ((start.ljust(100, b"\0") + inner).ljust(8000, b"\0") + b"Canon\0").ljust(2 * MIB, b"\1")


def peak(pid: int) -> int:
    """The most memory that the process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def test_a_worker_never_takes_much_memory(tmp_path: Path, photo: Make, png: Make) -> None:
    sparse = tmp_path / "sparse.nef"
    sparse.write_bytes(HEAD + entries((0x10F, 2, 100 * MIB, 100)))
    os.truncate(sparse, 101 * MIB)
    crw = tmp_path / "sparse.crw"
    crw.write_bytes(b"II\x1a\0\0\0HEAPCCDR")
    os.truncate(crw, 31 * MIB)
    made = {"hungry.nef": hungry(), "bomb.png": png((b"iCCP", b"x\0\0" + BOMB)), "good.jpg": photo()}
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    paths = [sparse, crw, *(tmp_path / name for name in made)]

    with MetadataPool(1) as pool:
        found = dict(
            zip((path.name for path in paths), pool.read([(path, Kind.IMAGE) for path in paths]), strict=True)
        )
        peaks = [peak(worker._process.pid) for worker in pool._alive]

    assert found["hungry.nef"].camera_make == "Canon"
    assert found["hungry.nef"].trouble == "its maker's note is damaged"
    assert found["good.jpg"].camera_make == "Canon"
    assert len(peaks) == 1
    assert max(peaks) < LARGEST_PEAK


def test_a_picture_larger_than_memory_is_not_unpacked(read_photo: Read) -> None:
    for form in ("PNG", "GIF", "BMP", "JPEG2000"):
        out = io.BytesIO()
        Image.new("L", (64, 48)).save(out, form)
        data = out.getvalue()
        at = {"PNG": 16, "GIF": 6, "BMP": 18, "JPEG2000": data.find(b"ihdr") + 4}[form]
        side = b"\x7f\xff" if form == "GIF" else b"\x7f\xff\xff\x00"
        found = read_photo(data[:at] + side * 2 + data[at + 2 * len(side) :])
        assert (found.resolution_width or 0) >= 0x7FFF
        assert found.trouble is None
