"""What was found about pairs of folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import pyarrow as pa

from cardcat.analysis import Tables
from cardcat.duplicates.places import Place, exact, place_of
from cardcat.duplicates.why import Why


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


class FolderFindings(Sequence[FolderFinding]):
    """Findings, of which each is made when it is asked for: there may be a hundred thousand."""

    def __init__(self, rows: pa.Table, places: Mapping[int, Place]) -> None:
        self._rows = rows
        self._places = places

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    @overload
    def __getitem__(self, at: int) -> FolderFinding: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[FolderFinding]: ...

    def __getitem__(self, at: int | slice) -> FolderFinding | Sequence[FolderFinding]:
        wanted = range(len(self))[at]
        if isinstance(wanted, int):
            return _finding(self._rows.slice(wanted, 1).to_pylist()[0], self._places)
        return [self[each] for each in wanted]

    def __iter__(self) -> Iterator[FolderFinding]:
        return (_finding(row, self._places) for row in self._rows.to_pylist())


def places_in(tables: Tables) -> dict[int, Place]:
    """The locations of an explanation, by their numbers."""
    return {row["location"]: place_of(row) for row in tables["locations"].columns().to_pylist()}


def finding_in(tables: Tables, number: int) -> FolderFinding:
    """The finding that the column `finding` names."""
    rows = tables["findings"].near("finding", number, number).to_pylist()
    return next(_finding(row, places_in(tables)) for row in rows if row["finding"] == number)


def _finding(row: Mapping[str, Any], places: Mapping[int, Place]) -> FolderFinding:
    return FolderFinding(
        number=row["finding"] + 1,
        why=Why(row["why"]),
        kind=row["kind"],
        place=places[row["location"]],
        path=exact(row["path"]),
        other_place=places[row["other_location"]],
        other_path=exact(row["other_path"]),
        files=row["files"],
        bytes=row["bytes"],
        others=row["others"],
    )
