"""Stage 1: walk the card once, and open or resume a session for each destination."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cardcat.errors import SourceError
from cardcat.frames import LISTING, checked, path_column
from cardcat.inputs import show
from cardcat.media.kind import kind_by_name
from cardcat.model import Finding, Stage
from cardcat.plan.gaps import gaps_by_name
from cardcat.plan.structures import group_files, structure_id, structure_roots
from cardcat.run import Run, timed
from cardcat.stages.sessions import open_sessions
from cardcat.stages.suspects import suspects
from cardcat.storage.walk import Walk, walk


@dataclass(frozen=True, slots=True)
class Structure:
    """A folder tree of the card that goes whole. *root* is relative to the source, times in ns."""

    number: int
    root: str
    id: str
    first_mtime_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What is on the card now: the frame (`frames.LISTING`) and the structures its rows point at."""

    frame: pl.DataFrame
    structures: tuple[Structure, ...]
    empty_folders: tuple[str, ...]


@timed(Stage.SCAN)
def scan(run: Run) -> Listing:
    """
    List every file of the source, and open its sessions.

    Raises SourceError if there is nothing on it to back up, or if it can't be read.
    """
    run.reporter.begin(Stage.SCAN, files=0, size=0)
    found = walk(run.source.root, run.options.excludes, run.disk)
    run.ignored, run.excluded = found.ignored, found.excluded
    listing = list_files(found)
    refuse_empty(run.source.root, found)
    unreadable = [finding for finding in found.findings if finding.failed]
    run.scanned, run.listing = listing.frame.height + len(unreadable), listing.frame
    open_sessions(run, listing.frame, unreadable)
    run.report([*found.findings, *_missing(found), *suspects(run, found.paths)])
    run.reporter.advance(files=listing.frame.height, size=int(listing.frame["size"].sum()))
    run.count(Stage.SCAN, run.scanned)
    return listing


def _missing(found: Walk) -> Iterator[Finding]:
    """What the names on the card say is missing or was not ended, to be known while the card is here."""
    for gap in gaps_by_name(found.paths, found.sizes):
        yield Finding(gap.path, Stage.SCAN, gap.error_type, gap.what, attention=False)


def list_files(found: Walk) -> Listing:
    """Turn a walk into the frame that the next stages work on."""
    roots = structure_roots(found.paths)
    numbers = {root: number for number, root in enumerate(dict.fromkeys(r for r in roots if r is not None))}
    frame = pl.DataFrame(
        {
            "item": pl.Series(range(len(found.paths)), dtype=pl.UInt32),
            "path": path_column(found.paths),
            "size": pl.Series(found.sizes, dtype=pl.Int64),
            "mtime_ns": pl.Series(found.mtimes_ns, dtype=pl.Int64),
            "inode": pl.Series(found.inodes, dtype=pl.UInt64),
            "kind": pl.Series([kind_by_name(path) for path in found.paths], dtype=pl.String),
            "group": pl.Series(group_files(found.paths), dtype=pl.UInt32),
            "structure": pl.Series([-1 if r is None else numbers[r] for r in roots], dtype=pl.Int32),
        }
    )
    structures = tuple(_structure(frame, number, root) for root, number in numbers.items())
    return Listing(checked(LISTING, frame), structures, tuple(found.empty_folders))


def _structure(frame: pl.DataFrame, number: int, root: str) -> Structure:
    rows = frame.filter(pl.col("structure") == number).select("path", "size", "mtime_ns").rows()
    files: Sequence[tuple[str, int, int]] = [(os.fsdecode(path), size, time) for path, size, time in rows]
    return Structure(number, root, structure_id(files), min(time for _, _, time in files))


def refuse_empty(root: Path, found: Walk) -> None:
    """SourceError if there is nothing on it to back up."""
    if found.paths or found.findings:
        return
    left_out = f" ({found.excluded} excluded, {found.ignored} on the list of ignored files)"
    raise SourceError(
        f"The source {show(root)} holds no file to back up"
        + (left_out if found.excluded or found.ignored else "")
        + ".",
        hint="Is the card mounted there? `lsblk` lists what is plugged in and where.",
    )
