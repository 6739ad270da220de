"""A run may be killed at any instant; the next one finishes the job."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from cardcat.model import SessionStatus
from tests.support import Desk, files_below, fill, jpeg, snapshot

SAMPLE = int(os.environ.get("CARDCAT_FAULTS", "12"))  # of the steps; the whole table takes minutes
ROOT = Path(__file__).parents[2]

CARD = {
    "DCIM/100/IMG_1.JPG": jpeg(1),
    "DCIM/100/IMG_1.xmp": b"one",
    "DCIM/101/IMG_1.JPG": jpeg(2),
    "DCIM/101/IMG_1.xmp": b"one",
    "DCIM/101/IMG_2.JPG": jpeg(1),
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"i",
    "empty.txt": b"",
}


def listed(drive: Path) -> set[str]:
    """What the manifests of a drive say is there."""
    manifests = [m for m in (drive / ".cardcat/manifests").iterdir() if m.suffix != ".jsonl"]
    return {line[66:] for m in manifests for line in m.read_text("utf-8").splitlines()}


def killed_at(step: int, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    program = [sys.executable, "-m", "tests.faults.killable", str(folder), str(step)]
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, bytes]]:
    """How many steps a whole run has, and what it leaves on a drive."""
    desk = Desk(tmp_path_factory.mktemp("whole"))
    fill(desk.card, CARD)
    desk.make("one"), desk.make("two")
    done = killed_at(0, desk.folder)
    assert done.returncode == 0, done.stderr
    return int(done.stdout), desk.on("one")


def test_killed_at_any_step_the_next_run_finishes_the_job(
    desk: Desk, undisturbed: tuple[int, dict[str, bytes]]
) -> None:
    steps, wanted = undisturbed
    chosen = random.Random(20240501).sample(range(1, steps + 1), min(SAMPLE, steps))
    for step in sorted(chosen):
        place = Desk(desk.folder / str(step))
        place.folder.mkdir()
        fill(place.card, CARD)
        place.make("one"), place.make("two")
        before = snapshot(place.card)

        died = killed_at(step, place.folder)

        assert died.returncode == 9, (step, died.stderr)
        for drive in ("one", "two"):
            for path, data in place.on(drive).items():
                assert wanted.get(path) == data, (step, path)
        result = place.backup("one", "two")
        assert result.status == SessionStatus.COMPLETED, step
        for drive in ("one", "two"):
            assert place.on(drive) == wanted, step
            assert not files_below(place.folder / drive / ".cardcat/incoming"), step
            assert listed(place.folder / drive) == set(wanted), step
        assert place.ask(
            "SELECT count(*) FROM backup_items i JOIN backup_sessions s ON s.id = i.session_id "
            "WHERE s.status = 'completed' AND i.state NOT IN ('verified', 'skipped')"
        ) == [(0,)]
        assert snapshot(place.card) == before, step
