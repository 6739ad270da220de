"""Safe to format is said by proof only: each test is a way to a yes that would cost files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cardcat.safety import standing
from tests.drives import drive, mounted
from tests.safety.asking import judged, reasons
from tests.support import DAY, Desk, fill, jpeg, playlist


def test_yes_with_as_many_drives_as_are_wanted(desk: Desk, card: Path) -> None:
    fill(card, {"DCIM/IMG_1.JPG": jpeg(1), "DCIM/IMG_1.xmp": b"x", "empty": b"", ".DS_Store": b"d"})
    desk.backup("one", "two")

    assert judged(desk, 2).safe, reasons(judged(desk, 2))
    assert judged(desk, 2, full=True).safe
    assert not judged(desk, 3).safe


def test_no_for_what_came_later_was_changed_or_was_excluded(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2), "C.tmp": b"c"})
    desk.backup("one", excludes=("*.tmp",))
    fill(card, {"D.JPG": jpeg(4)})
    fill(card, {"B.JPG": jpeg(3)}, mtime_ns=DAY + 10**9)

    assert [reason.path for reason in judged(desk).reasons] == ["B.JPG", "C.tmp", "D.JPG"]


@pytest.mark.parametrize("damage", ["removed", "other bytes", "a link", "a folder"])
def test_no_if_the_copy_is_not_there_as_it_was(desk: Desk, card: Path, damage: str) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    copy = desk.folder / "one/2024/2024-05-01/A.JPG"
    copy.unlink()
    if damage == "other bytes":
        copy.write_bytes(jpeg(2))
    elif damage == "a link":
        fill(desk.folder, {"elsewhere": jpeg(1)})
        copy.symlink_to(desk.folder / "elsewhere")
    elif damage == "a folder":
        copy.mkdir()

    assert not judged(desk).safe


def test_full_finds_a_silent_change_on_either_side(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one")
    fill(card, {"A.JPG": jpeg(1)[:-1] + b"!"})
    fill(desk.folder / "one", {"2024/2024-05-01/B.JPG": jpeg(2)[:-1] + b"!"})

    assert judged(desk).safe
    assert [reason.path for reason in judged(desk, full=True).reasons] == ["A.JPG", "B.JPG"]


def test_no_if_the_card_was_read_as_two_things(desk: Desk, card: Path) -> None:
    """A file that changed under the same size and time: which of its contents it has now nobody knows."""
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    fill(card, {"A.JPG": jpeg(1)[:-1] + b"!"})
    desk.backup("two")
    desk.backup("one")

    assert not judged(desk).safe
    assert judged(desk, full=True).safe


def test_no_if_the_copies_were_moved_to_the_card_and_linked(desk: Desk, card: Path) -> None:
    """The drive's folder leads to the card by now: formatting would take the last copy."""
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    shutil.move(desk.folder / "one/2024", card / "2024")
    (desk.folder / "one/2024").symlink_to(card / "2024")

    found = judged(desk)
    assert [reason.path for reason in found.reasons if "never" not in reason.reason] == ["A.JPG"]


