"""Small pictures for the report: upright, cheap, and none at all rather than a crash."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from cardcat.media import thumbnails
from cardcat.media.picturing import ThumbnailPool
from cardcat.media.protocol import LARGEST_PICTURE, Limits, pack_picture, unpack_picture
from cardcat.media.thumbnails import SIDE, thumbnail
from cardcat.model import Kind

RED, BLUE, GREEN = (220, 20, 20), (20, 20, 220), (20, 200, 20)


def halves(width: int, height: int, left: tuple[int, int, int] = RED) -> Image.Image:
    """A picture with one colour at its left and blue at its right."""
    picture = Image.new("RGB", (width, height), BLUE)
    picture.paste(left, (0, 0, width // 2, height))
    return picture


def jpeg_of(picture: Image.Image, *, orientation: int = 1, preview: Image.Image | None = None) -> bytes:
    """A JPEG with that orientation, and with a preview as cameras have it in their EXIF block."""
    block = exif_block(orientation, b"" if preview is None else encoded(preview))
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=block)
    return out.getvalue()


def exif_block(orientation: int, preview: bytes) -> bytes:
    """An EXIF block: one IFD with the orientation, one that leads to the preview."""
    first = struct.pack("<HHHIHHI", 1, 0x112, 3, 1, orientation, 0, 26)
    second = struct.pack("<HHHIIHHIII", 2, 0x201, 4, 1, 56, 0x202, 4, 1, len(preview), 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + preview


def encoded(picture: Image.Image, form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def small(path: Path) -> Image.Image:
    found = thumbnail(path, Kind.IMAGE)
    assert found is not None
    return Image.open(io.BytesIO(found))


def colour(picture: Image.Image, x: float, y: float) -> str:
    """The name of the colour at that part of the width and height."""
    pixel = picture.convert("RGB").getpixel((int(picture.width * x), int(picture.height * y)))
    assert isinstance(pixel, tuple)
    names = {"red": RED, "blue": BLUE, "green": GREEN, "white": (255, 255, 255), "black": (0, 0, 0)}
    return min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_what_can_be_decoded_has_a_small_picture(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(encoded(halves(800, 400), form))
    found = small(path)

    assert (found.format, found.size, found.mode) == ("JPEG", (SIDE, SIDE // 2), "RGB")
    assert (colour(found, 0.2, 0.5), colour(found, 0.8, 0.5)) == ("red", "blue")


@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [
        (1, (0.2, 0.5)), (2, (0.8, 0.5)), (3, (0.8, 0.5)), (4, (0.2, 0.5)),
        (5, (0.5, 0.2)), (6, (0.5, 0.2)), (7, (0.5, 0.8)), (8, (0.5, 0.8)),
    ],
)  # fmt: skip
def test_it_stands_upright(tmp_path: Path, orientation: int, red_at: tuple[float, float]) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(halves(800, 400), orientation=orientation))
    found = small(path)

    assert found.size == ((160, 80) if orientation < 5 else (80, 160))
    assert colour(found, *red_at) == "red"
    assert not found.getexif()


def test_the_cameras_own_preview_is_used_without_its_bars(tmp_path: Path) -> None:
    preview = Image.new("RGB", (160, 120))
    preview.paste(halves(160, 107, GREEN), (0, 6))
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(halves(1500, 1000), preview=preview))
    found = small(path)

    assert found.size == (160, 107)
    assert colour(found, 0.2, 0.5) == "green"
    assert colour(found, 0.2, 0.02) == "green"


@pytest.mark.parametrize("shape", [(160, 160), (80, 60)])
def test_a_preview_that_shows_less_is_not_used(tmp_path: Path, shape: tuple[int, int]) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(halves(1500, 1000), preview=halves(*shape, GREEN)))

    assert colour(small(path), 0.2, 0.5) == "red"


def test_a_damaged_preview_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    whole = jpeg_of(halves(1500, 1000), preview=halves(160, 107, GREEN))
    inside = whole.index(b"\xff\xd8\xff", 1)
    path.write_bytes(whole[: inside + 400] + bytes(40) + whole[inside + 440 :])

    assert small(path).size == (160, 107)


def test_a_raw_is_shown_by_the_preview_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a.nef"
    previews = [encoded(halves(*size, GREEN)) for size in ((1600, 1066), (320, 213), (120, 80))]
    raw = b"II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x112, 3, 1, 8, 0, 0) + b"NIKON" * 9
    path.write_bytes(raw + b"".join(previews) + bytes(5000))
    found = small(path)

    assert found.size == (107, 160)
    assert colour(found, 0.5, 0.8) == "green"


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.new("RGBA", (300, 200), (0, 0, 0, 0)), "PNG"))

    assert colour(small(path), 0.5, 0.5) == "white"


def bomb() -> bytes:
    """A PNG of 15,000 by 15,000 pixels in some kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 15_000, 15_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))


