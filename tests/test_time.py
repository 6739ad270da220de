"""The same card, or the same drive, with other file times: their bytes decide, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.backup import backup, preview
from cardcat.model import BackupOptions, BackupResult, Layout, SessionStatus
from cardcat.storage.disk import Disk
from tests.support import DAY, Desk, fill, jpeg, snapshot

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
LATE = DAY + 13 * HOUR + HOUR // 2 + 987_654_321  # 23:30: an hour later it is another day
EARLY = DAY - 9 * HOUR - HOUR // 2 + 987_654_321  # 00:30: an hour earlier it was another

OURS = {".cardcat", "ascmhl"}
LARGE = jpeg(9) + b"\0" * 200_000  # more than a fingerprint reads
CARD = {
    "DCIM/100/IMG_1.JPG": jpeg(1),
    "DCIM/100/IMG_1.CR3": LARGE,
    "DCIM/100/IMG_1.xmp": b"<rating/>",
    "DCIM/100/TWIN.JPG": jpeg(1),
    "DCIM/101/LARGE.JPG": LARGE,
    "DCIM/101/IMG_1.JPG": jpeg(2, taken=None),
    "DCIM/101/IMG_1.xmp": b"<rating/>",
    "MISC/NOTES.TXT": b"notes",
    "MISC/EMPTY.DAT": b"",
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"index",
    "PRIVATE/AVCHD/BDMV/STREAM/00000.MTS": b"stream" * 20_000,
    "PRIVATE/M4ROOT/CLIP/C0001.MP4": b"\0\0\0\x18ftypmp42" + b"c" * 1_000,
    "PRIVATE/M4ROOT/CLIP/C0001M01.XML": b"<clip/>",
}
SIZE = sum(map(len, CARD.values()))

SHIFTS: dict[str, Callable[[int], int]] = {
    "an hour later": lambda t: t + HOUR,
    "an hour earlier": lambda t: t - HOUR,
    "half a day": lambda t: t + 12 * HOUR,
    "Kathmandu": lambda t: t + 5 * HOUR + 45 * 60 * SECOND,
    "whole seconds": lambda t: t // SECOND * SECOND,
    "even seconds, rounded up": lambda t: -(-t // (2 * SECOND)) * (2 * SECOND),
    "an hour later, even seconds": lambda t: (t + HOUR) // (2 * SECOND) * (2 * SECOND),
}


def retime(root: Path, shift: Callable[[int], int]) -> None:
    """Give every file the time that another zone, season or filesystem shows of it."""
    for path in root.rglob("*"):
        if path.is_file() and not OURS & set(path.parts):
            time = shift(path.stat().st_mtime_ns)
            os.utime(path, ns=(time, time))


def change(path: Path, *, shift: Callable[[int], int] = lambda t: t) -> bytes:
    """Other bytes, as many as before, and a time that only a shift would explain."""
    data = path.read_bytes()
    time = shift(path.stat().st_mtime_ns)
    changed = bytes(byte ^ 1 for byte in data[-1:])
    path.write_bytes(data[:-1] + changed)
    os.utime(path, ns=(time, time))
    return data[:-1] + changed


def copied(result: BackupResult) -> int:
    counts = result.sessions[0].counts
    assert result.status == SessionStatus.COMPLETED
    assert counts.scanned == counts.copied + counts.skipped
    return counts.copied


def copies(desk: Desk) -> dict[str, object]:
    """All that is known of the copies on the drive."""
    found = snapshot(desk.folder / "drive")
    return {name: seen for name, seen in found.items() if not OURS & {*name.split("/")} and name != "."}


class Watched(Disk):
    """Counts the copies that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def open_copy(self, path: str | os.PathLike[str]) -> int:
        if not OURS & set(Path(path).parts):
            self.read.append(str(path))
        return super().open_copy(path)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(
    ("start", "shift"), [(LATE, shift) for shift in SHIFTS] + [(EARLY, "an hour earlier")]
)
def test_a_card_whose_times_have_shifted_is_read_once_and_not_copied(
    desk: Desk, layout: Layout, start: int, shift: str
) -> None:
    fill(desk.card, CARD, mtime_ns=start)
    desk.backup(layout=layout)
    there = copies(desk)
    retime(desk.card, SHIFTS[shift])
    card = snapshot(desk.card)

    again = desk.backup(layout=layout)

    assert copied(again) == 0
    assert again.bytes_read_from_source == SIZE
    assert not any(finding.attention for finding in again.findings)
    third = desk.backup(layout=layout)
    assert copied(third) == 0
    assert third.bytes_read_from_source == 0
    assert copies(desk) == there
    assert snapshot(desk.card) == card
    assert desk.ask("SELECT DISTINCT mtime_ns FROM backup_items WHERE session_id = 2") == [
        (SHIFTS[shift](start),)
    ]


