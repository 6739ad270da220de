"""Stage 2: read only what could be something already held, and find out whether it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar

import polars as pl

from cardcat.catalog.copies import held_media
from cardcat.errors import DestinationError
from cardcat.frames import KNOWN, MEDIA, READ, checked
from cardcat.media.kind import kind_of
from cardcat.model import Stage
from cardcat.run import Run
from cardcat.stages.held import held_from_earlier
from cardcat.stages.leftovers import adopt_leftovers
from cardcat.stages.scan import Listing
from cardcat.storage.hashing import WHOLE, fingerprint, hash_file, sampled_bytes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known before anything is copied.

    *held* is a frame (`frames.HELD`) a destination, by its number; *media* what it holds of media
    (`frames.MEDIA`); *read* what was read of candidates (`frames.KNOWN`), hash and kind only where the
    fingerprint matched.
    """

    held: dict[int, pl.DataFrame]
    media: dict[int, pl.DataFrame]
    read: pl.DataFrame


def hash_candidates(run: Run, listing: Listing) -> Known:
    """Fingerprint the files that could be something already held, and hash those whose fingerprint is."""
    run.check_running()
    adopt_leftovers(run)
    held = _held(run, listing)
    media = {d.number: _media(run, d.location_id) for d in run.alive}
    open_files = _not_held(listing.frame, list(held.values()), recheck=run.options.recheck)
    candidates = _candidates(open_files, list(media.values()))
    run.reporter.begin(Stage.HASH, files=0, size=0)
    sampled = _sample(run, candidates.filter(pl.col("size") > WHOLE))
    small = candidates.filter(pl.col("size") <= WHOLE)  # a fingerprint would read all of it too
    matched = pl.concat([small, _matched(sampled, list(media.values()))]).sort("item")
    if run.options.recheck:
        matched = pl.concat([matched, _held_again(listing.frame, list(held.values()))]).unique("item")
    run.reporter.begin(Stage.HASH, files=matched.height, size=int(matched["size"].sum()))
    hashed = _hash(run, matched)
    read = sampled.select("item", "sample").join(hashed, on="item", how="full", coalesce=True)
    return Known(held, media, checked(READ, read.select(list(KNOWN))))


def _held(run: Run, listing: Listing) -> dict[int, pl.DataFrame]:
    """What each destination holds of the card; one that fails when it is looked at ends its session."""
    held = {}
    for destination in run.alive:
        try:
            held[destination.number] = held_from_earlier(run, destination, listing.frame)
        except (OSError, DestinationError) as error:
            run.fail(destination, error, "looking for what it holds")
    return held


def _media(run: Run, location_id: int) -> pl.DataFrame:
    with run.catalog.read() as c:
        return pl.DataFrame(held_media(c, location_id), schema=MEDIA, orient="row")


def _not_held(listing: pl.DataFrame, held: Sequence[pl.DataFrame], *, recheck: bool) -> pl.DataFrame:
    """The files that at least one destination does not hold from an earlier session."""
    if recheck or not held:
        return listing
    everywhere = held[0].select("path")
    for other in held[1:]:
        everywhere = everywhere.join(other.select("path"), on="path", how="semi")
    return listing.join(everywhere, on="path", how="anti")


def _candidates(files: pl.DataFrame, media: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """
    Files outside structures whose size is that of a held media file or of another file of the card.

    A small one of the latter is left out: it is sooner copied than looked at twice, and if it turns out
    to be a twin then, the copy is dropped.
    """
    plain = files.filter((pl.col("structure") < 0) & (pl.col("size") > 0) & (pl.col("kind") != "sidecar"))
    twice = plain.filter(pl.col("size").is_duplicated() & (pl.col("size") > WHOLE))
    sizes = pl.concat([pl.DataFrame(schema={"size": pl.Int64}), *(frame.select("size") for frame in media)])
    held = plain.join(sizes.unique(), on="size", how="semi")
    return pl.concat([twice, held]).unique("item").sort("item").select("item", "path", "size")


def _sample(run: Run, candidates: pl.DataFrame) -> pl.DataFrame:
    def one(row: tuple[int, bytes, int]) -> tuple[int, bytes, int, str] | None:
        item, path, size = row
        source = run.source_path(os.fsdecode(path))
        sample = _read(run, lambda: fingerprint(run.disk, source, size, source=True))
        run.read_from_source(sampled_bytes(size))
        return None if sample is None else (item, path, size, sample)

    found = [row for row in run.in_parallel(one, candidates.rows()) if row is not None]
    schema = {"item": pl.UInt32, "path": pl.Binary, "size": pl.Int64, "sample": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def _matched(sampled: pl.DataFrame, media: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """
    The files to hash in full: those with the fingerprint of a held content, and all but the first of
    those of the card that share one (the first is hashed while it is copied).
    """
    again = sampled.filter(~pl.col("sample").is_first_distinct())
    held = [sampled.join(frame, on=["size", "sample"], how="semi") for frame in media]
    return pl.concat([again, *held]).unique("item").sort("item").select("item", "path", "size")


def _held_again(listing: pl.DataFrame, held: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """With --recheck: the files that would be skipped unread."""
    found = [listing.join(frame.select("path"), on="path", how="semi") for frame in held]
    return pl.concat(found).select("item", "path", "size") if found else pl.DataFrame()


def _hash(run: Run, files: pl.DataFrame) -> pl.DataFrame:
    def one(row: tuple[int, bytes, int]) -> tuple[int, str, str] | None:
        item, path, size = row
        name = os.fsdecode(path)
        found = _read(
            run,
            lambda: hash_file(run.disk, run.source_path(name), source=True, on_bytes=run.read_from_source),
        )
        run.reporter.advance(files=1, size=size)
        if found is None or found.size != size:
            return None
        return item, found.sha256, kind_of(found.head, PurePath(name).name).value

    hashed = [row for row in run.in_parallel(one, files.rows()) if row is not None]
    return pl.DataFrame(
        hashed, schema={"item": pl.UInt32, "hash": pl.String, "kind": pl.String}, orient="row"
    )


def _read(run: Run, read: Callable[[], T]) -> T | None:
    """Do it; a file that can't be read now will say so when it is to be copied."""
    run.check_running()
    try:
        return read()
    except OSError:
        run.check_source()
        return None
