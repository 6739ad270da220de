"""What is at work at the same time: the card is read for one batch while the one before is read back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from cardcat import backup as backing_up
from cardcat import opening, parallel
from cardcat import run as running
from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.plan import batches
from cardcat.run import Run
from cardcat.stages.batches import Batch
from cardcat.stages.copying import CopiedBatch, copy_batch
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.locks import is_locked
from tests.support import Desk, fill, jpeg

PATIENCE = 30  # seconds until a test that waits in vain fails
NAMES = ("A.JPG", "B.JPG", "C.JPG")


class Watched(Disk):
    """Calls *at_source* with the name of each file of the card that is opened, *at_copy* as one is proved."""

    def __init__(self, at_source: Callable[[str], object], at_copy: Callable[[], object]) -> None:
        super().__init__()
        self._at_source = at_source
        self._at_copy = at_copy

    def open_source(self, path: StrPath) -> int:
        self._at_source(str(path).rpartition("/")[2])
        return super().open_source(path)

    def drop_cache(self, fd: int, size: int) -> int | None:
        self._at_copy()
        return super().drop_cache(fd, size)


class Turn:
    """The run's own turn; it tells when it is *taken*, and when it is *wanted* while another has it."""

    def __init__(self) -> None:
        self.own: threading.Semaphore | None = None
        self.taken = threading.Event()
        self.wanted = threading.Event()

    def __enter__(self) -> None:
        assert self.own
        if not self.own.acquire(blocking=False):
            self.wanted.set()
            self.own.acquire()
        self.taken.set()

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        assert self.own
        self.own.release()


@pytest.fixture(autouse=True)
def each_file_is_a_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is a batch; the card and each drive have one thread."""
    monkeypatch.setattr(batches, "LEAST_FILES", 1)
    monkeypatch.setattr(batches, "MOST_BATCHES", 10**6)
    monkeypatch.setattr(parallel, "HANDFUL", 1)
    monkeypatch.setattr(opening, "FILES_IN_FLIGHT", 1)
    fill(desk.card, {name: jpeg(number) for number, name in enumerate(NAMES)})


@pytest.fixture(autouse=True)
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """That of the next backup; the first batch comes first."""
    found = Turn()

    def copied(run: Run, batch: Batch) -> CopiedBatch:
        if batch.number == 1:
            found.own, run.turn = run.turn, found  # type: ignore[assignment]
        else:
            assert found.taken.wait(PATIENCE)
        return copy_batch(run, batch)

    monkeypatch.setattr(backing_up, "copy_batch", copied)
    return found


def back_up(desk: Desk, disk: Disk, stop: Callable[[], bool] = lambda: False) -> BackupResult:
    options = BackupOptions(source=desk.card, destinations=(desk.make("drive"),), timezone="UTC")
    return backing_up.backup(options, catalog=str(desk.catalog), disk=disk, stop=stop)


def test_a_copy_is_read_back_while_the_next_file_of_the_card_is_read(desk: Desk) -> None:
    is_read_back = threading.Event()
    waited: list[bool] = []

    def at_source(name: str) -> None:
        if name == NAMES[1]:  # all of the card's threads are busy with it
            waited.append(is_read_back.wait(PATIENCE))

    assert back_up(desk, Watched(at_source, is_read_back.set)).status == SessionStatus.COMPLETED
    assert waited == [True]


def test_the_card_is_read_for_one_batch_at_a_time(desk: Desk, turn: Turn) -> None:
    opened: list[str] = []
    when_wanted: list[list[str]] = []

    def at_source(name: str) -> None:
        opened.append(name)
        if len(opened) == 1:
            assert turn.wanted.wait(PATIENCE)
            when_wanted.append(list(opened))

    assert back_up(desk, Watched(at_source, lambda: None)).status == SessionStatus.COMPLETED
    assert (len(when_wanted[0]), sorted(opened)) == (1, [*NAMES])


def test_a_batch_that_waits_for_its_turn_is_not_begun_after_the_user_has_stopped(
    desk: Desk, turn: Turn
) -> None:
    opened: list[str] = []

    def at_source(name: str) -> None:
        opened.append(name)
        assert turn.wanted.wait(PATIENCE)

    def stop() -> bool:
        return bool(opened) and turn.wanted.is_set()  # not before the first one is begun

    result = back_up(desk, Watched(at_source, lambda: None), stop)
    assert (result.status, len(opened)) == (SessionStatus.CANCELLED, 1)
    states = desk.ask("SELECT state, count(*) FROM backup_items GROUP BY state ORDER BY state")
    assert states == [("planned", 2), ("verified", 1)]


def test_what_a_later_batch_has_proved_is_recorded_where_an_earlier_one_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_open = threading.Event()

    def copied(run: Run, batch: Batch) -> CopiedBatch:
        assert batch.number == 2 or is_open.wait(PATIENCE)  # the second one has the turn
        return copy_batch(run, batch)

    monkeypatch.setattr(backing_up, "copy_batch", copied)
    result = back_up(desk, Watched(lambda name: is_open.set(), lambda: None), is_open.is_set)
    assert result.status == SessionStatus.CANCELLED
    assert desk.ask("SELECT source_path FROM backup_items WHERE state = 'verified'") == [(NAMES[1],)]
    assert len(desk.on()) == 1


class Done:
    """A batch that is copied already: its number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def result(self) -> CopiedBatch:
        return cast("CopiedBatch", self.number)


