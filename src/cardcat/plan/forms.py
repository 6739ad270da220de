"""What a file is among those of its group, by its kind, its name and its folder."""

from __future__ import annotations

import re
from enum import IntEnum

from cardcat.model import Kind
from cardcat.plan.groups import RAW_EXTENSIONS


class Form(IntEnum):
    """The forms that the files of one shot have, the fullest first."""

    RAW = 0
    PHOTO = 1
    FILM = 2
    SOUND = 3  # a channel of a clip that lies in a file of its own
    PREVIEW = 4
    SIDECAR = 5


_PREVIEWS = frozenset("thm lrv lrf glv".split())
_PREVIEW_FOLDERS = frozenset({"SUB", "THMBNL", "ICON", "PROXY"})
_PREVIEW_NAME = re.compile(
    r"gl(?:\d\d|[a-z]{2})\d{4}\..+"  # GoPro
    r"|lrv_\d{8}_\d{6}_\d\d_\d{3}\..+"  # Insta360
    r"|.*\dt\d\d\.jpg|.*\ds\d\d\.mp4",  # Sony: C0001T01.JPG and C0001S03.MP4
    re.DOTALL,
)
_EDIT = re.compile(r"img_e\d{4}\..+", re.DOTALL)
_APPLE_NAME = re.compile(r"img_e?\d{4}\.(?:heic|heif|jpe?g|mov)")
_MORE_THAN_JPEG = frozenset("heic heif hif avif jxl tif tiff".split())  # more bits a sample, or no loss


def form_of(name: str, kind: Kind, part: str | None = None) -> Form:
    """The form of the file *name*, in lower case; *part* is the folder of a structure that it lies in."""
    if part == "AUDIO":
        return Form.SOUND
    if not kind.is_media:
        return Form.SIDECAR
    extension = name.rpartition(".")[2]
    if part in _PREVIEW_FOLDERS or extension in _PREVIEWS:
        return Form.PREVIEW
    if (name[:1] in "gl" or name[-7:-6] in "ts") and _PREVIEW_NAME.fullmatch(name):
        return Form.PREVIEW
    if kind is Kind.VIDEO:
        return Form.FILM
    return Form.RAW if extension in RAW_EXTENSIONS else Form.PHOTO


def is_edit(name: str) -> bool:
    """Whether a phone says by the *name*, in lower case, that it is an edited version."""
    return _EDIT.fullmatch(name) is not None


def is_of_apple(name: str) -> bool:
    """Whether an iPhone would give a photo, or the film of a Live Photo, this *name*, in lower case."""
    return _APPLE_NAME.fullmatch(name) is not None


def photo_rank(name: str) -> int:
    """How much of a picture its format holds, by the *name* in lower case: the least number is the most."""
    extension = name.rpartition(".")[2]
    if extension in RAW_EXTENSIONS:
        return 1 if extension == "dng" else 0  # a DNG beside another raw was made from it
    return 2 if extension in _MORE_THAN_JPEG else 3
