"""The duplicates counted anew, with the largest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cardcat.catalog.duplicates import DuplicateGroup, Refreshed, list_duplicates, refresh_duplicates
from cardcat.catalog.engine import is_absent, open_catalog

_LARGEST = 50  # groups that are named


@dataclass(frozen=True, slots=True)
class Counted:
    """What a refresh did, and the groups that waste most."""

    refreshed: Refreshed
    largest: Sequence[DuplicateGroup]


def count_duplicates(catalog: str | None = None, *, named: int = _LARGEST) -> Counted | None:
    """Count the duplicates anew, in one transaction; None if there is no catalog yet."""
    if is_absent(catalog):
        return None
    with open_catalog(catalog, create=False) as opened, opened.write() as c:
        return Counted(refresh_duplicates(c), list_duplicates(c, named))
