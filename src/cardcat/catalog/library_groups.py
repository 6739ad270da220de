"""Groups of a library: they follow from the files that are there now, so each index says all of them anew."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from cardcat.catalog.bulk import Value, chunks
from cardcat.catalog.tables import asset_group_members, asset_groups
from cardcat.metadata import GroupKind, GroupRole
from cardcat.paths import to_text


@dataclass(frozen=True, slots=True)
class LibraryGroup:
    """Copies that are one thing: each by the id of its row, with what it is to the group."""

    kind: GroupKind
    name: str
    members: frozenset[tuple[int, GroupRole]]


def replace_groups(c: Connection, location_id: int, groups: Sequence[LibraryGroup], now: int) -> None:
    """Let *groups* be those of the location. What is on record like that stays, so that it keeps its id."""
    wanted = Counter(LibraryGroup(each.kind, to_text(each.name)[0], each.members) for each in groups)
    gone = []
    for id_, group in _known(c, location_id):
        if wanted[group]:
            wanted[group] -= 1
        else:
            gone.append(id_)
    for chunk in chunks(gone):
        c.execute(delete(asset_group_members).where(asset_group_members.c.group_id.in_(chunk)))
        c.execute(delete(asset_groups).where(asset_groups.c.id.in_(chunk)))
    _add(c, location_id, list(wanted.elements()), now)


def _known(c: Connection, location_id: int) -> Iterable[tuple[int, LibraryGroup]]:
    g, m = asset_groups.c, asset_group_members.c
    heads = c.execute(select(g.id, g.kind, g.name).where(g.location_id == location_id)).tuples().all()
    members: dict[int, list[tuple[int, GroupRole]]] = defaultdict(list)
    query = (
        select(m.group_id, m.file_location_id, m.role)
        .join(asset_groups, g.id == m.group_id)
        .where(g.location_id == location_id)
    )
    for group, copy, role in c.execute(query):
        members[group].append((copy, GroupRole(role)))
    for id_, kind, name in heads:
        yield id_, LibraryGroup(GroupKind(kind), name, frozenset(members[id_]))


def _add(c: Connection, location_id: int, groups: Sequence[LibraryGroup], now: int) -> None:
    if not groups:
        return
    g = asset_groups.c
    rows: list[dict[str, Value]] = [
        {"location_id": location_id, "kind": group.kind.value, "name": group.name, "created_at": now}
        for group in groups
    ]
    ids: dict[tuple[str, str], list[int]] = defaultdict(list)
    for id_, kind, name in c.execute(insert(asset_groups).returning(g.id, g.kind, g.name), rows):
        ids[kind, name].append(id_)
    members = (
        {"group_id": id_, "file_location_id": copy, "role": role.value}
        for group in groups
        for id_ in [ids[group.kind.value, group.name].pop()]
        for copy, role in group.members
    )
    for chunk in chunks(members):
        c.execute(insert(asset_group_members), chunk)
