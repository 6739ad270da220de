"""Wrong input gets a sentence and the right error; nothing is lost or half done because of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.backup import backup, preview
from cardcat.errors import CatalogError, DestinationError, SourceError, UsageError
from cardcat.model import BackupOptions, SessionStatus
from cardcat.storage.disk import Disk
from tests.support import Desk, fill, jpeg


def order(desk: Desk, source: Path, *destinations: Path) -> BackupOptions:
    return BackupOptions(source=source, destinations=destinations, timezone="UTC")


@pytest.fixture
def card(desk: Desk) -> Path:
    return fill(desk.card, {"DCIM/IMG_1.JPG": jpeg(1)})


def test_a_source_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(SourceError, match="no such file"):
        backup(order(desk, desk.folder / "nothing", desk.make("drive")), catalog=str(desk.catalog))


def test_a_source_that_is_a_file(desk: Desk, card: Path) -> None:
    with pytest.raises(SourceError, match="is a file"):
        backup(order(desk, card / "DCIM/IMG_1.JPG", desk.make("drive")), catalog=str(desk.catalog))


@pytest.mark.parametrize(
    ("source", "destination", "words"),
    [
        ("card", "card", "is the source"),
        ("card", "card/DCIM", "lies inside the source"),
        ("card/DCIM", "card", "lies inside the destination"),
    ],
)
def test_a_source_and_a_destination_in_one_another(
    desk: Desk, card: Path, source: str, destination: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        backup(order(desk, desk.folder / source, desk.folder / destination), catalog=str(desk.catalog))
    assert not (card / ".cardcat").exists()
    assert not (card / "DCIM/.cardcat").exists()


def test_a_link_does_not_hide_that_source_and_destination_are_one(desk: Desk, card: Path) -> None:
    (desk.folder / "other name").symlink_to(card)
    with pytest.raises(UsageError, match="is the source"):
        backup(order(desk, card, desk.folder / "other name"), catalog=str(desk.catalog))


def test_a_catalog_on_the_card_is_refused(desk: Desk, card: Path) -> None:
    (desk.folder / "link").symlink_to(card / "DCIM")
    for place in (card / "catalog.db", desk.folder / "link/catalog.db"):
        with pytest.raises(UsageError, match=r"catalog .* lies inside the source"):
            backup(order(desk, card, desk.make("drive")), catalog=str(place))
    assert [path.name for path in card.rglob("*")] == ["DCIM", "IMG_1.JPG"]


def test_a_destination_given_twice(desk: Desk, card: Path) -> None:
    drive = desk.make("drive")
    with pytest.raises(UsageError, match="twice"):
        backup(order(desk, card, drive, drive), catalog=str(desk.catalog))


def test_a_destination_that_is_not_there(desk: Desk, card: Path) -> None:
    with pytest.raises(DestinationError, match="no such file"):
        backup(order(desk, card, desk.folder / "nothing"), catalog=str(desk.catalog))
    assert not (desk.folder / "nothing").exists()


def test_one_missing_destination_does_not_keep_the_other_from_its_backup(desk: Desk, card: Path) -> None:
    result = backup(order(desk, card, desk.folder / "nothing", desk.make("drive")), catalog=str(desk.catalog))

    assert result.status == SessionStatus.FAILED
    assert {(s.status, s.exit_code) for s in result.sessions} == {
        (SessionStatus.COMPLETED, 0),
        (SessionStatus.FAILED, 10),
    }
    assert len(desk.on()) == 1


class Small(Disk):
    """A drive with little room."""

    def free_bytes(self, path: str | os.PathLike[str]) -> int:
        return 1_000 if str(path).endswith("small") else super().free_bytes(path)


def test_a_destination_that_is_too_small_gets_nothing(desk: Desk, card: Path) -> None:
    result = desk.backup("small", "large", disk=Small())

    small, large = result.sessions
    assert (small.status, small.exit_code, small.counts.copied) == (SessionStatus.FAILED, 10, 0)
    assert "too small" in (small.message or "")
    assert large.status == SessionStatus.COMPLETED
    assert desk.on("small") == {}


def test_the_mount_point_of_a_known_drive_that_is_not_mounted(desk: Desk, card: Path) -> None:
    desk.backup()
    drive = desk.folder / "drive"
    with desk.writing() as c:
        c.execute(
            "INSERT INTO volumes (uuid, key, label, last_mount_point, last_seen_at, created_at) "
            "VALUES ('u', 'uuid:gone', 'GOLD', ?, 0, 0)",
            [str(desk.make("mnt"))],
        )

    with pytest.raises(DestinationError, match="GOLD"):
        backup(order(desk, card, desk.make("mnt")), catalog=str(desk.catalog))
    assert list((desk.folder / "mnt").iterdir()) == []
    assert drive.exists()


def test_a_dry_run_refuses_what_the_backup_refuses(desk: Desk, card: Path) -> None:
    desk.backup()
    with desk.writing() as c:
        c.execute(
            "INSERT INTO volumes (uuid, key, label, last_mount_point, last_seen_at, created_at) "
            "VALUES ('u', 'uuid:gone', 'GOLD', ?, 0, 0)",
            [str(desk.make("mnt"))],
        )

    with pytest.raises(DestinationError, match="GOLD"):
        preview(order(desk, card, desk.make("mnt")), str(desk.catalog))
    with pytest.raises(SourceError, match="holds no file"):
        preview(order(desk, desk.make("empty"), desk.make("drive")), str(desk.catalog))
    one = preview(order(desk, card, desk.folder / "nothing", desk.make("drive")), str(desk.catalog))
    assert [each.files_to_skip for each in one] == [1]


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\0 and then nonsense" * 40])
def test_a_catalog_that_is_no_database_is_left_alone(desk: Desk, card: Path, content: bytes) -> None:
    desk.catalog.write_bytes(content)
    with pytest.raises(CatalogError):
        desk.backup()
    assert desk.catalog.read_bytes() == content
    assert desk.on() == {}


def test_files_that_are_broken_inside_are_copied_like_any_other(desk: Desk) -> None:
    whole = jpeg(1)
    files = {
        "half.jpg": whole[: len(whole) // 2],
        "text.jpg": b"this is no photo\n",
        "zero.jpg": b"",
        "cut.mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\xff\xffmoov" + b"\0" * 50,
    }
    fill(desk.card, files)

    result = desk.backup()

    assert result.status == SessionStatus.COMPLETED
    assert sorted(desk.on().values()) == sorted(files.values())
    query = "SELECT i.source_path, c.kind FROM backup_items i JOIN content_identity c ON c.cas_id = i.hash"
    kinds = {path: kind for path, kind in desk.ask(query)}  # noqa: C416 - the rows are tuples of any length
    assert kinds == {"half.jpg": "image", "text.jpg": "other", "zero.jpg": "other", "cut.mp4": "video"}


class Pulled(Disk):
    """A card that is pulled after so many reads of files."""

    def __init__(self, card: Path, after: int) -> None:
        super().__init__()
        self.card, self.left = card, after

    def open_source(self, path: str | os.PathLike[str]) -> int:
        self.left -= 1
        if self.left < 0:
            if self.card.exists():
                self.card.rename(self.card.with_name("pulled"))
            raise OSError(5, "Input/output error", str(path))
        return super().open_source(path)


def test_a_card_pulled_in_the_middle_ends_the_run_and_is_finished_later(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(6)})

    pulled = desk.backup(disk=Pulled(desk.card, after=3)).sessions[0]

    assert (pulled.status, pulled.exit_code) == (SessionStatus.FAILED, SourceError.exit_code)
    assert "can't be read" in (pulled.message or "")
    assert desk.ask("SELECT status FROM backup_sessions") == [("failed",)]
    assert desk.ask("SELECT count(*) FROM backup_items WHERE state = 'failed'") == [(0,)]
    assert all(data in [jpeg(n) for n in range(6)] for data in desk.on().values())

    desk.card.rmdir()
    (desk.folder / "pulled").rename(desk.folder / "card")
    result = desk.backup()

    assert result.status == SessionStatus.COMPLETED
    assert result.sessions[0].resumed
    assert len(desk.on()) == 6
    assert list((desk.folder / "drive/.cardcat/incoming").iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_a_finding(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "LOG.TXT": b"x" * 100})

    class Growing(Disk):
        def open_source(self, path: str | os.PathLike[str]) -> int:
            if str(path).endswith("LOG.TXT"):
                with Path(path).open("ab") as file:
                    file.write(b"more")
            return super().open_source(path)

    result = desk.backup(disk=Growing())

    assert result.status == SessionStatus.FAILED
    assert [(f.path, f.error_type) for f in result.findings] == [("LOG.TXT", "SourceChanged")]
    assert len(desk.on()) == 1
