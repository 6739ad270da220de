"""
The table of faults: at each step of a small run each fault that makes sense there, then a normal run.

A sample of the rows is drawn here; `just faults` does them all. docs/faults.md tells of them.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from cardcat.errors import CardcatError, SourceError
from cardcat.model import BackupResult, SessionStatus
from tests.faults.faulty import CARD, DRIVES, KINDS, Kind, put_back
from tests.faults.forking import KILLED, Forks
from tests.faults.powercut import lose
from tests.faults.scene import back_up, set_up
from tests.faults.steps import Step, Watched
from tests.faults.truth import Undisturbed, before, require_end, require_truth
from tests.support import Desk

ROWS = int(os.environ.get("CARDCAT_FAULTS", "6"))  # of each kind of fault; there are thousands
SEED = 20240501
MOST_CHAINS = 300


@pytest.mark.usefixtures("simple")
@pytest.mark.parametrize("name", KINDS)
def test_after_any_fault_nothing_is_wrong_and_a_normal_run_makes_it_whole(
    tmp_path: Path, undisturbed: Undisturbed, forks: Forks, name: str
) -> None:
    kind = KINDS[name]
    rows = chosen(kind, undisturbed.steps)
    failures = []
    for step in rows:
        desk = Desk(tmp_path / str(step.number))
        try:
            one_row(desk, undisturbed, forks, kind, step)
        except Exception as error:  # noqa: BLE001 - all rows are tried, and all failures told
            failures.append(f"{name} at {step}: {type(error).__name__}: {error}")
        else:
            shutil.rmtree(desk.folder)
    assert not failures, "\n".join([f"{len(failures)} of {len(rows)} rows failed:", *failures])


def chosen(kind: Kind, steps: Sequence[Step], most: int = ROWS) -> list[Step]:
    """The steps that the fault befalls, in order."""
    fitting = [step for step in steps if kind.fits(step)]
    sample = random.Random(f"{SEED} {kind.name}").sample(fitting, min(most, len(fitting)))
    return sorted(sample, key=lambda step: step.number)


def one_row(desk: Desk, undisturbed: Undisturbed, forks: Forks, kind: Kind, step: Step) -> None:
    set_up(desk.folder)
    was = before(desk)
    if kind.process:
        assert forks.run(desk.folder, kind.name, step) == KILLED
        if kind.name == "power cut":
            lose(desk.folder, f"{SEED} {step.number}")
    else:
        result = befallen(desk, kind, step)
        for drive in DRIVES:
            filled = put_back(desk.folder / drive)
            assert not filled, f"an empty mount point was filled: {filled}"
        require_outcome(result, kind, step)
    same_names = not kind.of_one_file and step.drive != CARD
    require_truth(desk, was, undisturbed.end, same_names=same_names)

    again = back_up(desk)

    assert again.status == SessionStatus.COMPLETED, [session.message for session in again.sessions]
    require_end(desk, was, undisturbed, same_names=same_names, same_first=kind.process)


SEVERAL = ("killed", "power cut", "EIO", "ENOSPC", "EROFS", "drive gone", "empty mount point", "card gone")


@pytest.mark.usefixtures("simple")
def test_after_several_faults_one_after_another_a_normal_run_makes_it_whole(
    tmp_path: Path, undisturbed: Undisturbed, forks: Forks
) -> None:
    """Each befalls the run that takes up what the one before has left."""
    chance = random.Random(SEED)
    for number in range(min(ROWS, MOST_CHAINS)):
        desk = set_up(tmp_path / str(number))
        was = before(desk)
        for _ in range(3):
            kind = KINDS[chance.choice(SEVERAL)]
            drive = CARD if kind.name == "card gone" else chance.choice(DRIVES)
            step = Step(chance.randrange(len(undisturbed.steps)), "", drive, "")
            strike(desk, forks, kind, step)
            require_truth(desk, was, undisturbed.end, same_names=False)
        assert back_up(desk).status == SessionStatus.COMPLETED
        require_end(desk, was, undisturbed, same_names=False, same_first=False)
        shutil.rmtree(desk.folder)


def strike(desk: Desk, forks: Forks, kind: Kind, step: Step) -> None:
    """Let the fault befall a run, if that gets so far."""
    if kind.process:
        assert forks.run(desk.folder, kind.name, step) in {KILLED, 0}
        if kind.name == "power cut":
            lose(desk.folder, f"{SEED} {step.number}")
        return
    with suppress(SourceError):
        back_up(desk, Watched(desk.folder, kind.at(step, desk.folder)))
    for drive in DRIVES:
        assert not put_back(desk.folder / drive)


def befallen(desk: Desk, kind: Kind, step: Step) -> BackupResult | CardcatError:
    """How a run in this process ended that the fault befell."""
    disk = Watched(desk.folder, kind.at(step, desk.folder))
    try:
        result: BackupResult | CardcatError = back_up(desk, disk)
    except CardcatError as error:
        result = error
    there = disk.steps[step.number - 1]
    assert (there.operation, there.drive) == (step.operation, step.drive), f"another run: {there}"
    return result


def require_outcome(result: BackupResult | CardcatError, kind: Kind, step: Step) -> None:
    """What the run itself says: the trouble stays with what has it."""
    if isinstance(result, CardcatError):
        assert isinstance(result, SourceError), f"{type(result).__name__}: {result}"
        assert step.drive == CARD, f"a drive's trouble was taken for the card's: {result}"
        return
    counts = [session.counts for session in result.sessions]
    assert all(c.scanned == c.copied + c.skipped + c.failed + c.pending for c in counts), counts
    ended = {Path(session.destination_path).name: session for session in result.sessions}
    if kind.harmless:
        assert result.status == SessionStatus.COMPLETED, [session.message for session in result.sessions]
    if step.drive in DRIVES:
        (other,) = set(DRIVES) - {step.drive}
        assert ended[other].status == SessionStatus.COMPLETED, ended[other].message
    elif not any(session.exit_code == SourceError.exit_code for session in result.sessions):
        assert all(count.pending == 0 and count.failed <= 1 for count in counts), counts
