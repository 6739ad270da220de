"""Clocks are moved and drives keep local time: where only a time is another, the bytes decide."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.model import Evidence, Stage
from cardcat.reporting import Silent
from cardcat.storage.disk import Disk
from tests.drives import mounted
from tests.safety.asking import judged, reasons
from tests.support import DAY, Desk, fill, jpeg, snapshot

HOUR = 3_600_000_000_000  # ns


class Heard(Silent):
    """Keeps what is told."""

    def __init__(self) -> None:
        self.stages: list[tuple[Stage, int]] = []
        self.notes: list[str] = []
        self.done = 0

    def begin(self, stage: Stage, *, files: int, size: int) -> None:
        self.stages.append((stage, files))

    def advance(self, *, files: int, size: int) -> None:
        self.done += files

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def shift(root: Path, ns: int = HOUR) -> None:
    """Move the time of every file, as a drive that keeps local time does when the zone changes."""
    for path in root.rglob("*"):
        if path.is_file() and ".cardcat" not in path.parts:
            moved = path.stat().st_mtime_ns + ns
            os.utime(path, ns=(moved, moved))


def test_a_card_whose_clock_was_moved_is_read(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2), "empty": b""})
    desk.backup("one")
    shift(card)
    fill(card, {"B.JPG": jpeg(2)})
    heard = Heard()

    found = judged(desk, reporter=heard)
    assert found.safe, reasons(found)
    assert heard.stages == [(Stage.SCAN, 0), (Stage.HASH, 2)]
    assert heard.done == 2
    assert heard.notes[0].startswith("2 files have another time than when the card was backed up:")


def test_other_bytes_under_another_time_are_a_change(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one")
    shift(card)
    fill(card, {"A.JPG": jpeg(1)[:-1] + b"!"}, mtime_ns=DAY + HOUR)

    assert reasons(judged(desk)) == "A.JPG: was changed since it was backed up"


def test_another_file_of_the_card_is_no_excuse(desk: Desk, card: Path) -> None:
    """Its bytes are proved, but not as this file: what was here has been written over."""
    fill(card, {"A.bin": b"1" * 9, "B.bin": b"2" * 9})
    desk.backup("one")
    fill(card, {"A.bin": b"2" * 9}, mtime_ns=DAY + HOUR)

    assert reasons(judged(desk)) == "A.bin: was changed since it was backed up"


def test_copies_whose_times_were_moved_are_read_cold(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one")
    shift(desk.folder / "one")
    heard = Heard()
    with desk.writing() as connection:
        connection.execute("UPDATE file_locations SET evidence = 'read_back', verified_at = 1")

    found = judged(desk, reporter=heard)
    assert found.safe, reasons(found)
    assert heard.stages == [(Stage.SCAN, 0), (Stage.VERIFY, 2)]
    assert heard.notes[0].startswith("2 copies have another time than was recorded (one):")
    assert found.drives[0].evidence is Evidence.READ_BACK_COLD
    assert found.drives[0].verified_from == found.account.judged_at


def test_a_copy_with_another_time_and_other_bytes_does_not_count(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    fill(desk.folder / "one", {"2024/2024-05-01/A.JPG": jpeg(1)[:-1] + b"!"}, mtime_ns=DAY + HOUR)

    assert "has it changed, or something else in its place" in reasons(judged(desk))


class Warm(Disk):
    """Memory may answer whatever is done."""

    def drop_cache_below(self, fd: int, fs_type: str) -> str | None:
        return "somebody keeps it"


def test_a_copy_with_another_time_counts_only_if_it_is_proved_in_this_run(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    assert judged(desk, disk=Warm()).safe
    assert judged(desk, full=True, disk=Warm()).safe
    shift(desk.folder / "one")

    told = "has it with another time, and it could not be proved now (somebody keeps it: memory may have"
    assert told in reasons(judged(desk, disk=Warm()))


def test_on_a_share_a_time_that_moved_can_not_be_mended(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    with mounted("share", desk.folder / "share", "-t", "tmpfs"):
        desk.backup("share")
        assert "memory may have answered when it was read back, and tmpfs does not" in reasons(judged(desk))
        shift(desk.folder / "share")
        told = "has it with another time, and tmpfs does not let it be proved"
        assert told in reasons(judged(desk))


def test_full_makes_a_cold_proof_of_a_weaker_one(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    with desk.writing() as connection:
        connection.execute("UPDATE file_locations SET evidence = 'read_back'")

    assert "memory may have answered" in reasons(judged(desk))
    assert judged(desk, full=True).safe
    assert not judged(desk, full=True, disk=Warm()).safe


@pytest.mark.parametrize("full", [False, True])
def test_nothing_is_written_whatever_is_read(desk: Desk, card: Path, *, full: bool) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one")
    shift(card)
    shift(desk.folder / "one")
    places = [card, desk.folder / "one"]
    before = [snapshot(place) for place in places]
    rows = desk.ask("SELECT * FROM file_locations")

    assert judged(desk, full=full).safe
    assert [snapshot(place) for place in places] == before
    assert desk.ask("SELECT * FROM file_locations") == rows


def test_reading_the_card_leaves_its_access_times(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    os.utime(card / "A.JPG", ns=(1, DAY + HOUR))

    assert judged(desk, full=True).safe
    assert (card / "A.JPG").stat().st_atime_ns == 1
