"""Where files go on a destination: the day's folder, the card's own folder, a structure's folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from cardcat.errors import DestinationError
from cardcat.model import Layout
from cardcat.paths import same_name_key
from cardcat.plan.layout import day_folder, file_day
from cardcat.plan.names import NameRules, fit_name
from cardcat.plan.structures import same_moment
from cardcat.run import Destination, Run
from cardcat.stages.scan import Listing, Structure
from cardcat.stages.shelf import Shelf
from cardcat.storage.walk import walk

_SUFFIX_LENGTH = 8  # hex digits
_LONGEST_LABEL = 40  # characters: with an id and a whole hash behind it still a name that any drive can hold


def structure_prefixes(
    run: Run, destination: Destination, listing: Listing, held: pl.DataFrame, changed: pl.DataFrame
) -> dict[int, str]:
    """
    For each structure the folder of the destination that it goes under, '' for the root itself.

    *changed* (`path`, `hash`) are files that were found to hold other bytes than those that were left.
    """
    rows = listing.frame.filter(pl.col("structure") >= 0).select("structure", "path")
    rows = rows.join(held.select("path", "destination_path", "hash"), on="path", how="left")
    rows = rows.join(changed.select("path", new="hash"), on="path", how="left")
    parts = rows.partition_by("structure", as_dict=True)
    return {
        structure.number: _prefix(run, destination, listing, structure, _left(parts[structure.number,]))
        for structure in listing.structures
    }


def structure_targets(prefix: str, path: str, sha256: str, rules: NameRules) -> Iterator[str]:
    """
    Where a file of a structure may stand: by its own path under the structure's folder; and where that is
    taken by other content, which is not to happen, in folders beside it that are named by the hash.
    """
    for suffix in ("", sha256[:_SUFFIX_LENGTH], sha256):
        yield structure_target(_beside(prefix, suffix), path, rules)


def _beside(prefix: str, suffix: str) -> str:
    if not suffix:
        return prefix
    return f"{prefix}-{suffix}" if prefix else f"structure-{suffix}"


def structure_target(prefix: str, path: str, rules: NameRules) -> str:
    """Where a file of a structure goes: by its own path, under the structure's folder."""
    own = fit_path(path, rules)
    return f"{prefix}/{own}" if prefix else own


def fit_path(path: str, rules: NameRules) -> str:
    """Each part of a relative path as the destination can hold it."""
    return "/".join(fit_name(part, rules) for part in path.split("/") if part)


class _Copy(NamedTuple):
    path: str  # on the destination
    hash: str


@dataclass(frozen=True, slots=True)
class _Left:
    """
    What earlier sessions left of one structure.

    *copies* has a copy for each of its files, by path; None for one that is not held.
    *changed*: the hashes that its changed files have now, in the order of their paths.
    """

    copies: Mapping[str, _Copy | None]
    changed: Sequence[str]


def _left(rows: pl.DataFrame) -> _Left:
    columns = rows.select("path", "destination_path", "hash").iter_rows()
    copies = {os.fsdecode(path): there and _Copy(os.fsdecode(there), hash_) for path, there, hash_ in columns}
    return _Left(copies, rows.sort("path")["new"].drop_nulls().to_list())


def _prefix(run: Run, destination: Destination, listing: Listing, structure: Structure, left: _Left) -> str:
    wanted = _wanted(run, destination, structure)
    if left.changed:  # the same by its times, and yet another: it goes whole into a folder of its own
        suffix = hashlib.sha256("".join(left.changed).encode()).hexdigest()[:_SUFFIX_LENGTH]
        return _beside(wanted, suffix)
    copies = left.copies
    if run.options.layout == Layout.TREE and _may_share_root(run, destination, listing, structure, copies):
        return ""
    return _earlier_prefix(run, destination, structure, copies, wanted) or wanted


def _wanted(run: Run, destination: Destination, structure: Structure) -> str:
    """The folder that the structure gets where none has been made for it before."""
    own = f"{_label(run, destination)}-{structure.id}"
    if run.options.layout == Layout.DATED:
        own = f"{day_folder(file_day(structure.first_mtime_ns, destination.zone))}/{own}"
    return Shelf(run, destination).actual_folder(own)


