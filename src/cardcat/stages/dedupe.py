"""Stage 3: decide what is copied where, write it down, and see that it fits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl
from sqlalchemy import Connection

from cardcat.catalog.copies import CopyRow
from cardcat.catalog.findings import resolve_findings
from cardcat.catalog.items import ItemRow, add_items, end_repeats, items_of, repeat_items, set_items
from cardcat.errors import DestinationError
from cardcat.frames import DECISIONS, checked
from cardcat.inputs import show
from cardcat.model import ItemState, Stage
from cardcat.paths import to_text
from cardcat.plan.dedupe import Do, decide
from cardcat.run import Destination, Run, now, timed
from cardcat.stages.hashing import Known
from cardcat.stages.held import good_copies
from cardcat.stages.leading import know_what_leads
from cardcat.stages.scan import Listing
from cardcat.stages.sessions import write_progress
from cardcat.stages.targets import structure_prefixes, structure_targets
from cardcat.text import size as human_size

_BACKED_UP = "already backed up"
_CLUSTER = 4_096  # bytes; a file takes whole ones, on most filesystems of this size
_RESERVE = 16_000_000  # folders, manifests, and not to fill a drive to the last byte


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is to be done: the listing with `hash` (where known) and a column `do_<n>` for destination n.

    *prefixes*: for each destination and structure the folder that the structure goes under.
    *siblings*: for each destination and group a member that is there already: (its name on the card,
    its path on the destination), so that the others follow it.
    """

    frame: pl.DataFrame
    prefixes: dict[int, dict[int, str]]
    siblings: dict[int, dict[int, tuple[str, str]]]

    @property
    def work(self) -> pl.DataFrame:
        """The rows that something is left to do for, group by group."""
        columns = [name for name in self.frame.columns if name.startswith("do_")]
        return self.frame.filter(pl.any_horizontal(pl.col(columns) >= Do.WAIT)).sort("group", "item")


@timed(Stage.DEDUPE)
def dedupe(run: Run, listing: Listing, known: Known) -> Plan:
    """Decide for every destination, and write the decisions into its session's journal."""
    run.reporter.begin(Stage.DEDUPE, files=listing.frame.height, size=0)
    frame, prefixes, siblings = listing.frame, {}, {}
    needed: dict[int, int] = {}  # bytes, a volume
    for destination in run.destinations:
        if not destination.is_alive:
            frame = frame.with_columns(pl.lit(Do.NOTHING, pl.UInt8).alias(f"do_{destination.number}"))
            continue
        try:
            decided = _plan_for(run, listing, known, destination)
            promised = needed.get(destination.volume_id, 0)
            needed[destination.volume_id] = _check_space(run, destination, decided.rows, promised)
        except (OSError, DestinationError) as error:
            run.fail(destination, error, "looking for what it holds")
            frame = frame.with_columns(pl.lit(Do.NOTHING, pl.UInt8).alias(f"do_{destination.number}"))
            continue
        rows, prefixes[destination.number] = decided.rows, decided.prefixes
        siblings[destination.number] = _siblings(rows, decided.good)
        know_what_leads(run, destination, rows)
        frame = frame.with_columns(rows["do"].alias(f"do_{destination.number}"))
    hashes = known.read.select("item", "hash", known_kind="kind")
    run.count(Stage.DEDUPE, listing.frame.height)
    run.check_running()
    return Plan(frame.join(hashes, on="item", how="left"), prefixes, siblings)


@dataclass(frozen=True, slots=True)
class _Decided:
    """What is decided for one destination: *rows* a file, where structures go, what is held already."""

    rows: pl.DataFrame
    prefixes: dict[int, str]
    good: dict[str, CopyRow]


def _plan_for(run: Run, listing: Listing, known: Known, destination: Destination) -> _Decided:
    held = known.held[destination.number]
    prefixes = structure_prefixes(run, destination, listing, held, known.changed[destination.number])
    held = _in_place(destination, listing, held, prefixes)
    good = _good(run, destination, known)
    rows = _decide(run, listing, known, held, good)
    _write_journal(run, destination, rows, good)
    return _Decided(rows, prefixes, good)


def _in_place(
    destination: Destination, listing: Listing, held: pl.DataFrame, prefixes: dict[int, str]
) -> pl.DataFrame:
    """Held files of the listing by item; a structure's file only where the whole structure goes now."""
    rows = listing.frame.select("item", "path", "structure").join(
        held.select("path", "hash", "copy", "destination_path", "mtime_ns", "session"), on="path"
    )
    in_structure = rows.filter(pl.col("structure") >= 0)
    elsewhere = [
        item
        for item, path, structure, hash_, placed in in_structure.select(
            "item", "path", "structure", "hash", "destination_path"
        ).iter_rows()
        if os.fsdecode(placed)
        not in structure_targets(prefixes[structure], os.fsdecode(path), hash_, destination.rules)
    ]
    return rows.filter(~pl.col("item").is_in(elsewhere))


def _good(run: Run, destination: Destination, known: Known) -> dict[str, CopyRow]:
    """The proved copies on the destination of the contents that files of the card were found to be."""
    media = known.media[destination.number].select("hash").unique()
    hashes = known.read.join(media, on="hash", how="semi")["hash"].unique(maintain_order=True)
    return good_copies(run, destination, hashes.to_list())


