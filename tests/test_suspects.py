"""A drive that is backed up itself: what is known to be bad on it is told while it is copied."""

from __future__ import annotations

import pytest

from cardcat.model import SessionStatus
from cardcat.reporting import Silent, reporting_to
from tests.care.bad import checked, repaired, rot
from tests.support import Desk, fill, jpeg

DAY = "2024/2024-05-01"


class Notes(Silent):
    """Keeps what a person is told of bad files."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, sentence: str) -> None:
        if "repair" in sentence:
            self.told.append(sentence)


@pytest.fixture
def notes(desk: Desk) -> Notes:
    """A drive that was backed up to, and another one with the same."""
    fill(desk.card, {f"{name}.JPG": jpeg(number) for number, name in enumerate("ABC")})
    desk.backup("one", "two")
    return Notes()


def again(desk: Desk, notes: Notes, folder: str = "one") -> list[tuple[str, str, bool, bool]]:
    """Back up the drive; the findings."""
    with reporting_to(notes):
        result = desk.backup("three", source=desk.folder / folder)
    assert result.status == SessionStatus.COMPLETED
    return [(each.path, each.error_type, each.failed, each.attention) for each in result.findings]


def test_a_drive_on_which_all_is_right_is_backed_up_without_a_word(desk: Desk, notes: Notes) -> None:
    rot(desk.folder / f"two/{DAY}/A.JPG")
    (desk.folder / f"two/{DAY}/B.JPG").unlink()
    assert len(checked(desk).wrong) == 2
    assert (again(desk, notes), notes.told) == ([], [])


@pytest.mark.parametrize(("folder", "path"), [("one", f"{DAY}/A.JPG"), ("one/2024", "2024-05-01/A.JPG")])
def test_a_file_that_is_known_to_be_damaged_is_told_of_and_copied(
    desk: Desk, notes: Notes, folder: str, path: str
) -> None:
    bad = rot(desk.folder / f"one/{DAY}/A.JPG")
    assert len(checked(desk).wrong) == 1

    assert again(desk, notes, folder) == [(path, "KnownTrouble", False, True)]

    (note,) = notes.told
    assert "1 file that is known to be bad." in note
    assert note.endswith(f"cardcat repair --dry-run {desk.folder / folder}")
    assert bad in desk.on("three").values()
    assert desk.ask("SELECT source_path, is_failure FROM backup_errors") == [(path, 0)]


def test_what_is_mended_is_not_told_of_any_more(desk: Desk, notes: Notes) -> None:
    rot(desk.folder / f"one/{DAY}/A.JPG")
    assert len(checked(desk).wrong) == 1
    assert len(repaired(desk).mended) == 1
    assert (again(desk, notes), notes.told) == ([], [])
    assert jpeg(0) in desk.on("three").values()


def test_files_that_a_drive_has_lost_are_counted(desk: Desk, notes: Notes) -> None:
    rot(desk.folder / f"one/{DAY}/A.JPG")
    for name in "BC":
        (desk.folder / f"one/{DAY}/{name}.JPG").unlink()
    assert len(checked(desk).wrong) == 3

    assert [path for path, *_ in again(desk, notes)] == [f"{DAY}/A.JPG"]

    (note,) = notes.told
    assert "1 file that is known to be bad and 2 files too few." in note
