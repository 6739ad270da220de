"""The metadata of one file. Runs in a worker process: the libraries below may crash, hang or eat memory."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cardcat.media.photos.image import read_image
from cardcat.media.readable import has_metadata
from cardcat.metadata import Metadata
from cardcat.model import Kind


def read_metadata(path: Path, kind: Kind) -> Metadata:
    """
    What is inside the file at *path*, by what it was found to be; empty for what `has_metadata` says no to.

    What can't be read is left out and named in `trouble`. Raises nothing but MemoryError, after which the
    process is not to be trusted.
    """
    if not has_metadata(kind, path.name):
        return Metadata()
    try:
        with open(path, "rb", opener=_untouched) as stream:
            return _read(stream, kind, path.name)
    except MemoryError:
        raise
    except OSError as error:
        if error.errno == errno.EINVAL:  # an offset beyond any file: nothing is wrong with the drive
            return Metadata(trouble="its metadata is damaged")
        cause = f" ({error.strerror})" if error.strerror else ""
        return Metadata(trouble=f"the file can't be read{cause}")
    except Exception:  # noqa: BLE001 - hostile files make the libraries raise anything at all
        return Metadata(trouble="its metadata is damaged")


def _untouched(path: str, flags: int) -> int:
    """Open without renewing the access time, which is part of a card too; not everybody is allowed that."""
    with suppress(PermissionError):
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    return os.open(path, flags)


def _read(stream: BinaryIO, kind: Kind, name: str) -> Metadata:
    if kind is Kind.IMAGE:
        return read_image(stream, name)
    if kind is Kind.SIDECAR:
        from cardcat.media.sidecars.sidecar import read_sidecar  # noqa: PLC0415 - only where there are any

        return read_sidecar(stream, name)
    from cardcat.media.films.video import read_video  # noqa: PLC0415 - libmediainfo only where there are films

    return read_video(stream, name)
