"""The duplicates that are asked for, with what explains them, the largest waste first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cardcat.care.choosing import scope_of
from cardcat.catalog.checks import Scope
from cardcat.catalog.duplicates import Duplicates
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.knowledge import below
from cardcat.catalog.volumes import every_volume
from cardcat.drives import drive_named
from cardcat.duplicates.gathering import Gathered, Place, exact, gathered, in_frame
from cardcat.duplicates.reasons import Why
from cardcat.errors import UsageError
from cardcat.paths import to_text

_GROUPS = {
    "content": pl.Int32,
    "hash": pl.String,
    "media_type": pl.String,
    "path": pl.String,
    "copies": pl.Int64,
    "size": pl.Int64,
    "wasted": pl.Int64,
    "twice": pl.Int64,
    "camera": pl.String,
    "month": pl.String,
    "why": pl.String,
    "finding": pl.Int64,
    "partner": pl.Int32,
    "partner_hash": pl.String,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """
    Which duplicates are asked for; all conditions hold.

    *volume* and *folder* have a copy: a drive as `verify` takes it, a path. *camera* is a part of its name,
    *month* a year or a month (`2024`, `2024-05`), *kind* `image` or `video`, *least* bytes of waste.
    """

    volume: str | None = None
    folder: str | None = None
    camera: str | None = None
    month: str | None = None
    kind: str | None = None
    why: Why | None = None
    least: int = 0


@dataclass(frozen=True, slots=True)
class FolderFinding:
    """
    Two folders of which the first is in the second as a whole, or (`shared`) in part.

    *files* and *bytes* are of the photos and films of the first, or of those that both have; *others* are its
    other files that the second lacks. Paths are relative to their locations.
    """

    number: int
    why: Why
    kind: str
    place: Place
    path: str
    other_place: Place
    other_path: str
    files: int
    bytes: int
    others: int


@dataclass(frozen=True, slots=True)
class Listing:
    """
    *groups* that were asked for: the columns of `why_groups`, `why`, `finding` (one less than the finding's
    number, null for none) and the `partner_hash` of a Live Photo. *whole* sums them up; *by_why* says how
    many groups and bytes of waste each reason has.
    """

    groups: pl.DataFrame
    whole: Duplicates
    findings: Sequence[FolderFinding]
    by_why: Sequence[tuple[Why, int, int]]

    @property
    def twice(self) -> int:
        """Bytes of waste that lie on one drive: of all copies but one on each drive that has any."""
        return int(self.groups["twice"].sum())

    @property
    def singles(self) -> pl.DataFrame:
        """The groups that no finding about folders explains."""
        return self.groups.filter(pl.col("finding").is_null())


def list_groups(catalog: str | Path | None = None, filters: Filters | None = None) -> Listing:
    """
    The duplicates that are on record and pass *filters*.

    UsageError if a filter makes no sense: a drive that nobody knows, a month that is none. CatalogError if
    there is no catalog.
    """
    wanted = filters or Filters()
    _check(wanted)
    scopes = _scopes(catalog, wanted)
    found = gathered(catalog)
    groups = found.groups.join(found.explained.reasons, on="content", how="left", maintain_order="left")
    halves = found.groups.select(partner="content", partner_hash="hash")
    groups = groups.join(halves, on="partner", how="left", maintain_order="left")
    groups = groups.with_columns(pl.col("why").fill_null(Why.OTHER.value)).filter(*_conditions(wanted))
    for scope in scopes:
        groups = groups.join(_contents_in(found, scope), on="content", how="semi", maintain_order="left")
    return Listing(groups, _sums(groups), _findings(found, groups, wanted), _by_why(groups))


def nothing() -> Listing:
    """What there is without a catalog: no duplicate."""
    return Listing(pl.DataFrame(schema=_GROUPS), Duplicates(), [], [])


def as_table(found: Listing) -> pl.DataFrame:
    """The groups for a file: a row a duplicate, with the folders that a finding about it names."""
    names = [
        (
            one.number - 1,
            to_text(one.place.shown(one.path))[0],
            to_text(one.other_place.shown(one.other_path))[0],
        )
        for one in found.findings
    ]
    schema = {"finding": pl.Int64, "folder": pl.String, "other_folder": pl.String}
    about = pl.DataFrame(names, schema, orient="row")
    return found.groups.join(about, on="finding", how="left", maintain_order="left").select(
        "hash",
        "media_type",
        "path",
        "copies",
        pl.col("size").alias("file_size_bytes"),
        pl.col("wasted").alias("wasted_space_bytes"),
        "camera",
        "month",
        "why",
        pl.col("finding") + 1,
        "folder",
        "other_folder",
        pl.col("partner_hash").alias("belongs_to"),
    )


def why_of(word: str) -> Why:
    """The reason that *word* means: its `word`, or its beginning. UsageError if there is none."""
    wanted = word.casefold()
    found = [why for why in Why if wanted and (why.word == wanted or why.value.casefold().startswith(wanted))]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(why.word for why in Why)
    raise UsageError(f"There is no reason '{word}'.", hint=f"One of: {listed}")


def finding_of(found: Gathered, number: int) -> FolderFinding:
    """The finding of that number."""
    rows = found.explained.findings.filter(pl.col("finding") == number)
    return next(_told(found, rows))


def _check(wanted: Filters) -> None:
    if wanted.month is not None and not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", wanted.month):
        raise UsageError(f"--month {wanted.month} is no month.", hint="For example: --month 2024-05, or 2024")


def _scopes(catalog: str | Path | None, wanted: Filters) -> list[Scope]:
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        scopes = []
        if wanted.volume is not None:
            scopes.append(Scope(drive_named(every_volume(c), wanted.volume).volume.id))
        if wanted.folder is not None:
            scopes.append(scope_of(c, str(Path(wanted.folder).absolute())))
    return scopes


def _conditions(wanted: Filters) -> Iterator[pl.Expr]:
    yield pl.col("wasted") >= wanted.least
    if wanted.camera is not None:
        name = pl.col("camera").fill_null("").str.to_lowercase()
        yield name.str.contains(wanted.camera.lower(), literal=True)
    if wanted.month is not None:
        yield pl.col("month").fill_null("").str.starts_with(wanted.month)
    if wanted.kind is not None:
        yield pl.col("media_type") == wanted.kind
    if wanted.why is not None:
        yield pl.col("why") == wanted.why.value


def _contents_in(found: Gathered, scope: Scope) -> pl.DataFrame:
    """The contents with a copy there."""
    folders = [found.folders.clear()]
    for number, place in found.places.items():
        if place.volume_id != scope.volume_id:
            continue
        inner = "" if _is_at_or_below(place.path, scope.path) else below(scope.path, place.path)
        if inner is not None:
            path, start = pl.col("path"), in_frame(inner)
            is_in = (path == start) | path.str.starts_with(f"{start}/") if start else pl.lit(value=True)
            folders.append(found.folders.filter((pl.col("location") == number) & is_in))
    return found.files.join(pl.concat(folders), on="folder", how="semi").select("content").unique()


def _is_at_or_below(path: str, top: str) -> bool:
    return not top or path == top or path.startswith(f"{top}/")


def _sums(groups: pl.DataFrame) -> Duplicates:
    sizes = pl.col("size") * pl.col("copies")
    row = groups.select(
        pl.len(), pl.col("copies").sum(), sizes.sum().alias("all"), pl.col("wasted").sum()
    ).row(0)
    return Duplicates(*map(int, row))


def _findings(found: Gathered, groups: pl.DataFrame, wanted: Filters) -> list[FolderFinding]:
    """The findings about any of *groups*; of one reason only, if that is asked for."""
    about = found.explained.contents.join(groups.select("content"), on="content", how="semi")
    rows = found.explained.findings.join(about, on="finding", how="semi", maintain_order="left")
    if wanted.why is not None:
        rows = rows.filter(pl.col("why") == wanted.why.value)
    return list(_told(found, rows))


def _told(found: Gathered, rows: pl.DataFrame) -> Iterator[FolderFinding]:
    for row in rows.iter_rows(named=True):
        yield FolderFinding(
            number=row["finding"] + 1,
            why=Why(row["why"]),
            kind=row["kind"],
            place=found.places[row["location"]],
            path=exact(row["path"]),
            other_place=found.places[row["other_location"]],
            other_path=exact(row["other_path"]),
            files=row["files"],
            bytes=row["bytes"],
            others=row["others"],
        )


def _by_why(groups: pl.DataFrame) -> list[tuple[Why, int, int]]:
    sums = (
        groups.group_by("why")
        .agg(pl.len(), pl.col("wasted").sum())
        .sort("wasted", "why", descending=[True, False])
    )
    return [(Why(why), int(count), int(wasted)) for why, count, wasted in sums.iter_rows()]
