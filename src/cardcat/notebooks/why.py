"""Why something is there more than once, in rows for a chart and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cardcat.duplicates.findings import FolderFinding
from cardcat.duplicates.listing import list_groups
from cardcat.paths import to_text

MOST = 200
"""So many findings about folders are told, the largest first."""

_SAID = {
    "equal": "is the same as",
    "contained": "is all in",
    "within": "is all in",
    "shared": "has a part in common with",
}


@dataclass(frozen=True, slots=True)
class Reasons:
    """*reasons* have `why`, `copies` (how many things) and `size` (wasted); *folders* are pairs."""

    reasons: list[dict[str, Any]]
    folders: list[dict[str, Any]]


def reasons(where: str | None = None) -> Reasons:
    """
    What explains the duplicates that are on record; nothing if there are none.

    CatalogError if the catalog can't be read.
    """
    found = list_groups(where)
    told = [{"why": why.value, "copies": groups, "size": wasted} for why, groups, wasted in found.by_why]
    largest = sorted(found.findings, key=lambda one: -one.bytes)[:MOST]
    return Reasons(told, [_row(one) for one in largest])


def _row(one: FolderFinding) -> dict[str, Any]:
    return {
        "folder": to_text(one.place.shown(one.path))[0],
        "is": _SAID.get(one.kind, one.kind),
        "other folder": to_text(one.other_place.shown(one.other_path))[0],
        "why": one.why.value,
        "files": one.files,
        "size": one.bytes,
    }
