"""Cards that are plugged in: which are backed up by themselves, which are only told of, and how often."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cardcat import inserted, stopping, watching, watchlist
from cardcat.backup import backup
from cardcat.catalog.engine import open_catalog
from cardcat.errors import (
    CancelledError,
    CardcatError,
    CatalogBusyError,
    DestinationBusyError,
    DestinationError,
    SourceError,
    UsageError,
)
from cardcat.inserted import CardState
from cardcat.model import BackupOptions, BackupResult, Layout, SessionStatus, Volume
from cardcat.owner import _start_ticks, owner_stamp
from cardcat.plan import cards
from cardcat.reporting import Silent, reporting_to
from cardcat.starters import Here, NotNowError, Order, Started, Starter
from cardcat.storage import destination, readers
from cardcat.storage.destination import lock
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.mounts import Mount, MountWatch
from cardcat.storage.volumes import volume_of
from cardcat.watching import look
from cardcat.watchlist import disable, enable, enabled_cards
from tests.drives import attached, drive, exfat_drive, mounted, plugged_in, require_mounting
from tests.support import Desk, fill, jpeg, snapshot

PHOTOS = {f"DCIM/100/IMG_{n}.JPG": jpeg(n) for n in range(3)}
MORE = {"DCIM/100/IMG_9.JPG": jpeg(9) * 20}
GONE = json.dumps({"host": os.uname().nodename, "boot": "", "pid": 1, "started": "0"})
"""The stamp of a process that is not there any more."""
OTHER = json.dumps(json.loads(owner_stamp()) | {"pid": os.getppid(), "started": _start_ticks(os.getppid())})
"""The stamp of another one that lives."""


class Noting(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


class Runs:
    """Has runs of their own made, which work until they are said to be over."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.working: set[str] = set()

    def start(self, order: Order) -> Started:
        self.orders.append(order)
        self.working.add(run := f"run {len(self.orders)}")
        return Started(run)

    def is_at_work(self, flow_run_id: str) -> bool:
        return flow_run_id in self.working


class Failing:
    """Can't do it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.tries = 0

    def start(self, order: Order) -> Started:
        self.tries += 1
        raise self.error

    def is_at_work(self, flow_run_id: str) -> bool:
        return False


class Room:
    """A desk with readers: what is seen of them, and what is said."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.catalog = str(desk.catalog)
        self.results: list[BackupResult] = []
        self.said = Noting()

    def enable(self, card: str, *drives: str, **more: object) -> None:
        order = BackupOptions(self.desk.folder, tuple(self.desk.folder / name for name in drives), **more)  # type: ignore[arg-type]
        enable(self.catalog, str(self.desk.folder / card), order)

    def look(self, starter: Starter | None = None, disk: Disk | None = None) -> list[CardState]:
        here = Here(self.catalog, lambda _, result: self.results.append(result))
        with reporting_to(self.said), open_catalog(self.catalog) as catalog:
            return [card.state for card in look(catalog, starter or here, disk)]


@pytest.fixture
def room(desk: Desk) -> Room:
    return Room(desk)


@pytest.fixture
def on_desktop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's folder is one that cards are mounted in."""
    monkeypatch.setattr(cards, "FOLDERS", (str(desk.folder),))


@contextmanager
def plugged(room: Room, *names: str, files: dict[str, bytes] = PHOTOS) -> Iterator[None]:
    """Drives of these names; those that begin with `card` are filled."""
    with ExitStack() as stack:
        for name in names:
            place = stack.enter_context(drive(room.desk.folder / name, label=name.upper()))
            if name.startswith("card"):
                fill(place, files)
        yield


def test_a_card_is_backed_up_once_for_each_time_that_it_is_put_in_or_filled(room: Room) -> None:
    card = room.desk.folder / "card"
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        before = snapshot(card)

        assert [room.look(), room.look()] == [[CardState.STARTED], [CardState.DONE]]
        assert snapshot(card) == before
        assert len(room.desk.on("one")) == len(PHOTOS)
        fill(card, MORE)
        assert [room.look(), room.look()] == [[CardState.STARTED], [CardState.DONE]]
        assert len(room.desk.on("one")) == len(PHOTOS) + len(MORE)
    with plugged_in(card), plugged_in(room.desk.folder / "one"):
        assert [room.look(), room.look()] == [[CardState.STARTED], [CardState.DONE]]
    assert [sum(s.counts.copied for s in result.sessions) for result in room.results] == [3, 1, 0]


