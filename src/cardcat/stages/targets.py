"""Where files go on a destination: the day's folder, the card's own folder, a structure's folder."""

from __future__ import annotations

import os

import polars as pl

from cardcat.errors import DestinationError
from cardcat.model import Layout
from cardcat.paths import same_name_key
from cardcat.plan.layout import day_folder, file_day
from cardcat.plan.names import NameRules, fit_name
from cardcat.run import Destination, Run
from cardcat.stages.scan import Listing, Structure
from cardcat.stages.shelf import Shelf
from cardcat.storage.walk import walk

_LONGEST_LABEL = 40  # characters: with an id and a whole hash behind it still a name that any drive can hold


def structure_prefixes(
    run: Run, destination: Destination, listing: Listing, held: pl.DataFrame
) -> dict[int, str]:
    """For each structure the folder of the destination that it goes under, '' for the root itself."""
    return {
        structure.number: _prefix(run, destination, listing, structure, held)
        for structure in listing.structures
    }


def structure_target(prefix: str, path: str, rules: NameRules) -> str:
    """Where a file of a structure goes: by its own path, under the structure's folder."""
    own = fit_path(path, rules)
    return f"{prefix}/{own}" if prefix else own


def fit_path(path: str, rules: NameRules) -> str:
    """Each part of a relative path as the destination can hold it."""
    return "/".join(fit_name(part, rules) for part in path.split("/") if part)


def _prefix(
    run: Run, destination: Destination, listing: Listing, structure: Structure, held: pl.DataFrame
) -> str:
    own = f"{_label(run, destination)}-{structure.id}"
    shelf = Shelf(run, destination)
    if run.options.layout == Layout.DATED:
        day = file_day(structure.first_mtime_ns, destination.zone)
        return shelf.actual_folder(f"{day_folder(day)}/{own}")
    if _may_share_root(run, destination, listing, structure, held):
        return ""
    return shelf.actual_folder(own)


def _label(run: Run, destination: Destination) -> str:
    source = run.source
    is_whole_volume = source.root == source.volume.mount_point
    name = source.volume.name if is_whole_volume else source.root.name
    return fit_name(name or "card", destination.rules)[:_LONGEST_LABEL]


def _may_share_root(
    run: Run, destination: Destination, listing: Listing, structure: Structure, held: pl.DataFrame
) -> bool:
    """In the tree layout: whether nothing stands at the structure's own path but its own, same files."""
    before = listing.structures[: structure.number]
    if any(same_name_key(other.root) == same_name_key(structure.root) for other in before):
        return False
    base = fit_path(structure.root, destination.rules)
    if not Shelf(run, destination).has_way(f"{base}/"):
        return False
    if destination.there.look(base) is None:
        return True
    mine = listing.frame.filter(pl.col("structure") == structure.number).select("path")
    placed = held.join(mine, on="path", how="semi")["destination_path"]
    known = {os.fsdecode(path) for path in placed}
    found = walk(destination.root / base, (), run.disk)
    return all(f"{base}/{path}" in known for path in found.paths) and not found.findings


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
