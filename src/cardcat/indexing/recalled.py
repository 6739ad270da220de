"""What the last indexes could not take in, as it is on record; no folder is walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog.engine import Catalog
from cardcat.catalog.indexing import index_findings_of
from cardcat.errors import UsageError
from cardcat.indexing.places import Asked, Away, Place, known_places
from cardcat.inputs import show
from cardcat.model import Finding


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the last index of a location could not take in. *path* is where that is, or was last."""

    path: str
    location_id: int | None
    findings: tuple[Finding, ...]


def findings_on_record(catalog: Catalog, folders: Sequence[Path] | None) -> list[Recalled]:
    """
    The findings of every location that was indexed, or of those at, in and around *folders*.

    UsageError if one of *folders* has nothing to do with any of them.
    """
    with catalog.read() as c:
        known = [
            (_path(each), id_, index_findings_of(c, id_))
            for each in known_places(c, Asked())
            if (id_ := _id(each)) is not None
        ]
    asked = None if folders is None else [folder.resolve() for folder in folders]
    for folder in asked or ():
        if not any(_meet(path, folder) for path, _, _ in known):
            raise UsageError(
                f"{show(folder)} was not indexed yet.", hint=f"Index it: cardcat index {show(folder)}"
            )
    return [
        Recalled(str(path), id_, tuple(each for each in findings if _is_in(path / each.path, asked)))
        for path, id_, findings in known
        if asked is None or any(_meet(path, folder) for folder in asked)
    ]


def _path(each: Place | Away) -> Path:
    return Path(each.path)


def _id(each: Place | Away) -> int | None:
    return each.known.id if isinstance(each, Away) else each.location_id


def _meet(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _is_in(path: Path, folders: Sequence[Path] | None) -> bool:
    return folders is None or any(path.is_relative_to(folder) for folder in folders)