def test_a_real_card_of_exfat_is_known_again(room: Room) -> None:
    with exfat_drive(room.desk.folder / "card", label="EOS") as card, plugged(room, "one"):
        fill(card, PHOTOS)
        room.enable("card", "one")

        assert [room.look(), room.look()] == [[CardState.STARTED], [CardState.DONE]]
    assert len(room.results) == 1


@pytest.mark.usefixtures("on_desktop")
def test_a_card_that_is_not_enabled_is_told_of_once_with_the_command(room: Room) -> None:
    with plugged(room, "card"):
        assert [room.look(), room.look()] == [[CardState.NOT_ENABLED]] * 2
    (said,) = room.said.notes
    assert f"cardcat watch enable {room.desk.folder / 'card'} DEST" in said
    assert "(DCIM)" in said
    with plugged_in(room.desk.folder / "card"):
        room.look()
    assert len(room.said.notes) == 2
    assert not room.results


class Watched(Disk):
    """Notes which folders are looked into, and that no file is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def open_folder(self, path: StrPath, within: int | None = None) -> int:
        self.opened.append(os.fspath(path))
        return super().open_folder(path, within)

    def open_source(self, path: StrPath) -> int:
        raise AssertionError(path)


@pytest.mark.usefixtures("on_desktop")
def test_of_a_card_that_is_not_enabled_only_top_folders_are_listed(room: Room) -> None:
    card, disk = room.desk.folder / "card", Watched()
    with drive(card, options="strictatime"):
        fill(card, {"PRIVATE/M4ROOT/CLIP/C0001.MP4": b"x", "DCIM/100/A.JPG": b"x", "Music/a.mp3": b"x"})
        seen = [card, card / "PRIVATE", card / "DCIM", card / "PRIVATE/M4ROOT"]
        for path in seen:
            os.utime(path, ns=(1_000_000_000, 1_000_000_000))
        before = [path.stat().st_atime_ns for path in seen]

        assert room.look(disk=disk) == [CardState.NOT_ENABLED]

        assert disk.opened == [str(card), "PRIVATE"]
        assert [path.stat().st_atime_ns for path in seen] == before


@pytest.mark.usefixtures("on_desktop")
def test_what_looks_like_no_card_or_is_backed_up_to_is_not_told_of(room: Room) -> None:
    with plugged(room, "card", "one", "two"):
        fill(room.desk.folder / "two", {"Documents/a.txt": b"x"})
        room.desk.backup("one", source=room.desk.folder / "card")
        (room.desk.folder / "one/DCIM").mkdir()
        shutil.rmtree(room.desk.folder / "one/.cardcat")  # the catalog knows it all the same

        assert room.look() == [CardState.NOT_ENABLED]  # the card alone


def test_elsewhere_a_card_that_nobody_enabled_is_left_alone(room: Room) -> None:
    with plugged(room, "card"):
        assert room.look() == []


def test_a_drive_that_is_backed_up_to_is_a_card_if_it_is_enabled(room: Room) -> None:
    with plugged(room, "card", "one", "two"):
        room.desk.backup("one", source=room.desk.folder / "card")
        room.enable("one", "two")

        assert room.look() == [CardState.STARTED]


def test_the_disk_that_the_computer_runs_from_is_never_a_card(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        found = [dataclasses.replace(each, is_system=True) for each in readers.plugged_volumes()]
        monkeypatch.setattr(inserted, "plugged_volumes", lambda: found)

        assert room.look() == []
        monkeypatch.setattr("cardcat.watchlist.plugged_volumes", lambda: found)
        with pytest.raises(UsageError, match="part of this computer"):
            room.enable("card", "one")


def test_a_card_with_nothing_on_it_is_left_alone(room: Room) -> None:
    with plugged(room, "card", "one", files={}):
        room.enable("card", "one")
        (room.desk.folder / "card/System Volume Information").mkdir()

        assert room.look() == [CardState.EMPTY]


# -- which card it is -------------------------------------------------------------------------------


def test_of_a_card_and_its_clone_neither_is_started(room: Room) -> None:
    card, copy = room.desk.folder / "card", room.desk.folder / "copy"
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        subprocess.run(["sync", "-f", str(card)], check=True)
        shutil.copyfile(f"{card}.img", f"{copy}.img")
        with plugged_in(copy):
            assert [room.look(), room.look()] == [[CardState.DOUBTFUL] * 2] * 2
            assert len(room.said.notes) == 2
    with plugged_in(copy), plugged_in(room.desk.folder / "one"):  # instead of the card
        assert room.look() == [CardState.DOUBTFUL]
        with pytest.raises(UsageError, match="may be a clone"):
            room.enable("copy", "one")
    assert f"cardcat backup {copy} DEST" in room.said.notes[-1]
    assert not room.results


def test_a_clone_is_known_again_after_a_backup_by_hand(room: Room) -> None:
    card, copy = room.desk.folder / "card", room.desk.folder / "copy"
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        subprocess.run(["sync", "-f", str(card)], check=True)
        shutil.copyfile(f"{card}.img", f"{copy}.img")
    with plugged_in(copy), plugged_in(room.desk.folder / "one"):
        room.desk.backup("one", source=copy)

        assert room.look() == [CardState.STARTED]


def test_a_card_of_another_size_is_another_card(room: Room) -> None:
    """The UUIDs of FAT have 32 bits, and some cameras give every card the same."""
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        with room.desk.writing() as c:
            c.execute("UPDATE volumes SET total_bytes = total_bytes + 4096 WHERE label = 'CARD'")

        assert room.look() == [CardState.DOUBTFUL]


@pytest.mark.usefixtures("on_desktop")
def test_a_formatted_card_is_told_of_with_where_it_went_before(room: Room) -> None:
    card = room.desk.folder / "card"
    with plugged(room, "card", "one"):
        room.enable("card", "one")
    with plugged_in(room.desk.folder / "one"), drive(card, label="CARD"):
        fill(card, PHOTOS)
        assert room.look() == [CardState.NOT_ENABLED]
    assert f"cardcat watch enable {card} {room.desk.folder / 'one'}" in room.said.notes[-1]


def test_what_is_on_no_device_is_no_card(room: Room) -> None:
    require_mounting()
    with mounted("none", room.desk.folder / "card", "-t", "tmpfs") as card:
        fill(card, PHOTOS)
        room.desk.make("drive")
        with pytest.raises(UsageError, match="is no card"):
            room.enable("card", "drive")


@pytest.mark.usefixtures("on_desktop")
def test_a_card_without_a_uuid_cannot_be_enabled(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    card = room.desk.folder / "card"

    def nameless(path: Path) -> Volume:
        volume = volume_of(path)
        is_card = volume.mount_point == card
        return dataclasses.replace(volume, key="ext4:/dev/x:1", fs_uuid=None) if is_card else volume

    with plugged(room, "card", "one"):
        monkeypatch.setattr(inserted, "volume_of", nameless)
        monkeypatch.setattr(watchlist, "volume_of", nameless)

        assert room.look() == [CardState.NOT_ENABLED]
        assert f"no UUID to be recognised by. To back it up: cardcat backup {card} DEST" in room.said.notes[0]
        with pytest.raises(UsageError, match="no UUID of its own"):
            room.enable("card", "one")


def test_a_card_that_was_changed_during_a_look_is_not_backed_up(room: Room) -> None:
    """While the first card is backed up, one that nobody enabled takes the place of the second."""
    folder = room.desk.folder
    with ExitStack() as stack, plugged(room, "card1", "one"):
        with plugged(room, "card2"):
            room.enable("card1", "one")
            room.enable("card2", "one")
        stack.enter_context(plugged_in(folder / "card2"))

        assert room.look(Swapping(room, folder / "card2", stack)) == [CardState.STARTED, CardState.GONE]
    assert len(room.results) == 1


class Swapping(Here):
    """Puts a stranger in the place of a card after the first backup."""

    def __init__(self, room: Room, place: Path, stack: ExitStack) -> None:
        super().__init__(room.catalog, lambda _, result: room.results.append(result))
        self._place, self._stack = place, stack

    def start(self, order: Order) -> Started:
        started = super().start(order)
        self._stack.close()
        fill(self._stack.enter_context(drive(self._place, label="STRANGER")), MORE)
        return started


@pytest.mark.parametrize("changed", ["card", "two"])
def test_a_run_that_waited_takes_no_other_card_or_drive(room: Room, changed: str) -> None:
    folder, runs = room.desk.folder, Runs()
    with ExitStack() as stack:
        for name in ("card", "one", "two"):
            stack.enter_context(plugged(room, name))
        room.enable("card", "one", "two")
        room.look(runs)
    (order,) = runs.orders
    with ExitStack() as stack:
        for name in ("card", "one", "two"):
            stack.enter_context(drive(folder / name) if name == changed else plugged_in(folder / name))
        if changed == "card":
            fill(folder / "card", PHOTOS)
            with pytest.raises(SourceError, match="another volume"):
                backup(order.options, catalog=room.catalog)
            assert not room.desk.on("one")
        else:
            result = backup(order.options, catalog=room.catalog)
            assert [each.status for each in result.sessions] == [
                SessionStatus.COMPLETED,
                SessionStatus.FAILED,
            ]
            assert "another volume" in (result.sessions[1].message or "")
            assert not list((folder / "two").iterdir())


# -- its drives -------------------------------------------------------------------------------------


def test_a_drive_that_is_absent_is_told_of_once_and_filled_when_it_comes(room: Room) -> None:
    folder = room.desk.folder
    with plugged(room, "card", "one"):
        with plugged(room, "two"):
            room.enable("card", "one", "two")
        assert [room.look(), room.look()] == [[CardState.STARTED], [CardState.WAITING]]
        (said,) = room.said.notes
        assert str(folder / "two") in said
        assert not room.desk.on("two"), "the empty mount point is not the drive"
        with plugged_in(folder / "two"):
            assert [room.look(), room.look()] == [[CardState.STARTED], [CardState.DONE]]
            assert len(room.desk.on("two")) == len(PHOTOS)
    assert [[s.destination_path for s in result.sessions] for result in room.results] == [
        [str(folder / "one")],
        [str(folder / "two")],
    ]


def test_a_drive_is_found_wherever_it_is_mounted(room: Room) -> None:
    folder = room.desk.folder
    with plugged(room, "card", "one"):
        (folder / "one/photos").mkdir()
        room.enable("card", "one/photos", layout=Layout.TREE, excludes=("*.xmp",))
    device = attached(folder / "one.img")
    try:
        with plugged_in(folder / "card"), mounted(device, folder / "elsewhere"):
            assert room.look() == [CardState.STARTED]
            assert set(room.desk.on("elsewhere/photos")) == set(PHOTOS)
    finally:
        subprocess.run(["losetup", "-d", device], check=False)


def test_two_cards_for_one_drive_go_one_after_the_other(room: Room) -> None:
    runs = Runs()
    with plugged(room, "card1", "card2", "one"):
        room.enable("card1", "one")
        room.enable("card2", "one")

        assert room.look(runs) == [CardState.STARTED, CardState.AT_WORK]
        assert room.look(runs) == [CardState.DONE, CardState.AT_WORK]
        runs.working.clear()
        assert room.look(runs) == [CardState.DONE, CardState.STARTED]
    assert [order.card for order in runs.orders] == ["CARD1", "CARD2"]


def test_two_cards_for_two_drives_go_side_by_side(room: Room) -> None:
    runs = Runs()
    with plugged(room, "card1", "card2", "one", "two"):
        room.enable("card1", "one")
        room.enable("card2", "two")

        assert room.look(runs) == [CardState.STARTED, CardState.STARTED]


def test_in_this_process_one_look_does_both(room: Room) -> None:
    with plugged(room, "card1", "card2", "one"):
        room.enable("card1", "one")
        room.enable("card2", "one")

        assert room.look() == [CardState.STARTED, CardState.STARTED]
    assert len(room.results) == 2


def test_a_drive_that_a_session_writes_to_is_waited_for(room: Room) -> None:
    with plugged(room, "card", "one"):
        room.desk.backup("one", source=room.desk.folder / "card")
        room.enable("card", "one")
        with room.desk.writing() as c:
            c.execute("UPDATE backup_sessions SET status = 'running', completed_at = NULL")
            c.execute("UPDATE session_details SET owner = ?", (owner_stamp(),))
        assert room.look() == [CardState.AT_WORK]
        with room.desk.writing() as c:
            c.execute("UPDATE session_details SET owner = ?", (GONE,))
        assert room.look() == [CardState.STARTED]


# -- how it ends ------------------------------------------------------------------------------------


def test_what_cannot_be_done_is_told_and_not_tried_again_for_this_insertion(room: Room) -> None:
    failing = Failing(DestinationError("The drive is full.", hint="Make room."))
    with plugged(room, "card", "one"):
        room.enable("card", "one")

        assert [room.look(failing), room.look(failing)] == [[CardState.FAILED], [CardState.DONE]]
        assert failing.tries == 1
        assert "The drive is full. Make room." in room.said.notes[-1]
    with plugged_in(room.desk.folder / "card"), plugged_in(room.desk.folder / "one"):
        assert room.look(failing) == [CardState.FAILED]


@pytest.mark.parametrize(
    "end",
    [CancelledError("Cancelled."), KeyboardInterrupt(), asyncio.CancelledError(), CatalogBusyError("Busy.")],
)
def test_what_was_broken_off_is_still_to_do(room: Room, end: BaseException) -> None:
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        with pytest.raises(type(end)):
            room.look(Failing(end))

        assert room.look() == [CardState.STARTED]


@pytest.mark.parametrize("passing", [DestinationBusyError("In use."), NotNowError("No server.")])
def test_what_passes_by_itself_is_tried_again_at_the_next_look(room: Room, passing: CardcatError) -> None:
    with plugged(room, "card", "one"):
        room.enable("card", "one")

        assert room.look(Failing(passing)) == [CardState.NOT_NOW]
        assert f"is not backed up yet: {passing.message}" in room.said.notes[-1]
        assert room.look() == [CardState.STARTED]


def test_a_drive_that_a_run_of_another_catalog_has_is_waited_for(room: Room) -> None:
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        with lock(room.desk.folder / "one"):
            assert room.look() == [CardState.AT_WORK]

        assert room.look() == [CardState.STARTED]


def test_a_backup_that_was_done_here_and_did_not_complete_is_told_of(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged(room, "card", "one", "two"):
        room.enable("card", "one", "two")
        monkeypatch.setattr(destination, "write_marker", failing_below(room.desk.folder / "two"))

        assert [room.look(), room.look()] == [[CardState.FAILED], [CardState.DONE]]
    assert [result.status for result in room.results] == [SessionStatus.FAILED]


def failing_below(folder: Path) -> Callable[..., None]:
    """`write_marker`, for which that drive is full."""
    write = destination.write_marker

    def call(disk: Disk, root: Path, *more: Any) -> None:
        if os.path.realpath(root) == str(folder):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(disk, root, *more)

    return call


def test_a_busy_catalog_is_told_of_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(["busy", "busy", "free", "busy", "busy"])

    def look(*_: object) -> list[CardState]:
        if next(looks) == "busy":
            raise CatalogBusyError("The catalog is in use.")
        return []

    left = iter([False] * 5)
    monkeypatch.setattr(watching, "look", look)
    monkeypatch.setattr(watching, "EVERY", 0)
    monkeypatch.setattr(stopping, "stop_requested", lambda: next(left, True))
    monkeypatch.setattr(MountWatch, "wait", lambda *_: False)
    with reporting_to(room.said):
        watching.watch(room.catalog, Runs())

    assert room.said.notes == ["The catalog is in use."] * 2


def test_a_bug_is_not_met_every_minute(room: Room) -> None:
    failing = Failing(ZeroDivisionError())
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        with pytest.raises(ZeroDivisionError):
            room.look(failing)

        assert room.look(failing) == [CardState.DONE]


def test_what_a_killed_process_was_about_to_start_is_started(room: Room) -> None:
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        room.look()
        with room.desk.writing() as c:
            c.execute("UPDATE watched_destinations SET starter = ?", (GONE,))

        assert room.look() == [CardState.STARTED]


def test_what_another_process_is_about_to_start_is_left_to_it(room: Room) -> None:
    """And so is its drive, by the other card."""
    with plugged(room, "card1", "card2", "one"):
        room.enable("card1", "one")
        room.enable("card2", "one")
        with room.desk.writing() as c:
            c.execute(
                "UPDATE watched_destinations SET starter = ?, handled = 'x' "
                "WHERE volume_id = (SELECT id FROM volumes WHERE label = 'CARD1')",
                (OTHER,),
            )

        assert room.look() == [CardState.AT_WORK, CardState.AT_WORK]


def test_a_card_is_not_read_twice_because_another_process_starts_with_one_of_its_drives(room: Room) -> None:
    with plugged(room, "card1", "card2", "one", "two"):
        room.enable("card1", "one")
        room.enable("card2", "one", "two")
        with room.desk.writing() as c:
            c.execute(
                "UPDATE watched_destinations SET starter = ?, handled = 'x' "
                "WHERE volume_id = (SELECT id FROM volumes WHERE label = 'CARD1')",
                (OTHER,),
            )

        assert room.look() == [CardState.AT_WORK, CardState.AT_WORK]
        assert room.results == []


def test_of_two_cards_that_are_seen_at_once_one_has_the_drive(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged(room, "card1", "card2", "one"):
        room.enable("card1", "one")
        room.enable("card2", "one")

        def begin() -> None:
            with room.desk.writing() as c:
                c.execute(
                    "UPDATE watched_destinations SET starter = ? "
                    "WHERE volume_id = (SELECT id FROM volumes WHERE label = 'CARD2')",
                    (OTHER,),
                )

        look = watching._Look
        monkeypatch.setattr(look, "_is_busy", meanwhile(look._is_busy, begin))

        assert room.look() == [CardState.AT_WORK, CardState.AT_WORK]


def test_an_order_has_the_same_key_until_it_was_started(room: Room) -> None:
    """Whether a lost answer to it meant yes or no, the next one makes no second run."""
    runs = Runs()
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        lost = Losing(runs)
        assert [room.look(lost), room.look(runs)] == [[CardState.NOT_NOW], [CardState.STARTED]]
        runs.working.clear()
        with room.desk.writing() as c:
            c.execute("UPDATE watched_destinations SET handled = NULL")
        assert room.look(runs) == [CardState.STARTED]
    first, again, other = [order.key for order in runs.orders]
    assert first == again != other


class Losing:
    """Has a run made, and doesn't get to know it."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def start(self, order: Order) -> Started:
        self._runs.orders.append(order)
        raise NotNowError("No answer.")

    def is_at_work(self, flow_run_id: str) -> bool:
        return False


