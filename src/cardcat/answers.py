"""New files of the user, under a name that is free: answers of the analysis, notebooks."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cardcat.errors import DestinationError, UsageError
from cardcat.paths import display, quoted
from cardcat.storage.atomic import new_file
from cardcat.storage.system import this_disk
from cardcat.text import cause

if TYPE_CHECKING:
    import polars as pl


def require_free(file: Path) -> None:
    """UsageError if *file* is taken, or there is no folder to put it in."""
    shown = display(str(file))
    if os.path.lexists(file):
        raise UsageError(
            f"The file {shown} is already there, and nothing is overwritten.",
            hint="Choose a name that is free.",
        )
    if not file.parent.is_dir():
        raise UsageError(
            f"The file {shown} can't be written: there is no folder {display(str(file.parent))}.",
            hint=f"Make it first: mkdir -p {quoted(str(file.parent))}",
        )


def write_csv(frame: pl.DataFrame, file: Path) -> None:
    """
    Write *frame* as CSV, with a line of names.

    UsageError if *file* is taken, DestinationError if it can't be written.
    """
    _write(file, lambda sink: frame.write_csv(cast("Any", sink)))


def write_parquet(frame: pl.DataFrame, file: Path) -> None:
    """Write *frame* as Parquet. UsageError if *file* is taken, DestinationError if it can't be written."""
    _write(file, lambda sink: frame.write_parquet(cast("Any", sink)))


def write_new(content: bytes, file: Path) -> None:
    """Write *content* as it is. UsageError if *file* is taken, DestinationError if it can't be written."""
    _write(file, lambda sink: sink.write(content))


class _Sink:
    """What takes bytes, as a library that writes to files wants it."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, piece: bytes) -> int:
        self._write(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """All is on the disk when the file gets its name."""


def _write(file: Path, fill: Callable[[_Sink], object]) -> None:
    require_free(file)
    disk, workplace = this_disk(), file.with_name(f".cardcat-{uuid.uuid4().hex[:8]}.partial")
    try:
        with new_file(disk, file, workplace) as write:
            fill(_Sink(write))
    except FileExistsError:
        require_free(file)
        raise
    except OSError as error:
        raise DestinationError(
            f"The file {display(str(file))} can't be written: {cause(error)}.",
            hint="Name a place in a folder of yours, with room on its disk.",
        ) from error
    finally:
        _leave(workplace)


def _leave(workplace: Path) -> None:
    if workplace.is_dir():
        this_disk().remove_tree(workplace)
