"""XMP inside a file, which programs write, and some cameras where they have no EXIF."""

from __future__ import annotations

from cardcat.media.sidecars.xmp import read_xmp
from cardcat.metadata import DateSource, Metadata

_WORDS = {
    "date_taken": (b"DateTimeOriginal", b"DateCreated", b"CreateDate"),
    "camera_make": (b"tiff:Make",),
    "camera_model": (b"tiff:Model",),
    "lens_model": (b"aux:Lens", b"LensModel"),
    "iso": (b"ISOSpeedRatings", b"PhotographicSensitivity"),
    "aperture": (b"exif:FNumber",),
    "shutter_speed": (b"exif:ExposureTime",),
    "focal_length": (b"exif:FocalLength",),
}


def is_wanted(packet: bytes, told: Metadata) -> bool:
    """Whether *packet* may tell what is missing in *told*; most only repeat what EXIF says."""
    missing = (words for field, words in _WORDS.items() if getattr(told, field) is None)
    return bool(packet) and any(word in packet for words in missing for word in words)


def read_packet(packet: bytes) -> Metadata:
    """The columns that an XMP *packet* knows, in the words of a sidecar; empty if it can't be read."""
    try:
        return read_xmp(packet, DateSource.XMP)
    except ValueError:
        return Metadata()
