"""Where each proved copy of a batch goes on one destination."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cardcat.model import Kind, Layout
from cardcat.plan.assets import recording_key
from cardcat.plan.layout import day_folder, day_of_dated
from cardcat.plan.names import fit_name, suffix_between
from cardcat.plan.placing import Member, Placement, place_group
from cardcat.run import Destination
from cardcat.stages.dedupe import Plan
from cardcat.stages.files import CopiedFile, PlannedFile, dated_of, live_photo_lead, recording_lead
from cardcat.stages.shelf import Shelf
from cardcat.stages.targets import fit_path, structure_targets


@dataclass(frozen=True, slots=True)
class Naming:
    """What names are chosen from: the destination, the plan of the run, and what stands there."""

    destination: Destination
    plan: Plan
    layout: Layout
    shelf: Shelf
    waiting: dict[int, PlannedFile]  # by group: a member that another file's copy will answer for
    there: dict[str, str]  # by hash: the path of a copy that may answer


def place_files(
    naming: Naming, fresh: Sequence[CopiedFile], others: Sequence[CopiedFile]
) -> list[tuple[CopiedFile, Placement]]:
    """
    Choose the final path of each of *fresh*, and hold it on the shelf.

    *others* are read members of the same groups that need no place; they know the group's date too.
    """
    destination, shelf = naming.destination, naming.shelf
    by_item = {file.file.item: file for file in fresh}
    placements: list[Placement] = []
    for group, members in sorted(_groups(fresh), key=lambda each: _turn(naming, *each)):
        known = [*members, *(other for other in others if other.file.group == group)]
        folder, suffix = _folder(naming, group, known)
        wanted = [_member(file, destination) for file in members]
        placed = _hold(shelf, place_group(wanted, folder, shelf.look, destination.rules, suffix=suffix))
        naming.there.update((placement.member.hash, placement.path) for placement in placed)
        placements += placed
    prefixes = naming.plan.prefixes[destination.number]
    for file in fresh:
        if file.file.structure >= 0:
            prefix = prefixes[file.file.structure]
            placements += _hold(shelf, [_place_in_structure(file, prefix, destination, shelf)])
    return [(by_item[placement.member.item], placement) for placement in placements]


def _turn(naming: Naming, group: int, members: Sequence[CopiedFile]) -> tuple[bool, bool]:
    """Groups of a copy that is still to be placed come last; a photo before the film of the same moment."""
    return group in naming.waiting, not any(file.kind is Kind.IMAGE for file in members)


def _groups(files: Iterable[CopiedFile]) -> Iterator[tuple[int, list[CopiedFile]]]:
    plain = sorted(
        (f for f in files if f.file.structure < 0), key=lambda file: (file.file.group, file.file.item)
    )
    for group, members in groupby(plain, key=lambda file: file.file.group):
        yield group, list(members)


def _folder(naming: Naming, group: int, members: Sequence[CopiedFile]) -> tuple[str, str]:
    """The folder of a group, and the suffix that members placed earlier have."""
    destination = naming.destination
    sibling = naming.plan.siblings[destination.number].get(group) or _twin(naming, group)
    if sibling is not None:
        name, placed = sibling
        folder, _, placed_name = placed.rpartition("/")
        rules = destination.rules
        folder = naming.shelf.actual_folder(folder)
        return folder, suffix_between(fit_name(name, rules), placed_name, rules)
    if naming.layout == Layout.TREE:
        folder = fit_path(members[0].file.path.rpartition("/")[0], destination.rules)
        return naming.shelf.actual_folder(folder), ""
    return naming.shelf.actual_folder(_day_folder(destination, members)), ""


def _day_folder(destination: Destination, members: Sequence[CopiedFile]) -> str:
    """The folder of the group's day; that of the part of a take or Live Photo that has its place already."""
    led_by = [key for file in members for key in _leads(file)]
    known = next((destination.folders[key] for key in led_by if key in destination.folders), None)
    dated = [(dated_of(file), file.moment) for file in members if file.moment]
    folder = known or day_folder(day_of_dated(dated, destination.zone))
    for file in members:
        if lead := _own_lead(file):
            destination.folders.setdefault(lead, folder)
    return folder


def _leads(file: CopiedFile) -> Iterator[str]:
    """What decides the day of *file* if it has a place: the take's first part, the other half of a moment."""
    if key := recording_key(file.file.path):
        yield recording_lead(key)
    if moment := file.metadata and file.metadata.details.live_photo_id:
        yield live_photo_lead(moment, is_film=file.kind is not Kind.VIDEO)


def _own_lead(file: CopiedFile) -> str | None:
    """Under which name others look for *file*."""
    if key := recording_key(file.file.path):
        return recording_lead(key)
    moment = file.metadata and file.metadata.details.live_photo_id
    return live_photo_lead(moment, is_film=file.kind is Kind.VIDEO) if moment else None


def _twin(naming: Naming, group: int) -> tuple[str, str] | None:
    """The waiting member's name and the copy that answers for it, if that has its place by now."""
    waiting = naming.waiting.get(group)
    if waiting is None or waiting.hash not in naming.there:
        return None
    return waiting.path.rpartition("/")[2], naming.there[waiting.hash]


def _member(file: CopiedFile, destination: Destination) -> Member:
    name = file.file.path.rpartition("/")[2]
    return Member(
        item=file.file.item,
        source_path=file.file.path,
        name=fit_name(name, destination.rules),
        hash=file.hashes.sha256,
        size=file.hashes.size,
        is_media=file.kind.is_media,
    )


def _place_in_structure(file: CopiedFile, prefix: str, destination: Destination, shelf: Shelf) -> Placement:
    """By its own path, never under another name; where other content stands, in a folder of its own."""
    member = replace(_member(file, destination), is_media=True)  # equal bytes at its own path are its copy
    for target in structure_targets(prefix, file.file.path, member.hash, destination.rules):
        if not shelf.has_way(target):
            continue
        occupant = shelf.look(target, member)
        if occupant is None:
            return Placement(member, target, adopted=False)
        if occupant.path == target and occupant.hash == member.hash and not shelf.is_given(target):
            return Placement(member, target, adopted=True)
    raise AssertionError(f"no free folder for {file.file.path!r}")


def _hold(shelf: Shelf, placements: list[Placement]) -> list[Placement]:
    for placement in placements:
        shelf.put(placement.path, placement.member)
    return placements