def _decide(
    run: Run, listing: Listing, known: Known, held: pl.DataFrame, good: dict[str, CopyRow]
) -> pl.DataFrame:
    good_frame = pl.DataFrame(
        {"hash": list(good), "copy": [copy.id for copy in good.values()]},
        schema={"hash": pl.String, "copy": pl.Int64},
    )
    decisions = decide(
        listing.frame,
        held=held.select("item", "hash", "copy"),
        read=known.read,
        good=good_frame,
        recheck=run.options.recheck,
    )
    placed = held.select("item", "destination_path", "session", held_mtime_ns="mtime_ns")
    if checked(DECISIONS, decisions).height != listing.frame.height:
        raise AssertionError("a file of the card is without a decision")
    return listing.frame.join(decisions, on="item").join(placed, on="item", how="left").sort("item")


def _write_journal(run: Run, destination: Destination, rows: pl.DataFrame, good: dict[str, CopyRow]) -> None:
    with run.catalog.write() as c:
        session = destination.session_id
        if not destination.resumed:
            fresh = _repeat(c, session, rows)
            add_items(c, session, _items(fresh, good), now())
        else:
            known = {row.path: row for row in items_of(c, session)}
            items = list(_items(rows, good))
            add_items(c, session, (item for item in items if item.path not in known), now())
            renewed = (_renewed(item, known[item.path]) for item in items if item.path in known)
            changed = [item for item in renewed if item != known[item.path]]
            finished = [item.path for item in changed if known[item.path].state.is_finished]
            end_repeats(c, session, finished)
            set_items(c, session, changed, now())
            ended = [item.path for item in changed if item.state.is_finished]
            resolve_findings(c, session, ended, now())
        write_progress(c, run, destination)
    destination.is_planned = True


def _repeat(c: Connection, session: int, rows: pl.DataFrame) -> pl.DataFrame:
    """Have the journal repeat what earlier sessions say of files that are as they were; the other rows."""
    is_same = (pl.col("do") == Do.NOTHING) & (pl.col("held_mtime_ns") == pl.col("mtime_ns"))
    is_same &= _are_text(rows["path"])
    same = rows.lazy().filter(is_same).select("path", "session").collect()
    for (earlier,), part in same.group_by("session"):
        paths = part["path"].cast(pl.String)
        repeat_items(c, session, int(str(earlier)), paths, reason=_BACKED_UP, now=now())
    return rows.filter(~is_same.fill_null(value=False))


def _are_text(paths: pl.Series) -> pl.Series:
    try:
        return paths.cast(pl.String).is_not_null()
    except pl.exceptions.ComputeError:  # some are not, which nobody says by the row
        return pl.Series([to_text(os.fsdecode(path))[1] is None for path in paths], dtype=pl.Boolean)


def _renewed(item: ItemRow, row: ItemRow) -> ItemRow:
    """What the journal is to say: what the session itself has finished stays so, if only with a new time."""
    is_same = (item.size, item.hash, item.file_location_id) == (row.size, row.hash, row.file_location_id)
    if item.state == ItemState.SKIPPED and row.state.is_finished and is_same:
        return replace(row, mtime_ns=item.mtime_ns)
    return item


def _items(rows: pl.DataFrame, good: dict[str, CopyRow]) -> Iterator[ItemRow]:
    columns = ("path", "size", "mtime_ns", "do", "hash", "copy", "destination_path")
    for path, size, mtime_ns, do, hash_, copy, placed in rows.select(columns).iter_rows():
        name = os.fsdecode(path)
        if do == Do.NOTHING:
            yield ItemRow(
                name, size, mtime_ns, ItemState.SKIPPED, _BACKED_UP, hash_, os.fsdecode(placed), copy
            )
        elif do == Do.SKIP:
            there = good[hash_].path
            yield ItemRow(
                name,
                size,
                mtime_ns,
                ItemState.SKIPPED,
                "the same content is already there",
                hash_,
                there,
                copy,
            )
        else:
            yield ItemRow(name, size, mtime_ns, ItemState.PLANNED)


def _check_space(run: Run, destination: Destination, rows: pl.DataFrame, promised: int) -> int:
    """See that it fits beside what is *promised* to others on the volume; what is promised then, in bytes."""
    sizes = rows.filter(pl.col("do") == Do.COPY)["size"]
    if sizes.is_empty():
        return promised
    cluster = _cluster(destination)
    own = int((-(-sizes // cluster) * cluster).sum())
    needed = promised + own + _RESERVE
    free = run.disk.free_bytes(destination.root)
    if needed > free:
        message = (
            f"The destination {show(destination.root)} is too small: {human_size(needed)} are needed, "
            f"{human_size(free)} are free. Nothing was copied to it."
        )
        hint = "Make room on the drive or take another one, then run the same command again."
        run.fail(destination, DestinationError(message, hint=hint), "making room")
        return promised
    return promised + own


def _cluster(destination: Destination) -> int:
    """On exFAT a small file takes up to megabytes; what a share says is in which portions it sends."""
    is_local = destination.rules.is_windows and not destination.rules.counts_bytes
    return max(_CLUSTER, destination.there.cluster_bytes) if is_local else _CLUSTER


def _siblings(rows: pl.DataFrame, good: dict[str, CopyRow]) -> dict[int, tuple[str, str]]:
    """For each group that is partly there already, one member that is, its own copy before an equal one."""
    open_groups = rows.filter(pl.col("do") >= Do.WAIT).select("group").unique()
    there = rows.filter(pl.col("do") <= Do.SKIP).join(open_groups, on="group", how="semi").sort("do", "item")
    found: dict[int, tuple[str, str]] = {}
    for group, path, placed, hash_ in there.select("group", "path", "destination_path", "hash").iter_rows():
        copy = good[hash_].path if placed is None else os.fsdecode(placed)
        found.setdefault(group, (os.fsdecode(path).rpartition("/")[2], copy))
    return found
