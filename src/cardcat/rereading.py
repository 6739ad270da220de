"""What copies say of themselves when they are read again, together with what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.details import ReadAgain
from cardcat.catalog.groups import Group, groups_of
from cardcat.catalog.knowledge import KnownCopy, copies_by_id
from cardcat.catalog.origins import source_names
from cardcat.media.pool import MetadataPool
from cardcat.media.readable import has_metadata
from cardcat.metadata import GroupKind, Metadata
from cardcat.plan.companions import Companion, completed
from cardcat.plan.dates import Dated, moments_of
from cardcat.sightings import Now, Places
from cardcat.zones import computer_timezone, zone

_ASSET = (GroupKind.PHOTO, GroupKind.LIVE_PHOTO, GroupKind.CLIP)  # whose members tell of each other


@dataclass(frozen=True, slots=True)
class Member:
    """A copy that is there: *path* is where, *name* what the file was called on its card."""

    copy: KnownCopy
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Asset:
    """Copies that belong together; *is_whole* if all of them are there."""

    members: tuple[Member, ...]
    is_whole: bool


def assets_of(c: Connection, copies: Sequence[KnownCopy], places: Places) -> list[Asset]:
    """Each of *copies* once, with those members of its groups that are there now."""
    groups = [group for group in groups_of(c, [copy.id for copy in copies]) if group.kind in _ASSET]
    members = copies_by_id(c, [member.copy_id for group in groups for member in group.members])
    known = {copy.id: copy for copy in (*members, *copies)}
    names = source_names(c, list(known))
    there = {
        id_: Member(copy, found.path, names.get(id_, copy.name))
        for id_, copy in known.items()
        if (found := places.look(copy)).now is Now.THERE and found.path is not None
    }
    return [
        Asset(tuple(there[id_] for id_ in ids if id_ in there), is_whole=all(id_ in there for id_ in ids))
        for ids in _connected([copy.id for copy in copies], groups)
    ]


def reread(assets: Sequence[Asset], pool: MetadataPool) -> list[tuple[Member, ReadAgain]]:
    """What every media file of *assets* says, completed by what lies beside it."""
    members = [member for asset in assets for member in asset.members]
    wanted = [member for member in members if has_metadata(member.copy.kind, member.name)]
    found = pool.read([(member.path, member.copy.kind) for member in wanted])
    by_id = {member.copy.id: metadata for member, metadata in zip(wanted, found, strict=True)}
    return [row for asset in assets for row in _told(asset, by_id)]


def _told(asset: Asset, read: Mapping[int, Metadata]) -> Iterator[tuple[Member, ReadAgain]]:
    members = asset.members
    if not members:
        return
    whole = completed([Companion(one.name, one.copy.kind, read.get(one.copy.id)) for one in members])
    dated = [
        Dated(one.copy.kind, one.name, metadata, one.copy.mtime_ns)
        for one, metadata in zip(members, whole, strict=True)
    ]
    moments = moments_of(dated, zone(members[0].copy.timezone or computer_timezone()))
    for one, metadata, moment in zip(members, whole, moments, strict=True):
        if one.copy.kind.is_media and metadata is not None:
            yield one, ReadAgain(one.copy.hash, metadata, moment, is_whole=asset.is_whole)


def _connected(copy_ids: Sequence[int], groups: Sequence[Group]) -> list[list[int]]:
    """Copies that share a group, directly or by others, in one list each."""
    part: dict[int, list[int]] = {id_: [id_] for id_ in copy_ids}
    for group in groups:
        ids = [member.copy_id for member in group.members]
        joined = list(dict.fromkeys(one for id_ in ids for one in part.get(id_, [id_])))
        part.update((id_, joined) for id_ in joined)
    return list({id(ids): ids for ids in part.values()}.values())
