"""Which files go together or not at all: a photo with its raw and its edits, a clip with its XML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cardcat.catalog.library_copies import Neighbour
from cardcat.metadata import GroupKind
from cardcat.model import Role
from cardcat.plan.assets import AssetFile, assemble, recording_key
from cardcat.plan.groups import assign_groups, group_key
from cardcat.plan.structures import structure_root


@dataclass(frozen=True, slots=True)
class Unit:
    """Files of one location that belong together; mostly one alone."""

    members: tuple[Neighbour, ...]

    @property
    def ids(self) -> frozenset[int]:
        """Of its files."""
        return frozenset(member.id for member in self.members)

    @property
    def hashes(self) -> frozenset[str | None]:
        """Of its contents; None among them if one was not read."""
        return frozenset(member.hash for member in self.members)

    @property
    def is_plain(self) -> bool:
        """Whether each file of it is of a library, was read, and is there once in it."""
        is_known = None not in self.hashes and len(self.hashes) == len(self.members)
        return is_known and all(member.role is Role.LIBRARY for member in self.members)

    def holds(self, other: Unit) -> bool:
        """Whether each content of *other* is in it too, all of them in one folder."""
        if self.ids & other.ids or not other.hashes <= self.hashes:
            return False
        twins = [member for member in self.members if member.hash in other.hashes]
        folders = [{folder_of(each.path) for each in twins if each.hash == hash_} for hash_ in other.hashes]
        return bool(set.intersection(*folders))


def units_of(files: Sequence[Neighbour]) -> list[Unit]:
    """All of *files*, of any number of locations, cut into units, each with its files in their order."""
    joins = _Joins()
    by_location: dict[int, list[Neighbour]] = defaultdict(list)
    for file in files:
        by_location[file.location_id].append(file)
    for some in by_location.values():
        for together in _together(some):
            joins.join(together)
    for group in _on_record(files):
        joins.join(group)
    found: dict[int, list[Neighbour]] = defaultdict(list)
    for file in files:
        found[joins.find(file.id)].append(file)
    return [Unit(tuple(members)) for members in found.values()]


def belongs(name: str, to: Iterable[str]) -> bool:
    """Whether the file *name* belongs to one of those *to* in the same folder, by the names alone."""
    key, take = group_key(name), recording_key(name)
    return any(key == group_key(other) or (take and take == recording_key(other)) for other in to)


def structure_of(path: str) -> str | None:
    """The folder of a camera's tree that *path*, relative to its volume, lies in; None if in none."""
    return structure_root(path)


def folder_of(path: str) -> str:
    """The folder that a file is in, '' for the root."""
    return path.rpartition("/")[0]


def _together(files: Sequence[Neighbour]) -> Iterator[Sequence[int]]:
    """What names and identifiers say, in one location."""
    groups = assign_groups(file.path for file in files)
    named: dict[int, list[int]] = defaultdict(list)
    for file, group in zip(files, groups, strict=True):
        named[group].append(file.id)
    yield from named.values()
    assets = assemble(
        [
            AssetFile(file.id, file.path, file.size, file.kind, group, file.live_photo_id)
            for file, group in zip(files, groups, strict=True)
        ]
    )
    yield from ([item for item, _ in asset.members] for asset in assets if asset.kind is not GroupKind.INDEX)


def _on_record(files: Sequence[Neighbour]) -> Iterable[Sequence[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for file in files:
        for group in file.groups:
            found[group].append(file.id)
    return found.values()


class _Joins:
    """Files that turn out to belong together."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def find(self, id_: int) -> int:
        """The one that stands for all that belong to *id_*."""
        while (parent := self._parents.get(id_, id_)) != id_:
            self._parents[id_] = self._parents.get(parent, parent)  # so that long chains stay short
            id_ = parent
        return id_

    def join(self, ids: Sequence[int]) -> None:
        """Let all of *ids* belong together."""
        for id_ in ids[1:]:
            first, last = sorted((self.find(ids[0]), self.find(id_)))
            if first != last:
                self._parents[last] = first
