"""Rows that were worked out: in memory, or in Parquet files of which only what is asked for is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import pyarrow as pa
import pyarrow.parquet as pq

from cardcat.analysis.parts import digest_of

if TYPE_CHECKING:
    import polars as pl

GROUP = 1 << 15
"""Rows that are read at once: few for one row, and few groups for millions."""

_PAGE = 200  # rows that are looked at one by one


class DamagedError(Exception):
    """A file is not what was written."""


class Rows(Protocol):
    """The rows of one table, by their places from 0 on."""

    def __len__(self) -> int: ...

    def columns(self, *names: str) -> pa.Table:
        """These columns of all rows; without names every column."""

    def at(self, places: Sequence[int], *names: str) -> pa.Table:
        """The same of the rows at these *places*, in their order."""

    def near(self, column: str, first: int | str, last: int | str, *names: str) -> pa.Table:
        """The same of all rows of which *column* is from *first* to *last*, and of some others."""


Tables: TypeAlias = Mapping[str, Rows]
"""What was worked out, by the names of its tables."""


class InMemory:
    """Rows that are at hand."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def columns(self, *names: str) -> pa.Table:
        """All rows."""
        return self._rows.select(list(names)) if names else self._rows

    def at(self, places: Sequence[int], *names: str) -> pa.Table:
        """Some of them."""
        return _taken(self.columns(*names), places)

    def near(self, column: str, first: int | str, last: int | str, *names: str) -> pa.Table:
        """All of them: what is at hand need not be looked for."""
        del column, first, last
        return self.columns(*names)


class InFile:
    """
    Rows in a Parquet file of `written`. That its `parts.digest_of` is *digest*, is seen before it is used.

    DamagedError if it is not what was written: a wrong bit in it may end the process, or give another answer.
    *holder* is kept as long as this is.
    """

    def __init__(self, file: Path, digest: str, holder: object) -> None:
        self._holder = holder
        self._path = file
        self._digest = digest

    def __len__(self) -> int:
        with _sound():
            return int(self._file.metadata.num_rows)

    @cached_property
    def _file(self) -> pq.ParquetFile:
        if digest_of(self._path) != self._digest:
            raise DamagedError(f"{self._path.name} is not what was written")
        return pq.ParquetFile(self._path)

    def columns(self, *names: str) -> pa.Table:
        """All rows."""
        with _sound():
            return self._file.read(columns=list(names) or None)

    def at(self, places: Sequence[int], *names: str) -> pa.Table:
        """Some of them."""
        if isinstance(places, range) and places and places.step == 1:
            return self._stretch(places, names)
        groups = sorted({place // GROUP for place in places})
        begin = {group: number * GROUP for number, group in enumerate(groups)}
        with _sound():
            rows = self._read(groups, names)
            return _taken(rows, [begin[place // GROUP] + place % GROUP for place in places])

    def _stretch(self, places: range, names: Sequence[str]) -> pa.Table:
        begin = places.start // GROUP
        with _sound():
            rows = self._read(range(begin, places[-1] // GROUP + 1), names)
        found = rows.slice(places.start - begin * GROUP, len(places))
        if len(found) < len(places):
            raise DamagedError("there are fewer rows")
        return found

    def near(self, column: str, first: int | str, last: int | str, *names: str) -> pa.Table:
        """The groups of rows that may have such."""
        with _sound():
            number = self._file.schema_arrow.get_field_index(column)
            groups = range(self._file.metadata.num_row_groups)
            return self._read(
                [group for group in groups if self._may_have(group, number, first, last)], names
            )

    def _may_have(self, group: int, column: int, first: int | str, last: int | str) -> bool:
        known = self._file.metadata.row_group(group).column(column).statistics
        return known is None or not known.has_min_max or (known.min <= last and first <= known.max)

    def _read(self, groups: Sequence[int], names: Sequence[str]) -> pa.Table:
        return self._file.read_row_groups(list(groups), columns=list(names) or None)


def written(rows: pa.Table, file: Path) -> None:
    """Write *rows* to *file*, for `InFile`."""
    alike = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(
        rows,
        file,
        row_group_size=GROUP,
        compression="zstd",
        compression_level=1,
        use_dictionary=alike,
    )


def as_frame(rows: pa.Table) -> pl.DataFrame:
    """The same rows for Polars, their columns not copied."""
    import polars as pl  # noqa: PLC0415 - heavy, and a few rows do without

    return cast("pl.DataFrame", pl.from_arrow(rows))


def _taken(rows: pa.Table, places: Sequence[int]) -> pa.Table:
    if len(places) > _PAGE:
        return rows.take(pa.array(places, pa.int64()))
    for place in places:
        if place >= len(rows):
            raise IndexError(place)
    # What takes rows is a library of its own, which takes longer to load than this.
    return pa.concat_tables([rows.slice(0, 0), *(rows.slice(place, 1) for place in places)])


@contextmanager
def _sound() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException, IndexError) as error:
        raise DamagedError(str(error)) from error