def test_no_if_another_filesystem_hides_the_copies(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    inside = desk.folder / "one/2024/2024-05-01"
    with mounted(desk.folder / "one.tmpfs", inside, "-t", "tmpfs"):
        fill(inside, {"A.JPG": jpeg(1)})
        assert not judged(desk).safe
    assert judged(desk).safe


def test_no_if_the_whole_destination_is_a_link_to_another_drive(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    (desk.folder / "one/backup").mkdir()
    desk.backup("one/backup")
    shutil.copytree(desk.folder / "one/backup", desk.folder / "two/backup")
    shutil.rmtree(desk.folder / "one/backup")
    (desk.folder / "one/backup").symlink_to(desk.folder / "two/backup")

    assert not judged(desk).safe


def test_a_copy_of_a_destination_on_its_own_drive_is_no_proof(desk: Desk, card: Path) -> None:
    """The marker travels with the files: the copies in the new folder were never read back."""
    fill(card, {"A.JPG": jpeg(1)})
    (desk.folder / "one/backup").mkdir()
    desk.backup("one/backup")
    shutil.copytree(desk.folder / "one/backup", desk.folder / "one/again", symlinks=True)
    copy = desk.folder / "one/again/2024/2024-05-01/A.JPG"
    fill(copy.parent, {"A.JPG": jpeg(1)[:-1] + b"!"})
    result = desk.backup("one/again")

    assert result.sessions[0].counts.copied == 1
    assert jpeg(1) in desk.on("one/again").values()
    assert (desk.folder / "one/backup/2024/2024-05-01/A.JPG").read_bytes() == jpeg(1)


def test_copies_that_were_cloned_to_a_drive_without_an_identity_are_read_again(
    desk: Desk, card: Path
) -> None:
    """Its marker says that it is the first drive; what was proved there was not proved here."""
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one")
    share = desk.folder / "share"
    with mounted("share", share, "-t", "tmpfs"):
        shutil.copytree(desk.folder / "one", share, dirs_exist_ok=True)
        fill(share, {"2024/2024-05-01/A.JPG": jpeg(1)[:-1] + b"!"})
        result = desk.backup("share")

        assert result.sessions[0].counts.copied == 1
        assert jpeg(1) in desk.on("share").values()
        assert judged(desk).safe, reasons(judged(desk))
        shutil.rmtree(desk.folder / "one/2024")
        assert not judged(desk).safe


def test_a_destination_on_the_card_or_on_its_disk_does_not_count(desk: Desk, card: Path) -> None:
    fill(card, {"DCIM/A.JPG": jpeg(1)})
    (card / "backup").mkdir()
    desk.backup("card/backup", source=card / "DCIM")

    assert "own disk" in reasons(judged(desk, source=card / "DCIM"))


def test_another_part_of_the_cards_own_disk_does_not_count(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A camera formats the whole card, with all its partitions."""
    fill(card, {"DCIM/A.JPG": jpeg(1)})
    desk.backup("one")
    assert judged(desk).safe
    monkeypatch.setattr(standing, "disk_of", lambda _volume: "sdb")

    assert "own disk" in reasons(judged(desk))


def test_no_after_the_drives_were_swapped_at_their_mount_point(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    with drive(desk.folder / "other"), mounted(desk.folder / "other", desk.folder / "one", "--bind"):
        os.sync()
        assert (desk.folder / "one").is_dir()
        assert not judged(desk, 2).safe


def test_no_if_a_group_is_on_no_drive_as_a_whole(desk: Desk, card: Path) -> None:
    fill(card, {"IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"x", "IMG_2.JPG": jpeg(2)})
    desk.backup("one", "two")
    (desk.folder / "one/2024/2024-05-01/IMG_1.xmp").unlink()
    (desk.folder / "two/2024/2024-05-01/IMG_1.JPG").unlink()

    found = judged(desk)

    assert [reason.path for reason in found.reasons] == ["IMG_1.JPG"]
    assert "belong together" in found.reasons[0].reason


def test_a_recording_that_was_not_ended_is_no_reason_but_is_told(desk: Desk, card: Path) -> None:
    unfinished = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(4088)
    fill(card, {"DCIM/DJI_0001.MP4": unfinished, "DCIM/IMG_2.JPG": jpeg(2)})
    result = desk.backup("one")

    found = judged(desk)

    assert found.safe, reasons(found)
    assert [warning.path for warning in found.warnings] == ["DCIM/DJI_0001.MP4"]
    assert [f.path for f in result.findings if f.is_before_leaving] == ["DCIM/DJI_0001.MP4"]


def test_what_the_names_say_is_missing_is_told(desk: Desk, card: Path) -> None:
    fill(card, {"GX010007.MP4": jpeg(1), "GX030007.MP4": jpeg(3)})
    desk.backup("one")

    assert judged(desk).safe
    assert "GX020007" in judged(desk).warnings[0].reason


def test_no_if_the_drives_own_marker_is_gone(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    (desk.folder / "one/.cardcat/marker.json").unlink()

    assert not judged(desk).safe


def test_no_if_no_drive_has_all_chapters_of_a_take(desk: Desk, card: Path) -> None:
    fill(card, {"GX010007.MP4": jpeg(1), "GX020007.MP4": jpeg(2)})
    desk.backup("one", "two")
    (desk.folder / "one/2024/2024-05-01/GX010007.MP4").unlink()
    (desk.folder / "two/2024/2024-05-01/GX020007.MP4").unlink()

    assert "belong together" in reasons(judged(desk))


def test_no_if_no_drive_has_all_spans_that_a_playlist_joins(desk: Desk, card: Path) -> None:
    bdmv = "PRIVATE/AVCHD/BDMV"
    streams = {f"{bdmv}/STREAM/0000{number}.MTS": jpeg(number) for number in range(2)}
    fill(card, {**streams, f"{bdmv}/PLAYLIST/00000.MPL": playlist("00000", "+00001")})
    desk.backup("one", "two")
    assert judged(desk).safe
    next((desk.folder / "one").rglob("00000.MTS")).unlink()
    next((desk.folder / "two").rglob("00001.MTS")).unlink()

    assert "belong together" in reasons(judged(desk))


def test_a_cameras_list_of_a_folder_makes_no_group_of_all_that_it_lists(desk: Desk, card: Path) -> None:
    fill(card, {"DCIM/CANONMSC/M0100.CTG": b"list", "DCIM/100CANON/IMG_1.JPG": jpeg(1)})
    desk.backup("one", "two")
    next((desk.folder / "one").rglob("M0100.CTG")).unlink()
    next((desk.folder / "two").rglob("IMG_1.JPG")).unlink()

    assert judged(desk).safe, reasons(judged(desk))


def test_half_a_live_photo_is_told(desk: Desk, card: Path) -> None:
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(4088)
    fill(card, {"IMG_1.JPG": jpeg(1), "IMG_1.MOV": film, "IMG_2.JPG": jpeg(2)})
    desk.backup("one")
    with desk.writing() as connection:
        for number in (1, 2):
            connection.execute(
                "UPDATE media_details SET live_photo_id = ? WHERE content_id IN "
                "(SELECT content_id FROM file_locations WHERE name LIKE ?)",
                (f"moment {number}", f"IMG_{number}.%"),
            )

    assert "IMG_2.JPG" in [warning.path for warning in judged(desk).warnings]