def test_of_two_that_look_at_once_one_starts(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen that it is due before either took it on."""
    first, second = Runs(), Runs()
    with plugged(room, "card", "one"):
        room.enable("card", "one")
        look = watching._Look
        monkeypatch.setattr(look, "_is_busy", meanwhile(look._is_busy, lambda: room.look(first)))

        assert room.look(second) == [CardState.AT_WORK]
    assert (len(first.orders), len(second.orders)) == (1, 0)


def meanwhile(function: Callable[..., bool], other: Callable[[], object]) -> Callable[..., bool]:
    """Have *other* happen once, right after the first call."""
    waiting = [other]

    def call(*arguments: object) -> bool:
        answer = function(*arguments)
        while waiting:
            waiting.pop()()
        return answer

    return call


# -- the list ---------------------------------------------------------------------------------------


def test_what_is_enabled_can_be_changed_and_disabled(room: Room) -> None:
    with plugged(room, "card", "one", "two"):
        room.enable("card", "one", "two", timezone="Europe/Paris")
        room.enable("card", "two")

        (card,) = enabled_cards(room.catalog)
        assert [each.drive.label for each in card.destinations] == ["TWO"]
        assert card.timezone is None
    assert disable(room.catalog, "CARD", dry_run=True) == "CARD"
    assert disable(room.catalog, card.volume.fs_uuid or "") == "CARD"
    assert enabled_cards(room.catalog) == []
    with pytest.raises(UsageError, match="No card is enabled"):
        disable(room.catalog, "CARD")


def test_a_card_is_enabled_by_its_name_while_it_is_out_if_it_is_known(room: Room) -> None:
    with plugged(room, "card", "one"):
        room.desk.backup("one", source=room.desk.folder / "card")
    with plugged_in(room.desk.folder / "one"):
        enable(room.catalog, "CARD", BackupOptions(Path("/"), (room.desk.folder / "one",)))
    with plugged_in(room.desk.folder / "card"), plugged_in(room.desk.folder / "one"):
        assert room.look() == [CardState.STARTED]


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_folder_that_an_unplugged_drive_left_behind_is_refused(room: Room, dry_run: bool) -> None:
    with plugged(room, "card", "one"):
        room.desk.backup("one", source=room.desk.folder / "card")
    with plugged_in(room.desk.folder / "card"):
        order = BackupOptions(room.desk.folder, (room.desk.folder / "one",))
        with pytest.raises(DestinationError, match="not mounted now"):
            enable(room.catalog, str(room.desk.folder / "card"), order, dry_run=dry_run)
    assert enabled_cards(room.catalog) == []


@pytest.mark.parametrize(
    ("card", "drives", "why"),
    [
        ("card", ("card/DCIM",), "inside the source"),
        ("card", ("one", "one"), "given twice"),
        ("card", ("one", "one/photos"), "lie in one another"),
        ("card/DCIM", ("one",), "not a card"),
        ("CARD", ("one",), "known as"),
    ],
)
def test_what_makes_no_sense_is_refused(room: Room, card: str, drives: tuple[str, ...], why: str) -> None:
    with plugged(room, "card", "one"):
        (room.desk.folder / "one/photos").mkdir()
        with pytest.raises(UsageError, match=why):
            room.enable(card, *drives)
    assert enabled_cards(room.catalog) == []


# -- the kernel -------------------------------------------------------------------------------------


def test_a_mount_wakes_whoever_waits(tmp_path: Path) -> None:
    require_mounting()
    with MountWatch() as changes:
        mounter = threading.Thread(
            target=lambda: subprocess.run(["mount", "-t", "tmpfs", "none", str(tmp_path)], check=True)
        )
        mounter.start()
        try:
            assert changes.wait(60)
        finally:
            mounter.join()
            subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_stay_is_the_same_wherever_it_is_looked_at_from(tmp_path: Path) -> None:
    """A worker in a mount namespace of its own numbers mounts otherwise."""
    one = Mount(1, tmp_path, "/", "exfat", "/dev/x")
    other = dataclasses.replace(one, id=2)
    for name, numbered in (("numbered", True), ("old", False)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dev").write_text("8:0\n")
        if numbered:
            (tmp_path / name / "diskseq").write_text("7\n")
        disks = [tmp_path / name]
        assert (readers._stay(one, disks) == readers._stay(other, disks)) is numbered
    assert readers._stay(one, []) != readers._stay(other, [])


def test_who_wants_to_stop_is_not_kept_waiting() -> None:
    with MountWatch() as changes:
        assert not changes.wait(3600, stop=lambda: True)


def test_where_no_change_is_told_it_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "mountinfo"
    file.write_text("one\n")
    with MountWatch(file) as changes:
        assert not changes.wait(0)
        file.write_text("one\ntwo\n")
        assert changes.wait(0)
        assert not changes.wait(0)
