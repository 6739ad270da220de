"""What is inside a photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import exif, header, heif, raw
from cardcat.media.header import Header
from cardcat.metadata import Metadata

_READERS: tuple[tuple[int, bytes, Callable[[BinaryIO], Header]], ...] = (
    (0, b"\xff\xd8", header.read_jpeg),
    (0, b"\x89PNG", header.read_png),
    (8, b"WEBP", header.read_webp),
    (8, b"crx ", raw.read_cr3),
    (4, b"ftyp", heif.read_heif),
    (4, b"jP  ", heif.read_jpeg_2000),
    (4, b"JXL ", heif.read_jpeg_xl),
    (0, b"FUJIFILMCCD-RAW", raw.read_raf),
    (6, b"HEAPCCDR", lambda _stream: Header()),  # CRW begins like TIFF and is none
    (0, b"II", raw.read_tiff),
    (0, b"MM", raw.read_tiff),
    (0, b"GIF", header.read_gif),
    (0, b"BM", header.read_bmp),
    (0, b"\0\0\x01\0", header.read_icon),
    (0, b"8BPS", header.read_photoshop),
)


def read_image(stream: BinaryIO) -> Metadata:
    """
    The columns of the image at the start of *stream*, `trouble` for what could not be read of it.

    Raises ValueError or OSError if the container itself can't be followed.
    """
    found = _read_header(stream)
    tags: dict[str, object] = {}
    trouble = None
    for block in found.exif:
        try:
            tags |= exif.read_tags(block)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - exifread raises anything at all for a damaged block
            trouble = f"its EXIF block can't be read ({type(error).__name__})"
    width, height = found.size or (None, None)
    return replace(exif.to_metadata(tags), resolution_width=width, resolution_height=height, trouble=trouble)


def _read_header(stream: BinaryIO) -> Header:
    head = stream.read(32)
    for offset, signature, read in _READERS:
        if head.startswith(signature, offset):
            return read(stream)
    return Header()
