"""Lists that a camera keeps of what it has recorded: which files they are of."""

from __future__ import annotations

import re
from collections.abc import Iterable

_COUNTER = re.compile(r"(?:(.*)/)?canonmsc/[a-z]?0(\d{3})\.ctg", re.DOTALL)


def counted_folder(path: str) -> tuple[str, str] | None:
    """
    The folder whose pictures a Canon list counts, as (folder above it, first three digits of its name).

    `DCIM/CANONMSC/M0100.CTG` is of `DCIM/100CANON`. The answer is in lower case; None for other files.
    """
    if path[-4:].lower() != ".ctg":
        return None
    found = _COUNTER.fullmatch(path.lower())
    return (found[1] or "", found[2]) if found else None


def takes_of_playlist(path: str, clips: Iterable[str]) -> list[list[str]]:
    """
    The streams that an AVCHD playlist names, take by take: their paths in lower case without extension.

    *clips* as `Details` has them: one with a plus goes on from the one before.
    """
    base = path.rpartition("/")[0].rpartition("/")[0].lower()
    takes: list[list[str]] = []
    for clip in clips:
        stream = f"{base}/stream/{clip.lower().removeprefix('+')}".removeprefix("/")
        if clip.startswith("+") and takes:
            takes[-1].append(stream)
        else:
            takes.append([stream])
    return takes
