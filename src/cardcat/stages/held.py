"""What the destinations already hold of this card, looked at now and not just remembered."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from cardcat.catalog.copies import CopyRow, copies_of
from cardcat.catalog.items import earlier_columns, earlier_sessions
from cardcat.frames import HELD, without
from cardcat.model import Evidence, Presence
from cardcat.run import Destination, Run
from cardcat.scout import MANY, scouting
from cardcat.stages.looking import News, are_good, are_untouched, is_good, is_weak
from cardcat.storage.system import this_disk

_OF_COPY = ("copy", "destination_path", "hash", "copy_size", "copy_mtime_ns", "evidence")


@dataclass(frozen=True, slots=True)
class Earlier:
    """
    What earlier sessions left of the files of the card on a destination; columns as `frames.HELD`.

    *held* are unchanged, and each copy is there now and proved. *retimed* have their size but another time
    than on record, as after a change of the clock or the time zone: only their bytes tell what they are.
    """

    held: pl.DataFrame
    retimed: pl.DataFrame


def send_scouts(run: Run, stack: ExitStack) -> None:
    """Begin to look for what the newest large session left on each drive; that ends with *stack*."""
    if type(run.disk) is not type(this_disk()):  # a process of its own would go around this seam
        return
    for destination in run.destinations:
        with run.catalog.read() as c:
            sessions = _earlier_sessions(c, run, destination, least=MANY)
        if sessions:
            sent = scouting(run.catalog, sessions[0], destination.there)
            destination.scout = stack.enter_context(sent)


def held_from_earlier(run: Run, destination: Destination, listing: pl.DataFrame) -> Earlier:
    """
    The files of the listing that an earlier session left on the destination.

    A copy whose evidence is weaker than this drive can give, or whose time is not the one on record, has
    been read back in place.
    """
    held, retimed = _left(run, destination, listing)
    return Earlier(_confirmed(run, destination, held), retimed)


def _left(run: Run, destination: Destination, listing: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is on record: files with the size and the time that they have now, and those with another time."""
    held = retimed = pl.DataFrame(schema=HELD)
    missing = listing.select("path", size_now="size", now="mtime_ns")
    with run.catalog.read() as c:
        for session_id in _earlier_sessions(c, run, destination):
            if missing.is_empty():
                break
            found = _of_session(run, c, destination, session_id, missing.height)
            found = found.join(missing, on="path")  # by two columns, it would take twice the memory
            found = _those(found, found["size"] == found["size_now"])
            same = _those(found, found["mtime_ns"] == found["now"])
            if not retimed.is_empty():
                same = same.join(retimed, on="path", how="anti")
            other = without(found, same).join(retimed, on=["path", "hash"], how="anti")
            held = pl.concat([held, same.select(list(HELD))])
            retimed = pl.concat([retimed, other.select(list(HELD))])  # of each hash the newest
            missing = without(missing, same)
    return held, retimed


def _earlier_sessions(c: Connection, run: Run, destination: Destination, least: int = 0) -> list[int]:
    return earlier_sessions(
        c,
        source_volume_id=run.source.volume_id,
        source_root=run.source.relative,
        location_id=destination.location_id,
        least=least,
    )


def _those(rows: pl.DataFrame, are: pl.Series) -> pl.DataFrame:
    """The *rows* that *are*. Where all of a million are, no memory goes into another million."""
    return rows if are.all() else rows.filter(are)


def _of_session(
    run: Run, c: Connection, destination: Destination, session_id: int, files: int
) -> pl.DataFrame:
    """What a session has left, of which so many *files* may be."""
    found = _scouted(run, destination, session_id, files)
    if found is not None:
        return found
    parts = (dict(zip(HELD, columns, strict=True)) for columns in earlier_columns(c, session_id))
    return pl.concat([pl.DataFrame(schema=HELD), *(pl.DataFrame(part, schema=HELD) for part in parts)])


def _scouted(run: Run, destination: Destination, session_id: int, files: int) -> pl.DataFrame | None:
    """What a scout has found of the session, if that is worth waiting for, and nothing was recorded since."""
    scout = destination.scout
    if scout is None or scout.session_id != session_id:
        return None
    if files < MANY or destination.resumed:
        scout.give_up()
        return None
    return scout.report(run.check_running)


def confirm_retimed(
    run: Run, destination: Destination, retimed: pl.DataFrame, read: pl.DataFrame
) -> pl.DataFrame:
    """
    Those of *retimed* whose bytes are still the same, and whose copy is there and proved.

    *read* has the `path` and `hash` of what was read just now.
    """
    same = retimed.join(read.select("path", "hash"), on=["path", "hash"], how="semi")
    same = same.with_columns(untouched=pl.lit(value=False))  # the reading may have taken hours
    return _confirmed(run, destination, same)


def good_copies(run: Run, destination: Destination, hashes: Iterable[str]) -> dict[str, CopyRow]:
    """For each content a copy on the destination that is proved and there now, where there is one."""
    with run.catalog.read() as c:
        copies = copies_of(c, destination.location_id, list(hashes))
    good: dict[str, CopyRow] = {}
    news = News()
    for copy in copies:
        if copy.hash not in good and is_good(run, destination, copy, news):
            good[copy.hash] = copy
    news.tell(run)
    return good


def _confirmed(run: Run, destination: Destination, held: pl.DataFrame) -> pl.DataFrame:
    """Those whose copy is there now and proved: what looking can't tell of a copy, its bytes do."""
    are = _are_untouched(run, destination, held)
    untouched, doubtful = _those(held, are), held.filter(~are)
    destination.is_cold &= (untouched["evidence"] == Evidence.READ_BACK_COLD.value).all()
    keep = are_good(run, destination, map(_copy_row, doubtful.select(_OF_COPY).iter_rows()))
    return pl.concat([untouched, doubtful.filter(pl.Series(keep, dtype=pl.Boolean))])


def _are_untouched(run: Run, destination: Destination, held: pl.DataFrame) -> pl.Series:
    """Whether each copy has the best evidence that its drive can give, and is there as on record."""
    strong = [evidence.value for evidence in Evidence if not is_weak(destination, evidence)]
    looked_at = ("destination_path", "copy_size", "copy_mtime_ns")
    rows = held.select("evidence", "untouched", *looked_at).with_row_index("row")
    strongly_proved = rows.filter(pl.col("evidence").is_in(strong))
    seen = strongly_proved.filter(pl.col("untouched"))["row"]
    rows = strongly_proved.filter(~pl.col("row").is_in(seen.implode())).sort("destination_path")
    columns = rows.select(looked_at).iter_rows()
    files = ((os.fsdecode(path), size, mtime_ns) for path, size, mtime_ns in columns)
    are = pl.Series([*are_untouched(run, destination, files)], dtype=pl.Boolean)
    untouched = pl.concat([seen, rows["row"].filter(are)])
    return pl.select(row=pl.int_range(held.height, dtype=pl.UInt32))["row"].is_in(untouched.implode())


def _copy_row(row: tuple[int, bytes, str, int, int, str]) -> CopyRow:
    id_, path, hash_, size, mtime_ns, evidence = row
    return CopyRow(
        id=id_,
        path=os.fsdecode(path),
        hash=hash_,
        size=size,
        mtime_ns=mtime_ns,
        evidence=Evidence(evidence),
        status=Presence.PRESENT,
    )
