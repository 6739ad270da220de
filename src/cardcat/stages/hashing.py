"""Stage 2: read only what could be something already held, and find out whether it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from cardcat.catalog.copies import held_media
from cardcat.errors import DestinationError
from cardcat.frames import KNOWN, MEDIA, READ, checked, without
from cardcat.model import Stage
from cardcat.run import Destination, Run, timed
from cardcat.stages.held import Earlier, confirm_retimed, held_from_earlier
from cardcat.stages.leftovers import adopt_leftovers
from cardcat.stages.reading import hash_files, sample_files
from cardcat.stages.scan import Listing
from cardcat.storage.hashing import WHOLE
from cardcat.text import many

T = TypeVar("T")

_FILES = pl.DataFrame(schema={"item": pl.UInt32, "path": pl.Binary, "size": pl.Int64, "mtime_ns": pl.Int64})


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known before anything is copied.

    *held* is a frame (`frames.HELD`) a destination, by its number; *media* what it holds of media that files
    of the card could be, by their size (`frames.MEDIA`); *read* what was read of candidates (`frames.KNOWN`),
    hash and kind only where the fingerprint matched. *changed* has the `path` and `hash` of files that an
    earlier session left and that were found to hold other bytes now, a frame a destination.
    """

    held: dict[int, pl.DataFrame]
    media: dict[int, pl.DataFrame]
    read: pl.DataFrame
    changed: dict[int, pl.DataFrame]


@timed(Stage.HASH)
def hash_candidates(run: Run, listing: Listing) -> Known:
    """
    Read the files that could be something already held, and only those.

    Of a file that was backed up with another time than it has now, and of one whose fingerprint a held
    content has, all bytes are hashed.
    """
    run.check_running()
    read_before = run.bytes_read
    adopt_leftovers(run)
    run.reporter.begin(Stage.HASH, files=0, size=0)
    earlier = _each(run, lambda destination: held_from_earlier(run, destination, listing.frame))
    retimed = _read_retimed(run, listing.frame, earlier)
    held = _each(run, lambda destination: _held(run, destination, earlier[destination.number], retimed))
    open_files = _not_held(listing.frame, list(held.values()), recheck=run.options.recheck)
    in_question = pl.concat([open_files, listing.frame.join(retimed, on="item", how="semi")])
    media = {d.number: _media(run, d.location_id, in_question["size"]) for d in run.alive}
    candidates = _candidates(open_files, list(media.values())).join(retimed, on="item", how="anti")
    sampled = sample_files(run, candidates.filter(pl.col("size") > WHOLE))
    small = candidates.filter(pl.col("size") <= WHOLE)  # a fingerprint would read all of it too
    matched = pl.concat([small, _matched(sampled, list(media.values()))]).sort("item")
    if run.options.recheck:
        again = _held_again(listing.frame, list(held.values())).join(retimed, on="item", how="anti")
        matched = pl.concat([matched, again]).unique("item")
    run.reporter.begin(Stage.HASH, files=matched.height, size=int(matched["size"].sum()))
    hashed = pl.concat([retimed.drop("path"), hash_files(run, matched)])
    read = sampled.select("item", "sample").join(hashed, on="item", how="full", coalesce=True)
    run.count(Stage.HASH, read.height, run.bytes_read - read_before)
    hashes = listing.frame.select("item", "path").join(hashed.select("item", "hash"), on="item").drop("item")
    changed = {number: _changed(each, hashes) for number, each in earlier.items()}
    return Known(held, media, checked(READ, read.select(list(KNOWN))), changed)


def _each(run: Run, work: Callable[[Destination], T]) -> dict[int, T]:
    """What each destination answers, by its number; one that fails when it is looked at ends its session."""
    answers = {}
    for destination in run.alive:
        try:
            answers[destination.number] = work(destination)
        except (OSError, DestinationError) as error:
            run.fail(destination, error, "looking for what it holds")
    return answers


def _read_retimed(run: Run, listing: pl.DataFrame, earlier: Mapping[int, Earlier]) -> pl.DataFrame:
    """Read what some destination holds with another time: `item`, `path`, `hash` and `kind`."""
    found = [listing.join(each.retimed, on="path", how="semi") for each in earlier.values()]
    files = _files(found).unique("item", maintain_order=True)
    if files.height:
        run.reporter.note(
            f"{many(files.height, 'file has', 'files have')} another time than at the last backup, as after "
            "a change of the clock or the time zone; reading tells what was really changed."
        )
        run.reporter.begin(Stage.HASH, files=files.height, size=int(files["size"].sum()))
    return hash_files(run, files).join(files.select("item", "path"), on="item")


def _held(run: Run, destination: Destination, earlier: Earlier, read: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([earlier.held, confirm_retimed(run, destination, earlier.retimed, read)])


def _changed(earlier: Earlier, read: pl.DataFrame) -> pl.DataFrame:
    left = pl.concat([earlier.held, earlier.retimed])
    same = left.join(read, on=["path", "hash"], how="semi")
    return read.join(left, on="path", how="semi").join(same, on="path", how="anti")


def _media(run: Run, location_id: int, sizes: pl.Series) -> pl.DataFrame:
    with run.catalog.read() as c:
        return pl.DataFrame([*held_media(c, location_id, sizes)], schema=MEDIA, orient="row")


def _not_held(listing: pl.DataFrame, held: Sequence[pl.DataFrame], *, recheck: bool) -> pl.DataFrame:
    """The files that at least one destination does not hold from an earlier session."""
    if recheck or not held:
        return listing
    everywhere = held[0].select("path")
    for other in held[1:]:
        everywhere = everywhere.join(other.select("path"), on="path", how="semi")
    return without(listing, everywhere)


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
    return pl.concat([twice, held]).unique("item").sort("item").select(_FILES.columns)


def _matched(sampled: pl.DataFrame, media: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """
    The files to hash in full: those with the fingerprint of a held content, and all but the first of
    those of the card that share one (the first is hashed while it is copied).
    """
    again = sampled.filter(~pl.col("sample").is_first_distinct())
    held = [sampled.join(frame, on=["size", "sample"], how="semi") for frame in media]
    return pl.concat([again, *held]).unique("item").sort("item").select(_FILES.columns)


def _held_again(listing: pl.DataFrame, held: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """With --recheck: the files that would be skipped unread."""
    return _files([listing.join(frame.select("path"), on="path", how="semi") for frame in held])


def _files(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """What is read of a file's row, of all *frames* together."""
    return pl.concat([_FILES, *(frame.select(_FILES.columns) for frame in frames)])
