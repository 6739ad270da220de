"""Which copies belong together: written in bulk, joined, never twice."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection, event, func, select, text

from cardcat.catalog.contents import ContentRow, record_contents
from cardcat.catalog.copies import NewCopy, record_copies
from cardcat.catalog.engine import Catalog
from cardcat.catalog.groups import Group, GroupRow, groups_of, record_groups
from cardcat.catalog.items import ItemRow, add_items
from cardcat.catalog.locations import remember_location
from cardcat.catalog.tables import asset_group_members, asset_groups
from cardcat.metadata import GroupKind, GroupRole
from cardcat.model import Evidence, ItemState, Kind, Role
from tests.catalog.helpers import Filled, fill
from tests.catalog.shelf import sha256

PHOTO, CLIP = GroupKind.PHOTO, GroupKind.CLIP
MASTER, SIDECAR, RENDITION = GroupRole.MASTER, GroupRole.SIDECAR, GroupRole.RENDITION


@pytest.fixture
def c(catalog: Catalog) -> Iterator[Connection]:
    with catalog.write() as connection:
        yield connection


@pytest.fixture
def filled(c: Connection) -> Filled:
    return fill(c, items=1)


def put(
    c: Connection, at: Filled, paths: Sequence[str], state: ItemState = ItemState.VERIFIED
) -> dict[str, int]:
    """Files of the session with copies of the same names; the ids of the copies."""
    hashes = {path: sha256(os.fsencode(path)) for path in paths}
    contents = record_contents(c, [ContentRow(h, 5, Kind.IMAGE, "x", "s") for h in hashes.values()], 1)
    copies = [NewCopy(p, contents[hashes[p]], 5, 1, Evidence.READ_BACK, 1, "how") for p in paths]
    ids = record_copies(c, at.location, copies, session_id=at.session, now=1)
    rows = [ItemRow(p, 5, 1, state, None, hashes[p], p, ids[p]) for p in paths]
    add_items(c, at.session, rows, 1)
    return ids


def record(c: Connection, at: Filled, *rows: GroupRow) -> None:
    record_groups(c, at.session, at.location, rows, 1)


def told(group: Group) -> list[tuple[str, str]]:
    return [(member.name, member.role.value) for member in group.members]


def row(*names: str, kind: GroupKind = PHOTO, name: str = "A") -> GroupRow:
    return GroupRow(kind, name, tuple((one, SIDECAR if at else MASTER) for at, one in enumerate(names)))


def test_a_group_with_its_members(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["D/A.CR3", "D/A.XMP", "D/B.CR3"])
    record(c, filled, GroupRow(PHOTO, "A", (("D/A.XMP", SIDECAR), ("D/A.CR3", MASTER))))
    (group,) = groups_of(c, [ids["D/A.XMP"]])
    assert (group.kind, group.name, group.location_id) == (PHOTO, "A", filled.location)
    assert told(group) == [("A.CR3", "master"), ("A.XMP", "sidecar")]
    assert [(member.path, member.hash) for member in group.members] == [
        (path, sha256(path.encode())) for path in ("D/A.CR3", "D/A.XMP")
    ]
    assert groups_of(c, [ids["D/B.CR3"]]) == []


def test_the_same_again_changes_nothing_but_roles(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.CR3", "A.JPG"])
    record(c, filled, row("A.CR3", "A.JPG"))
    record(c, filled, GroupRow(PHOTO, "A", (("A.CR3", MASTER), ("A.JPG", RENDITION))))
    (group,) = groups_of(c, list(ids.values()))
    assert told(group) == [("A.CR3", "master"), ("A.JPG", "rendition")]
    assert c.scalar(select(func.count()).select_from(asset_groups)) == 1


def test_a_member_that_comes_later_joins(c: Connection, filled: Filled) -> None:
    put(c, filled, ["A.CR3", "A.JPG"])
    record(c, filled, row("A.CR3", "A.JPG"))
    ids = put(c, filled, ["A.XMP"])
    record(c, filled, row("A.JPG", "A.XMP"))
    (group,) = groups_of(c, [ids["A.XMP"]])
    assert [name for name, _ in told(group)] == ["A.CR3", "A.JPG", "A.XMP"]


def test_what_joins_in_one_call_is_what_joins_in_two(c: Connection, filled: Filled) -> None:
    """A JPEG whose bytes are on the card twice belongs to what either of them belongs to."""
    ids = put(c, filled, ["A.CR3", "A.JPG", "B.XMP"])
    for _ in range(2):
        record(c, filled, row("A.CR3", "A.JPG"), row("A.JPG", "B.XMP", name="B"))
        (group,) = groups_of(c, list(ids.values()))
        assert [name for name, _ in told(group)] == ["A.CR3", "A.JPG", "B.XMP"]


def test_a_list_or_another_location_is_another_group(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.CR3", "A.JPG"])
    record(c, filled, row("A.CR3", "A.JPG"), row("A.CR3", "A.JPG", kind=GroupKind.INDEX))
    elsewhere = remember_location(c, volume_id=filled.volume, uuid=None, path="x", role=Role.BACKUP, now=1)
    record_groups(c, filled.session, elsewhere.id, [row("A.CR3", "A.JPG")], 1)
    found = groups_of(c, list(ids.values()))
    here, there = filled.location, elsewhere.id
    assert [(one.kind, one.location_id) for one in found] == [
        (PHOTO, here), (GroupKind.INDEX, here), (PHOTO, there)
    ]  # fmt: skip


def test_a_shot_that_turns_out_to_be_more_is_still_one_group(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.MP4", "A.THM", "B.MP4"])
    record(c, filled, row("A.MP4", "A.THM", kind=CLIP))
    take = (("A.MP4", MASTER), ("B.MP4", GroupRole.PART), ("A.THM", GroupRole.PREVIEW))
    record(c, filled, GroupRow(GroupKind.RECORDING, "A to B", take))

    (group,) = groups_of(c, list(ids.values()))
    assert (group.kind, group.name, len(group.members)) == (GroupKind.RECORDING, "A to B", 3)
    record(c, filled, row("A.MP4", "A.THM", kind=CLIP))  # the card has less by now, the drive has not
    (group,) = groups_of(c, list(ids.values()))
    assert (group.kind, len(group.members)) == (GroupKind.RECORDING, 3)


def test_a_group_that_another_has_taken_up_goes(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.MP4", "A.THM", "B.MP4", "B.THM"])
    record(c, filled, row("A.MP4", "A.THM", kind=CLIP), row("B.MP4", "B.THM", kind=CLIP, name="B"))
    record(c, filled, row("A.MP4", "A.THM", "B.MP4", "B.THM", kind=GroupKind.RECORDING))

    (group,) = groups_of(c, list(ids.values()))
    assert len(group.members) == 4
    assert c.scalar(select(func.count()).select_from(asset_groups)) == 1


def test_equal_thumbnails_make_no_group_of_strangers(c: Connection, filled: Filled) -> None:
    """Black frames: one copy answers for the thumbnail of many clips."""
    ids = put(c, filled, ["1.MOV", "2.MOV", "black.THM"])
    rows = [row("1.MOV", "black.THM", kind=CLIP, name="1"), row("2.MOV", "black.THM", kind=CLIP, name="2")]
    for _ in range(2):
        record(c, filled, *rows)
        found = groups_of(c, list(ids.values()))
        assert [[name for name, _ in told(one)] for one in found] == [
            ["1.MOV", "black.THM"], ["2.MOV", "black.THM"]
        ]  # fmt: skip


def test_a_group_of_fewer_than_two_copies_is_not_written(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.CR3"])
    put(c, filled, ["A.JPG"], ItemState.FAILED)
    record(c, filled, row("A.CR3", "A.JPG", "never.XMP"), row("A.CR3", "A.CR3"))
    assert groups_of(c, list(ids.values())) == []


def test_equal_files_that_one_copy_answers_for_are_one_member(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.JPG", "A.XMP"])
    twin = ItemRow("B.JPG", 5, 1, ItemState.SKIPPED, "same", sha256(b"A.JPG"), "A.JPG", ids["A.JPG"])
    add_items(c, filled.session, [twin], 1)
    record(c, filled, row("A.JPG", "B.JPG"), row("B.JPG", "A.XMP", name="B"))
    (group,) = groups_of(c, list(ids.values()))
    assert told(group) == [("A.JPG", "master"), ("A.XMP", "sidecar")]


def test_a_copy_that_is_something_else_by_now_is_no_member(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.CR3", "A.JPG"])
    c.execute(text("UPDATE backup_items SET hash = 'other' WHERE source_path = 'A.JPG'"))
    record(c, filled, row("A.CR3", "A.JPG"))
    assert groups_of(c, list(ids.values())) == []


def test_names_that_are_no_text(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["\udcff.CR3", "\udcff.XMP", "\\xff.XMP"])
    record(c, filled, row("\udcff.CR3", "\udcff.XMP", name="\udcff"))
    (group,) = groups_of(c, list(ids.values()))
    assert [name for name, _ in told(group)] == ["\udcff.CR3", "\udcff.XMP"]


def test_thousands_of_groups_take_few_statements(catalog: Catalog) -> None:
    count = 3000
    with catalog.write() as c:
        filled = fill(c, items=1)
        put(c, filled, [f"{number}.{suffix}" for number in range(count) for suffix in ("CR3", "XMP")])
        statements: list[str] = []
        event.listen(c, "before_cursor_execute", lambda *args: statements.append(args[2]))
        rows = [row(f"{number}.CR3", f"{number}.XMP", name=str(number)) for number in range(count)]
        record_groups(c, filled.session, filled.location, iter(rows), 1)
        assert c.scalar(select(func.count()).select_from(asset_group_members)) == 2 * count
        assert len(statements) < 30


def test_members_go_with_their_copy_and_group(c: Connection, filled: Filled) -> None:
    ids = put(c, filled, ["A.CR3", "A.JPG"])
    record(c, filled, row("A.CR3", "A.JPG"))
    c.execute(text(f"DELETE FROM file_locations WHERE id = {ids['A.JPG']}"))
    (group,) = groups_of(c, [ids["A.CR3"]])
    assert told(group) == [("A.CR3", "master")]
    c.execute(text("DELETE FROM asset_groups"))
    assert c.scalar(select(func.count()).select_from(asset_group_members)) == 0


@pytest.mark.parametrize("change", ["asset_groups SET kind = 'album'", "asset_group_members SET role = 'x'"])
def test_words_are_those_of_the_program(c: Connection, filled: Filled, change: str) -> None:
    put(c, filled, ["A.CR3", "A.JPG"])
    record(c, filled, row("A.CR3", "A.JPG"))
    with pytest.raises(Exception, match="CHECK"):
        c.execute(text(f"UPDATE {change}"))
