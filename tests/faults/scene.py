"""The small run of the table: what is on the card and on the drives, and how it is backed up."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import av
import pytest

from cardcat import opening
from cardcat.catalog.engine import open_catalog
from cardcat.media.reader import read_metadata
from cardcat.metadata import Metadata
from cardcat.model import BackupResult, Kind
from cardcat.stages import copying
from cardcat.storage.disk import Disk
from tests.support import Desk, fill, jpeg

DRIVES = ("one", "two")


def film() -> bytes:
    """A short real video of a little more than a block, with a box of padding at its end."""
    out = io.BytesIO()
    with av.open(out, "w", format="mov") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.metadata["creation_time"] = "2024-05-01T08:00:00Z"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    padding = (1 << 20) + 4_000
    return out.getvalue() + struct.pack(">I4s", padding, b"free") + bytes(padding - 8)


CARD = {
    "DCIM/100CANON/IMG_0001.JPG": jpeg(1),
    "DCIM/100CANON/IMG_0001.xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    "DCIM/100CANON/IMG_0002.JPG": jpeg(2),
    "DCIM/100CANON/IMG_0004.JPG": jpeg(4) + bytes(70_000),
    "DCIM/100CANON/MVI_0003.MOV": film(),
    "DCIM/101CANON/IMG_0001.JPG": jpeg(3),
    "DCIM/101CANON/IMG_0001.xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    "DCIM/101CANON/IMG_0007.JPG": jpeg(2),
    "DCIM/101CANON/IMG_0008.JPG": jpeg(4) + bytes(70_000),
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"INDX0200",
    "PRIVATE/AVCHD/BDMV/MOVIEOBJ.BDM": b"MOBJ0200",
    "empty.txt": b"",
}
EMPTY_FOLDER = "PRIVATE/AVCHD/CANON"
OWNERS = {"2024/2024-05-01/IMG_0001.JPG": b"the owner's own", "notes.txt": b"mine"}
"""What is on drive one before: the first has a name that a photo of the card wants too."""


class InProcess:
    """Stands for the pool of workers, which are processes of their own and read the drives past the seam."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def start(self, _: int) -> None:
        return

    def read(self, paths: Sequence[tuple[Path, Kind]]) -> list[Metadata]:
        return [read_metadata(path, kind) for path, kind in paths]


@contextmanager
def simplified() -> Iterator[None]:
    """Let this process back up one file at a time, so that each run has the same steps in the same order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "MetadataPool", InProcess)
        patch.setattr(opening, "FILES_IN_FLIGHT", 1)
        patch.setattr(copying, "DRIVES_AT_ONCE", 1)
        yield


def set_up(folder: Path) -> Desk:
    """A desk with the card, both drives and a catalog that knows nothing yet."""
    desk = Desk(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fill(desk.card, CARD)
    (desk.card / EMPTY_FOLDER).mkdir()
    fill(desk.make("one"), OWNERS)
    desk.make("two")
    open_catalog(str(desk.catalog)).close()
    return desk


def back_up(desk: Desk, disk: Disk | None = None) -> BackupResult:
    """Back the card up to both drives."""
    return desk.backup(*DRIVES, disk=disk)
