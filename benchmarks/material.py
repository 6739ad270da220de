"""Photos and films to measure with, made on the spot: none of them is anybody's."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import av
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cardcat.media.kind import kind_of
from cardcat.model import Kind

_EXIF_IFD = 0x8769
_HEAD = 1 << 16


def photos(folder: Path, count: int, size: int, first: int = 0) -> list[Path]:
    """
    *count* JPEG photos of *size* bytes, a tenth more or less, with a camera's EXIF and note, all different.

    They are numbered from *first* on. Every other one names no lens. None has a serial number in its EXIF, so
    that each note is looked into.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [_picture("RF50mm F1.8 STM"), _picture(None)]
    dice = random.Random(first)  # noqa: S311 - the same photos every time
    paths = []
    for number in range(first, first + count):
        picture = pictures[number % 2]
        path = folder / f"IMG_{number:04d}.JPG"
        own = dice.randint(size * 9 // 10, size * 11 // 10)
        filling = dice.randbytes(own - len(picture)).replace(b"\xff", b"\xfe")
        path.write_bytes(picture[:-2] + filling + b"\xff\xd9")
        paths.append(path)
    return paths


def films(folder: Path, count: int, seconds: int) -> list[Path]:
    """*count* MP4 and MOV films of 640 x 480 and *seconds* of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _film(folder / f"MVI_{number:04d}.{'mp4' if number % 2 else 'mov'}", seconds)
        for number in range(count)
    ]


def media_files(folder: Path) -> Iterator[tuple[Path, Kind]]:
    """The photos and films below *folder*, by what their bytes say they are."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                kind = kind_of(stream.read(_HEAD), path.name)
            if kind.is_media:
                yield path, kind


def _picture(lens: str | None) -> bytes:
    picture = io.BytesIO()
    Image.effect_noise((640, 480), 80).convert("RGB").save(picture, "JPEG", quality=75, exif=_exif(lens))
    return picture.getvalue()


def _exif(lens: str | None) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Canon", "Canon EOS R5", "2024:05:01 10:00:00"
    exif.get_ifd(_EXIF_IFD).update(
        {
            0x9003: "2024:05:01 10:00:00",
            0x9011: "+02:00",
            0x8827: 400,
            0x829D: IFDRational(28, 10),
            0x829A: IFDRational(1, 250),
            0x920A: IFDRational(50, 1),
            **({} if lens is None else {0xA434: lens}),
            0x927C: _note(),
        }
    )
    return exif.tobytes()


def _note() -> bytes:
    """A note as Canon writes it: an IFD of a few hundred tags of a few hundred bytes, made up."""
    count = 100
    entries = b"".join(struct.pack("<HHII", 0x4100 + number, 7, 4, number) for number in range(count))
    return struct.pack("<H", count) + entries + bytes(4) + bytes(20_000)


def _film(path: Path, seconds: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 640, 480, "yuv420p", 8_000_000
        container.metadata["creation_time"] = "2024-05-01T08:00:00Z"
        for _ in range(25 * seconds):
            picture = Image.effect_noise((640, 480), 80).convert("RGB")
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))  # type: ignore[no-untyped-call]
        container.mux(stream.encode())
    return path
