"""What the small files beside a picture or a film say of it, in the words of the film or picture itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from cardcat.media.formats import suffix_of
from cardcat.media.sidecars.clip_xml import read_clip_xml
from cardcat.media.sidecars.playlist import clips
from cardcat.media.sidecars.safe_xml import LARGEST
from cardcat.media.sidecars.srt import read_srt
from cardcat.media.sidecars.xmp import read_xmp
from cardcat.metadata import Details, Metadata

_FIRST_BLOCKS = 4096  # bytes of a drone's subtitles, which may be as long as the film


def read_sidecar(stream: BinaryIO, name: str) -> Metadata:
    """
    The metadata in the sidecar called *name*: XML, XMP, a playlist or a drone's subtitles; empty for others.

    Its date is one of DateSource.SIDECAR. At most 4 MiB are read; what is wrong with it stands in `trouble`.
    """
    size, read = _READERS.get(suffix_of(name), _NO_READER)
    data = stream.read(size + 1)
    if not data.strip(b"\0 \t\r\n"):
        return Metadata()
    try:
        return read(data)
    except ValueError as error:
        return Metadata(trouble=f"its metadata can't be read: {error}")


def _playlist(data: bytes) -> Metadata:
    return Metadata(details=Details(clips=clips(data)))


Reader = tuple[int, Callable[[bytes], Metadata]]  # with the bytes that it needs at the most

_NO_READER: Reader = (0, lambda _: Metadata())
_READERS: dict[str, Reader] = {
    "xml": (LARGEST, read_clip_xml),
    "xmp": (LARGEST, read_xmp),
    "mpl": (LARGEST, _playlist),
    "mpls": (LARGEST, _playlist),
    "srt": (_FIRST_BLOCKS, read_srt),
}
