"""Which duplicates pass the filters, of an explanation of them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from cardcat.analysis import Tables, as_frame
from cardcat.care.choosing import scope_of
from cardcat.catalog.checks import Scope
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.knowledge import below
from cardcat.catalog.volumes import every_volume
from cardcat.drives import drive_named
from cardcat.duplicates.findings import places_in
from cardcat.duplicates.gathering import sums_of
from cardcat.duplicates.places import Place, in_frame

if TYPE_CHECKING:
    from cardcat.duplicates.filters import Filters

_SUMMED = ("why", "copies", "size", "wasted", "twice", "finding")


def scopes(catalog: str | Path | None, volume: str | None, folder: str | None) -> list[Scope]:
    """Where a copy has to be. UsageError for a drive that nobody knows, CatalogError without a catalog."""
    if volume is None and folder is None:
        return []
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        found = []
        if volume is not None:
            found.append(Scope(drive_named(every_volume(c), volume).volume.id))
        if folder is not None:
            found.append(scope_of(c, str(Path(folder).absolute())))
    return found


class Filtered:
    """The duplicates that pass *wanted*, with a copy in each of *scopes*."""

    def __init__(self, tables: Tables, wanted: Filters, scopes: Sequence[Scope]) -> None:
        self.tables = tables
        self._wanted = wanted
        self._scopes = scopes
        self._found: pl.DataFrame | None = None

    def sums(self) -> pa.Table:
        """Of those that pass."""
        return sums_of(self._passed()).to_arrow()

    def findings(self) -> pa.Table:
        """About any of them; of one reason only, if that is asked for."""
        passed = self._passed()
        more = as_frame(self.tables["more"].columns()).join(passed, on="row", how="semi")["finding"]
        about = pl.DataFrame({"finding": passed["finding"].drop_nulls().append(more).unique()})
        every = as_frame(self.tables["findings"].columns())
        rows = every.join(about, on="finding", how="semi", maintain_order="left")
        if self._wanted.why is not None:
            rows = rows.filter(pl.col("why") == self._wanted.why.value)
        return rows.to_arrow()

    def count(self, *, singles: bool) -> int:
        """Those that pass."""
        return len(self._chosen(singles=singles))

    def rows(self, begin: int, end: int, *, singles: bool) -> Sequence[int]:
        """In the order of groups."""
        return self._chosen(singles=singles)["row"][begin:end].to_list()

    def _chosen(self, *, singles: bool) -> pl.DataFrame:
        return self._passed().filter(pl.col("finding").is_null()) if singles else self._passed()

    def _passed(self) -> pl.DataFrame:
        if self._found is None:
            self._found = _passed(self.tables, self._wanted, self._scopes)
        return self._found


def _passed(tables: Tables, wanted: Filters, scopes: Sequence[Scope]) -> pl.DataFrame:
    conditions = dict(_conditions(wanted))
    names = dict.fromkeys([*_SUMMED, *conditions])
    found = as_frame(tables["groups"].columns(*names)).with_row_index("row").cast({"row": pl.Int32})
    for scope in scopes:
        found = found.filter(pl.col("row").is_in(_rows_in(tables, scope).implode()))
    return found.filter(*conditions.values()).select("row", *_SUMMED)


def _conditions(wanted: Filters) -> Iterator[tuple[str, pl.Expr]]:
    """What is asked of the groups, by the column that is asked."""
    if wanted.least:
        yield "wasted", pl.col("wasted") >= wanted.least
    if wanted.camera is not None:
        name = pl.col("camera").cast(pl.String).fill_null("").str.to_lowercase()
        yield "camera", name.str.contains(wanted.camera.lower(), literal=True)
    if wanted.month is not None:
        yield "month", pl.col("month").cast(pl.String).fill_null("").str.starts_with(wanted.month)
    if wanted.kind is not None:
        yield "media_type", pl.col("media_type") == wanted.kind
    if wanted.why is not None:
        yield "why", pl.col("why") == wanted.why.value


def _rows_in(tables: Tables, scope: Scope) -> pl.Series:
    """The rows of groups with a copy there."""
    folders = as_frame(tables["folders"].columns()).with_row_index("place").cast({"place": pl.Int32})
    is_in = [_is_in(number, place, scope) for number, place in places_in(tables).items()]
    inside = folders.filter(pl.any_horizontal(pl.lit(value=False), *is_in)).select("place")
    if not len(inside):
        return pl.Series("row", dtype=pl.Int32)
    files = as_frame(tables["files"].near("place", inside["place"][0], inside["place"][-1]))
    return files.join(inside, on="place", how="semi")["row"]


def _is_in(number: int, place: Place, scope: Scope) -> pl.Expr:
    """Whether a folder of that location is one of the *scope*."""
    if place.volume_id != scope.volume_id:
        return pl.lit(value=False)
    inner = "" if _is_at_or_below(place.path, scope.path) else below(scope.path, place.path)
    if inner is None:
        return pl.lit(value=False)
    path, start = pl.col("path"), in_frame(inner)
    is_there = (path == start) | path.str.starts_with(f"{start}/") if start else pl.lit(value=True)
    return (pl.col("location") == number) & is_there


def _is_at_or_below(path: str, top: str) -> bool:
    return not top or path == top or path.startswith(f"{top}/")