def test_a_card_may_change_its_times_again_and_again(desk: Desk) -> None:
    """There and back between summer and winter: each change is read once."""
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup()
    for shift in ("an hour later", "an hour earlier", "whole seconds", "an hour later"):
        retime(desk.card, SHIFTS[shift])
        assert copied(desk.backup()) == 0
        again = desk.backup()
        assert (copied(again), again.bytes_read_from_source) == (0, 0)
    assert sorted(desk.on().values()) == sorted([*CARD.values()][:3] + [*CARD.values()][5:])


SAID = "SELECT source_path, hash FROM backup_items WHERE session_id = 2"
PLAIN = [name for name, data in CARD.items() if data and not name.startswith("PRIVATE")]
WHOLE = [name for name in CARD if name.startswith("PRIVATE")]
CHANGED = [(LATE, PLAIN), (LATE, WHOLE[:1]), *((DAY, [name]) for name in WHOLE)]  # to another day, or not


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(("start", "names"), CHANGED)
def test_a_file_that_changed_with_its_size_kept_and_its_time_shifted_is_copied(
    desk: Desk, layout: Layout, start: int, names: list[str]
) -> None:
    """A structure that differs in one of its files gets a folder of its own."""
    fill(desk.card, CARD, mtime_ns=start)
    desk.backup(layout=layout)
    before = desk.on()
    retime(desk.card, SHIFTS["an hour later"])
    new = {name: change(desk.card / name) for name in names}

    again = desk.backup(layout=layout)

    assert copied(again) == (len(WHOLE) if names[0] in WHOLE else len({*new.values()}) + 1)  # two sidecars
    assert set(new.values()) <= set(desk.on().values())
    assert before.items() <= desk.on().items()
    said = {row[0]: row[1] for row in desk.ask(SAID)}
    assert {name: said[name] for name in names} == {
        name: hashlib.sha256(data).hexdigest() for name, data in new.items()
    }
    third = desk.backup(layout=layout)
    assert (copied(third), third.bytes_read_from_source) == (0, 0)


def test_what_was_last_said_of_a_file_counts_not_what_was_said_before(desk: Desk) -> None:
    """A new file took name, size and, an hour off, time of the first; in the old zone it looks like that."""
    photo = fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"first"}, mtime_ns=LATE) / "a.txt"
    desk.backup()
    new = change(photo, shift=SHIFTS["an hour later"])
    desk.backup()
    os.utime(photo, ns=(LATE, LATE))

    assert copied(desk.backup()) == 0

    said = desk.ask("SELECT hash FROM backup_items WHERE session_id = 3 AND source_path = 'a.txt'")
    assert said == [(hashlib.sha256(new).hexdigest(),)]


def test_an_older_content_that_comes_back_is_found(desk: Desk) -> None:
    fill(desk.card, {"a.txt": b"first"}, mtime_ns=LATE)
    desk.backup()
    fill(desk.card, {"a.txt": b"other"}, mtime_ns=LATE + 7 * HOUR)
    desk.backup()
    fill(desk.card, {"a.txt": b"first"}, mtime_ns=LATE + HOUR)

    assert copied(desk.backup()) == 0

    assert len(desk.on()) == 2


def test_a_copy_that_is_gone_is_copied_anew_although_the_times_have_shifted(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"a"}, mtime_ns=LATE)
    desk.backup()
    (desk.folder / "drive/2024/2024-05-01/a.txt").unlink()
    retime(desk.card, SHIFTS["Kathmandu"])

    assert copied(desk.backup()) == 1

    assert sorted(desk.on().values()) == sorted([jpeg(1), b"a"])


