"""The main job in one process: what arrives on the drives, what the catalog says, what stays untouched."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from cardcat.backup import backup
from cardcat.errors import SourceError
from cardcat.model import BackupOptions, BackupResult, Layout, SessionStatus
from cardcat.storage.disk import Disk
from tests.support import DAY, Desk, fill, jpeg, snapshot


def counts(desk: Desk, session: int = 1) -> dict[str, int]:
    rows = desk.ask("SELECT state, count(*) FROM backup_items WHERE session_id = ? GROUP BY state", session)
    return {str(state): int(str(number)) for state, number in rows}


def test_every_file_arrives_bit_for_bit_with_its_time(desk: Desk) -> None:
    photo = jpeg(1)
    fill(desk.card, {"DCIM/100A/IMG_1.JPG": photo, "DCIM/100A/IMG_1.xmp": b"<x/>", "MISC/version.txt": b"v"})

    result = desk.backup()

    assert result.status == SessionStatus.COMPLETED
    assert desk.on() == {
        "2024/2024-05-01/IMG_1.JPG": photo,
        "2024/2024-05-01/IMG_1.xmp": b"<x/>",
        "2024/2024-05-01/version.txt": b"v",
    }
    assert (desk.folder / "drive/2024/2024-05-01/IMG_1.JPG").stat().st_mtime_ns == DAY


def test_the_source_is_untouched(desk: Desk) -> None:
    """Bytes, times of change, access times, folders: nothing of the card differs afterwards."""
    fill(desk.card, {f"DCIM/100A/IMG_{n}.JPG": jpeg(n) for n in range(5)} | {"a.txt": b"a"})
    old = 1_600_000_000_000_000_000
    before = snapshot(desk.card)
    paths = [desk.card, *desk.card.rglob("*")]
    for path in paths:  # last, because looking at the card ourselves moves access times
        os.utime(path, ns=(old, path.lstat().st_mtime_ns))
    changed = [path.lstat().st_ctime_ns for path in paths]

    desk.backup("one", "two")

    assert [path.lstat().st_ctime_ns for path in paths] == changed
    assert {path.lstat().st_atime_ns for path in paths} == {old}
    after = snapshot(desk.card)
    assert [(k, v[0], v[1], v[3]) for k, v in after.items()] == [
        (k, v[0], v[1], v[3]) for k, v in before.items()
    ]


def test_a_second_run_copies_nothing_and_reads_nothing(desk: Desk) -> None:
    fill(
        desk.card, {f"DCIM/{n}.JPG": jpeg(n) for n in range(4)} | {"PRIVATE/AVCHD/x.bdm": b"x", "e.txt": b""}
    )
    desk.backup("one", "two")
    there = desk.on("one")

    again = desk.backup("one", "two")

    assert again.status == SessionStatus.COMPLETED
    assert again.bytes_read_from_source == 0
    assert [s.counts.copied for s in again.sessions] == [0, 0]
    assert [s.counts.skipped for s in again.sessions] == [6, 6]
    assert desk.on("one") == there


def test_one_read_serves_two_destinations(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/{n}.JPG": jpeg(n) + b"\0" * n for n in range(8)})
    size = sum(p.stat().st_size for p in desk.card.rglob("*.JPG"))

    result = desk.backup("one", "two")

    assert result.bytes_read_from_source == size
    assert desk.on("one") == desk.on("two")


def test_equal_media_on_one_card_are_copied_once_and_all_recorded(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A/IMG_1.JPG": jpeg(1), "DCIM/B/IMG_9.JPG": jpeg(1)})

    result = desk.backup()

    assert list(desk.on()) == ["2024/2024-05-01/IMG_1.JPG"]
    assert result.sessions[0].counts.skipped == 1
    hashes = desk.ask("SELECT DISTINCT hash FROM backup_items")
    assert len(hashes) == 1
    assert desk.ask("SELECT count(*) FROM media_files") == [(1,)]


def test_media_held_from_another_card_are_skipped(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    desk.backup()
    other = fill(
        desk.make("other"), {"DCIM/x/COPY.JPG": jpeg(1), "DCIM/x/NEW.JPG": jpeg(2)}, mtime_ns=DAY + 10**9
    )

    result = desk.backup(source=other)

    assert (result.sessions[0].counts.copied, result.sessions[0].counts.skipped) == (1, 1)
    assert sorted(desk.on()) == ["2024/2024-05-01/IMG_1.JPG", "2024/2024-05-01/NEW.JPG"]


def test_a_copy_on_another_drive_does_not_count(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    desk.backup("one")

    desk.backup("two")

    assert len(desk.on("two")) == 1


def test_equal_sidecars_in_different_folders_are_all_there(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/{n}00A/INFO.XML": b"<same/>" for n in range(1, 5)})

    result = desk.backup()

    assert list(desk.on().values()) == [b"<same/>"] * 4
    assert result.sessions[0].counts.copied == 4
    assert desk.backup().sessions[0].counts.copied == 0


def test_empty_files_are_kept_by_their_path(desk: Desk) -> None:
    fill(desk.card, {"a/.nomedia": b"", "b/.nomedia": b"", "c/IMG.JPG": b""})

    assert len(desk.backup().sessions) == 1
    assert len(desk.on()) == 3


def test_a_structure_goes_whole_under_a_folder_of_its_own(desk: Desk) -> None:
    clip = b"\0\0\0\x18ftypmp42" + b"x" * 500
    fill(
        desk.card,
        {
            "PRIVATE/M4ROOT/CLIP/C0001.MP4": clip,
            "PRIVATE/M4ROOT/SUB/C0001S03.MP4": clip,  # equal media are not deduplicated in here
            "PRIVATE/M4ROOT/MEDIAPRO.XML": b"<m/>",
            "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"i",
            "PRIVATE/AVCHD/BDMV/MOVIEOBJ.BDM": b"i",
        },
    )
    (desk.card / "PRIVATE/M4ROOT/GENERAL").mkdir()
    desk.backup()

    tops = {path.split("/PRIVATE/")[0] for path in desk.on()}
    assert len(tops) == 1
    top = tops.pop()
    assert top.startswith("2024/2024-05-01/card-")
    assert {p.removeprefix(top + "/"): d for p, d in desk.on().items()} == {
        str(p.relative_to(desk.card)): p.read_bytes() for p in desk.card.rglob("*") if p.is_file()
    }
    assert (desk.folder / "drive" / top / "PRIVATE/M4ROOT/GENERAL").is_dir()


def test_a_structure_that_changed_gets_a_folder_of_its_own(desk: Desk) -> None:
    fill(desk.card, {"PRIVATE/AVCHD/BDMV/INDEX.BDM": b"1", "PRIVATE/AVCHD/BDMV/STREAM/00000.MTS": b"a" * 400})
    desk.backup()
    fill(desk.card, {"PRIVATE/AVCHD/BDMV/STREAM/00001.MTS": b"b" * 400})

    desk.backup()

    folders = sorted({path.split("/PRIVATE/")[0] for path in desk.on()})
    assert [sum(p.startswith(f) for p in desk.on()) for f in folders] in ([2, 3], [3, 2])


def test_names_taken_by_other_content_get_a_suffix_from_the_hash(desk: Desk) -> None:
    """Two folders of one card with the same names: the whole second group is renamed in step."""
    fill(
        desk.card,
        {
            "DCIM/100/IMG_1.JPG": jpeg(1),
            "DCIM/100/IMG_1.xmp": b"one",
            "DCIM/101/IMG_1.JPG": jpeg(2),
            "DCIM/101/IMG_1.xmp": b"two",
            "DCIM/101/IMG_1.JPG.xmp": b"three",
        },
    )
    desk.backup()

    names = {p.rpartition("/")[2]: d for p, d in desk.on().items()}
    assert names["IMG_1.JPG"] == jpeg(1)
    assert names["IMG_1.xmp"] == b"one"
    suffixed = sorted(name for name in names if name.startswith("IMG_1-"))
    assert len({name[len("IMG_1-") :].split(".")[0] for name in suffixed}) == 1
    assert [names[name] for name in suffixed] == [jpeg(2), b"three", b"two"]


@pytest.mark.parametrize("names", [("A.JPG", "a.jpg"), ("café.jpg", "cafe\u0301.jpg"), ("ß.jpg", "SS.jpg")])
def test_names_that_some_filesystem_takes_for_one_are_kept_apart(desk: Desk, names: tuple[str, str]) -> None:
    fill(desk.card, {names[0]: jpeg(1), names[1]: jpeg(2)})
    desk.backup()

    assert sorted(desk.on().values()) == sorted([jpeg(1), jpeg(2)])
    assert len({p.rpartition("/")[2].casefold() for p in desk.on()}) == 2


@pytest.mark.parametrize(
    "name",
    ["-rf.jpg", "two\nlines.jpg", "tab\t.jpg", "日本語 😀.jpg", "L" * 251 + ".jpg", "noextension", "%41.jpg"],
)
def test_odd_names_arrive_as_they_are(desk: Desk, name: str) -> None:
    fill(desk.card, {name: jpeg(1)})
    desk.backup()

    assert [p.rpartition("/")[2] for p in desk.on()] == [name]


def test_a_name_that_is_no_utf8_keeps_its_bytes(desk: Desk) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    fill(desk.card, {name: jpeg(1)})
    desk.backup()

    assert [p.rpartition("/")[2] for p in desk.on()] == [name]
    assert desk.ask("SELECT source_path, source_path_raw FROM backup_items") == [
        ("caf\\xe9.jpg", b"caf\xe9.jpg")
    ]
    assert desk.backup().bytes_read_from_source == 0


def test_the_tree_layout_keeps_the_cards_folders(desk: Desk) -> None:
    files = {"DCIM/100/IMG_1.JPG": jpeg(1), "PRIVATE/AVCHD/INDEX.BDM": b"i", "x.txt": b"x"}
    fill(desk.card, files)
    (desk.card / "DCIM/EMPTY").mkdir()
    desk.backup(layout=Layout.TREE)

    assert desk.on() == files
    assert (desk.folder / "drive/DCIM/EMPTY").is_dir()


def test_two_cards_in_one_tree_lose_nothing(desk: Desk) -> None:
    fill(desk.card, {"DCIM/100/IMG_1.JPG": jpeg(1), "PRIVATE/AVCHD/INDEX.BDM": b"one"})
    other = fill(desk.make("other"), {"DCIM/100/IMG_1.JPG": jpeg(2), "PRIVATE/AVCHD/INDEX.BDM": b"two"})
    desk.backup(layout=Layout.TREE)
    desk.backup(source=other, layout=Layout.TREE)

    assert sorted(desk.on().values()) == sorted([jpeg(1), jpeg(2), b"one", b"two"])


def test_a_cardcat_drive_as_a_source_is_copied_under_another_name(desk: Desk) -> None:
    fill(desk.card, {".cardcat/marker.json": b"{}", "ascmhl/chain.xml": b"<c/>", "IMG.JPG": jpeg(1)})
    desk.backup(layout=Layout.TREE)

    assert set(desk.on()) == {"%2Ecardcat/marker.json", "%61scmhl/chain.xml", "IMG.JPG"}


def test_ignored_files_are_counted_and_nothing_else_is_left_out(desk: Desk) -> None:
    fill(
        desk.card,
        {
            ".DS_Store": b"d",
            "DCIM/IMG_1.JPG": jpeg(1),
            "DCIM/._IMG_1.JPG": b"apple",
            "DCIM/._alone.JPG": b"kept",
            ".Trashes/501/old.JPG": jpeg(9),
            "System Volume Information/x": b"x",
            ".hidden": b"h",
            "Thumbs.db": b"t",
        },
    )
    result = desk.backup()

    assert sorted(p.rpartition("/")[2] for p in desk.on()) == ["._alone.JPG", ".hidden", "IMG_1.JPG"]
    assert result.sessions[0].files_ignored == 5
    assert result.sessions[0].counts.scanned == 3


def test_links_and_pipes_are_findings(desk: Desk) -> None:
    fill(desk.card, {"IMG.JPG": jpeg(1)})
    (desk.card / "link").symlink_to(desk.card / "IMG.JPG")
    os.mkfifo(desk.card / "pipe")

    result = desk.backup()

    assert {f.path for f in result.findings} == {"link", "pipe"}
    assert result.status == SessionStatus.COMPLETED
    assert desk.ask("SELECT count(*) FROM backup_errors") == [(2,)]


def test_counts_add_up(desk: Desk) -> None:
    fill(desk.card, {f"{n}.JPG": jpeg(n % 3) for n in range(7)} | {"t.txt": b"t"})
    result = desk.backup().sessions[0].counts

    assert result.scanned == result.copied + result.skipped + result.failed + result.pending == 8
    assert counts(desk) == {"verified": 4, "skipped": 4}


def test_equal_samples_are_not_equal_contents(desk: Desk) -> None:
    """Same size, same first 128 KiB, same middle, same end: only the full hash tells them apart."""
    head = jpeg(1) + b"\0" * 131_072
    one = bytearray(head + b"\0" * 400_000)
    two = bytearray(one)
    two[150_000] = 1
    fill(desk.card, {"A/IMG_1.JPG": bytes(one), "B/IMG_2.JPG": bytes(two), "C/IMG_3.JPG": bytes(one)})

    result = desk.backup()

    assert sorted(desk.on().values()) == sorted([bytes(one), bytes(two)])
    assert desk.ask("SELECT count(*) FROM media_files") == [(2,)]
    assert result.sessions[0].counts.skipped == 1


def test_every_manifest_is_accepted_by_sha256sum(desk: Desk) -> None:
    fill(
        desk.card, {"two\nlines.jpg": jpeg(1), "back\\slash.jpg": jpeg(2), os.fsdecode(b"\xff.jpg"): jpeg(3)}
    )
    desk.backup("one", "two")
    fill(desk.card, {"new.jpg": jpeg(4)})
    desk.backup("one")

    manifests = sorted((desk.folder / "one/.cardcat/manifests").glob("SHA256SUMS-*[0-9]"))
    assert len(manifests) == 2
    for manifest in manifests:
        done = subprocess.run(
            ["sha256sum", "-c", manifest], cwd=desk.folder / "one", capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_a_drive_filled_by_another_computer_is_read_back_and_skipped(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"x", "IMG_2.JPG": jpeg(2)})
    desk.backup()
    there = desk.on()
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()

    result = desk.backup()

    assert result.sessions[0].counts.copied == 0
    assert desk.on() == there
    assert desk.ask("SELECT count(*) FROM file_locations WHERE evidence = 'claimed'") == [(0,)]


def test_a_claim_that_is_not_true_is_not_believed(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    desk.backup()
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()
    copy = desk.folder / "drive/2024/2024-05-01/IMG_1.JPG"
    status = copy.stat()
    copy.write_bytes(jpeg(1)[:-1] + b"!")
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))

    result = desk.backup()

    assert result.sessions[0].counts.copied == 1
    assert jpeg(1) in desk.on().values()
    assert len(desk.on()) == 2


def test_a_copy_that_is_gone_is_copied_anew(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_2.JPG": jpeg(2)})
    desk.backup()
    (desk.folder / "drive/2024/2024-05-01/IMG_2.JPG").unlink()

    result = desk.backup()

    assert (result.sessions[0].counts.copied, result.sessions[0].counts.skipped) == (1, 1)
    assert len(desk.on()) == 2


def test_recheck_reads_what_would_be_skipped(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"a"})
    desk.backup()
    path = desk.card / "IMG_1.JPG"
    path.write_bytes(jpeg(1)[:-1] + b"!")
    os.utime(path, ns=(DAY, DAY))
    assert desk.backup().sessions[0].counts.copied == 0

    result = desk.backup(recheck=True)

    assert result.sessions[0].counts.copied == 1
    assert len(desk.on()) == 3


def test_a_sidecar_that_comes_later_joins_its_photo(desk: Desk) -> None:
    """Also if it is written on another day: group members stay together."""
    fill(desk.card, {"DCIM/1/IMG_1.JPG": jpeg(1), "DCIM/2/IMG_1.JPG": jpeg(2)})
    desk.backup()
    fill(desk.card, {"DCIM/2/IMG_1.xmp": b"later"}, mtime_ns=DAY + 9 * 86_400 * 10**9)

    desk.backup()

    second = next(path for path, data in desk.on().items() if data == jpeg(2))
    assert desk.on()[second.removesuffix("JPG") + "xmp"] == b"later"


def test_an_unreadable_folder_fails_the_session_but_not_the_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "locked/IMG_2.JPG": jpeg(2)})

    class Locked(Disk):
        def open_folder(self, path: str | Path, within: int | None = None) -> int:  # type: ignore[override]
            if str(path).endswith("locked"):
                raise PermissionError(13, "Permission denied", str(path))
            return super().open_folder(path, within)

    result = desk.backup(disk=Locked())

    counted = result.sessions[0].counts
    assert result.status == SessionStatus.FAILED
    assert (counted.scanned, counted.copied, counted.failed) == (2, 1, 1)


def test_a_source_without_files_is_refused(desk: Desk) -> None:
    (desk.card / "DCIM").mkdir()

    with pytest.raises(SourceError, match="holds no file"):
        desk.backup()
    assert not desk.ask("SELECT * FROM backup_sessions")


WEEK = 7 * 86_400 * 10**9


def test_a_sidecar_goes_where_its_photo_is_although_it_was_written_later(desk: Desk) -> None:
    """Also if the photo is skipped, because the drive holds it or an equal one of the card."""
    large = jpeg(2) + b"\0" * 100_000
    fill(desk.card, {"A/IMG_1.JPG": jpeg(1), "B/IMG_2.JPG": large, "C/IMG_3.JPG": large}, mtime_ns=DAY + WEEK)
    fill(desk.make("other"), {"COPY.JPG": jpeg(1)}, mtime_ns=DAY + WEEK)
    desk.backup(source=desk.folder / "other")
    sidecars = {"A/IMG_1.xmp": b"1", "B/IMG_2.xmp": b"2", "C/IMG_3.xmp": b"3"}
    fill(desk.card, sidecars, mtime_ns=DAY + 2 * WEEK)

    desk.backup()

    assert set(desk.on()) == {
        "2024/2024-05-01/COPY.JPG",
        "2024/2024-05-01/IMG_1.xmp",
        "2024/2024-05-01/IMG_2.JPG",
        "2024/2024-05-01/IMG_2.xmp",
        "2024/2024-05-01/IMG_3.xmp",
    }


class Stopping(Disk):
    """Has the destination fail after so many files were opened on it."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def open_new(self, path: str | os.PathLike[str]) -> int:
        self.left -= "incoming" in str(path)
        if self.left < 0:
            raise OSError(5, "Input/output error", str(path))
        return super().open_new(path)


