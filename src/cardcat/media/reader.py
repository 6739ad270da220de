"""The metadata of one file. Runs in a worker process: the libraries below may crash, hang or eat memory."""

from __future__ import annotations

from pathlib import Path

from cardcat.media.image import read_image
from cardcat.metadata import Metadata
from cardcat.model import Kind


def read_metadata(path: Path, kind: Kind) -> Metadata:
    """
    What is inside the file at *path*, by what it was found to be; empty for what is no image or video.

    What can't be read is left out and named in `trouble`. Raises nothing but MemoryError, after which the
    process is not to be trusted.
    """
    if not kind.is_media:
        return Metadata()
    try:
        with path.open("rb") as stream:
            if kind is Kind.IMAGE:
                return read_image(stream)
            from cardcat.media.video import read_video  # noqa: PLC0415 - libmediainfo only where there are films

            return read_video(stream)
    except MemoryError:
        raise
    except OSError as error:
        return Metadata(trouble=f"the file can't be read ({error.strerror or type(error).__name__})")
    except Exception as error:  # noqa: BLE001 - hostile files make the libraries raise anything at all
        return Metadata(trouble=f"its metadata can't be read ({type(error).__name__})")