@pytest.mark.parametrize("layout", Layout)
def test_a_structure_that_lost_a_file_is_another_one_at_any_time(desk: Desk, layout: Layout) -> None:
    """Its folder on the drive holds a file too many to be this one's copy."""
    fill(desk.card, CARD, mtime_ns=LATE)
    fill(desk.make("drive"), {"PRIVATE/AVCHD/own": b"own"})  # so that the tree layout takes a folder too
    desk.backup(layout=layout)
    (desk.card / "PRIVATE/M4ROOT/CLIP/C0001M01.XML").unlink()
    retime(desk.card, SHIFTS["even seconds, rounded up"])

    assert copied(desk.backup(layout=layout)) == 3


def test_a_structure_that_was_broken_off_goes_on_in_its_folder(desk: Desk) -> None:
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup(disk=Unread("C0001.MP4"))
    retime(desk.card, SHIFTS["an hour later"])

    assert copied(desk.backup()) == 1

    assert len({path.rpartition("/PRIVATE/")[0] for path in desk.on() if "/PRIVATE/" in path}) == 1


def test_two_drives_of_different_age_have_the_card_read_once(desk: Desk) -> None:
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup("one", "two")
    retime(desk.card, SHIFTS["an hour later"])
    desk.backup("one")

    both = desk.backup("one", "two")

    assert [session.counts.copied for session in both.sessions] == [0, 0]
    assert both.bytes_read_from_source == SIZE
    assert desk.backup("one", "two").bytes_read_from_source == 0


def test_recheck_reads_what_has_shifted_once(desk: Desk) -> None:
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup()
    retime(desk.card, SHIFTS["an hour later"])

    again = desk.backup(recheck=True)

    assert (copied(again), again.bytes_read_from_source) == (0, SIZE)


# -- the drive's times ------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("shift", ["an hour later", "Kathmandu", "even seconds, rounded up"])
def test_copies_whose_times_have_shifted_are_read_in_place(desk: Desk, layout: Layout, shift: str) -> None:
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup(layout=layout)
    retime(desk.folder / "drive", SHIFTS[shift])
    with desk.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = 5")
    there, disk = desk.on(), Watched()

    again = desk.backup(layout=layout, disk=disk)

    assert (copied(again), again.bytes_read_from_source) == (0, 0)
    assert not any(finding.attention for finding in again.findings)
    assert len({*disk.read}) == len(there)
    assert desk.on() == there
    ((evidence, mtime_ns, verified_at),) = desk.ask(
        "SELECT DISTINCT evidence, mtime_ns, min(verified_at) FROM file_locations"
    )
    assert (evidence, mtime_ns) == ("read_back_cold", SHIFTS[shift](LATE))
    assert isinstance(verified_at, int)
    assert verified_at > 5
    disk = Watched()
    assert copied(desk.backup(layout=layout, disk=disk)) == 0
    assert disk.read == []


@pytest.mark.parametrize("name", ["IMG_1.JPG", "a.txt"])
def test_a_copy_that_changed_with_its_time_shifted_is_copied_anew(desk: Desk, name: str) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"a"}, mtime_ns=LATE)
    desk.backup()
    change(desk.folder / "drive/2024/2024-05-01" / name, shift=SHIFTS["an hour later"])

    again = desk.backup()

    assert copied(again) == 1
    assert [finding.error_type for finding in again.findings] == ["Changed"]
    assert (desk.card / name).read_bytes() in desk.on().values()
    assert len(desk.on()) == 3
    assert copied(desk.backup()) == 0


def test_a_card_and_a_drive_may_shift_together(desk: Desk) -> None:
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup()
    there = desk.on()
    retime(desk.card, SHIFTS["an hour later"])
    retime(desk.folder / "drive", SHIFTS["whole seconds"])

    assert copied(desk.backup()) == 0

    assert desk.on() == there
    again = desk.backup(disk=(disk := Watched()))
    assert (again.bytes_read_from_source, disk.read) == (0, [])


def test_a_drive_of_another_computer_may_have_shifted_times(desk: Desk) -> None:
    """Its manifests say other times than the drive shows here; the copies are read and believed."""
    files = {name: data for name, data in CARD.items() if "PRIVATE" not in name}
    fill(desk.card, files, mtime_ns=LATE)
    desk.backup()
    there = desk.on()
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()
    retime(desk.folder / "drive", SHIFTS["Kathmandu"])

    assert copied(desk.backup()) == 0

    assert desk.on() == there
    assert desk.ask("SELECT DISTINCT evidence FROM file_locations") == [("read_back_cold",)]


