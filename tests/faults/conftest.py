"""What the tables of faults share: a run that nothing happened to, and processes that may die."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cardcat.model import SessionStatus
from tests.faults.forking import Forks
from tests.faults.records import STATES, rows_of
from tests.faults.scene import back_up, set_up, simplified
from tests.faults.steps import Watched
from tests.faults.truth import Undisturbed, before, end_of, require_end


@pytest.fixture
def simple() -> Iterator[None]:
    """Back up one file at a time, in one process."""
    with simplified():
        yield


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    forks = Forks()
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    desk = set_up(tmp_path_factory.mktemp("undisturbed"))
    was = before(desk)
    disk = Watched(desk.folder)
    with simplified():
        assert back_up(desk, disk).status == SessionStatus.COMPLETED
    found = Undisturbed(disk.steps, end_of(desk), sorted(rows_of(desk, STATES), key=repr))
    require_end(desk, was, found)
    return found
