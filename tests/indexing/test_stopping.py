"""An index that is killed, or that somebody stops: what was read is on record, and the next one goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cardcat.indexing import ScanState
from cardcat.owner import owner_stamp
from cardcat.plan import index_batches
from cardcat.storage.disk import Disk, StrPath
from tests.indexing.conftest import Counting, Library
from tests.support import jpeg

FILES = {
    f"{folder}/IMG_{folder}{number}.JPG": jpeg(ord(folder) + number) for folder in "ab" for number in range(5)
}


@pytest.fixture
def filled(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(index_batches.portions, "__defaults__", (2, 1_000_000))
    return library.fill(FILES)


def test_a_killed_index_loses_no_more_than_what_was_in_hand(filled: Library) -> None:
    script = Path(__file__).with_name("dying.py")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(script), str(filled.catalog), str(filled.root), "IMG_b1.JPG"]
    assert subprocess.run(command, env=environment, check=False).returncode == -9
    done = set(filled.rows())
    assert len(done) in (4, 6)  # of the portions in hand, the one that was read already may be on record
    assert filled.ask("SELECT scan_state FROM locations") == [("scanning",)]

    disk = Counting()
    found = filled.one(disk=disk)
    assert (found.state, found.new) == (ScanState.COMPLETE, 10 - len(done))
    assert not {path.rpartition("/")[2] for path in done} & set(disk.opened)
    assert set(filled.rows()) == set(FILES)
    assert filled.ask("SELECT scan_state, total_file_count FROM locations") == [("complete", 10)]
    assert filled.ask("SELECT owner FROM index_rules") == [(None,)]


def test_a_killed_index_is_seen_as_paused_by_any_other(filled: Library) -> None:
    filled.index(filled.root / "a")
    gone = json.loads(owner_stamp()) | {"pid": 2**22 + 1}
    filled.write("UPDATE index_rules SET owner = ?", json.dumps(gone))
    filled.write("UPDATE locations SET scan_state = 'scanning'")
    filled.index(filled.root / "b")
    assert filled.ask("SELECT scan_state FROM locations ORDER BY id") == [("paused",), ("complete",)]


def test_a_stop_keeps_what_is_done_and_misses_nothing(filled: Library) -> None:
    filled.index(filled.root)
    (filled.root / "a/IMG_a0.JPG").unlink()
    filled.fill({f"c/{number}.JPG": jpeg(900 + number) for number in range(9)})
    asked = threading.Event()

    class Stopping(Disk):
        def open_source(self, path: StrPath) -> int:
            if Path(path).name == "5.JPG":
                asked.set()
            return super().open_source(path)

    result = filled.index(disk=Stopping(), stop=asked.is_set)
    (found,) = result.locations
    assert (found.state, result.is_cancelled, result.exit_code) == (ScanState.PAUSED, True, 130)
    assert 2 <= found.new <= 6
    assert "missing" not in filled.statuses().values()
    assert filled.ask("SELECT scan_state FROM locations") == [("paused",)]
    assert (found.new + filled.one().new, set(filled.rows("missing"))) == (9, {"a/IMG_a0.JPG"})


def test_a_film_is_not_read_to_its_end_for_a_stop(filled: Library) -> None:
    asked = threading.Event()
    with (filled.root / "film.mov").open("wb") as film:
        film.truncate(400_000_000_000)

    class Stopping(Disk):
        def read_into(self, fd: int, view: memoryview) -> int:
            if len(view) and os.fstat(fd).st_size > 1_000_000:
                asked.set()
            return super().read_into(fd, view)

    found = filled.one(disk=Stopping(), stop=asked.is_set)
    assert found.state is ScanState.PAUSED
    assert found.findings == ()
    assert "film.mov" not in filled.rows()