# -- resuming, and looking ahead ----------------------------------------------------------------------


class Unread(Disk):
    """The card does not let one file be read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def open_source(self, path: str | os.PathLike[str]) -> int:
        if str(path).endswith(self._name):
            raise OSError(5, "Input/output error", str(path))
        return super().open_source(path)


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_session_is_not_resumed_for_a_file_with_another_time(desk: Desk, shift: str) -> None:
    """It may be another file; a new session begins, and what was done is not done again."""
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"a", "b.txt": b"b"}, mtime_ns=LATE)
    desk.backup(disk=Unread("b.txt"))
    retime(desk.card, SHIFTS[shift])
    new = change(desk.card / "b.txt")

    again = desk.backup()

    assert not again.sessions[0].resumed
    assert copied(again) == 1
    assert sorted(desk.on().values()) == sorted([jpeg(1), b"a", new])


def test_a_resumed_session_keeps_what_it_copied_although_its_time_has_shifted(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"a", "b.txt": b"b"}, mtime_ns=LATE)
    desk.backup(disk=Unread("b.txt"))
    os.utime(desk.card / "a.txt", ns=(LATE, LATE + HOUR))

    again = desk.backup()

    assert again.sessions[0].resumed
    assert copied(again) == 1
    assert desk.ask("SELECT source_path, state, mtime_ns FROM backup_items ORDER BY source_path") == [
        ("IMG_1.JPG", "verified", LATE),
        ("a.txt", "verified", LATE + HOUR),
        ("b.txt", "verified", LATE),
    ]
    assert desk.ask("SELECT files_copied, files_skipped FROM backup_sessions") == [(3, 0)]


def test_a_resumed_session_sees_that_a_finished_file_changed_behind_its_time(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "a.txt": b"a", "b.txt": b"b"}, mtime_ns=LATE)
    desk.backup(disk=Unread("b.txt"))
    new = change(desk.card / "a.txt", shift=SHIFTS["an hour later"])

    again = desk.backup()

    assert again.sessions[0].resumed
    assert copied(again) == 2
    assert sorted(desk.on().values()) == sorted([jpeg(1), b"a", b"b", new])


def test_what_is_put_in_a_files_place_while_the_card_is_read_is_not_taken_for_it(desk: Desk) -> None:
    """The time in the journal is that of the bytes that were hashed."""
    path = fill(desk.card, {"a.txt": b"a", "b.txt": b"b"}, mtime_ns=LATE) / "a.txt"
    desk.backup()
    fill(desk.card, {"a.txt": b"x"}, mtime_ns=LATE + HOUR)

    class Swapping(Disk):
        def open_source(self, name: str | os.PathLike[str]) -> int:
            if str(name).endswith("a.txt") and path.read_bytes() == b"x":
                fill(desk.card, {"a.txt": b"a"}, mtime_ns=LATE + 2 * HOUR)
            return super().open_source(name)

    result = desk.backup(disk=Swapping())

    assert [finding.path for finding in result.findings] == ["a.txt"]
    assert result.sessions[0].counts.failed == 1
    assert copied(desk.backup()) == 0


def test_a_dry_run_says_what_would_be_read(desk: Desk) -> None:
    fill(desk.card, CARD, mtime_ns=LATE)
    desk.backup()
    options = BackupOptions(desk.card, (desk.folder / "drive",), timezone="UTC")
    day = desk.folder / "drive/2024/2024-05-01"
    retime(desk.card / "DCIM/100", SHIFTS["an hour later"])
    os.utime(day / "NOTES.TXT", ns=(LATE, LATE + HOUR))
    (day / "EMPTY.DAT").unlink()
    before = snapshot(desk.folder / "drive")

    (said,) = preview(options, str(desk.catalog))

    assert (said.files_to_copy, said.files_to_read, said.files_to_skip) == (1, 5, len(CARD) - 6)
    assert snapshot(desk.folder / "drive") == before
    assert copied(backup(options, catalog=str(desk.catalog))) == 1
    (said,) = preview(options, str(desk.catalog))
    assert (said.files_to_copy, said.files_to_read, said.files_to_skip) == (0, 0, len(CARD))
