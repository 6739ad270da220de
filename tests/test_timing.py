"""The clocks of a run's stages, and what a run writes down of them."""

from __future__ import annotations

import errno
from contextlib import suppress

from cardcat.catalog.attempts import AttemptRow, StageRow, attempts_of
from cardcat.catalog.engine import open_catalog
from cardcat.model import SessionStatus, Stage
from cardcat.storage.disk import Disk, StrPath
from cardcat.timing import Timing
from tests.catalog.helpers import run_killed
from tests.support import Desk, fill, jpeg

CARD = {f"DCIM/100/IMG_{n}.JPG": jpeg(n) for n in range(5)} | {"DCIM/100/IMG_0.xmp": b"x"}


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_is_at_work_as_long_as_one_thread_is_at_it() -> None:
    hands = Hands()
    timing = Timing(hands)
    one, other = timing.at(Stage.COPY), timing.at(Stage.COPY)
    hands.now = 1.0
    one.__enter__()
    hands.now = 2.0
    other.__enter__()
    hands.now = 4.0
    one.__exit__(None, None, None)
    timing.count(Stage.COPY, 3, 300)
    assert timing.worked() == [StageRow(Stage.COPY, 3.0, 3, 300)]
    hands.now = 7.0
    other.__exit__(None, None, None)
    hands.now = 50.0
    with timing.at(Stage.COPY):
        hands.now = 51.0
    assert timing.worked() == [StageRow(Stage.COPY, 7.0, 3, 300)]


def test_what_a_stage_ends_by_does_not_stop_its_clock_for_ever() -> None:
    hands = Hands()
    timing = Timing(hands)
    with suppress(KeyError), timing.at(Stage.SCAN):
        hands.now = 2.0
        raise KeyError
    hands.now = 9.0
    with timing.at(Stage.RECORD):
        pass
    assert timing.worked() == [StageRow(Stage.SCAN, 2.0, 0, 0), StageRow(Stage.RECORD, 0.0, 0, 0)]


def attempts(desk: Desk, session: int = 1) -> list[AttemptRow]:
    with open_catalog(desk.catalog) as catalog, catalog.read() as c:
        return attempts_of(c, session)


def done(attempt: AttemptRow) -> dict[str, tuple[int, int]]:
    return {row.stage.value: (row.files, row.bytes) for row in attempt.stages}


def test_a_run_writes_down_what_each_stage_did_for_each_drive(desk: Desk) -> None:
    fill(desk.card, CARD)
    size = sum(map(len, CARD.values()))
    result = desk.backup("one", "two")
    for session in (1, 2):
        (attempt,) = attempts(desk, session)
        assert attempt.status is SessionStatus.COMPLETED
        assert (attempt.files_copied, attempt.bytes_copied, attempt.files_skipped) == (6, size, 0)
        assert attempt.bytes_read == result.bytes_read_from_source
        assert done(attempt) == {
            "scan": (6, 0),
            "hash": (0, 0),
            "dedupe": (6, 0),
            "copy": (6, size),
            "verify": (6, size),
            "metadata": (6, 0),
            "record": (6, 0),
        }
        assert all(row.seconds > 0 for row in attempt.stages)


def test_a_drive_that_has_some_already_is_told_only_of_its_own_work(desk: Desk) -> None:
    names = list(CARD)
    fill(desk.card, {name: CARD[name] for name in names[:3]})
    desk.backup("one")
    fill(desk.card, CARD)
    desk.backup("one", "two")
    desk.backup("one", "three")
    assert not {"copy", "verify", "metadata"} & set(done(attempts(desk, 4)[0]))
    copied = {
        drive: done(attempts(desk, session)[0])["copy"][0] for drive, session in (("one", 2), ("two", 3))
    }
    assert copied == {"one": 3, "two": 6}


class Failing(Disk):
    """Fails to write one drive's files from the n-th on."""

    def __init__(self, part: str, writes: int) -> None:
        super().__init__()
        self.part, self.left = part, writes

    def open_new(self, path: StrPath) -> int:
        if self.part in str(path) and ".cardcat/incoming" in str(path):
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.EIO, "Input/output error")
        return super().open_new(path)


def test_for_a_drive_that_fails_no_clock_runs_on(desk: Desk) -> None:
    fill(desk.card, CARD)
    desk.backup("one", "two", disk=Failing("/two/", 0))
    (good,), (bad,) = attempts(desk, 1), attempts(desk, 2)
    assert (good.status, bad.status) == (SessionStatus.COMPLETED, SessionStatus.FAILED)
    assert done(good)["record"] == (6, 0)
    assert bad.files_copied == 0
    assert not {"verify", "metadata", "record"} & set(done(bad))


KILLED = """\
import os, sys
from pathlib import Path
from cardcat import backup as module
from cardcat.model import BackupOptions
from cardcat.plan import batches
batches.LEAST_FILES, batches.MOST_BATCHES = 2, 10**6
plain, left = module.record_batch, [2]
def record_batch(run, copied):
    plain(run, copied)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
module.record_batch = record_batch
card, drive, catalog = sys.argv[1:]
module.backup(BackupOptions(Path(card), (Path(drive),), timezone="UTC"), catalog=catalog)
"""


def test_a_killed_attempt_has_what_its_last_batch_put_on_record(desk: Desk) -> None:
    fill(desk.card, CARD)
    run_killed(KILLED, str(desk.card), str(desk.make("drive")), str(desk.catalog))
    (recorded,) = desk.ask("SELECT count(*), sum(size) FROM backup_items WHERE state = 'verified'")
    (attempt,) = attempts(desk)
    assert attempt.status is SessionStatus.RUNNING
    assert (attempt.files_copied, attempt.bytes_copied) == recorded
    assert 0 < attempt.files_copied < len(CARD)
    assert done(attempt)["record"][0] == attempt.files_copied
    assert attempt.bytes_read > 0

    desk.backup()
    first, second = attempts(desk)
    assert (first.status, first.files_copied) == (SessionStatus.FAILED, attempt.files_copied)
    assert first.files_pending == len(CARD) - first.files_copied
    assert (second.status, second.files_pending) == (SessionStatus.COMPLETED, 0)
    assert second.files_copied == len(CARD) - first.files_copied
    assert second.files_skipped == first.files_copied
