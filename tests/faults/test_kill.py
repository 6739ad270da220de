"""The real command, with its threads and workers, is killed at random moments until it gets to its end."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.command import start
from tests.faults.records import STATES, rows_of
from tests.faults.scene import film
from tests.faults.truth import Undisturbed, before, end_of, require_end, require_truth
from tests.support import Desk, fill, jpeg

KILLS = min(int(os.environ.get("CARDCAT_FAULTS", "3")), 200)
SEED = 20240501
MADE = "SELECT 1 FROM sqlite_schema WHERE name = 'entries'"  # else it was killed before the catalog was
PATIENCE = 600  # seconds: an end, so that a hanging command is told of

PHOTOS = 1_000
CARD = {
    **{f"DCIM/{100 + n // 250}CANON/IMG_{n:04}.JPG": jpeg(n % 900) for n in range(PHOTOS)},
    **{
        f"DCIM/{100 + n // 250}CANON/IMG_{n:04}.xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>%d" % (n % 7)
        for n in range(150)
    },
    **{f"PRIVATE/AVCHD/BDMV/STREAM/{n:05}.MTS": b"G" + b"%d" % n for n in range(20)},
    **{f"notes/{n}.txt": b"%d" % (n % 3) for n in range(28)},
    "DCIM/104CANON/MVI_0001.MOV": film(),
    "DCIM/104CANON/IMG_0001.JPG": jpeg(-1) + bytes(3 << 20),
}


@dataclass(frozen=True)
class Whole:
    """A run that nothing happened to: the desk that it left, and how long it took."""

    card: Path
    left: Undisturbed
    seconds: float


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    assert len(CARD) == 1_200
    desk = Desk(tmp_path_factory.mktemp("whole"))
    fill(desk.card, CARD)
    began = time.monotonic()
    assert killed_within(desk, PATIENCE) is False
    seconds = time.monotonic() - began
    return Whole(desk.card, Undisturbed((), end_of(desk), sorted(rows_of(desk, STATES), key=repr)), seconds)


def killed_within(desk: Desk, seconds: float) -> bool:
    """Back up, and kill that after so many seconds; whether it came to that."""
    drives = desk.make("one"), desk.make("two")
    command = start("backup", desk.card, *drives, "--direct", "--timezone", "UTC", catalog=desk.catalog)
    try:
        command.process.wait(seconds)
    except subprocess.TimeoutExpired:
        command.kill()
        return True
    ended = command.ended()
    assert ended.code == 0, ended
    return False


def test_killed_at_random_moments_the_next_run_finishes_the_job(tmp_path: Path, whole: Whole) -> None:
    chance = random.Random(SEED)
    kills = runs = 0
    while kills < KILLS:
        desk = Desk(tmp_path / str(runs))
        desk.folder.mkdir()
        shutil.copytree(whole.card, desk.card, dirs_exist_ok=True)
        was = before(desk)
        while killed_within(desk, chance.random() * whole.seconds if kills < KILLS else PATIENCE):
            kills += 1
            if desk.catalog.exists() and rows_of(desk, MADE):
                require_truth(desk, was, whole.left.end)
        require_end(desk, was, whole.left)
        shutil.rmtree(desk.folder)
        runs += 1
    print(f"{kills} kills, {runs} backups of {len(CARD)} files to two drives, each whole in the end")  # noqa: T201
