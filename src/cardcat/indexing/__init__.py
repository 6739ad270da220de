"""Take existing folders into the catalog: walked, and read where that is needed; never written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cardcat.indexing.places import Asked
from cardcat.indexing.results import Indexed, IndexedLocation
from cardcat.indexing.running import carry_out, opened_index
from cardcat.plan.index_modes import IndexMode, ScanState
from cardcat.reporting import Reporter
from cardcat.storage.disk import Disk

__all__ = ["IndexMode", "Indexed", "IndexedLocation", "ScanState", "index"]


def index(
    paths: Sequence[Path] | None = None,
    *,
    mode: IndexMode | str | None = None,
    includes: Sequence[str] | None = None,
    excludes: Sequence[str] | None = None,
    catalog: str | Path | None = None,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] = lambda: False,
    disk: Disk | None = None,
    dry_run: bool = False,
) -> Indexed:
    """
    Index folders, or with None all locations that were indexed before and are plugged in.

    None of *mode*, *includes* or *excludes* means: as the time before, else deep and everything. What could
    not be taken in, and what ended the index of one folder, is in the result. Raises UsageError or
    SourceError, before anything is done, if one of *paths* is no folder that can be indexed, and
    CatalogError.
    """
    asked = Asked(
        None if mode is None else IndexMode(mode),
        None if includes is None else tuple(includes),
        None if excludes is None else tuple(excludes),
    )
    with opened_index(catalog, reporter=reporter, stop=stop, disk=disk, dry_run=dry_run) as run:
        return carry_out(run, paths, asked)
