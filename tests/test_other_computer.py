"""A drive that another computer filled: what its lists say is a claim, and is read before it is relied on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog
from cardcat.model import BackupResult, Layout, SessionStatus
from cardcat.storage.disk import Disk
from tests.support import Desk, fill, jpeg, snapshot

LARGE = jpeg(3) + b"\0" * 200_000
CARD = {
    "DCIM/IMG_1.JPG": jpeg(1),
    "DCIM/IMG_1.xmp": b"<x/>",
    "DCIM/IMG_2.CR3": LARGE,
    "DCIM/TWIN.JPG": jpeg(1),
    "DCIM/sub/IMG_1.JPG": jpeg(2),
    "DCIM/sub/IMG_1.xmp": b"<x/>",
    "MISC/note.txt": b"note",
    "MISC/empty.dat": b"",
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"index",
    "PRIVATE/AVCHD/BDMV/MOVIE.BDM": b"movie",
}
COPIES = len(CARD) - 1  # the twin has none of its own
NAMES = ("IMG_2.CR3", "IMG_1.xmp", "note.txt", "INDEX.BDM")


def on_another_computer(desk: Desk) -> None:
    """From here on there is another catalog, which knows nothing."""
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()


def copy_of(desk: Desk, name: str) -> Path:
    return next((desk.folder / "drive").rglob(name))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def copied(result: BackupResult) -> int:
    assert result.status == SessionStatus.COMPLETED
    counts = result.sessions[0].counts
    assert (counts.failed, counts.pending, counts.scanned) == (0, 0, len(CARD))
    return counts.copied


class Watched(Disk):
    """Looks into the catalog before the first copy is read, and remembers which are."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.claimed: list[tuple[object, ...]] = []
        self.read: set[str] = set()

    def open_copy(self, path: str | os.PathLike[str]) -> int:
        if not {".cardcat", "ascmhl"} & {*Path(path).parts}:
            if not self.read:
                self.claimed = self._desk.ask(
                    "SELECT evidence, verified_how, count(*) FROM file_locations GROUP BY 1, 2"
                )
            self.read.add(Path(path).name)
        return super().open_copy(path)


@pytest.mark.parametrize("layout", Layout)
def test_what_another_computer_copied_is_claimed_read_and_skipped(desk: Desk, layout: Layout) -> None:
    fill(desk.card, CARD)
    desk.backup(layout=layout)
    there = snapshot(desk.folder / "drive")
    on_another_computer(desk)
    disk = Watched(desk)

    result = desk.backup(layout=layout, disk=disk)

    assert copied(result) == 0
    assert result.sessions[0].counts.bytes_copied == 0
    assert disk.claimed == [("claimed", "the drive's manifest", COPIES)]
    assert {Path(name).name for name in desk.on()} == disk.read
    after = snapshot(desk.folder / "drive")
    assert {name: after[name] for name in desk.on()} == {name: there[name] for name in desk.on()}
    assert desk.ask("SELECT evidence, count(*) FROM file_locations GROUP BY 1") == [
        ("read_back_cold", COPIES)
    ]
    again = desk.backup(layout=layout)
    assert (copied(again), again.bytes_read_from_source) == (0, 0)


def test_the_catalog_is_asked_and_told_of_many_copies_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction a file would take longer than to copy them all."""
    taken: list[str] = []

    def counted(way: str) -> Callable[[Catalog], AbstractContextManager[Connection]]:
        plain = getattr(Catalog, way)

        def transaction(catalog: Catalog) -> AbstractContextManager[Connection]:
            taken.append(way)
            found: AbstractContextManager[Connection] = plain(catalog)
            return found

        return transaction

    for way in ("read", "write"):
        monkeypatch.setattr(Catalog, way, counted(way))

    def transactions(notes: int) -> int:
        fill(desk.card, {f"MISC/{number}.txt": b"note %d" % number for number in range(notes)})
        desk.backup()
        on_another_computer(desk)
        taken.clear()
        assert desk.backup().sessions[0].counts.copied == 0
        number = len(taken)
        assert desk.ask("SELECT DISTINCT evidence FROM file_locations") == [("read_back_cold",)]
        return number

    few = transactions(5)
    assert transactions(60) <= few + 2  # those that carry on the history of the first


def changed(copy: Path) -> None:
    """As damage does it: other bytes, same size, same time."""
    status = copy.stat()
    copy.write_bytes(copy.read_bytes()[:-1] + b"!")
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))


def edited(copy: Path) -> None:
    """As a person does it."""
    copy.write_bytes(copy.read_bytes()[:-1] + b"!")


def longer(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes() + b"!")


WRONG: tuple[Callable[[Path], object], ...] = (changed, edited, longer, Path.unlink)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("wrong", WRONG)
def test_claims_that_are_wrong_are_copied_anew(
    desk: Desk, wrong: Callable[[Path], object], layout: Layout
) -> None:
    """Files that are not what the list says stay as they are, and answer for nothing."""
    fill(desk.card, CARD)
    desk.backup(layout=layout)
    on_another_computer(desk)
    touched = [copy_of(desk, name) for name in NAMES]
    for copy in touched:
        wrong(copy)
    left = {copy: copy.read_bytes() for copy in touched if copy.exists()}

    result = desk.backup(layout=layout)

    assert copied(result) >= len(NAMES)
    assert set(CARD.values()) <= set(desk.on().values())
    assert {copy: copy.read_bytes() for copy in left} == left
    said = desk.ask("SELECT hash, destination_path FROM backup_items WHERE state IN ('verified', 'skipped')")
    assert len(said) == len(CARD)
    for hash_, path in said:
        assert digest(desk.folder / "drive" / str(path)) == hash_
    again = desk.backup(layout=layout)
    assert (copied(again), again.bytes_read_from_source) == (0, 0)