def rerun(desk: Desk, session: int) -> BackupResult:
    options = BackupOptions(desk.card, (desk.make("drive"),), timezone="UTC", rerun=session)
    return backup(options, catalog=str(desk.catalog))


def test_rerun_takes_up_the_session_that_was_asked_for(desk: Desk) -> None:
    """Also if one of another kind came after it."""
    fill(desk.card, {f"{n}.JPG": jpeg(n) for n in range(3)})
    desk.backup(disk=Stopping(after=2))
    desk.backup(layout=Layout.TREE)

    result = rerun(desk, 1)

    assert (result.sessions[0].id, result.sessions[0].resumed) == (1, True)
    assert desk.ask("SELECT status FROM backup_sessions") == [("completed",), ("completed",)]


def test_rerun_with_another_card_in_the_reader_copies_nothing(desk: Desk) -> None:
    fill(desk.card, {"IMG.JPG": jpeg(1)})
    desk.backup()
    fill(desk.make("another"), {"IMG.JPG": jpeg(2)})
    options = BackupOptions(desk.folder / "another", (desk.folder / "drive",), timezone="UTC", rerun=1)

    with pytest.raises(SourceError, match="another card"):
        backup(options, catalog=str(desk.catalog))
    assert jpeg(2) not in desk.on().values()


