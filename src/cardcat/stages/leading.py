"""What copies that are there already decide for others: the day of a take or Live Photo, films' zone."""

from __future__ import annotations

import os

import polars as pl

from cardcat.catalog.details import live_photo_ids, moments_with_offset
from cardcat.model import Kind
from cardcat.plan.assets import recording_key
from cardcat.plan.clocks import clocks_of
from cardcat.plan.dedupe import Do
from cardcat.run import Destination, Run
from cardcat.stages.files import live_photo_lead, recording_lead

_FILMS = (b".MP4", b".mp4", b".MOV", b".mov", b".3gp", b".LRV")  # of cameras and phones that tell UTC alone
_HALVES = (b".MOV", b".mov", b".HEIC", b".heic", b".JPG", b".jpg")  # how a phone ends names of Live Photos


def know_what_leads(run: Run, destination: Destination, rows: pl.DataFrame) -> None:
    """Fill `folders` and `clocks` of the destination, as an undisturbed run would have by now."""
    destination.folders.update(_folders_of_recordings(rows))
    destination.folders.update(_folders_of_live_photos(run, rows))
    destination.clocks.update(_clocks(run, rows))


def _folders_of_recordings(rows: pl.DataFrame) -> dict[str, str]:
    """Where the chapters that are there already stand, of takes that others are still to be copied of."""
    wanted = {recording_key(os.fsdecode(path)) for path in rows.filter(pl.col("do") >= Do.WAIT)["path"]}
    wanted.discard(None)
    placed = rows.filter(pl.col("destination_path").is_not_null() & (pl.col("structure") < 0))
    found = {}
    for path, there in placed.select("path", "destination_path").iter_rows() if wanted else ():
        key = recording_key(os.fsdecode(path))
        if key and key in wanted:
            found[recording_lead(key)] = os.fsdecode(there).rpartition("/")[0]
    return found


def _folders_of_live_photos(run: Run, rows: pl.DataFrame) -> dict[str, str]:
    """Where the halves of Live Photos stand that are there already, if there are others to copy."""
    could_be = pl.any_horizontal(pl.col("path").bin.ends_with(end) for end in _HALVES)
    if rows.filter((pl.col("do") >= Do.WAIT) & could_be).is_empty():
        return {}
    placed = rows.filter(pl.col("destination_path").is_not_null() & pl.col("hash").is_not_null() & could_be)
    with run.catalog.read() as c:
        ids = live_photo_ids(c, placed["hash"].unique().to_list())
    halves = placed.filter(pl.col("hash").is_in([*ids])).select("kind", "hash", "destination_path")
    return {
        live_photo_lead(ids[hash_], is_film=kind == Kind.VIDEO): os.fsdecode(there).rpartition("/")[0]
        for kind, hash_, there in halves.iter_rows()
    }


def _clocks(run: Run, rows: pl.DataFrame) -> dict[int, str]:
    """What the files that are there already tell of the place, if films are to be copied that may not."""
    is_film = pl.any_horizontal(pl.col("path").bin.ends_with(end) for end in _FILMS)
    if rows.filter((pl.col("do") >= Do.WAIT) & is_film).is_empty():
        return {}
    placed = rows.filter(pl.col("destination_path").is_not_null() & pl.col("hash").is_not_null())
    with run.catalog.read() as c:
        return dict(clocks_of(moments_with_offset(c, placed["hash"].unique().sort().to_list())))
