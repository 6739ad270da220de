"""
A copy of the catalog in Parquet, in the user's cache folder, that follows the catalog.

    <cache>/cardcat/analysis/<uuid of the catalog>-<version>/
        lock                              held by whoever writes here
        index-0000000007.json             what belongs to the seventh state: held by whoever reads it
        file_locations/000012-<hash>.parquet
        kept/                             what was worked out from a state: see `analysis.kept`

A file has the hash of its rows in its name and never changes; of what has changed, a new one is written. An
index names the files of one moment and comes last, by a rename, so a state is there as a whole or not at
all. Indexes that nobody reads any more go, and the files that belong to none of the rest.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from cardcat.analysis import following, kept, parts
from cardcat.analysis.parts import Part
from cardcat.catalog import arrow, looks
from cardcat.catalog.arrow import State, Way
from cardcat.catalog.engine import Catalog
from cardcat.catalog.looks import SETTLED_NS
from cardcat.catalog.sources import own_sqlite

FORM = 2  # of the folder; another one is made anew
SMALL = 4_000_000  # bytes of a catalog that is read before another process has begun
WAIT_SECONDS = 120.0  # for another process that writes here
_POLL_SECONDS = 0.02
_WHICH = 2  # numbers of a sign that say which file a catalog is, of its device


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The files of one moment, by table. They stay as they are as long as *descriptor* is open.

    *written* says how many of them were written for it.
    """

    folder: Path
    tables: Mapping[str, tuple[Part, ...]]
    descriptor: int
    written: int

    def paths(self, table: str) -> list[str]:
        """The Parquet files of a table, none if it has no rows."""
        return [str(self.folder / table / name) for name in self.names(table)]

    def are_whole(self, tables: Iterable[str]) -> bool:
        """Whether all files of *tables* can be read, and are what was written to the last bit."""
        return all(part.is_whole(self.folder / table) for table in tables for part in self.tables[table])

    def names(self, table: str) -> list[str]:
        """The names of these files, which tell their rows: two that are alike have the same."""
        return [part.name for part in self.tables[table]]


def home() -> Path:
    """Where the snapshots of all catalogs are. They may be removed whenever no command asks the catalog."""
    return user_cache_path("cardcat", appauthor=False) / "analysis"


def current(opened: Catalog, *, trusted: bool = True) -> Snapshot:
    """
    A snapshot of an open catalog as it is now: the last one, or one that is brought up to date.

    *trusted*: what lies there may be used. OSError if there is no room, or the folder can't be written to.
    """
    seen = arrow.look(opened)
    folder = home() / looks.name_of(seen.uuid, seen.revision)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # names of photos are nobody else's business
    if trusted and (found := _newest(folder)) is not None:
        if found[1] == _sign(seen):
            return found[0]
        os.close(found[0].descriptor)
    if arrow.size(opened) <= SMALL:
        return refresh(opened, folder, own_sqlite, trusted=trusted)
    following.follow(opened.path, folder, trusted=trusted)
    fresh = _newest(folder)
    if fresh is None:
        raise OSError("the snapshot was removed while it was made")
    if fresh[1][:_WHICH] != _sign(seen)[:_WHICH]:
        os.close(fresh[0].descriptor)
        raise OSError("a copy of the catalog that lies elsewhere is asked at the same time")
    return fresh[0]


def refresh(opened: Catalog, folder: Path, way: Way, *, trusted: bool) -> Snapshot:
    """Bring the snapshot in *folder* up to date, reading by *way*; a whole one, or an OSError."""
    with alone(folder, WAIT_SECONDS):
        return _refreshed(opened, folder, way, trusted=trusted)


