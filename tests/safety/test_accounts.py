"""Every file on the card is accounted for, and what is not a file makes it a no."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cardcat.errors import SourceError
from cardcat.model import Stage, Volume
from cardcat.reporting import Silent
from cardcat.safety import card as card_module
from cardcat.storage.disk import Disk
from cardcat.storage.ignore import ignored
from cardcat.storage.volumes import volume_of
from tests.drives import mounted
from tests.safety.asking import judged, reasons
from tests.support import Desk, fill, jpeg


def test_what_the_published_list_names_needs_no_copy(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    left_out = [".DS_Store", "._A.JPG", "Thumbs.db", "desktop.ini", ".Trashes/x", "$RECYCLE.BIN/y"]
    fill(card, dict.fromkeys(left_out, b"z"))
    assert judged(desk).safe, reasons(judged(desk))
    assert judged(desk).files == 1

    fill(card, {"._B.JPG": b"beside nothing"})
    assert not ignored("._B.JPG", frozenset(), is_folder=False)
    assert [reason.path for reason in judged(desk).reasons] == ["._B.JPG"]


def test_what_is_hidden_needs_a_copy_too(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    fill(card, {".hidden/.file": b"x"})

    assert reasons(judged(desk)) == ".hidden/.file: was never backed up from this card"


def test_what_was_excluded_makes_it_a_no(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.tmp": b"b"})
    desk.backup("one", excludes=("*.tmp",))

    assert [reason.path for reason in judged(desk).reasons] == ["B.tmp"]


def a_link(path: Path) -> None:
    path.symlink_to("A.JPG")


def a_dangling_link(path: Path) -> None:
    path.symlink_to("nothing")


def a_link_to_a_folder(path: Path) -> None:
    path.symlink_to("/")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(path.parent)
        server.bind(path.name)


@pytest.mark.parametrize("make", [a_link, a_dangling_link, a_link_to_a_folder, os.mkfifo, a_socket])
def test_what_is_no_file_makes_it_a_no(
    desk: Desk, card: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    fill(card, {"A.JPG": jpeg(1)})
    make(card / "special")
    desk.backup("one")

    assert [reason.path for reason in judged(desk).reasons] == ["special"]
    assert [reason.path for reason in judged(desk, full=True).reasons] == ["special"]
    monkeypatch.chdir(desk.folder)


def test_another_filesystem_below_the_card_makes_it_a_no(desk: Desk, card: Path) -> None:
    """What it hides was never looked at."""
    fill(card, {"A.JPG": jpeg(1), "inner/B.JPG": jpeg(2)})
    desk.backup("one")
    with mounted("tmpfs", card / "inner", "-t", "tmpfs"):
        fill(card / "inner", {"B.JPG": jpeg(2)})
        assert "inner" in [reason.path for reason in judged(desk).reasons]


class Refusing(Disk):
    """Does not let anybody look into or at what is called `bad`."""

    def stat_in(self, folder: int, name: str) -> os.stat_result:
        if name == "bad.JPG":
            raise PermissionError(13, "Permission denied")
        return super().stat_in(folder, name)

    def open_folder(self, path: str | os.PathLike[str], within: int | None = None) -> int:
        if os.fspath(path) == "bad":
            raise OSError(5, "Input/output error")
        return super().open_folder(path, within)


def test_what_can_not_be_looked_at_makes_it_a_no(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "bad.JPG": jpeg(2), "bad/B.JPG": jpeg(3)})
    desk.backup("one")
    assert judged(desk).safe

    assert [reason.path for reason in judged(desk, disk=Refusing()).reasons] == ["bad", "bad.JPG"]


class Unreadable(Disk):
    """Its files can be seen, and not opened."""

    def open_source(self, path: str | os.PathLike[str]) -> int:
        raise OSError(5, "Input/output error")


def test_what_can_not_be_read_makes_a_full_look_a_no(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")

    found = judged(desk, full=True, disk=Unreadable())
    assert reasons(found) == "A.JPG: could not be read: input/output error"


def test_equal_files_need_one_copy_a_drive(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "again/A.JPG": jpeg(1)})
    desk.backup("one")
    assert list(desk.on("one").values()) == [jpeg(1)]

    found = judged(desk)
    assert found.safe, reasons(found)
    assert [(drive.files, drive.size) for drive in found.drives] == [(2, 2 * len(jpeg(1)))]
    assert not judged(desk, 2).safe


def test_a_copy_that_something_was_found_wrong_with_never_counts(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    for trouble, told in (
        ("damaged", "had it damaged"),
        ("missing", "did not have it"),
        ("unreadable", "could"),
    ):
        with desk.writing() as connection:
            connection.execute("DELETE FROM copy_findings")
            connection.execute(
                "INSERT INTO copy_findings (file_location_id, trouble, message, expected_hash, found_at) "
                "SELECT id, ?, 'x', 'y', 0 FROM file_locations",
                (trouble,),
            )
        assert told in reasons(judged(desk))
        assert told in reasons(judged(desk, full=True))
    with desk.writing() as connection:
        connection.execute("UPDATE copy_findings SET resolved_at = 1")
    assert judged(desk).safe


class Meddling(Silent):
    """Does something to the card when its copies, or the card itself, begin to be read."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self._meddle = meddle

    def begin(self, stage: Stage, *, files: int, size: int) -> None:
        if stage is Stage.VERIFY:
            self._meddle()


def test_what_comes_while_the_card_is_read_makes_it_a_no(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")

    def meddle() -> None:
        fill(card, {"B.JPG": jpeg(2)})
        (card / "link").symlink_to("A.JPG")

    found = judged(desk, full=True, reporter=Meddling(meddle))
    assert [reason.path for reason in found.reasons] == ["B.JPG", "link"]


def test_another_card_in_its_place_is_not_judged_by_the_first(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    keys = iter([volume_of(card).key, "uuid:another"])

    def another(path: Path) -> Volume:
        return replace(volume_of(path), key=next(keys))

    monkeypatch.setattr(card_module, "volume_of", another)
    with pytest.raises(SourceError, match="Another card took the place"):
        judged(desk)


def test_a_drive_that_is_swapped_while_its_copies_are_read_does_not_count(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")

    class Swapping(Disk):
        """Takes the file away once it has been opened."""

        def open_copy(self, path: str | os.PathLike[str]) -> int:
            fd = super().open_copy(path)
            if str(path).endswith("A.JPG"):
                Path(path).unlink()
            return fd

    found = judged(desk, full=True, disk=Swapping())
    assert "was changed or unplugged while it was looked at" in reasons(found)
