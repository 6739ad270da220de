"""Where a printable report goes: a free name, and there all of it or nothing."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from cardcat.errors import DestinationError, UsageError
from cardcat.inputs import show
from cardcat.paths import quoted
from cardcat.storage.atomic import new_file
from cardcat.storage.disk import Disk
from cardcat.text import cause


def free_place(file: Path) -> Path:
    """The real place of a report to be written to *file*; UsageError if that is taken or can't be written."""
    place = Path(os.path.realpath(file.parent), file.name)
    if not file.name or file.name in (".", ".."):
        raise UsageError(f"{show(file)} is no name for a report.", hint="Give a file: --report card.html")
    if _is_folder(place):
        raise UsageError(
            f"The report {show(file)} can't be written: that is a folder.",
            hint=f"Give a file in it: --report {quoted(str(file / 'card.html'))}",
        )
    if os.path.lexists(place):
        raise UsageError(
            f"The report {show(file)} can't be written: that name is taken, and nothing is ever overwritten.",
            hint=f"Give another name: --report {quoted(str(_free_name(file)))}",
        )
    if not _is_folder(place.parent):
        make = f"Make the folder first: mkdir -p {quoted(str(file.parent))}"
        is_file = os.path.lexists(place.parent)
        raise UsageError(
            f"The report {show(file)} can't be written: there is no folder {show(place.parent)}.",
            hint="Give a place in a folder: --report ~/card.html" if is_file else make,
        )
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"The report {show(file)} can't be written: {show(place.parent)} can't be written to.",
            hint=f"Give a place in a folder of yours: --report ~/{quoted(file.name)}",
        )
    return place


def on_card(place: Path, source: Path | None = None) -> UsageError:
    """
    What is said of a report that would lie on the very card that it is about.

    With *source* it would not lie in that folder, which was asked about, but beside it on the same volume.
    """
    if source is None:
        return UsageError(
            f"The report {show(place)} would lie on the card itself, which is never written to "
            "and may be formatted next.",
            hint=f"Give a place on this computer or on a drive: --report ~/{quoted(place.name)}",
        )
    return UsageError(
        f"The report {show(place)} would lie on the same volume as {show(source)}. All of that volume is "
        "taken for the card, which is never written to and may be formatted next.",
        hint=f"Give a place on another volume: --report DRIVE/{quoted(place.name)}",
    )


def put(disk: Disk, place: Path, pieces: Iterable[str]) -> None:
    """
    Write *pieces* as the file *place*, which `free_place` gave: all of them, or nothing.

    DestinationError if it can't be written.
    """
    workplace = place.parent / f".cardcat-{hashlib.sha256(os.fsencode(place.name)).hexdigest()[:12]}"
    try:
        with new_file(disk, place, workplace) as write:
            for piece in pieces:
                write(piece.encode("utf-8"))
    except OSError as error:
        raise DestinationError(
            f"The report {show(place)} could not be written: {cause(error)}.",
            hint="Look after that place, or give another one with --report.",
        ) from error
    finally:
        with suppress(OSError):
            if not disk.list_folder(workplace):
                disk.remove_tree(workplace)


def _free_name(file: Path) -> Path:
    names = (file.with_name(f"{file.stem}-{number}{file.suffix}") for number in count(2))
    return next(name for name in names if not os.path.lexists(name))


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False