def test_while_a_batch_is_recorded_two_more_are_under_way() -> None:
    told: list[str] = []

    def submit(batch: Batch) -> Done:
        told.append(f"{batch} begins")
        return Done(cast("int", batch))

    def record(copied: CopiedBatch) -> None:
        told.append(f"{copied} recorded")

    for copied in backing_up.in_order(cast("list[Batch]", [1, 2, 3, 4]), submit):
        record(copied)
    begun = ["1 begins", "2 begins", "3 begins"]
    assert told == [*begun, "1 recorded", "4 begins", "2 recorded", "3 recorded", "4 recorded"]


def test_what_was_copied_is_recorded_where_no_more_can_begin() -> None:
    def submit(batch: Batch) -> Done:
        if cast("int", batch) == 3:
            raise RuntimeError
        return Done(cast("int", batch))

    copied = backing_up.in_order(cast("list[Batch]", [1, 2, 3]), submit)
    assert [next(copied), next(copied)] == cast("list[CopiedBatch]", [1, 2])
    with pytest.raises(RuntimeError):
        next(copied)


class Failed:
    """A batch that could not be copied."""

    def result(self) -> CopiedBatch:
        raise RuntimeError


def test_no_batch_begins_after_one_has_failed() -> None:
    begun: list[Batch] = []

    def submit(batch: Batch) -> Failed:
        begun.append(batch)
        return Failed()

    with pytest.raises(RuntimeError):
        next(backing_up.in_order(cast("list[Batch]", [1, 2, 3]), submit))
    assert begun == cast("list[Batch]", [1, 2])


def test_a_batch_is_waited_for_whatever_interrupts_that() -> None:
    class Interrupted:
        times = 0

        def result(self) -> CopiedBatch:
            self.times += 1
            raise KeyboardInterrupt if self.times == 1 else RuntimeError

    pending = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        list(backing_up.in_order([cast("Batch", None)], lambda _: pending))
    assert pending.times == 2


def test_two_batches_of_a_quick_card_are_read_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "QUICK", 0)
    monkeypatch.setattr(running, "ENOUGH", 0)
    monkeypatch.setattr(opening, "FILES_IN_FLIGHT", 2)
    both_there = threading.Barrier(2)
    opened: list[str] = []

    def at_source(name: str) -> None:
        opened.append(name)
        if len(opened) > 1:  # the first one has shown that the card is quick
            both_there.wait(PATIENCE)

    assert back_up(desk, Watched(at_source, lambda: None)).status == SessionStatus.COMPLETED
    assert sorted(opened) == [*NAMES]


def test_each_drive_has_threads_of_its_own(desk: Desk) -> None:
    """The copies on two drives are read back at the same time, though each drive has one thread."""
    both_there = threading.Barrier(2)
    drives = [desk.folder / "one", desk.folder / "two"]
    left = {*drives}

    class Slow(Disk):
        def drop_cache(self, fd: int, size: int) -> int | None:
            path = Path(f"/proc/self/fd/{fd}").readlink()
            drive = next(drive for drive in drives if path.is_relative_to(drive))
            if drive in left:
                left.remove(drive)
                both_there.wait(PATIENCE)
            return super().drop_cache(fd, size)

    assert desk.backup("one", "two", disk=Slow()).status == SessionStatus.COMPLETED
    assert not left


def test_no_thread_reads_the_card_any_more_when_the_locks_of_the_drives_are_freed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            ending.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def late(root: Path) -> bool:
        assert ending.wait(PATIENCE)
        return is_locked(root)

    monkeypatch.setattr(opening, "ThreadPoolExecutor", Pool)
    root = desk.make("drive")
    options = BackupOptions(source=desk.card, destinations=(root,), timezone="UTC")
    with opening.opened_run(options, str(desk.catalog)) as run:
        assert is_locked(root)
        at_work = run.threads.submit(late, root)
    ending.set()
    assert at_work.result(PATIENCE)
    assert not is_locked(root)
