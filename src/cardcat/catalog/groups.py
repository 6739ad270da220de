"""Groups: which copies of a location belong together, and what each is to its group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_or_renew, unique
from cardcat.catalog.tables import (
    asset_group_members,
    asset_groups,
    backup_items,
    content_identity,
    file_locations,
    folders,
)
from cardcat.metadata import GroupKind, GroupRole
from cardcat.model import ItemState
from cardcat.paths import from_text, to_text


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as it lay on the source: each member by its path there, as in the session's journal."""

    kind: GroupKind
    name: str
    members: tuple[tuple[str, GroupRole], ...]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A copy in a group. *path* is relative to its location."""

    copy_id: int
    role: GroupRole
    hash: str
    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of copies in one location."""

    id: int
    location_id: int
    kind: GroupKind
    name: str
    members: tuple[MemberRow, ...]


@dataclass(slots=True, eq=False)
class _Target:
    """
    A group to be written; *id* is None until it is on record. *roles* are what is to be written.

    *before* are the roles that those copies have in it already which were asked for, *size* is how many
    members it has in all.
    """

    kind: GroupKind
    name: str
    id: int | None = None
    roles: dict[int, GroupRole] = field(default_factory=dict)
    before: dict[int, GroupRole] = field(default_factory=dict)
    size: int = 0
    is_renewed: bool = False


_Membership = dict[tuple[bool, int], list[_Target]]
"""By whether it is a list of a folder, and by copy: the groups that the copy is in."""


def record_groups(
    c: Connection, session_id: int, location_id: int, rows: Iterable[GroupRow], now: int
) -> None:
    """
    Write down which copies of the session belong together.

    A member whose source file has no proved copy is left out, and a group of fewer than two copies is not
    written. If the leading one of them is in a group already, or leads one, the others join it and roles are
    renewed; a group that has all its members in another one then goes.
    """
    for some in chunks(rows):
        copies = _copies_of(c, session_id, (path for row in some for path, _ in row.members))
        wanted = [(row, _roles(row, copies)) for row in some]
        wanted = [(row, roles) for row, roles in wanted if len(roles) > 1]
        known = _known(c, location_id, [copy for _, roles in wanted for copy in roles])
        targets = unique(_joined(row, roles, known) for row, roles in wanted)
        _write(c, location_id, targets, now)
        _remove(c, _absorbed(targets, known))


def has_groups(c: Connection, location_id: int) -> bool:
    """Whether any group is on record for the location."""
    return bool(c.scalar(select(exists().where(asset_groups.c.location_id == location_id))))


def groups_of(c: Connection, copy_ids: Sequence[int]) -> list[Group]:
    """The groups that these copies are in, each with all its members, in the order they were recorded."""
    m, g = asset_group_members.c, asset_groups.c
    found: dict[int, tuple[int, str, str]] = {}
    for chunk in chunks(unique(copy_ids)):
        query = (
            select(g.id, g.location_id, g.kind, g.name)
            .join(asset_group_members, m.group_id == g.id)
            .where(m.file_location_id.in_(chunk))
        )
        found.update((id_, (location, kind, name)) for id_, location, kind, name in c.execute(query))
    members = _members(c, sorted(found))
    return [
        Group(id_, found[id_][0], GroupKind(found[id_][1]), found[id_][2], tuple(members[id_]))
        for id_ in sorted(found)
    ]


def recordings_of(c: Connection, copy_ids: Sequence[int]) -> list[Sequence[str]]:
    """For each take of several films that one of these copies is of, the hashes of all its members."""
    m, g = asset_group_members.c, asset_groups.c
    found: set[int] = set()
    for chunk in chunks(unique(copy_ids)):
        query = (
            select(g.id)
            .join(asset_group_members, m.group_id == g.id)
            .where(m.file_location_id.in_(chunk), g.kind == GroupKind.RECORDING.value)
        )
        found |= set(c.scalars(query))
    members = _members(c, sorted(found))
    return [unique(member.hash for member in members[id_]) for id_ in sorted(found)]


def _members(c: Connection, group_ids: Sequence[int]) -> Mapping[int, list[MemberRow]]:
    m, f, d, k = asset_group_members.c, file_locations.c, folders.c, content_identity.c
    found: dict[int, list[MemberRow]] = defaultdict(list)
    for chunk in chunks(group_ids):
        query = (
            select(m.group_id, f.id, m.role, k.cas_id, d.path, d.path_raw, f.name, f.name_raw)
            .join(file_locations, f.id == m.file_location_id)
            .join(folders, d.id == f.folder_id)
            .join(content_identity, k.id == f.content_id)
            .where(m.group_id.in_(chunk))
        )
        for row in c.execute(query):
            folder, name = from_text(row.path, row.path_raw), from_text(row.name, row.name_raw)
            path = f"{folder}/{name}" if folder else name
            found[row.group_id].append(MemberRow(row.id, GroupRole(row.role), row.cas_id, path))
    order = list(GroupRole)
    for members in found.values():
        members.sort(key=lambda member: (order.index(member.role), member.path))
    return found


