"""The end of the recording: which copies belong together, and what the files say is missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import polars as pl

from cardcat.catalog.details import live_photo_ids
from cardcat.catalog.groups import GroupRow, record_groups
from cardcat.catalog.items import items_of
from cardcat.model import Finding, ItemState, Kind, Stage
from cardcat.plan.assets import Asset, AssetFile, assemble, recording_key
from cardcat.plan.gaps import gaps_by_content
from cardcat.run import Links, Run, now
from cardcat.stages.files import CopiedFile
from cardcat.stages.scan import Listing

_NONE = Links(None, ())


def links_of(copied: Iterable[CopiedFile]) -> Iterator[tuple[int, Links]]:
    """By item, what those of the files that name others say of them."""
    for file in copied:
        details = file.metadata.details if file.metadata else None
        if details and (details.live_photo_id or details.clips):
            yield file.file.item, Links(details.live_photo_id, details.clips)


def group_copies(run: Run, listing: Listing) -> None:
    """Write down which copies on each destination are one group, unless this run has added none."""
    changed = [destination for destination in run.alive if destination.copied or destination.resumed]
    if not changed:
        return
    _know_earlier(run, listing)
    files = _files(run, listing.frame)
    gaps = gaps_by_content([*files.values()])
    run.report(Finding(gap.path, Stage.RECORD, gap.error_type, gap.what, attention=False) for gap in gaps)
    rows = [_row(asset, files) for asset in assemble([*files.values()])]
    for destination in changed:
        with run.catalog.write() as c:
            record_groups(c, destination.session_id, destination.location_id, rows, now())


def _know_earlier(run: Run, listing: Listing) -> None:
    """Add the Live Photo halves that an earlier run has read, where this one has met some."""
    if not any(links.live_photo_id for links in run.links.values()):
        return
    destination = run.alive[0]
    with run.catalog.read() as c:
        done = items_of(c, destination.session_id, ItemState.VERIFIED, ItemState.SKIPPED)
        hashes = {row.path: row.hash for row in done if row.hash}
        ids = live_photo_ids(c, list(hashes.values()))
    if not ids:
        return
    for item, path in listing.frame.select("item", "path").iter_rows():
        found = ids.get(hashes.get(os.fsdecode(path), ""))
        if found and item not in run.links:
            run.links[item] = Links(found, ())


def _files(run: Run, listing: pl.DataFrame) -> dict[int, AssetFile]:
    """By item, the files that may belong to others; those that stand alone cost nothing here."""
    members = listing.select(
        "item", "path", "size", "kind", "structure", "group", members=pl.len().over("group")
    )
    has_index = listing["path"].bin.ends_with(b".CTG").any()
    files = {}
    for item, raw, size, kind, structure, group, count in members.iter_rows():
        path, links = os.fsdecode(raw), run.links.get(item, _NONE)
        if has_index or count > 1 or structure >= 0 or links is not _NONE or recording_key(path):
            files[item] = AssetFile(item, path, size, Kind(kind), group, links.live_photo_id, links.clips)
    return files


def _row(asset: Asset, files: dict[int, AssetFile]) -> GroupRow:
    return GroupRow(asset.kind, asset.name, tuple((files[item].path, role) for item, role in asset.members))