def _earlier_prefix(
    run: Run,
    destination: Destination,
    structure: Structure,
    copies: Mapping[str, _Copy | None],
    wanted: str,
) -> str | None:
    """
    The folder that the structure stands under already, although its files' times now ask for another.

    It is the same structure if it has the same id or all its files are held there, and if no other files
    stand beside them.
    """
    rules = destination.rules
    folders = {copy.path.removesuffix(fit_path(path, rules)) for path, copy in copies.items() if copy}
    if len(folders) != 1 or not (folder := folders.pop()).endswith("/") or folder == f"{wanted}/":
        return None
    prefix = folder[:-1]
    is_same = prefix.rpartition("/")[2] == wanted.rpartition("/")[2] or None not in copies.values()
    return prefix if is_same and _has_only(run, destination, structure, copies, prefix) else None


def _label(run: Run, destination: Destination) -> str:
    source = run.source
    is_whole_volume = source.root == source.volume.mount_point
    name = source.volume.name if is_whole_volume else source.root.name
    return fit_name(name or "card", destination.rules)[:_LONGEST_LABEL]


def _may_share_root(
    run: Run,
    destination: Destination,
    listing: Listing,
    structure: Structure,
    copies: Mapping[str, _Copy | None],
) -> bool:
    """In the tree layout: whether nothing stands at the structure's own path but its own, same files."""
    before = listing.structures[: structure.number]
    if any(same_name_key(other.root) == same_name_key(structure.root) for other in before):
        return False
    base = fit_path(structure.root, destination.rules)
    if not Shelf(run, destination).has_way(f"{base}/"):
        return False
    if destination.there.look(base) is None or _has_only(run, destination, structure, copies, ""):
        return True
    return not any(copies.values()) and _is_like(run, destination, listing, structure, base)


def _has_only(
    run: Run,
    destination: Destination,
    structure: Structure,
    copies: Mapping[str, _Copy | None],
    prefix: str,
) -> bool:
    """Whether under *prefix* stand only the structure's copies, and what keeps the place of one beside it."""
    rules = destination.rules
    own = {
        structure_target(prefix, path, rules)
        for path, copy in copies.items()
        if copy and copy.path in structure_targets(prefix, path, copy.hash, rules)
    }
    base = structure_target(prefix, structure.root, rules)
    found = walk(destination.root / base, (), run.disk)
    return all(f"{base}/{path}" in own for path in found.paths) and not found.findings


def _is_like(run: Run, destination: Destination, listing: Listing, structure: Structure, base: str) -> bool:
    """
    Whether all that stands in the folder *base* looks like files of the structure, by path, size and time.

    Another computer may have copied it. Their bytes are compared when each gets its place.
    """
    rows = listing.frame.filter(pl.col("structure") == structure.number).select("path", "size", "mtime_ns")
    own = {
        fit_path(os.fsdecode(path), destination.rules): (size, mtime_ns)
        for path, size, mtime_ns in rows.iter_rows()
    }
    found = walk(destination.root / base, (), run.disk)
    for path, size, mtime_ns in zip(found.paths, found.sizes, found.mtimes_ns, strict=True):
        own_size, own_mtime_ns = own.get(f"{base}/{path}", (-1, 0))
        if size != own_size or not same_moment(mtime_ns, own_mtime_ns):
            return False
    return not found.findings


def complete_folders(run: Run, listing: Listing, prefixes: dict[int, dict[int, str]]) -> None:
    """
    Make the card's empty folders where its tree is kept: in structures, and everywhere in the tree layout.

    Some cameras take a card for damaged if an empty folder of theirs is missing.
    """
    for destination in run.alive:
        shelf = Shelf(run, destination)
        try:
            for folder in listing.empty_folders:
                target = _empty_target(run, destination, listing, folder, prefixes[destination.number])
                if target is not None:
                    destination.there.make_folders(shelf.actual_folder(target))
        except (OSError, DestinationError) as error:
            run.fail(destination, error, "making empty folders")


def _empty_target(
    run: Run, destination: Destination, listing: Listing, folder: str, prefixes: dict[int, str]
) -> str | None:
    for structure in listing.structures:
        if folder.startswith(structure.root + "/"):
            return structure_target(prefixes[structure.number], folder, destination.rules)
    return fit_path(folder, destination.rules) if run.options.layout == Layout.TREE else None