def _refreshed(opened: Catalog, folder: Path, way: Way, *, trusted: bool) -> Snapshot:
    """What another process left meanwhile, else what is made now. The folder is held alone."""
    seen = arrow.look(opened)  # before anything is read: what is written from now on looks different
    settled = time.time_ns() - seen.newest > SETTLED_NS
    old = _newest(folder) if trusted else None
    if old and old[1] == _sign(seen):
        return old[0]
    known = {} if old is None else old[0].tables
    made: list[Path] = []
    try:
        with arrow.reading(opened, way) as reader:
            tables = {
                name: tuple(parts.write(reader, name, folder, known.get(name, ()), made))
                for name in arrow.TABLES
            }
        _write_index(folder, _sign(seen)[: None if settled else _WHICH], tables)
    except BaseException:
        for file in made:
            file.unlink(missing_ok=True)
        raise
    finally:
        if old:
            os.close(old[0].descriptor)
    fresh = _newest(folder)
    if fresh is None:
        raise OSError("the snapshot was removed while it was made")
    _collect(folder)
    return Snapshot(folder, fresh[0].tables, fresh[0].descriptor, len(made))


def _newest(folder: Path) -> tuple[Snapshot, Sequence[int]] | None:
    """
    The last state in *folder*, held, with the sign of the catalog it is of; None if there is none.

    A catalog that may be written again without looking different has only the beginning of a sign.
    """
    for file in reversed(_indexes(folder)):
        if (descriptor := _held(file)) is None:
            continue
        try:
            snapshot, sign = _read_index(folder, file, descriptor)
        except (ValueError, KeyError, TypeError, OSError):  # cut short, changed, or of another program
            os.close(descriptor)
            continue
        return snapshot, sign
    return None


def _read_index(folder: Path, file: Path, descriptor: int) -> tuple[Snapshot, Sequence[int]]:
    found = json.loads(file.read_text(encoding="utf-8"))
    if found["form"] != FORM or found["catalog"] != folder.name:
        raise ValueError("an index of something else")
    tables = {name: tuple(Part(*part) for part in found["tables"][name]) for name in arrow.TABLES}
    for name, belonging in tables.items():
        for part in belonging:
            part.require(folder / name)
    return Snapshot(folder, tables, descriptor, 0), [int(number) for number in found["sign"]]


def _write_index(folder: Path, sign: Sequence[int], tables: Mapping[str, tuple[Part, ...]]) -> None:
    last = max((int(file.stem.partition("-")[2]) for file in _indexes(folder)), default=0)
    listed = {name: [part.fields() for part in belonging] for name, belonging in tables.items()}
    document = {"form": FORM, "catalog": folder.name, "sign": sign, "tables": listed}
    with parts.placed(folder / f"index-{last + 1:010}.json") as partial:
        partial.write_text(json.dumps(document), encoding="utf-8")


def _sign(seen: State) -> list[int]:
    return list(seen.files)


def _indexes(folder: Path) -> list[Path]:
    """All indexes, the oldest first."""
    return sorted(file for file in folder.glob("index-*.json") if file.stem.partition("-")[2].isdigit())


def _held(file: Path) -> int | None:
    """An open descriptor that keeps *file* and what it names; None if it has just been removed."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        is_there = os.fstat(descriptor).st_nlink > 0
    except OSError:
        os.close(descriptor)
        raise
    if is_there:
        return descriptor
    os.close(descriptor)
    return None


def _collect(folder: Path) -> None:
    """Remove the states that nobody reads but the last, and what belongs to none. Held alone."""
    *old, last = _indexes(folder)
    states: list[kept.State] = []
    for file in [last, *(file for file in old if not _removed(file))]:
        with suppress(ValueError, KeyError, TypeError, OSError):
            tables = json.loads(file.read_text(encoding="utf-8"))["tables"]
            states.append({name: [part[0] for part in belonging] for name, belonging in tables.items()})
    named = {f"{table}/{name}" for state in states for table, names in state.items() for name in names}
    named.update(kept.belonging(folder, states))
    for pattern in ("*/*.parquet", "*.partial", "*/*.partial", f"{kept.FOLDER}/*.json"):
        for file in folder.glob(pattern):
            if file.relative_to(folder).as_posix() not in named:
                file.unlink(missing_ok=True)


def _removed(file: Path) -> bool:
    """Whether the index *file* could be removed: nobody reads it."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def alone(folder: Path, seconds: float) -> Iterator[None]:
    """Hold *folder* alone. TimeoutError, an OSError, if somebody else holds it for so many *seconds*."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TimeoutError("another process holds the snapshot") from None
                time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
