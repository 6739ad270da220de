"""The end of the recording: which copies belong together, and what the files say is missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import polars as pl

from cardcat.catalog.bulk import chunks
from cardcat.catalog.details import all_unfinished, live_photo_ids
from cardcat.catalog.groups import GroupRow, has_groups, record_groups
from cardcat.catalog.items import ItemRow, items_of
from cardcat.model import UNFINISHED, Finding, ItemState, Kind, Stage
from cardcat.plan.assets import Asset, AssetFile, assemble, recording_key
from cardcat.plan.gaps import gaps_by_content
from cardcat.run import Destination, Links, Run, now
from cardcat.stages.files import CopiedFile
from cardcat.stages.inside import unfinished
from cardcat.stages.scan import Listing

_NONE = Links(None, ())
_PLAYLISTS = (".MPL", ".MPLS")
_PORTION = 10_000  # files that are looked up at once


def links_of(copied: Iterable[CopiedFile]) -> Iterator[tuple[int, Links]]:
    """By item, what those of the files that name others say of them."""
    for file in copied:
        details = file.metadata.details if file.metadata else None
        if details and (details.live_photo_id or details.clips):
            yield file.file.item, Links(details.live_photo_id, details.clips)


def group_copies(run: Run, listing: Listing) -> None:
    """
    Write down which copies on each destination are one group, unless this run has added none.

    Recordings that an earlier run has found not ended are told again, as long as they are on the card.
    """
    run.report(_known_unfinished(run))
    changed = [destination for destination in run.alive if _has_news(run, destination, listing.frame)]
    if not changed:
        return
    _know_earlier(run, changed[0], listing)
    files = _files(run, listing.frame)
    gaps = gaps_by_content([*files.values()])
    run.report(Finding(gap.path, Stage.RECORD, gap.error_type, gap.what, attention=False) for gap in gaps)
    rows = [_row(asset, files) for asset in assemble([*files.values()])]
    for destination in changed:
        with run.catalog.write() as c:
            record_groups(c, destination.session_id, destination.location_id, rows, now())


def _has_news(run: Run, destination: Destination, listing: pl.DataFrame) -> bool:
    """Whether copies may lack their group: new ones, or all those of a time before there were groups."""
    if destination.copied or destination.resumed:
        return True
    if not listing.select(pl.col("group").is_duplicated().any()).item():
        return False
    with run.catalog.read() as c:
        return not has_groups(c, destination.location_id)


def _known_unfinished(run: Run) -> Iterator[Finding]:
    if not run.alive:
        return
    told = {finding.path for finding in run.findings if finding.error_type == UNFINISHED}
    with run.catalog.read() as c:
        known = all_unfinished(c)
        done = items_of(c, run.alive[0].session_id, ItemState.VERIFIED, ItemState.SKIPPED)
        for row in done if known else ():
            if row.hash in known and row.path not in told:
                yield unfinished(row.path, known[row.hash])


def _know_earlier(run: Run, destination: Destination, listing: Listing) -> None:
    """Add what files that an earlier run has read say of others: halves of Live Photos, playlists."""
    found: dict[bytes, Links] = {}
    with run.catalog.read() as c:
        read = items_of(c, destination.session_id, *_of_earlier_runs(destination))
        for rows in chunks(read, _PORTION):
            ids = live_photo_ids(c, [row.hash for row in rows if row.hash])
            for row in rows:
                if row.path.upper().endswith(_PLAYLISTS):
                    found[os.fsencode(row.path)] = Links(None, _clips(run, destination, row))
                elif row.hash in ids:
                    found[os.fsencode(row.path)] = Links(ids[row.hash], ())
    for item, path in listing.frame.select("item", "path").iter_rows() if found else ():
        if path in found:
            run.links.setdefault(item, found[path])


def _of_earlier_runs(destination: Destination) -> tuple[ItemState, ...]:
    """The states of files that this run may not have read itself; what it has copied, it has."""
    return (ItemState.VERIFIED, ItemState.SKIPPED) if destination.resumed else (ItemState.SKIPPED,)


def _clips(run: Run, destination: Destination, row: ItemRow) -> tuple[str, ...]:
    """The clips that a playlist names, read from its copy."""
    path = destination.root / (row.destination_path or "")
    return run.metadata.read([(path, Kind.SIDECAR)])[0].details.clips


def _files(run: Run, listing: pl.DataFrame) -> dict[int, AssetFile]:
    """By item, the files that may belong to others; those that stand alone cost nothing here."""
    paths = listing["path"]
    has_index = paths.bin.ends_with(b".CTG").any()
    may_belong = listing["group"].is_duplicated() | (listing["structure"] >= 0) | has_index
    of_recordings = pl.Series(
        (recording_key(os.fsdecode(path)) is not None for path in paths), dtype=pl.Boolean
    )
    may_belong |= of_recordings | listing["item"].is_in([*run.links])
    files = {}
    columns = ("item", "path", "size", "kind", "group")
    for item, path, size, kind, group in listing.select(columns).filter(may_belong).iter_rows():
        links = run.links.get(item, _NONE)
        files[item] = AssetFile(
            item, os.fsdecode(path), size, Kind(kind), group, links.live_photo_id, links.clips
        )
    return files


def _row(asset: Asset, files: dict[int, AssetFile]) -> GroupRow:
    return GroupRow(asset.kind, asset.name, tuple((files[item].path, role) for item, role in asset.members))
