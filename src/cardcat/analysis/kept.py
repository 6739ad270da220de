"""
What was worked out from a state of a snapshot, in files beside it.

    kept/<name>-<sign>.json               names the files below, and the state that it is of: comes last
    kept/<name>-<sign>-<table>.parquet

The sign is the hash of all that the outcome depends on, so what is there under it need not be worked out
again. It goes with the last state that it is of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import xxhash

from cardcat.analysis import parts
from cardcat.analysis.rows import DamagedError, InFile, Rows, written

FORM = 1  # of the files here; another one is not read
FOLDER = "kept"

State: TypeAlias = Mapping[str, Sequence[str]]
"""The names of a state's files, by table."""


def found(folder: Path, sign: str, state: State, holder: object) -> dict[str, Rows] | None:
    """
    What is kept under *sign* in the *folder* of a snapshot, of that very *state*.

    None if there is nothing, or it is not what was written. *holder* is kept as long as it is used.
    """
    place = folder / FOLDER
    try:
        said = _read(place / f"{sign}.json")
        if said["state"] != _plain(state) or said["sign"] != sign:
            return None
        for name, size, mtime_ns, _ in said["tables"].values():
            parts.require(place / name, size, mtime_ns)
        return {
            table: InFile(place / name, digest, holder)
            for table, (name, *_, digest) in said["tables"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, OSError, DamagedError):
        return None


def keep(folder: Path, sign: str, state: State, tables: Mapping[str, pa.Table]) -> None:
    """
    Keep *tables* under *sign*, whole or not at all; OSError if there is no room. Held alone.

    What somebody else has kept there meanwhile stays.
    """
    place = folder / FOLDER
    if _is_kept(place, sign, state):
        return
    place.mkdir(exist_ok=True, mode=0o700)
    files = {table: place / f"{sign}-{table}.parquet" for table in tables}
    try:
        for table, rows in tables.items():
            with parts.placed(files[table]) as partial:
                written(rows, partial)
        listed = {table: _looks(file) for table, file in files.items()}
        content = {"form": FORM, "sign": sign, "state": _plain(state), "tables": listed}
        with parts.placed(place / f"{sign}.json") as partial:
            partial.write_text(json.dumps(content | {"digest": _digest(content)}), encoding="utf-8")
    except BaseException:
        for file in files.values():
            with suppress(OSError):
                file.unlink(missing_ok=True)
        raise


def _is_kept(place: Path, sign: str, state: State) -> bool:
    try:
        said = _read(place / f"{sign}.json")
        for name, size, mtime_ns, _ in said["tables"].values():
            parts.require(place / name, size, mtime_ns)
        digests = {place / name: digest for name, *_, digest in said["tables"].values()}
        is_this = said["state"] == _plain(state)
        return is_this and all(parts.digest_of(file) == digest for file, digest in digests.items())
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return False


def belonging(folder: Path, states: Iterable[State]) -> Iterator[str]:
    """The files that are kept of any of *states*, by their names below *folder*."""
    plain = [_plain(state) for state in states]
    for file in (folder / FOLDER).glob("*.json"):
        with suppress(ValueError, KeyError, TypeError, AttributeError, OSError):
            said = _read(file)
            if any(said["state"].items() <= state.items() for state in plain):
                yield f"{FOLDER}/{file.name}"
                yield from [f"{FOLDER}/{name}" for name, *_ in said["tables"].values()]


def _read(file: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if said.pop("digest") != _digest(said) or said["form"] != FORM:
        raise ValueError("damaged, or of another form")
    return said


def _digest(content: Mapping[str, object]) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(content).encode())


def _looks(file: Path) -> tuple[str, int, int, str]:
    status = file.stat()
    return file.name, status.st_size, status.st_mtime_ns, parts.digest_of(file)


def _plain(state: State) -> dict[str, list[str]]:
    return {table: list(names) for table, names in state.items()}