def test_a_bomb_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bomb())
    monkeypatch.setattr(thumbnails, "_small", lambda *_: pytest.fail("it was decoded"))

    assert thumbnail(path, Kind.IMAGE) is None


def test_many_pixels_of_a_jpeg_cost_little(tmp_path: Path) -> None:
    """They are decoded at an eighth of their size: whole, it would be 300 MB."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (10_000, 10_000), RED).save(path)
    with ThumbnailPool(1, Limits(seconds=30.0, memory=128 << 20)) as pool:
        (found,) = pool.answers([(path, Kind.IMAGE)])
    assert found is not None


def test_what_is_no_picture_has_none(tmp_path: Path) -> None:
    whole = encoded(halves(800, 600))
    for name, data in {
        "empty.jpg": b"",
        "text.jpg": b"no picture at all",
        "half.jpg": whole[: len(whole) // 2],
        "head.jpg": whole[:30],
        "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "many.nef": b"II*\0" + b"\xff\xd8\xff" * 50_000,
    }.items():
        (tmp_path / name).write_bytes(data)
        assert thumbnail(tmp_path / name, Kind.IMAGE) is None, name
    assert thumbnail(tmp_path / "absent.jpg", Kind.IMAGE) is None
    (tmp_path / "good.jpg").write_bytes(whole)
    assert thumbnail(tmp_path / "good.jpg", Kind.IMAGE)
    assert thumbnail(tmp_path / "good.jpg", Kind.VIDEO) is None


def test_only_a_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes(encoded(halves(80, 60)))
    (tmp_path / "link.jpg").symlink_to("good.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")

    assert thumbnail(tmp_path / "link.jpg", Kind.IMAGE) is None
    assert thumbnail(tmp_path / "pipe.jpg", Kind.IMAGE) is None


def test_the_access_time_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(halves(80, 60)))
    os.utime(path, ns=(1, 10**18))

    assert thumbnail(path, Kind.IMAGE)
    assert path.stat().st_atime_ns == 1


def test_pictures_are_in_the_order_of_the_files(tmp_path: Path) -> None:
    colours = [(40 * number, 0, 0) for number in range(6)]
    for number, each in enumerate(colours):
        Image.new("RGB", (40, 30), each).save(tmp_path / f"{number}.png")
    with ThumbnailPool(2) as pool:
        found = [*pool.answers([(tmp_path / f"{number}.png", Kind.IMAGE) for number in range(6)])]
    reds = []
    for picture in found:
        assert picture is not None
        pixel = Image.open(io.BytesIO(picture)).getpixel((9, 9))
        assert isinstance(pixel, tuple)
        reds.append(round(pixel[0] / 40))
    assert reds == [0, 1, 2, 3, 4, 5]


class Dying(ThumbnailPool):
    """Its workers end at the first request."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", "print('ready', flush=True); input()"]


def test_a_picture_that_kills_its_worker_is_none(tmp_path: Path) -> None:
    with Dying(1) as pool:
        assert [*pool.answers([(tmp_path / "a", Kind.IMAGE), (tmp_path / "b", Kind.IMAGE)])] == [None, None]


def test_only_a_small_jpeg_comes_back_from_a_worker() -> None:
    whole = encoded(halves(80, 60))
    assert unpack_picture(pack_picture(whole)) == whole
    assert unpack_picture(pack_picture(None)) is None
    for line in (
        pack_picture(b"<svg>"),
        pack_picture(b"\xff\xd8\xff" + bytes(LARGEST_PICTURE)),
        b"7",
        b"x",
        b'"?"',
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - whichever
            unpack_picture(line)


def test_the_program_itself_decodes_nothing() -> None:
    """Pillow is in the workers alone: what it may do to a process it does there."""
    told = "import sys, cardcat.safety.report; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_the_real_files_are_shown(devset: Path) -> None:
    shown = [
        path
        for path in sorted(devset.glob("cards/*/DCIM/**/*.*"))
        if path.suffix.lower() in (".jpg", ".crw") and path.name[0] != "."
    ]
    assert len(shown) > 40
    with ThumbnailPool() as pool:
        found = [*pool.answers([(path, Kind.IMAGE) for path in shown])]
    assert [path for path, picture in zip(shown, found, strict=True) if picture is None] == []
