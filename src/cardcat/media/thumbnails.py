"""
A small picture of a photo.

Runs in a worker process: what decodes pictures may crash, hang or eat memory. Films have none.
"""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile

from cardcat.media.photos.image import read_image
from cardcat.media.protocol import LARGEST_PICTURE, pack_picture
from cardcat.media.worker import limits_given, serve
from cardcat.metadata import Metadata
from cardcat.model import Kind

SIDE = 160
"""Pixels of the longer side."""

_QUALITY = 70
_LARGEST_FILE = 1 << 29  # bytes
_MOST_PIXELS = 40_000_000  # of a format that is decoded whole
_MOST_PIXELS_OF_JPEG = 400_000_000  # of one that is decoded at an eighth of its size
_HEAD = 1 << 18  # bytes of a JPEG in which its own thumbnail stands
_RAW_HEAD = 1 << 24  # bytes of a raw in which its previews stand
_MOST_PREVIEWS = 64
_JPEG = b"\xff\xd8\xff"
_LEAST_SIDE = 100  # pixels of a preview that is worth anything
_SLACK = 0.02  # by which two shapes may differ and still be one
_WHITE = (255, 255, 255)

# As our own readers name formats, and as Pillow does. None of these starts another program.
_PILLOW: Mapping[str, str] = {
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "INSP": "JPEG",
    "PNG": "PNG",
    "APNG": "PNG",
    "WebP": "WEBP",
    "GIF": "GIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "AVIF": "AVIF",
    "JPEG 2000": "JPEG2000",
}
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
"""What makes a picture upright, by EXIF's orientation."""


def main() -> None:
    """Serve with `thumbnail`; the last two arguments are the limits."""
    warnings.simplefilter("ignore")  # nobody reads them
    serve(thumbnail, limits_given(), pack_picture)


def thumbnail(path: Path, kind: Kind) -> bytes | None:
    """
    A JPEG of the photo at *path*, upright, SIDE pixels long, without any metadata; None where there is none.

    A JPEG's or raw's own preview is used where it is good enough, so that little of the file is read. The
    access time stays. Raises nothing but MemoryError, after which the process is not to be trusted.
    """
    if kind is not Kind.IMAGE:
        return None
    try:
        with open(path, "rb", opener=_untouched) as stream:
            if os.fstat(stream.fileno()).st_size <= _LARGEST_FILE:
                return _thumbnail(stream, path.name)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001, S110 - hostile files make the libraries raise anything at all
        pass
    return None


def _untouched(path: str, flags: int) -> int:
    """Open a file, and nothing else that came in its place, without renewing its access time."""
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with suppress(PermissionError):
        return _regular(os.open(path, flags | getattr(os, "O_NOATIME", 0)))
    return _regular(os.open(path, flags))


def _regular(fd: int) -> int:
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError("not a regular file")


def _thumbnail(stream: BinaryIO, name: str) -> bytes | None:
    told = read_image(stream, name)
    form = _PILLOW.get(told.details.format or "")
    for picture in _pictures(stream, form, told):
        with suppress(Exception):
            return _packed(_upright(_small(picture, told), told.details.orientation))
    return None


def _pictures(stream: BinaryIO, form: str | None, told: Metadata) -> Iterator[Image.Image]:
    """What may be shown, the cheapest first: previews in the file, then the picture itself."""
    stream.seek(0)
    if form == "JPEG":
        yield from _previews(stream.read(_HEAD), told, whole=False)
    elif form is None:
        yield from _previews(stream.read(_RAW_HEAD), told, whole=True)
    stream.seek(0)
    with suppress(Exception):
        yield _opened(stream, form or "TIFF")


def _previews(data: bytes, told: Metadata, *, whole: bool) -> Iterator[Image.Image]:
    """
    The JPEGs inside *data*, the least that is large enough first; of a JPEG, not itself.

    Where *whole* is false only those in the shape of the picture count: others show a part of it.
    """
    found = []
    at = data.find(_JPEG, 0 if whole else 1)
    for _ in range(_MOST_PREVIEWS):
        if at < 0:
            break
        with suppress(Exception):
            picture = _opened(io.BytesIO(data[at:]), "JPEG")
            if max(picture.size) >= _LEAST_SIDE and (whole or _is_of(picture, told)):
                found.append(picture)
        at = data.find(_JPEG, at + 1)
    yield from sorted(found, key=lambda picture: (max(picture.size) < SIDE, max(picture.size)))


def _is_of(picture: Image.Image, told: Metadata) -> bool:
    """Whether it can be the picture that was told of: in its shape, or in bars around it."""
    shape = _shape(told)
    if shape is None:
        return False
    ours = picture.width / picture.height
    return abs(ours / shape - 1) <= _SLACK or abs(ours / (4 / 3) - 1) <= _SLACK


def _shape(told: Metadata) -> float | None:
    width, height = told.resolution_width, told.resolution_height
    return width / height if width and height else None


def _opened(stream: BinaryIO, form: str) -> Image.Image:
    """The picture, not decoded yet; ValueError if that would take too much."""
    picture = Image.open(stream, formats=(form,))
    most = _MOST_PIXELS_OF_JPEG if form == "JPEG" else _MOST_PIXELS
    if picture.width * picture.height > most:
        raise ValueError("too many pixels")
    return picture


def _small(picture: Image.Image, told: Metadata) -> Image.Image:
    """The picture in SIDE pixels, without the bars that a camera puts around a preview of another shape."""
    picture.draft("RGB", (SIDE, SIDE))
    picture.load()
    shown = _plain(picture)
    shape = _shape(told)
    if shape and abs(shown.width / shown.height / shape - 1) > _SLACK:
        shown = shown.crop(_middle(shown.width, shown.height, shape))
    shown.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    return shown


def _plain(picture: Image.Image) -> Image.Image:
    """In RGB, and white where it is transparent."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    layer.thumbnail((4 * SIDE, 4 * SIDE))
    ground = Image.new("RGB", layer.size, _WHITE)
    ground.paste(layer, mask=layer)
    return ground


def _middle(width: int, height: int, shape: float) -> tuple[int, int, int, int]:
    """The largest box of that shape in the middle."""
    wide, high = min(width, round(height * shape)), min(height, round(width / shape))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + max(wide, 1), top + max(high, 1)


def _upright(picture: Image.Image, orientation: int | None) -> Image.Image:
    for turn in _TURNS.get(orientation or 1, ()):
        picture = picture.transpose(turn)
    return picture


def _packed(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.info.clear()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True)
    if out.tell() > LARGEST_PICTURE:
        raise ValueError("too large")
    return out.getvalue()


ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS_OF_JPEG
