"""The duplicates that are asked for, with what explains them, the largest waste first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyarrow as pa

from cardcat.analysis import Tables, as_frame, in_memory
from cardcat.catalog.checks import Scope
from cardcat.catalog.duplicates import Duplicates
from cardcat.duplicates.explaining import explanation
from cardcat.duplicates.filters import Filters
from cardcat.duplicates.findings import FolderFinding, FolderFindings, places_in
from cardcat.duplicates.tables import TABLES
from cardcat.duplicates.why import Why
from cardcat.errors import UsageError
from cardcat.paths import to_text

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")


class Selection(Protocol):
    """Some of the duplicates of an explanation."""

    @property
    def tables(self) -> Tables:
        """The explanation."""

    def sums(self) -> pa.Table:
        """What they add up to, as in the table `sums`."""

    def findings(self) -> pa.Table:
        """The findings about any of them."""

    def count(self, *, singles: bool) -> int:
        """How many they are; *singles*: that no finding explains."""

    def rows(self, begin: int, end: int, *, singles: bool) -> Sequence[int]:
        """Their rows in the table `groups`, from one to before another."""


class _Asked(Protocol):
    def ask(self, question: Callable[[Selection], T]) -> T:
        """What *question* finds in a selection."""


@dataclass(frozen=True, slots=True)
class Listing:
    """
    The groups that were asked for: *count* of them, *singles_count* that no finding about folders explains.

    *whole* sums them up; *by_why* says how many groups and bytes of waste each reason has. *twice* are bytes
    of waste that lie on one drive: of all copies but one on each drive that has any.
    """

    count: int
    singles_count: int
    whole: Duplicates
    twice: int
    findings: Sequence[FolderFinding]
    by_why: Sequence[tuple[Why, int, int]]
    asked: _Asked

    def page(self, begin: int, count: int, *, singles: bool = False) -> list[dict[str, Any]]:
        """
        *count* groups from *begin* on, of all or of the *singles*: the columns of `why_groups`, and `why`.

        `finding` is one less than the finding's number, None for none; `partner_hash` that of the other half
        of a Live Photo.
        """
        end = begin + count

        def read(found: Selection) -> pa.Table:
            return found.tables["groups"].at(found.rows(begin, end, singles=singles))

        return list(self.asked.ask(read).to_pylist())

    @property
    def groups(self) -> pl.DataFrame:
        """All of the groups, with the columns of a page."""

        def read(found: Selection) -> pa.Table:
            return found.tables["groups"].at(found.rows(0, self.count, singles=False))

        import polars as pl  # noqa: PLC0415 - for files only

        return as_frame(self.asked.ask(read)).cast({pl.Categorical: pl.String})


def list_groups(catalog: str | Path | None = None, filters: Filters | None = None) -> Listing:
    """
    The duplicates that are on record and pass *filters*.

    UsageError if a filter makes no sense: a drive that nobody knows, a month that is none. CatalogError if
    there is no catalog.
    """
    wanted = filters or Filters()
    _check(wanted)
    if wanted == Filters():
        return _listed(explanation(catalog, Everything))
    from cardcat.duplicates.filtering import Filtered, scopes  # noqa: PLC0415 - it brings Polars

    where: Sequence[Scope] = scopes(catalog, wanted.volume, wanted.folder)
    return _listed(explanation(catalog, lambda tables: Filtered(tables, wanted, where)))


def nothing() -> Listing:
    """What there is without a catalog: no duplicate."""
    return _listed(_Nothing())


def as_table(found: Listing) -> pl.DataFrame:
    """The groups for a file: a row a duplicate, with the folders that a finding about it names."""
    import polars as pl  # noqa: PLC0415 - for files only

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


class Everything:
    """All duplicates: what they add up to is in the tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def sums(self) -> pa.Table:
        """Of all."""
        return self.tables["sums"].columns()

    def findings(self) -> pa.Table:
        """All."""
        return self.tables["findings"].columns()

    def count(self, *, singles: bool) -> int:
        """All."""
        return len(self.tables["singles" if singles else "groups"])

    def rows(self, begin: int, end: int, *, singles: bool) -> Sequence[int]:
        """Groups are in order."""
        some = range(self.count(singles=singles))[begin:end]
        return self.tables["singles"].at(some)["row"].to_pylist() if singles else some


class _Nothing:
    """Asks tables without a row."""

    def ask(self, question: Callable[[Selection], T]) -> T:
        return question(Everything(in_memory({name: each.empty_table() for name, each in TABLES.items()})))


def _listed(asked: _Asked) -> Listing:
    def read(found: Selection) -> tuple[int, int, list[dict[str, Any]], FolderFindings]:
        told = FolderFindings(found.findings(), places_in(found.tables))
        return found.count(singles=False), found.count(singles=True), found.sums().to_pylist(), told

    count, singles, sums, findings = asked.ask(read)
    whole = Duplicates(*(sum(row[name] for row in sums) for name in ("groups", "copies", "bytes", "wasted")))
    by_why = [(Why(row["why"]), row["groups"], row["wasted"]) for row in sums]
    return Listing(count, singles, whole, sum(row["twice"] for row in sums), findings, by_why, asked)


def _check(wanted: Filters) -> None:
    if wanted.month is not None and not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", wanted.month):
        raise UsageError(f"--month {wanted.month} is no month.", hint="For example: --month 2024-05, or 2024")
