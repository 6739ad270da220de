"""Reads what explains the duplicates that are on record, and lays the explanation out in tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from cardcat.analysis import question
from cardcat.duplicates.places import in_frame
from cardcat.duplicates.reasons import Known, explained
from cardcat.duplicates.tables import DIGITS, STATEMENTS, TABLES
from cardcat.duplicates.why import Why
from cardcat.paths import from_text

if TYPE_CHECKING:
    import duckdb


def read(db: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """What the statements answer, by name."""
    return {name: db.sql(question(name).sql).pl() for name in STATEMENTS}


def laid_out(read: Mapping[str, pl.DataFrame]) -> dict[str, pa.Table]:
    """The tables of the explanation, of what was *read*."""
    folders, groups = read["why_folders"], read["why_groups"]
    known = Known(
        folders.with_columns(path=_told_apart(folders)).drop("path_raw"),
        read["why_files"],
        read["why_sums"],
        read["why_names"],
        read["why_live_photos"],
        groups.select("content", "size"),
    )
    found = explained(known)
    groups = _groups(groups, found.reasons)
    rows = groups.select("content", row=pl.int_range(pl.len(), dtype=pl.Int32))
    about = found.contents.join(rows, on="content")
    folders, files = _files(known, rows)
    frames = {
        "groups": groups,
        "sums": sums_of(groups),
        "singles": groups.select(row=pl.col("finding").is_null().arg_true()),
        "hashes": groups.select(start=pl.col("hash").str.slice(0, DIGITS), row=rows["row"]).sort("start"),
        "findings": found.findings.join(about, on="finding", how="semi", maintain_order="left"),
        "more": _more(about, groups),
        "folders": folders,
        "files": files,
        "locations": read["why_locations"],
    }
    return {name: _typed(frame, TABLES[name]) for name, frame in frames.items()}


def sums_of(groups: pl.DataFrame) -> pl.DataFrame:
    """What groups add up to, by reason, the one with the most waste first: the table `sums`."""
    return (
        groups.group_by("why")
        .agg(
            pl.len().alias("groups"),
            pl.col("copies").sum(),
            (pl.col("size") * pl.col("copies")).sum().alias("bytes"),
            pl.col("wasted").sum(),
            pl.col("twice").sum(),
        )
        .cast({"why": pl.String})
        .sort("wasted", "why", descending=[True, False])
    )


def _typed(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    return frame.select(schema.names).to_arrow().cast(schema)


def _told_apart(folders: pl.DataFrame) -> pl.Series:
    """Paths as valid text, of which no two are alike."""
    odd = folders.filter(pl.col("path_raw").bin.size() > 0).select("folder", "path", "path_raw")
    told = [in_frame(from_text(path, raw)) for _, path, raw in odd.iter_rows()]
    marked = pl.DataFrame({"folder": odd["folder"], "marked": pl.Series(told, dtype=pl.String)})
    both = folders.join(marked, on="folder", how="left", maintain_order="left")
    return both.select(pl.coalesce("marked", "path")).to_series()


def _groups(groups: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    """The groups with their reasons."""
    halves = groups.select(partner="content", partner_hash="hash")
    found = groups.join(reasons, on="content", how="left", maintain_order="left")
    found = found.join(halves, on="partner", how="left", maintain_order="left")
    return found.with_columns(pl.col("why").fill_null(Why.OTHER.value))


def _more(about: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """What a finding is about beside those groups of which it is the largest."""
    first = groups["finding"].gather(about["row"])
    return about.filter(pl.col("finding") != first).select("row", "finding").sort("row", "finding")


def _files(known: Known, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The folders with copies of any group, each location's together; and which group is in which of them."""
    held = known.files.select("folder", "content").join(rows, on="content").select("folder", "row")
    folders = known.folders.join(held, on="folder", how="semi").sort("location", "path")
    places = folders.select("folder", place=pl.int_range(pl.len(), dtype=pl.Int32))
    files = held.join(places, on="folder").select("place", "row").unique().sort("place", "row")
    return folders, files
