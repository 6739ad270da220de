"""What would be lost with a drive: decided by what is on record, and by which drives are one disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cardcat import drives as drives_module
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.protection import lone_files, shares, unproved_copies
from cardcat.catalog.weighed import Question, in_catalog
from cardcat.errors import UsageError
from cardcat.model import Kind, Volume
from cardcat.safety import protection
from cardcat.safety.protection import Amount, Protection, protection_of
from tests.support import Desk

GOOD = "read_back_cold"


@dataclass
class Drawer:
    """Drives on record, without a single file. *plugged* are mounted now."""

    desk: Desk
    plugged: list[Volume]

    def __post_init__(self) -> None:
        with open_catalog(self.desk.catalog):
            pass

    def run(self, statement: str, *values: object) -> None:
        with self.desk.writing() as c:
            c.execute(statement, values)

    def drive(
        self, name: str, *, disk: str | None = None, free: int = 10**12, role: str = "backup", fs: str = ""
    ) -> None:
        """One drive with one location, which has one folder `2024`; the number of all is that of its name."""
        number = ord(name[-1])
        with self.desk.writing() as c:
            c.execute(
                "INSERT INTO volumes (id, uuid, key, fs_uuid, fs_type, label, total_bytes, free_bytes, "
                "last_mount_point, last_seen_at, created_at) VALUES (?,?,?,?,'ext4',?,1000,?,?,7,7)",
                (number, f"uuid-{name}", f"uuid:{name}", fs or f"fs-{name}", name, free, f"/mnt/{name}"),
            )
            if disk:
                c.execute("INSERT INTO volume_disks VALUES (?,?)", (number, disk))
            c.execute(
                "INSERT INTO locations (id, uuid, volume_id, path, path_raw, role, created_at, updated_at) "
                "VALUES (?,?,?,'photos',x'',?,7,7)",
                (number, f"place-{name}", number, role),
            )
            c.execute("INSERT INTO folders VALUES (?,?,'2024',x'')", (number, number))

    def copy(
        self,
        content: int,
        drive: str,
        *,
        evidence: str = GOOD,
        status: str = "present",
        kind: str = "image",
        again: str = "",
        damaged: bool = False,
    ) -> None:
        """A copy of content number *content*, which has as many bytes; the second of it with *again*."""
        with self.desk.writing() as c:
            c.execute(
                "INSERT OR IGNORE INTO content_identity (id, cas_id, kind, size_bytes, created_at) "
                "VALUES (?,?,?,?,7)",
                (content, f"{content:064}", kind, content),
            )
            role = c.execute("SELECT role FROM locations WHERE id = ?", (ord(drive[-1]),)).fetchone()[0]
            added = c.execute(
                "INSERT INTO file_locations (folder_id, name, name_raw, content_id, size, mtime_ns, role, "
                "status, evidence, verified_at, first_seen_at, last_seen_at) "
                "VALUES (?,?,x'',?,?,1,?,?,?,9,7,7)",
                (ord(drive[-1]), f"{again}{content}.JPG", content, content, role, status, evidence),
            )
            if damaged:
                c.execute(
                    "INSERT INTO copy_findings (file_location_id, trouble, message, expected_hash, found_at) "
                    "VALUES (?, 'damaged', 'other bytes', 'h', 9)",
                    (added.lastrowid,),
                )

    def plug(self, name: str, *, device: str = "", disk: str | None = None) -> None:
        where = Path(f"/mnt/{name}")
        self.plugged.append(
            Volume(
                f"uuid:{name}", where, f"fs-{name}", "ext4", name, device or f"/dev/{name}", 1, 10**12, disk
            )
        )

    def shown(self, name: str, wanted: int = 2, *, limit: int | None = 10) -> Protection:
        with open_catalog(self.desk.catalog) as catalog:
            return protection_of(catalog, name, wanted=wanted, limit=limit)

    def only_here(self, name: str) -> int:
        return sum(each.contents for each in self.shown(name).only_here.values())

    def too_few(self, name: str, wanted: int = 2) -> int:
        return sum(each.contents for each in self.shown(name, wanted).too_few.values())


@pytest.fixture
def drawer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Drawer:
    found = Drawer(desk, [])
    monkeypatch.setattr(protection, "mounted_volumes", lambda: found.plugged)
    monkeypatch.setattr(protection, "disk_of", lambda volume: Path(volume.device).name)
    return found


@pytest.fixture
def three(drawer: Drawer) -> Drawer:
    """Three drives on three disks."""
    for name in ("a", "b", "c"):
        drawer.drive(name, disk=f"disk-{name}")
    return drawer


def test_what_only_one_drive_has_is_told_by_kind_folder_and_file(three: Drawer) -> None:
    three.copy(1, "a")
    three.copy(2, "a", kind="video")
    three.copy(5, "a")
    three.copy(5, "b")

    found = three.shown("a")

    assert found.held == {Kind.IMAGE: Amount(2, 6), Kind.VIDEO: Amount(1, 2)}
    assert found.only_here == found.too_few == {Kind.IMAGE: Amount(1, 1), Kind.VIDEO: Amount(1, 2)}
    assert found.folders == [("photos/2024", Amount(2, 3))]
    assert [(each.path, each.disks) for each in found.files] == [
        ("photos/2024/2.JPG", 1),
        ("photos/2024/1.JPG", 1),
    ]


def test_two_copies_on_one_drive_are_one_content_that_is_only_there(three: Drawer) -> None:
    three.copy(5, "a")
    three.copy(5, "a", again="copy of ")

    assert three.shown("a").only_here == {Kind.IMAGE: Amount(1, 5)}


@pytest.mark.parametrize(
    "weaken",
    [
        lambda it: it.copy(5, "b", evidence="claimed"),
        lambda it: it.copy(5, "b", evidence="synced"),
        lambda it: it.copy(5, "b", status="missing"),
        lambda it: it.copy(5, "b", status="quarantined"),
        lambda it: it.copy(5, "b", damaged=True),
    ],
    ids=["claimed", "synced", "missing", "quarantined", "damaged"],
)
def test_a_copy_that_is_not_known_to_be_right_saves_nothing(
    three: Drawer, weaken: Callable[[Drawer], None]
) -> None:
    three.copy(5, "a")
    weaken(three)

    assert (three.only_here("a"), three.too_few("a")) == (1, 1)


def test_a_copy_that_was_mended_counts_again(three: Drawer) -> None:
    three.copy(5, "a")
    three.copy(5, "b", damaged=True)
    three.run("UPDATE copy_findings SET resolved_at = 10, resolution = 'repaired'")

    assert three.only_here("a") == 0


def test_a_copy_that_memory_may_have_answered_for_counts_here(three: Drawer) -> None:
    """The verdict on a card asks for more; but it is a copy, and it was right when it was read."""
    three.copy(5, "a")
    three.copy(5, "b", evidence="read_back")

    assert three.only_here("a") == 0


def test_a_card_saves_nothing_and_nothing_is_kept_on_it(three: Drawer) -> None:
    three.drive("card-d", role="source", disk="card")
    three.copy(5, "a")
    three.copy(5, "card-d")

    assert three.only_here("a") == 1
    found = three.shown("card-d")
    assert (found.drive.is_drive, found.held) == (False, {})


@pytest.mark.parametrize(
    ("disk_of_a", "disk_of_b", "alone"),
    [("x", "x", 1), ("x", "y", 0), ("x+y", "y+z", 1), (None, None, 1), ("x", None, 0)],
)
def test_parts_of_one_disk_die_together(
    drawer: Drawer, disk_of_a: str | None, disk_of_b: str | None, alone: int
) -> None:
    drawer.drive("a", disk=disk_of_a)
    drawer.drive("b", disk=disk_of_b)
    drawer.copy(5, "a")
    drawer.copy(5, "b")

    assert drawer.only_here("a") == drawer.too_few("a") == alone
    assert [each.label for each in drawer.shown("a").together] == ["b"] * alone


def test_drives_that_are_plugged_in_are_told_apart_by_their_devices(drawer: Drawer) -> None:
    """Cheap cases give every disk in them the same name."""
    for name in ("a", "b"):
        drawer.drive(name, disk="JMicron")
        drawer.copy(5, name)
        drawer.plug(name, disk="JMicron")

    assert drawer.only_here("a") == 0


def test_as_many_drives_as_are_wanted(three: Drawer) -> None:
    for drive in ("a", "b", "c"):
        three.copy(5, drive)

    assert [three.too_few("a", wanted) for wanted in (1, 2, 3, 4)] == [0, 0, 0, 1]


def test_a_drive_that_is_plugged_in_twice_counts_for_nobody(three: Drawer) -> None:
    three.copy(5, "a")
    three.copy(5, "b")
    three.plug("b", device="/dev/one")
    assert three.only_here("a") == 0
    three.plug("b", device="/dev/two")

    assert three.only_here("a") == 1
    assert three.shown("b").drive.has_twin


def test_a_drive_on_another_disk_than_it_was_proved_on_counts_for_nobody(three: Drawer) -> None:
    three.copy(5, "a")
    three.copy(5, "b")
    three.plug("b", disk="disk-other")

    assert three.only_here("a") == 1
    assert three.shown("b").drive.is_moved


def test_drives_that_only_need_to_be_read_are_named_those_with_most_first(three: Drawer) -> None:
    for content in (3, 4, 5):
        three.copy(content, "a")
        three.copy(content, "c", evidence="claimed")
    three.copy(5, "b", evidence="synced")
    three.plug("c")

    found = three.shown("a").to_read

    assert [(each.name, each.contents, bool(now)) for each, now in found] == [("c", 3, True), ("b", 1, False)]


def test_a_damaged_copy_is_not_offered_for_reading(three: Drawer) -> None:
    three.copy(5, "a")
    three.copy(5, "b", evidence="claimed", damaged=True)

    assert three.shown("a").to_read == []


def test_drives_with_room_are_named_the_plugged_ones_first(three: Drawer) -> None:
    three.copy(500, "a")
    three.drive("full-d", disk="d", free=400)
    three.drive("same-e", disk="disk-a")
    three.drive("card-f", disk="f", role="source")
    three.plug("c", disk="disk-c")

    assert [each.volume.label for each in three.shown("a").room] == ["c", "b"]
    three.copy(500, "b")
    assert three.shown("a").room == []


def test_examples_are_few_and_all_are_told_when_asked_for(three: Drawer) -> None:
    for content in range(1, 15):
        three.copy(content, "a")

    assert len(three.shown("a").files) == 10
    assert len(three.shown("a", limit=None).files) == 14


def test_evidence_and_findings_of_the_drive(three: Drawer) -> None:
    three.copy(1, "a")
    three.copy(2, "a", evidence="claimed")
    three.copy(3, "a", damaged=True)

    found = three.shown("a")

    assert [(str(evidence), *rest) for evidence, *rest in found.evidence] == [
        (GOOD, 2, 4, 9),
        ("claimed", 1, 2, 9),
    ]
    assert [each.message for each in found.findings] == ["other bytes"]


@pytest.mark.parametrize("given", ["a", "uuid-a", "fs-a", "/mnt/a"])
def test_a_drive_goes_by_its_names_and_by_where_it_was(three: Drawer, given: str) -> None:
    assert three.shown(given).drive.volume.label == "a"


def test_what_is_mounted_there_now_decides(three: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    three.plug("b")
    monkeypatch.setattr(drives_module, "is_mount_point", lambda path: True)
    monkeypatch.setattr(drives_module, "volume_of", lambda path: three.plugged[0])

    assert three.shown("/mnt/a").drive.volume.label == "b"


def test_two_drives_with_one_name_are_told_apart_by_their_uuid(three: Drawer) -> None:
    three.run("UPDATE volumes SET label = 'a'")

    with pytest.raises(UsageError, match=r"More than one drive is called a: .*uuid-a.*uuid-b") as told:
        three.shown("a")
    assert told.value.exit_code == 2


@pytest.mark.parametrize("given", ["nothing", "/mnt/nothing"])
def test_a_drive_that_nobody_knows(three: Drawer, given: str) -> None:
    with pytest.raises(UsageError, match=f"No drive is known as {given}"):
        three.shown(given)


def test_many_copies_are_looked_through_by_few_queries(three: Drawer) -> None:
    """A step of the database is a unit of its work, the same on every computer."""
    for content in range(1, 401):
        three.copy(content, "a")
        three.copy(content, "b")
    few, many = (_steps(three, limit) for limit in (200, 400))

    assert many < 2.5 * few


def _steps(drawer: Drawer, contents: int) -> int:
    drawer.run("UPDATE file_locations SET status = 'deleted' WHERE content_id > ?", contents)
    drawer.run("UPDATE file_locations SET status = 'present' WHERE content_id <= ?", contents)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with open_catalog(drawer.desk.catalog) as catalog, catalog.read() as c:
        driver = c.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(count, 100)
        asked = Question(ord("a"), 2, {ord("a"): 0, ord("b"): 1}, 0)
        weighing = in_catalog(c, asked)
        shares(weighing)
        list(lone_files(weighing, 10))
        unproved_copies(weighing)
        driver.set_progress_handler(None, 100)
    return steps
