"""What is inside a photo."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import formats
from cardcat.media.bounded import TooMuchError
from cardcat.media.combining import combined
from cardcat.media.photos import (
    apple,
    chunks,
    exif,
    header,
    heif,
    jpeg,
    jpeg_xl,
    packet,
    phase_one,
    raw,
    second_reader,
    sigma,
    tiff,
)
from cardcat.media.photos.header import Header
from cardcat.metadata import Metadata

_READERS: tuple[tuple[int, bytes, Callable[[BinaryIO], Header]], ...] = (
    (0, b"\xff\xd8", jpeg.read_jpeg),
    (0, b"\x89PNG", chunks.read_png),
    (8, b"WEBP", chunks.read_webp),
    (8, b"crx ", raw.read_cr3),
    (4, b"ftyp", heif.read_heif),
    (4, b"jP  ", heif.read_jpeg_2000),
    (4, b"JXL ", jpeg_xl.read_jpeg_xl),
    (0, b"\xff\x0a", jpeg_xl.read_jpeg_xl_codestream),
    (0, b"FUJIFILMCCD-RAW", raw.read_raf),
    (0, b"FOVb", sigma.read_x3f),
    (0, b"\0MRM", raw.read_mrw),
    (6, b"HEAPCCDR", raw.read_crw),  # it begins like TIFF and is none
    *((8, signature, phase_one.read_iiq) for signature in phase_one.SIGNATURES),
    (0, b"II", tiff.read_tiff),
    (0, b"MM", tiff.read_tiff),
    (0, b"GIF", header.read_gif),
    (0, b"BM", header.read_bmp),
    (0, b"\0\0\x01\0", header.read_icon),
    (0, b"8BPS", header.read_photoshop),
)

# How the tag of a maker's note begins: in either byte order, as bytes without a meaning or as plain bytes.
_NOTES = (b"\x92\x7c\0\7", b"\x7c\x92\7\0", b"\x92\x7c\0\1", b"\x7c\x92\1\0")
_APPLE = b"Apple iOS\0"  # its note has nothing more of the exposure
_PANASONIC = b"IIU\0"  # has no note, and tags of its own instead
_NOTHING = Metadata()
_LARGEST_PART = 1 << 21  # of a raw, for the second reader: IFDs and notes stand before the pixels
_MAKERS_THAT_NAME = tuple(
    "CANON FUJI KONICA LEICA MINOLTA NIKON OLYMPUS OM PANASONIC PENTAX RICOH SAMSUNG SIGMA SONY".split()
)
"""Whose notes tell the lens or a serial number; those of phones and most compacts don't."""


def read_image(stream: BinaryIO, name: str = "") -> Metadata:
    """
    The columns of the image in *stream*, whose file is called *name*; `trouble` for what could not be
    read of it.

    EXIF wins over the maker's note, and both over XMP. Raises ValueError or OSError if the container itself
    can't be followed.
    """
    found = _read_header(stream)
    told, trouble = _by_exif(found)
    block = _block(found)
    readers = ["exifread"] if found.exif else []
    noted = _by_second_reader(found, block, told, is_damaged=trouble is not None)
    if noted.trouble:
        trouble = trouble or noted.trouble
    elif noted != _NOTHING and combined(told, noted) != told:
        told, readers, trouble = combined(told, noted), [*readers, "exiv2"], None
    if packet.is_wanted(found.xmp, told):
        told = combined(told, packet.read_packet(found.xmp))
    width, height = found.size or (told.resolution_width, told.resolution_height)
    details = replace(
        told.details,
        format=formats.as_named(found.format, name) if found.format else _format(stream, name),
        bit_depth=found.bit_depth,
        color_space=found.color_space or told.details.color_space,
        live_photo_id=apple.live_photo_id(block),
        read_with=", ".join(readers) or None,
    )
    return replace(told, resolution_width=width, resolution_height=height, details=details, trouble=trouble)


def _read_header(stream: BinaryIO) -> Header:
    head = stream.read(32)
    for offset, signature, read in _READERS:
        if head.startswith(signature, offset):
            return read(stream)
    return Header()


def _format(stream: BinaryIO, name: str) -> str | None:
    stream.seek(0)
    return formats.format_of(stream.read(formats.HEAD), name)


def _by_exif(found: Header) -> tuple[Metadata, str | None]:
    """What EXIF says, and a sentence if a block of it can't be read."""
    tags, trouble = dict(found.tags), None
    for block in found.exif:
        try:
            tags.update(exif.read_tags(block))
        except MemoryError:
            raise
        except TooMuchError:
            trouble = "its EXIF block is damaged: it never ends"
        except Exception:  # noqa: BLE001 - exifread raises anything at all for a damaged block
            trouble = "its EXIF block is damaged"
    return exif.to_metadata(tags), trouble


def _by_second_reader(found: Header, block: bytes, told: Metadata, *, is_damaged: bool) -> Metadata:
    """What else stands in the EXIF *block* or the maker's note, as far as anything is missing."""
    try:
        knows_little = (found.second and not found.exif) or (block.startswith(_PANASONIC) and _lacks(told))
        if is_damaged or knows_little:
            return second_reader.read_whole(found.second or block)
        if _lacks(told) and (found.second or _has_note(block)):
            return second_reader.read_note(found.second or block)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - what the first reader has told is kept, whatever this one raises
        return Metadata(trouble="its maker's note is damaged")
    return _NOTHING


def _has_note(block: bytes) -> bool:
    return any(note in block for note in _NOTES) and _APPLE not in block


def _lacks(told: Metadata) -> bool:
    """Whether a maker's note may tell more than EXIF has told."""
    if None in (told.iso, told.aperture, told.shutter_speed, told.focal_length):
        return True
    maker_names = (told.camera_make or "").upper().startswith(_MAKERS_THAT_NAME)
    return maker_names and None in (told.lens_model, told.details.camera_serial)


def _block(found: Header) -> bytes:
    """The EXIF block with the maker's note, or the beginning of a raw that is one."""
    if not found.exif:
        return b""
    stream = found.exif[0]
    if isinstance(stream, io.BytesIO):
        return stream.getvalue()
    stream.seek(0)
    return stream.read(_LARGEST_PART)
