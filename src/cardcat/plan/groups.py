"""Groups: files of one folder that belong together and must keep their names in step."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Only used to see through double extensions (IMG_1.CR3.xmp); what a file is, its bytes tell.
MEDIA_EXTENSIONS = frozenset(
    "jpg jpeg jpe heic heif hif avif webp png tif tiff gif bmp jxl "
    "cr2 cr3 crw nef nrw arw srf sr2 raf orf rw2 rwl dng pef srw x3f iiq gpr 3fr fff mrw kdc dcr erf mef "
    "mp4 mov m4v 3gp 3g2 mkv webm avi mts m2ts mxf wmv mpg mpeg mlv 360 insv insp braw r3d wav".split()
)

_APPLE_EDIT = re.compile(r"(img_)[eo](\d{4})")  # IMG_E1234.HEIC and IMG_O1234.AAE belong to IMG_1234
_GOPRO_PROXY = re.compile(r"g[lhxs](\d{6})")  # GL010003.LRV belongs to GH010003.MP4, GX…, and GS010003.360
_SONY_CLIP = re.compile(r"(c\d{4})[mst]\d{2}")  # C0001M01.XML, C0001S03.MP4, C0001T01.JPG
_SONY_INDEX = re.compile(r"(.+)m\d{2}")  # the XML of a clip that its owner gave a name: Typhoon_00001M01.XML


def split_name(name: str) -> tuple[str, str]:
    """
    Split a file name into stem and all of its extension: ('IMG_1', '.CR3.xmp'), ('.nomedia', '').

    A second extension is only taken where the first is that of a media file.
    """
    stem, dot, extension = name.rpartition(".")
    if not stem:
        return name, ""
    inner, inner_dot, inner_extension = stem.rpartition(".")
    if inner and inner_extension.lower() in MEDIA_EXTENSIONS:
        return inner, inner_dot + inner_extension + dot + extension
    return stem, dot + extension


def group_key(name: str) -> str:
    """What the names of one group have in common, within one folder."""
    stem, extension = (part.lower() for part in split_name(name))
    if match := _APPLE_EDIT.fullmatch(stem):
        return match[1] + match[2]
    if match := _GOPRO_PROXY.fullmatch(stem):
        return "gopro" + match[1]
    sony = _SONY_INDEX if extension == ".xml" else _SONY_CLIP
    if match := sony.fullmatch(stem):
        return match[1]
    return stem


def assign_groups(paths: Iterable[str]) -> list[int]:
    """For each relative path the number of its group: the position of the group's first member."""
    seen: dict[tuple[str, str], int] = {}
    groups = []
    for position, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        groups.append(seen.setdefault((folder, group_key(name)), position))
    return groups
