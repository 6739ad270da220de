"""Photos and films to measure with, made on the spot: none of them is anybody's."""

from __future__ import annotations

import io
import os
from pathlib import Path

import av
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

_EXIF_IFD = 0x8769


def photos(folder: Path, count: int, size: int) -> list[Path]:
    """*count* JPEG photos of about *size* bytes each, with a camera's EXIF, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = io.BytesIO()
    Image.effect_noise((1600, 1200), 80).convert("RGB").save(picture, "JPEG", quality=85, exif=_exif())
    paths = []
    for number in range(count):
        path = folder / f"IMG_{number:04d}.JPG"
        filling = os.urandom(max(0, size - picture.tell()))
        path.write_bytes(picture.getvalue()[:-2] + filling.replace(b"\xff", b"\xfe") + b"\xff\xd9")
        paths.append(path)
    return paths


def films(folder: Path, count: int, seconds: int) -> list[Path]:
    """*count* MP4 and MOV films of 640 x 480 and *seconds* of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _film(folder / f"MVI_{number:04d}.{'mp4' if number % 2 else 'mov'}", seconds)
        for number in range(count)
    ]


def _exif() -> bytes:
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
            0xA434: "RF50mm F1.8 STM",
            0x927C: b"made up, of a usual size" * 1000,
        }
    )
    return exif.tobytes()


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
