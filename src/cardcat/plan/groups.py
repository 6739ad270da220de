"""Groups: files of one folder that belong together and must keep their names in step."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What names promise: to see through double extensions (IMG_1.CR3.xmp), and to say what is what to a group.
# What a file is, its bytes tell.
RAW_EXTENSIONS = frozenset(
    "cr2 cr3 crw nef nrw arw srf sr2 raf orf rw2 rwl dng pef srw x3f iiq gpr 3fr fff mrw kdc dcr erf "
    "mef".split()
)
PHOTO_EXTENSIONS = RAW_EXTENSIONS | frozenset(
    "jpg jpeg jpe heic heif hif avif webp png tif tiff gif bmp jxl insp".split()
)
FILM_EXTENSIONS = frozenset(
    "mp4 mov m4v 3gp 3g2 mkv webm avi mts m2ts mxf wmv mpg mpeg mlv 360 insv braw r3d".split()
)
MEDIA_EXTENSIONS = PHOTO_EXTENSIONS | FILM_EXTENSIONS | {"wav"}

_INSTA360 = re.compile(r"(?:vid|lrv)(_\d{8}_\d{6})_\d\d(_\d{3})")
_PATTERNS = {  # by the first letter: what precedes the key, and what of the stem is in it
    "c": ("", re.compile(r"(c\d{4})[mstr]\d\d")),  # Sony: C0001M01.XML, C0001S03.MP4, C0001T01.JPG
    "g": ("gopro", re.compile(r"g[lhxs]((?:\d\d|[a-z]{2})\d{4})")),  # GL010003.LRV, of GH…, GX… or GS…
    "i": ("", re.compile(r"(img_)[eo](\d{4})")),  # Apple: IMG_E1234.HEIC and IMG_O1234.AAE, of IMG_1234
    "l": ("insta360", _INSTA360),  # LRV_…_11_001.insv and the two lenses VID_…_00_001 and VID_…_10_001
    "p": ("", re.compile(r"(pxl_\d{8}_\d{9}\.(?:raw|portrait))-\d\d\..+")),  # ….RAW-01.COVER.jpg, ….RAW-02.…
    "v": ("insta360", _INSTA360),
}
_BY_EXTENSION = {
    ".xml": ("", re.compile(r"(.*\d)m\d\d", re.DOTALL)),  # a Sony clip's that its owner gave a name
    ".bim": ("", re.compile(r"(.*\d)r\d\d", re.DOTALL)),
    ".ppn": ("", re.compile(r"(.*\d)i\d\d", re.DOTALL)),
    ".wav": ("img_", re.compile(r"snd_(\d{4})")),  # Canon: SND_0007.WAV is spoken to IMG_0007.JPG
}


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
    stem, extension = split_name(name)
    stem = stem.lower()
    for pattern in (_PATTERNS.get(stem[:1]), _BY_EXTENSION.get(extension.lower())):
        if pattern and (found := pattern[1].fullmatch(stem)):
            return pattern[0] + "".join(found.groups())
    return stem


def assign_groups(paths: Iterable[str]) -> list[int]:
    """For each relative path the number of its group: the position of the group's first member."""
    seen: dict[str, dict[str, int]] = {}  # by folder: of a million files a key for each would fill memory
    groups = []
    for position, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        groups.append(seen.setdefault(folder, {}).setdefault(group_key(name), position))
    return groups
