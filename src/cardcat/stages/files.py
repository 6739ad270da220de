"""One file on its way through the stages."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cardcat.metadata import Metadata, Moment
from cardcat.model import Kind, ReadBack
from cardcat.plan.dates import Dated
from cardcat.run import Destination
from cardcat.storage.destination import incoming
from cardcat.storage.hashing import Hashes

_LONGEST_SUFFIX = 6
_KEPT_NAMES = 4_096  # of incoming files, each asked for at every step: those of the batches under way


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a batch. *do* has a decision (`Do`) a destination number."""

    item: int
    path: str
    size: int
    mtime_ns: int
    group: int
    structure: int
    kind: Kind
    hash: str | None
    do: dict[int, int]


@dataclass(slots=True)
class CopiedFile:
    """
    A file in `.cardcat/incoming` of the destinations that *proofs* has, each read back and matched.

    *moment* is when it was taken, as seen from the zone of the destination at hand.
    """

    file: PlannedFile
    hashes: Hashes
    kind: Kind
    sample: str | None = None
    metadata: Metadata | None = None
    moment: Moment | None = None
    proofs: dict[int, ReadBack] = field(default_factory=dict)


def incoming_path(destination: Destination, file: PlannedFile) -> str:
    """Where a file is written before it is proved; keeps a plain extension, which parsers look at."""
    return f"{_incoming(destination.root, destination.session_id)}/{_incoming_name(file.item, file.path)}"


@lru_cache
def _incoming(root: Path, session_id: int) -> str:
    return str(incoming(root, session_id))  # asked for several times a file


@lru_cache(_KEPT_NAMES)
def _incoming_name(item: int, path: str) -> str:
    suffix = os.path.splitext(path)[1]  # noqa: PTH122 - a path object costs more than the copy of a small file
    plain = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= _LONGEST_SUFFIX else ""
    return f"{item:08d}{plain}"


def dated_of(file: CopiedFile) -> Dated:
    """What the date of a file is decided from."""
    return Dated(file.kind, file.file.path.rpartition("/")[2], file.metadata, file.file.mtime_ns)


def recording_lead(take: str) -> str:
    """The key of `Destination.folders` for the folder of the first part of a take."""
    return f"take {take}"


def live_photo_lead(moment: str, *, is_film: bool) -> str:
    """The key of `Destination.folders` for the folder of one half of a Live Photo."""
    return f"{'film' if is_film else 'photo'} of {moment}"
