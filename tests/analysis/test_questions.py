"""Every statement of sql/ on a real catalog: what it answers is what plain Python counts."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cardcat import analysis
from cardcat.analysis import snapshot
from cardcat.catalog.duplicates import list_duplicates, refresh_duplicates
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.volumes import volume_name
from cardcat.errors import UsageError
from tests.catalog.test_duplicates import LIBRARY, Library
from tests.support import Desk, fill, jpeg

Row = dict[str, Any]


@dataclass
class World:
    """A catalog, its cache, and its tables as plain rows."""

    catalog: Path
    tables: dict[str, list[Row]]

    def rows(self, table: str) -> list[Row]:
        return self.tables[table]

    def by(self, table: str, key: str = "id") -> dict[Any, Row]:
        return {row[key]: row for row in self.tables[table]}

    def place(self, copy: Row) -> tuple[Row, Row, Row]:
        """The folder, the location and the volume of a copy."""
        folder = self.by("folders")[copy["folder_id"]]
        location = self.by("locations")[folder["location_id"]]
        return folder, location, self.by("volumes")[location["volume_id"]]

    def media(self, content: int) -> Row | None:
        return self.by("media_files", "hash").get(self.by("content_identity")[content]["cas_id"])

    def held(self, role: Callable[[str], bool]) -> dict[int, list[Row]]:
        """The copies of these roles that are there or on an unplugged drive, by content."""
        found = defaultdict(list)
        for copy in self.rows("file_locations"):
            if role(copy["role"]) and copy["status"] in ("present", "unavailable") and copy["content_id"]:
                found[copy["content_id"]].append(copy)
        return found

    def groups(self) -> list[tuple[Row, list[Row]]]:
        """Media files that libraries hold more than once, with the copies."""
        held = self.held(lambda role: role == "library")
        found = ((self.media(content), copies) for content, copies in held.items() if len(copies) > 1)
        return [(media, copies) for media, copies in found if media]

    def ask(self, name: str, **parameters: str) -> list[Row]:
        return analysis.ask(name, self.catalog, limit=None, **parameters).to_dicts()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two cards backed up to a drive, and two libraries that hold some of it, once, twice or lost."""
    with pytest.MonkeyPatch.context() as patch:
        desk = Desk(tmp_path_factory.mktemp("world"))
        patch.setenv("XDG_CACHE_HOME", str(desk.folder / "cache"))
        months = ("2023:05:01", "2023:05:02", "2024:01:31", "2024:02:01")
        photos = {
            f"DCIM/IMG_{number:04}.JPG": jpeg(number, f"{months[number % 4]} 10:00:00")
            for number in range(12)
        }
        fill(desk.card, {**photos, "DCIM/notes.txt": b"notes", "DCIM/undated.JPG": jpeg(99, None)})
        assert desk.backup("drive", "second").sessions[0].status.value == "completed"
        other = fill(desk.make("other"), {"DCIM/A.JPG": jpeg(50)})
        desk.backup("drive", source=other)
        with desk.writing() as connection:
            _libraries(connection)
        return World(desk.catalog, _tables(desk.catalog))


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """The snapshot of the first question serves them all."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(world.catalog.parent / "cache"))
    monkeypatch.setattr(snapshot, "SETTLED_NS", -1)


def _libraries(connection: sqlite3.Connection) -> None:
    """Two drives with a library, one of them unplugged: as an index of old folders leaves them."""
    for volume, label in ((101, "OLD"), (102, "")):
        connection.execute(
            "INSERT INTO volumes (id, uuid, key, label, last_seen_at, created_at) VALUES (?, ?, ?, ?, 1, 1)",
            (volume, f"u{volume}", f"uuid:{volume}", label),
        )
        connection.execute(
            "INSERT INTO locations (id, uuid, volume_id, path, path_raw, role, created_at, updated_at)"
            " VALUES (?, ?, ?, 'Pictures', x'', 'library', 1, 1)",
            (volume, f"l{volume}", volume),
        )
    folders = [
        (201, 101, ""),
        (202, 101, "2023/May"),
        (203, 101, "2023/May/copy"),
        (204, 102, "all/von früher"),
    ]
    connection.executemany("INSERT INTO folders VALUES (?, ?, ?, x'')", folders)
    contents = [row[0] for row in connection.execute("SELECT id FROM content_identity ORDER BY id")]
    for number, content in enumerate(contents):
        copies = [
            (201, "present"),
            (202, "present"),
            (203, "missing"),
            (204, "unavailable"),
            (204, "deleted"),
        ]
        for at, (folder, status) in enumerate(copies[: number % 6]):
            connection.execute(
                "INSERT INTO file_locations (folder_id, name, name_raw, content_id, size, mtime_ns, role,"
                " status, evidence, first_seen_at, last_seen_at)"
                " SELECT ?, ?, x'', id, size_bytes, 1, 'library', ?, 'claimed', ?, 1 FROM content_identity"
                " WHERE id = ?",
                (folder, f"{number}-{at}.jpg", status, 1_700_000_000 + number * 1_000_000, content),
            )
    connection.execute(  # seen, and not read
        "INSERT INTO file_locations (folder_id, name, name_raw, size, mtime_ns, role, evidence,"
        " first_seen_at, last_seen_at) VALUES (201, 'unread.mov', x'', 12345, 1, 'library', 'claimed', 1, 1)"
    )


def _tables(path: Path) -> dict[str, list[Row]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}


def drive(volume: Row) -> str:
    return volume_name(volume["label"], volume["last_mount_point"], volume["key"])


def test_the_world_has_something_to_ask_for(world: World) -> None:
    assert len(world.groups()) >= 5
    assert {len(copies) for _, copies in world.groups()} >= {2, 3}


def test_duplicates(world: World) -> None:
    expected = {
        media["hash"]: {
            "hash": media["hash"],
            "media_type": media["media_type"],
            "file_size": media["file_size_bytes"],
            "copies": len(copies),
            "volumes": len({world.place(copy)[2]["id"] for copy in copies}),
            "total_bytes": media["file_size_bytes"] * len(copies),
            "wasted_bytes": media["file_size_bytes"] * (len(copies) - 1),
            "path": media["path"],
            "camera": media["camera_model"],
            "date_taken": media["date_taken"],
        }
        for media, copies in world.groups()
    }
    found = world.ask("duplicates")
    assert {row["hash"]: row for row in found} == expected
    assert [row["wasted_bytes"] for row in found] == sorted(
        (row["wasted_bytes"] for row in found), reverse=True
    )


def test_duplicates_are_the_groups_of_the_catalog(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(world.catalog.read_bytes())
    with open_catalog(copy) as opened, opened.write() as c:
        refresh_duplicates(c)
        groups = {(group.hash, group.copies, group.wasted) for group in list_duplicates(c)}
        c.execute(text("SELECT 1"))
    assert {(row["hash"], row["copies"], row["wasted_bytes"]) for row in world.ask("duplicates")} == groups


def test_waste_by_folder(world: World) -> None:
    copies_in, bytes_in, waste_in = Counter[Any](), Counter[Any](), defaultdict[Any, float](float)
    for media, copies in world.groups():
        for copy in copies:
            folder, location, volume = world.place(copy)
            where = (drive(volume), location["path"], folder["path"])
            copies_in[where] += 1
            bytes_in[where] += media["file_size_bytes"]
            waste_in[where] += media["file_size_bytes"] * (len(copies) - 1) / len(copies)
    found = {
        (row["drive"], row["location"], row["folder"]): (row["copies"], row["bytes"], row["wasted_bytes"])
        for row in world.ask("waste_by_folder")
    }
    assert found == {
        where: (copies_in[where], bytes_in[where], pytest.approx(waste_in[where], abs=1))
        for where in copies_in
    }
    whole = sum(media["file_size_bytes"] * (len(copies) - 1) for media, copies in world.groups())
    assert sum(row[2] for row in found.values()) == whole
    assert sum(row["wasted_bytes"] for row in world.ask("waste_by_volume")) == whole


@pytest.mark.parametrize("copies", [2, 3, 7])
def test_the_parts_of_the_waste_add_up(tmp_path: Path, copies: int) -> None:
    """Of halves, thirds and sevenths of a byte none is lost, and none is counted twice."""
    path = tmp_path / "catalog.db"
    with open_catalog(path) as opened, opened.write() as c:
        shelf = Library(c)
        for name in "abc":
            shelf.put(name, *[LIBRARY] * copies)
    wasted = analysis.ask("duplicates", path)["wasted_bytes"].sum()
    parts = analysis.ask("waste_by_folder", path)["wasted_bytes"]
    assert (len(parts), parts.sum()) == (3 * copies, wasted)
    assert analysis.ask("waste_by_volume", path)["wasted_bytes"].sum() == wasted


def test_drives_are_called_as_everywhere(tmp_path: Path) -> None:
    volumes = [
        ("ARCHIVE", "/media/a", "uuid:1"),
        ("", "/media/b", "uuid:2"),
        (None, "", "uuid:3"),
        (None, None, "uuid:4"),
        ("TWO", None, "uuid:5"),
        ("TWO", None, "uuid:6"),
    ]
    path = tmp_path / "catalog.db"
    open_catalog(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO volumes (uuid, label, last_mount_point, key, last_seen_at, created_at)"
            " VALUES (substr(?3, 6) || '2345678-', ?1, ?2, ?3, 1, 1)",
            volumes,
        )
    with analysis.connect(path) as db:
        found = db.sql("SELECT name, drive FROM drives ORDER BY volume_id").fetchall()
    assert [name for name, _ in found] == [volume_name(*volume) for volume in volumes]
    assert [drive for _, drive in found] == [
        "ARCHIVE", "/media/b", "uuid:3", "uuid:4", "TWO (52345678)", "TWO (62345678)",
    ]  # fmt: skip


def test_waste_by_volume(world: World) -> None:
    expected = {}
    for volume in world.rows("volumes"):
        number, size, waste, twice = 0, 0, 0.0, 0
        for media, copies in world.groups():
            here = sum(1 for copy in copies if world.place(copy)[2]["id"] == volume["id"])
            number += here
            size += here * media["file_size_bytes"]
            waste += here * media["file_size_bytes"] * (len(copies) - 1) / len(copies)
            twice += max(here - 1, 0) * media["file_size_bytes"]
        if number:
            expected[volume["id"]] = {
                "volume_id": volume["id"],
                "drive": drive(volume),
                "copies": number,
                "bytes": size,
                "wasted_bytes": pytest.approx(waste, abs=1),
                "twice_bytes": twice,
            }
    assert {row["volume_id"]: row for row in world.ask("waste_by_volume")} == expected


@pytest.mark.parametrize(
    ("name", "keys", "key"),
    [
        ("waste_by_camera", ["make", "model"], lambda m: (m["camera_make"], m["camera_model"])),
        ("waste_by_month", ["month"], lambda m: (m["date_taken"] and m["date_taken"][:7],)),
        ("waste_by_kind", ["media_type", "extension"], lambda m: (m["media_type"], m["extension"])),
    ],
)
def test_waste_by_what_the_files_are(
    world: World, name: str, keys: list[str], key: Callable[[Row], tuple[str | None, ...]]
) -> None:
    expected: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for media, copies in world.groups():
        sums = expected[key(media)]
        sums[0] += 1
        sums[1] += len(copies)
        sums[2] += media["file_size_bytes"] * (len(copies) - 1)
    found = {
        tuple(row[name] for name in keys): [row["groups"], row["copies"], row["wasted_bytes"]]
        for row in world.ask(name)
    }
    assert found == expected


def test_redundancy_by_drive(world: World) -> None:
    held = world.held(lambda role: role != "source")
    volumes = {content: {world.place(copy)[2]["id"] for copy in copies} for content, copies in held.items()}
    read = {
        content
        for content, copies in held.items()
        if any(copy["evidence"].startswith("read_back") for copy in copies)
    }
    sizes = {row["id"]: row["size_bytes"] for row in world.rows("content_identity")}
    expected = {}
    for volume in world.rows("volumes"):
        here = [content for content, on in volumes.items() if volume["id"] in on]
        if here:
            alone = [content for content in here if len(volumes[content]) == 1]
            expected[volume["id"]] = {
                "volume_id": volume["id"],
                "drive": drive(volume),
                "contents": len(here),
                "bytes": sum(sizes[content] for content in here),
                "on_one": len(alone),
                "on_two": sum(1 for content in here if len(volumes[content]) == 2),
                "on_three_or_more": sum(1 for content in here if len(volumes[content]) > 2),
                "on_one_bytes": sum(sizes[content] for content in alone),
                "read_back": len(read & set(here)),
            }
    assert {row["volume_id"]: row for row in world.ask("redundancy_by_drive")} == expected
    assert {count for row in expected.values() for count in (row["on_one"], row["on_two"])} != {0}


def test_only_on_drive(world: World) -> None:
    held = world.held(lambda role: role != "source")
    alone = {}
    for content, copies in held.items():
        volumes = {world.place(copy)[2]["id"] for copy in copies}
        if len(volumes) == 1:
            known = world.by("content_identity")[content]
            first = min(copies, key=lambda copy: copy["id"])
            folder = world.place(first)[0]["path"]
            alone[known["cas_id"]] = (
                drive(world.place(first)[2]), known["kind"], known["size_bytes"], len(copies),
                f"{folder}/{first['name']}" if folder else first["name"],
            )  # fmt: skip
    found = world.ask("only_on_drive")
    assert alone
    assert {
        row["hash"]: (row["drive"], row["kind"], row["size"], row["copies"], row["path"]) for row in found
    } == alone
    assert [row["size"] for row in found] == sorted((row["size"] for row in found), reverse=True)
    named = found[0]["drive"]
    assert world.ask("only_on_drive", drive=named) == [row for row in found if row["drive"] == named]
    assert world.ask("only_on_drive", drive="NONE") == []


def test_only_on_drive_tells_the_best_evidence(world: World) -> None:
    order = ["claimed", "written", "synced", "read_back", "read_back_cold"]
    held = world.held(lambda role: role != "source")
    for row in world.ask("only_on_drive"):
        content = world.by("content_identity", "cas_id")[row["hash"]]["id"]
        assert row["evidence"] == max((copy["evidence"] for copy in held[content]), key=order.index)


def month(seconds: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


def test_growth_by_month(world: World) -> None:
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for content in world.rows("content_identity"):
        expected[month(content["created_at"])][0] += 1
        expected[month(content["created_at"])][1] += content["size_bytes"]
    for copy in world.rows("file_locations"):
        if copy["role"] != "source":
            expected[month(copy["first_seen_at"])][2] += 1
            expected[month(copy["first_seen_at"])][3] += copy["size"]
    found = world.ask("growth_by_month")
    assert [row["month"] for row in found] == sorted(expected)
    contents = size = 0
    for row in found:
        came = expected[row["month"]]
        contents, size = contents + came[0], size + came[1]
        assert [row[name] for name in ("contents", "bytes", "copies", "copy_bytes")] == came
        assert (row["total_contents"], row["total_bytes"]) == (contents, size)
    assert len(found) > 2


def test_sessions_and_speed(world: World) -> None:
    found = world.ask("sessions_and_speed")
    assert [row["session_id"] for row in found] == sorted(world.by("backup_sessions"), reverse=True)
    for row in found:
        session = world.by("backup_sessions")[row["session_id"]]
        tries = [one for one in world.rows("session_attempts") if one["session_id"] == row["session_id"]]
        stages = [one for one in world.rows("attempt_stages") if one["session_id"] == row["session_id"]]
        seconds = sum(one["ended_at"] - one["started_at"] for one in tries)
        assert (row["attempts"], row["seconds"]) == (len(tries), seconds)
        speed = pytest.approx(session["bytes_copied"] / seconds, abs=0.5) if seconds else None
        assert row["bytes_per_second"] == speed
        for stage in ("scan", "hash", "dedupe", "copy", "verify", "metadata", "record"):
            spent = [one["seconds"] for one in stages if one["stage"] == stage]
            assert row[stage] == (pytest.approx(sum(spent)) if spent else None)
        for name, column in (("source", "source_path"), ("destination", "destination_path")):
            assert row[name] == session[column]
        for name in ("status", "started_at", "files_copied", "bytes_copied"):
            assert row[name] == session[name]
    assert any(row["verify_bytes_per_second"] for row in found)


def test_storage_by_kind(world: World) -> None:
    expected: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    seen = set()
    for copy in world.rows("file_locations"):
        if copy["status"] in ("present", "unavailable"):
            content = world.by("content_identity").get(copy["content_id"])
            sums = expected[content and content["kind"], copy["role"]]
            sums[0] += 1
            sums[1] += copy["size"]
            if content and (content["id"], copy["role"]) not in seen:
                seen.add((content["id"], copy["role"]))
                sums[2] += 1
                sums[3] += content["size_bytes"]
    found = {
        (row["kind"], row["role"]): [row[name] for name in ("files", "bytes", "contents", "content_bytes")]
        for row in world.ask("storage_by_kind")
    }
    assert found == expected
    assert (None, "library") in found


def test_largest_folders(world: World) -> None:
    expected: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for copy in world.rows("file_locations"):
        if copy["status"] not in ("present", "unavailable"):
            continue
        folder, location, volume = world.place(copy)
        parts = folder["path"].split("/") if folder["path"] else []
        for depth in range(len(parts) + 1):
            key = (drive(volume), location["path"], location["role"], "/".join(parts[:depth]))
            sums = expected[key]
            sums[0] += 1
            sums[1] += copy["size"]
            if depth == len(parts):
                sums[2] += 1
                sums[3] += copy["size"]
    found = {
        (row["drive"], row["location"], row["role"], row["folder"]): [
            row[name] for name in ("files", "bytes", "own_files", "own_bytes")
        ]
        for row in world.ask("largest_folders")
    }
    assert found == expected
    assert ("OLD", "Pictures", "library", "2023") in found


def test_every_question_says_what_it_is_and_what_its_columns_are(world: World) -> None:
    for one in analysis.questions():
        assert one.title.endswith("."), one.name
        assert len(one.title) + 2 + 19 <= 80, one.name
        for column in analysis.ask(one.name, world.catalog, limit=1).columns:
            assert column in one.about, f"{one.name} does not say what {column} is"


def test_the_questions_are_those_of_sql() -> None:
    names = {one.name for one in analysis.questions()}
    assert names == {
        "duplicates", "growth_by_month", "largest_folders", "only_on_drive", "redundancy_by_drive",
        "sessions_and_speed", "storage_by_kind", "waste_by_camera", "waste_by_folder", "waste_by_kind",
        "waste_by_month", "waste_by_volume",
    }  # fmt: skip


def test_fewer_rows_can_be_asked_for(world: World) -> None:
    assert analysis.ask("duplicates", world.catalog, limit=2).to_dicts() == world.ask("duplicates")[:2]


def test_what_is_asked_wrongly_is_said(world: World) -> None:
    with pytest.raises(UsageError, match="no question 'nothing'"):
        world.ask("nothing")
    with pytest.raises(UsageError, match="takes no parameter 'colour'"):
        world.ask("duplicates", colour="red")