def test_what_turns_out_to_be_held_is_read_once(desk: Desk) -> None:
    photos = {"SMALL.JPG": jpeg(1), "LARGE.JPG": jpeg(2) + b"\0" * 3_000_000}
    fill(desk.make("other"), photos, mtime_ns=DAY + 10**9)
    desk.backup(source=desk.folder / "other")
    fill(desk.card, photos)

    result = desk.backup()

    assert result.sessions[0].counts.skipped == 2
    assert result.bytes_read_from_source <= 1.02 * sum(map(len, photos.values()))


def test_what_was_changed_on_the_drive_is_said_once(desk: Desk) -> None:
    fill(desk.card, {f"{n}.JPG": jpeg(n) for n in range(4)})
    desk.backup()
    for copy in (desk.folder / "drive").rglob("*.JPG"):
        copy.write_bytes(copy.read_bytes()[:-1] + b"!")

    first, second = desk.backup(), desk.backup()

    assert len(first.findings) == 4
    assert second.findings == ()


def test_a_structure_of_a_folder_with_a_very_long_name_finds_its_place(desk: Desk) -> None:
    source = fill(desk.make("日" * 83), {"PRIVATE/AVCHD/INDEX.BDM": b"i"})

    assert desk.backup(source=source).status == SessionStatus.COMPLETED
    assert list(desk.on().values()) == [b"i"]


def test_drives_are_proved_at_the_same_time(desk: Desk) -> None:
    """Each waits for its own medium: two take as long as the slower one."""
    fill(desk.card, {"DCIM/1.JPG": jpeg(1)})
    meeting = threading.Barrier(2, timeout=30)

    class Meeting(Disk):
        def drop_cache(self, fd: int, size: int) -> int | None:
            if not meeting.broken and size:
                with suppress(threading.BrokenBarrierError):
                    meeting.wait()
            return super().drop_cache(fd, size)

    assert desk.backup("one", "two", disk=Meeting()).status == SessionStatus.COMPLETED
    assert not meeting.broken
