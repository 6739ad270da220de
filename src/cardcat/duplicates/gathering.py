"""What the catalog knows of duplicates, as frames: all of it as of one moment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cardcat import analysis
from cardcat.analysis.statements import question
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.volumes import volume_name
from cardcat.duplicates.reasons import Explained, Known, explained
from cardcat.paths import from_text, to_text

if TYPE_CHECKING:
    import duckdb

_STATEMENTS = (
    "why_folders", "why_groups", "why_files", "why_sums", "why_names", "why_live_photos", "why_locations",
)  # fmt: skip
_MARK = "\x01"  # between a name that is no text and its bytes


@dataclass(frozen=True, slots=True)
class Place:
    """
    A location: the drive it is on, and its root relative to that.

    *mounted* is where the drive was when last seen, None if nobody knows.
    """

    volume_id: int
    volume: str
    path: str
    mounted: str | None

    def path_of(self, path: str) -> str:
        """What lies at *path* of the location, relative to the root of the drive."""
        return "/".join(part for part in (self.path, path) if part)

    def shown(self, path: str) -> str:
        """Where a person finds it: with the place where the drive was last seen, else with its name."""
        inner = self.path_of(path)
        if self.mounted is None:
            return f"{self.volume}: {inner}"
        return f"{self.mounted.rstrip('/')}/{inner}".rstrip("/") or "/"


@dataclass(frozen=True, slots=True)
class Gathered:
    """
    The duplicates that are on record (`why_groups`), their reasons, and where all of it is.

    *folders* and *files* are all of the libraries, as `reasons.Known` has them.
    """

    groups: pl.DataFrame
    explained: Explained
    places: Mapping[int, Place]
    folders: pl.DataFrame
    files: pl.DataFrame


def gathered(catalog: str | Path | None = None) -> Gathered:
    """
    Read the duplicates that are on record, and explain them. Nothing is written to the catalog.

    CatalogError if there is no catalog, or it can't be read.
    """
    with open_catalog(catalog, create=False) as opened:
        read = analysis.answered(opened, _read)
    folders, groups = read["why_folders"], read["why_groups"]
    known = Known(
        folders.with_columns(path=_told_apart(folders)).drop("path_raw"),
        read["why_files"],
        read["why_sums"],
        read["why_names"],
        read["why_live_photos"],
        groups.select("content", "size"),
    )
    places = {row["location"]: _place(row) for row in read["why_locations"].iter_rows(named=True)}
    return Gathered(groups, explained(known), places, known.folders, known.files)


def _read(db: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    return {name: db.sql(question(name).sql).pl() for name in _STATEMENTS}


def exact(path: str) -> str:
    """A path as `os.fsdecode` gives it, of one in a frame of folders."""
    return "/".join(map(_part, path.split("/"))) if _MARK in path else path


def in_frame(path: str) -> str:
    """A path as it stands in a frame of folders."""
    return "/".join(
        f"{text}{_MARK}{raw.hex()}" if raw else text for text, raw in map(to_text, path.split("/"))
    )


def _told_apart(folders: pl.DataFrame) -> pl.Series:
    """Paths as valid text, of which no two are alike."""
    odd = folders.filter(pl.col("path_raw").bin.size() > 0).select("folder", "path", "path_raw")
    told = [in_frame(from_text(path, raw)) for _, path, raw in odd.iter_rows()]
    marked = pl.DataFrame({"folder": odd["folder"], "marked": pl.Series(told, dtype=pl.String)})
    both = folders.join(marked, on="folder", how="left", maintain_order="left")
    return both.select(pl.coalesce("marked", "path")).to_series()


def _part(part: str) -> str:
    text, mark, digits = part.rpartition(_MARK)
    if not mark:
        return part
    try:
        name = os.fsdecode(bytes.fromhex(digits))
    except ValueError:
        return part
    return name if to_text(name)[0] == text else part


def _place(row: Mapping[str, object]) -> Place:
    label, mounted = _text(row["label"]), _text(row["mounted"])
    raw = row["path_raw"]
    return Place(
        volume_id=int(str(row["volume"])),
        volume=volume_name(label, mounted, str(row["key"])),
        path=from_text(str(row["path"]), raw if isinstance(raw, bytes) else None),
        mounted=mounted,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
