"""What a user gave as source and destinations, looked at before anything else happens."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cardcat.errors import DestinationError, SourceError, UsageError
from cardcat.paths import display
from cardcat.storage.volumes import path_on_volume
from cardcat.text import cause


def check_source(source: Path) -> Path:
    """The real folder behind *source*; SourceError if it is none that can be read."""
    try:
        mode = source.stat().st_mode
    except OSError as error:
        raise SourceError(
            f"The source {show(source)} can't be opened: {cause(error)}.",
            hint="Is the card in the reader and mounted? `lsblk` lists what is plugged in.",
        ) from error
    if not stat.S_ISDIR(mode):
        raise SourceError(
            f"The source {show(source)} is a file, not a folder; cardcat backs up whole cards or folders.",
            hint=f"Give the folder it lies in: {show(source.parent)}",
        )
    if not os.access(source, os.R_OK | os.X_OK):
        raise SourceError(
            f"The source {show(source)} can't be read: permission denied.",
            hint="Mount the card for your own user, or read it with enough rights.",
        )
    return source.resolve()


def check_destination(destination: Path) -> Path:
    """The real folder behind *destination*; DestinationError if there is none to write to."""
    try:
        mode = destination.stat().st_mode
    except OSError as error:
        raise DestinationError(
            f"The destination {show(destination)} is not there: {cause(error)}. Nothing was copied to it.",
            hint="Is the drive plugged in and mounted? If so, make the folder on it first.",
        ) from error
    if not stat.S_ISDIR(mode):
        raise DestinationError(
            f"The destination {show(destination)} is not a folder. Nothing was copied to it.",
            hint="Give a folder on the drive.",
        )
    if not os.access(destination, os.R_OK | os.W_OK | os.X_OK):
        raise DestinationError(
            f"The destination {show(destination)} can't be written to: permission denied or read-only.",
            hint="Is the drive mounted read-only, or does the folder belong to somebody else?",
        )
    return destination.resolve()


def check_apart(source: Path, destinations: Sequence[Path]) -> None:
    """UsageError if any two of the real folders are the same or lie in one another."""
    for destination in destinations:
        if _same(source, destination):
            raise UsageError(
                f"The destination {show(destination)} is the source.", hint="Give a folder on another drive."
            )
        if _contains(source, destination):
            raise UsageError(
                f"The destination {show(destination)} lies inside the source {show(source)}; "
                "nothing is ever written to a source.",
                hint="Give a folder on another drive.",
            )
        if _contains(destination, source):
            raise UsageError(
                f"The source {show(source)} lies inside the destination {show(destination)}.",
                hint="Give a destination that does not contain the source.",
            )
    _check_distinct(destinations)


def check_catalog(source: Path, catalog: Path) -> None:
    """UsageError if the catalog lies in the source: nothing is ever written there."""
    if _contains(source, catalog):
        raise UsageError(
            f"The catalog {show(catalog)} lies inside the source {show(source)}; "
            "nothing is ever written to a source.",
            hint="Choose a catalog elsewhere with --catalog, or back up a folder that does not contain it.",
        )


def show(path: Path) -> str:
    """*path* for a message: control characters and odd bytes made visible."""
    return display(str(path))


def _check_distinct(destinations: Sequence[Path]) -> None:
    for position, one in enumerate(destinations):
        for other in destinations[position + 1 :]:
            if _same(one, other):
                raise UsageError(f"The destination {show(one)} is given twice.", hint="Give each drive once.")
            if _contains(one, other) or _contains(other, one):
                raise UsageError(
                    f"The destinations {show(one)} and {show(other)} lie in one another.",
                    hint="Give folders that do not contain each other.",
                )


def _same(one: Path, other: Path) -> bool:
    return one == other or _identity(one) == _identity(other)


def _contains(outer: Path, inner: Path) -> bool:
    """Whether *inner* lies below *outer*, also by another mount of the same filesystem."""
    if inner.is_relative_to(outer):
        return True
    there = next(path for path in (inner, *inner.parents) if path.exists())
    is_one_filesystem = there.stat().st_dev == outer.stat().st_dev
    return is_one_filesystem and _place(inner).is_relative_to(_place(outer))


def _place(path: Path) -> Path:
    return Path("/", path_on_volume(path))


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