def _copies_of(c: Connection, session_id: int, paths: Iterable[str]) -> dict[str, int]:
    """By source path the copy that answers for it, where that still is what was backed up."""
    i, f = backup_items.c, file_locations.c
    found: dict[str, int] = {}
    for chunk in chunks(unique(to_text(path)[0] for path in paths)):
        query = (
            select(i.source_path, i.source_path_raw, f.id)
            .join(file_locations, f.id == i.file_location_id)
            .join(content_identity, content_identity.c.id == f.content_id)
            .where(
                i.session_id == session_id,
                i.source_path.in_(chunk),
                i.state.in_((ItemState.VERIFIED.value, ItemState.SKIPPED.value)),
                i.hash == content_identity.c.cas_id,  # another content may have come to that place since
            )
        )
        found.update((from_text(path, raw), id_) for path, raw, id_ in c.execute(query))
    return found


def _roles(row: GroupRow, copies: Mapping[str, int]) -> dict[int, GroupRole]:
    """The role of each copy; of equal files that one copy answers for, the first one's."""
    roles: dict[int, GroupRole] = {}
    for path, role in row.members:
        if path in copies:
            roles.setdefault(copies[path], role)
    return roles


def _known(c: Connection, location_id: int, copy_ids: Iterable[int]) -> _Membership:
    m, g = asset_group_members.c, asset_groups.c
    targets: dict[int, _Target] = {}
    found: _Membership = defaultdict(list)
    for chunk in chunks(unique(copy_ids)):
        query = (
            select(m.file_location_id, m.role, g.id, g.kind, g.name)
            .join(asset_groups, g.id == m.group_id)
            .where(m.file_location_id.in_(chunk), g.location_id == location_id)
            .order_by(g.id)
        )
        for copy, role, id_, kind, name in c.execute(query):
            target = targets.setdefault(id_, _Target(GroupKind(kind), name, id_))
            target.before[copy] = GroupRole(role)
            found[target.kind is GroupKind.INDEX, copy].append(target)
    for chunk in chunks(targets):
        sizes = select(m.group_id, func.count()).where(m.group_id.in_(chunk)).group_by(m.group_id)
        for id_, size in c.execute(sizes):
            targets[id_].size = size
    return found


def _joined(row: GroupRow, roles: Mapping[int, GroupRole], known: _Membership) -> _Target:
    """
    The group that the copies are in by now, else a new one, with all of them in it.

    Equal sidecars and thumbnails of many shots are one copy: only a leading one makes two groups one.
    """
    is_index = row.kind is GroupKind.INDEX
    lead = GroupRole.INDEX if is_index else GroupRole.MASTER
    met = Counter(
        target
        for copy, role in roles.items()
        for target in known[is_index, copy]
        if lead in (role, target.before.get(copy), target.roles.get(copy))
    )
    target = met.most_common(1)[0][0] if met else _Target(row.kind, row.name)
    if _is_within(target, roles):
        target.is_renewed |= (target.kind, target.name) != (row.kind, row.name)
        target.kind, target.name = row.kind, row.name
    target.roles.update(roles)
    for copy in roles:
        if target not in known[is_index, copy]:
            known[is_index, copy].append(target)
    return target


def _is_within(target: _Target, roles: Mapping[int, GroupRole]) -> bool:
    """Whether all that the group on record has are among these copies."""
    return len(target.before.keys() & roles.keys()) == target.size and target.roles.keys() <= roles.keys()


def _absorbed(targets: Sequence[_Target], known: _Membership) -> list[int]:
    """The groups on record of which another one has every member now."""
    mine = {id(target) for target in targets}
    gone = [
        other.id
        for target in targets
        for copy in target.roles
        for other in known[target.kind is GroupKind.INDEX, copy]
        if id(other) not in mine and other.id is not None and _is_within(other, target.roles)
    ]
    return list(unique(gone))


def _remove(c: Connection, ids: Sequence[int]) -> None:
    for chunk in chunks(ids):
        c.execute(delete(asset_group_members).where(asset_group_members.c.group_id.in_(chunk)))
        c.execute(delete(asset_groups).where(asset_groups.c.id.in_(chunk)))


def _write(c: Connection, location_id: int, targets: Sequence[_Target], now: int) -> None:
    _add(c, location_id, [target for target in targets if target.id is None], now)
    for target in targets:
        if target.is_renewed:
            values = {"kind": target.kind.value, "name": to_text(target.name)[0]}
            c.execute(update(asset_groups).where(asset_groups.c.id == target.id).values(values))
    rows: list[dict[str, Value]] = [
        {"group_id": target.id, "file_location_id": copy, "role": role.value}
        for target in targets
        for copy, role in target.roles.items()
    ]
    insert_many(c, insert_or_renew(c, asset_group_members, "role"), rows)


def _add(c: Connection, location_id: int, new: Sequence[_Target], now: int) -> None:
    """Put them on record. Rows of one kind and name are alike, so it doesn't matter which id is whose."""
    if not new:
        return
    g = asset_groups.c
    names = {target: to_text(target.name)[0] for target in new}
    rows: list[dict[str, Value]] = [
        {"location_id": location_id, "kind": target.kind.value, "name": name, "created_at": now}
        for target, name in names.items()
    ]
    ids: dict[tuple[str, str], list[int]] = defaultdict(list)
    for id_, kind, name in c.execute(insert(asset_groups).returning(g.id, g.kind, g.name), rows):
        ids[kind, name].append(id_)
    for target, name in names.items():
        target.id = ids[target.kind.value, name].pop()
