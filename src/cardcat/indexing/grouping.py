"""Which files of a library are one thing: a photo with its raw, a Live Photo, a take in chapters."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from cardcat.catalog.library_groups import LibraryGroup, replace_groups
from cardcat.indexing.job import Job, now
from cardcat.indexing.looking import exact, on_record
from cardcat.media.kind import kind_by_name
from cardcat.model import Kind, Presence, Role
from cardcat.plan.assets import Asset, AssetFile, assemble, recording_key
from cardcat.plan.structures import clip_place, group_files

_HELD = (Presence.PRESENT.value, Presence.UNAVAILABLE.value)  # what was left out keeps its groups
_PLAYLISTS = (".MPL", ".MPLS")


def group_files_of(job: Job) -> None:
    """
    Write down which files of the whole location belong together; groups that are so already stay as they are.

    What lists others is read anew, where metadata is wanted.
    """
    files = _files(job)
    groups = [_group(asset) for asset in assemble(files)]
    with job.run.writing.write() as c:
        replace_groups(c, job.location_id, groups, now())


def _files(job: Job) -> list[AssetFile]:
    """The files that may belong to others; those that stand alone cost little here."""
    frame = _frame(job)
    paths = [
        os.fsdecode(b"%b/%b" % (folder, name) if folder else name)
        for folder, name in frame.select("folder", "name").iter_rows()
    ]
    frame = frame.drop("folder", "name")  # of a million files they take much memory
    groups = pl.Series("group", group_files(paths), dtype=pl.UInt32)
    members = frame.with_columns(groups).select(
        "id", "size", "kind", "group", "live_photo_id", count=pl.len().over("group")
    )
    has_index = any(path.endswith(".CTG") for path in paths)
    found = []
    for path, (id_, size, kind, group, live, count) in zip(paths, members.iter_rows(), strict=True):
        is_list = path.upper().endswith(_PLAYLISTS)
        if has_index or count > 1 or live or is_list or recording_key(path) or clip_place(path):
            known = Kind(kind) if kind else kind_by_name(path)
            clips = _clips(job, path) if is_list and job.is_deep else ()
            found.append(AssetFile(id_, path, size, known, group, live, clips))
    return found


def _frame(job: Job) -> pl.DataFrame:
    """The files that the location has, in the order of their paths."""
    folders, files = on_record(job.run.writing, job.location_id)
    there = files.filter((pl.col("role") == Role.LIBRARY.value) & pl.col("status").is_in(_HELD))
    return (
        there.with_columns(name=exact("name"))
        .join(folders.select(folder_id="id", folder=exact("path")), on="folder_id")
        .select("id", "size", "kind", "live_photo_id", "folder", "name")
        .sort("folder", "name")
    )


def _clips(job: Job, path: str) -> tuple[str, ...]:
    """The clips that a playlist names."""
    found = job.run.metadata.read([(Path(job.root.path, path), Kind.SIDECAR)])
    return found[0].details.clips


def _group(asset: Asset) -> LibraryGroup:
    return LibraryGroup(asset.kind, asset.name, frozenset(asset.members))
