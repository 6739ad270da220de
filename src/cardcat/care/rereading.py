"""What copies say of themselves when they are read again, together with what lay beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.groups import groups_of
from cardcat.catalog.knowledge import KnownCopy, copies_by_id
from cardcat.catalog.renewals import ReadAgain, paths_on_cards, standing_alone
from cardcat.media.pool import MetadataPool
from cardcat.media.readable import has_metadata
from cardcat.metadata import GroupKind, Metadata
from cardcat.plan.companions import Companion, completed
from cardcat.plan.dates import Dated, moments_of
from cardcat.plan.structures import group_files
from cardcat.sightings import Now, Places
from cardcat.zones import computer_timezone, zone

_Beside = dict[int, str]  # copies that lay side by side on a card: by id the path there


@dataclass(frozen=True, slots=True)
class Member:
    """A copy that is there: *path* is where, *name* what the file was called on its card."""

    copy: KnownCopy
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Together:
    """
    Copies on one drive that tell of each other, as far as they are there, as a backup takes them together.

    *wanted* are the ids of those to be told of, *alone* of those that nothing else can have told of.
    """

    members: tuple[Member, ...]
    wanted: frozenset[int]
    alone: frozenset[int]


def together_of(c: Connection, copies: Sequence[KnownCopy], places: Places) -> list[Together]:
    """Each of *copies* once, with what lay beside it on its card and is there now."""
    known = _with_their_groups(c, copies)
    beside = _beside(known, paths_on_cards(c, list(known)))
    alone = standing_alone(c, [copy.hash for copy in copies])
    wanted: dict[int, list[KnownCopy]] = defaultdict(list)
    for copy in copies:
        wanted[id(beside[copy.id])].append(copy)
    return [
        Together(
            tuple(_members(beside[mine[0].id], known, places)),
            wanted=frozenset(copy.id for copy in mine),
            alone=frozenset(copy.id for copy in mine if copy.hash in alone),
        )
        for mine in wanted.values()
    ]


def reread(sets: Sequence[Together], pool: MetadataPool) -> list[tuple[Member, ReadAgain]]:
    """What the media files that are wanted of *sets* say, completed by what lies beside them."""
    members = {member.copy.id: member for each in sets for member in each.members}
    asked = [member for member in members.values() if has_metadata(member.copy.kind, member.name)]
    found = pool.read([(member.path, member.copy.kind) for member in asked])
    by_id = {member.copy.id: metadata for member, metadata in zip(asked, found, strict=True)}
    return [row for each in sets for row in _told(each, by_id)]


def _told(each: Together, read: Mapping[int, Metadata]) -> Iterator[tuple[Member, ReadAgain]]:
    members = each.members
    if not members:
        return
    whole = completed([Companion(one.name, one.copy.kind, read.get(one.copy.id)) for one in members])
    dated = [
        Dated(one.copy.kind, one.name, metadata, one.copy.mtime_ns)
        for one, metadata in zip(members, whole, strict=True)
    ]
    moments = moments_of(dated, zone(members[0].copy.timezone or computer_timezone()))
    for one, metadata, moment in zip(members, whole, moments, strict=True):
        if one.copy.id in each.wanted and metadata is not None:
            yield one, ReadAgain(one.copy.hash, metadata, moment, is_whole=one.copy.id in each.alone)


def _members(beside: _Beside, known: Mapping[int, KnownCopy], places: Places) -> Iterator[Member]:
    for id_, path in beside.items():
        found = places.look(known[id_])
        if found.now is Now.THERE and found.path is not None:
            yield Member(known[id_], found.path, path.rpartition("/")[2])


def _with_their_groups(c: Connection, copies: Sequence[KnownCopy]) -> dict[int, KnownCopy]:
    """
    *copies* and whatever shares a group with them, directly or by others.

    But for what only a camera's list of a folder names: that is most of a card.
    """
    known = {copy.id: copy for copy in copies}
    new = set(known)
    while new:
        groups = [group for group in groups_of(c, sorted(new)) if group.kind is not GroupKind.INDEX]
        new = {member.copy_id for group in groups for member in group.members} - known.keys()
        known.update((copy.id, copy) for copy in copies_by_id(c, sorted(new)))
    return known


def _beside(
    known: Mapping[int, KnownCopy], on_cards: Mapping[int, Sequence[tuple[int, str]]]
) -> dict[int, _Beside]:
    """For each copy what lay beside it, itself among them: of several sessions where the most did."""
    found: dict[int, _Beside] = {}
    for files in _by_session(known.values(), on_cards):
        groups: dict[int, _Beside] = defaultdict(dict)
        for (id_, path), number in zip(files, group_files([path for _, path in files]), strict=True):
            groups[number].setdefault(id_, path)
        for group in groups.values():
            for id_ in group:
                if len(group) > len(found.get(id_, ())):
                    found[id_] = group
    return found


def _by_session(
    copies: Iterable[KnownCopy], on_cards: Mapping[int, Sequence[tuple[int, str]]]
) -> Iterable[Sequence[tuple[int, str]]]:
    """Copies with their paths on each card; those that are known from no card with those on their drive."""
    found: dict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
    for copy in copies:
        for session, path in on_cards.get(copy.id, ()):
            found["card", session].append((copy.id, path))
        if copy.id not in on_cards:
            found["drive", copy.location_id].append((copy.id, copy.path))
    return found.values()
