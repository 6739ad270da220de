"""A catalog is read by two readers at once: what either finds is told, and both can be interrupted."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest

from cardcat.catalog import soundness, sqlite
from cardcat.catalog.engine import open_catalog

_LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000) SELECT max(i) FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    open_catalog(tmp_path / "catalog.db").close()
    return tmp_path / "catalog.db"


def test_a_sound_one_has_no_problems(path: Path) -> None:
    assert soundness.problems(path) == []


def test_every_column_with_values_of_another_type_is_named(path: Path) -> None:
    with closing(sqlite3.connect(path)) as c:
        c.execute("INSERT INTO devices VALUES (1, 'one', 'name', 'os', x'00', 1, 'no number')")
        c.execute("INSERT INTO devices VALUES (2, 'two', 'name', 'os', NULL, 1, 1)")
        c.commit()

    assert soundness.problems(path) == [
        "the column os_version of devices holds values of another type",
        "the column created_at of devices holds values of another type",
    ]


def test_of_damaged_pages_the_other_reader_tells_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: sqlite3.Connection) -> list[str]:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(soundness, "_misfits", failing)
    with pytest.raises(sqlite3.DatabaseError):
        soundness.problems(path)
    monkeypatch.setattr(sqlite, "problems", lambda _: ["a page is damaged"])

    assert soundness.problems(path) == ["a page is damaged"]


@pytest.fixture
def ends() -> list[str]:
    """How the readings ended."""
    return []


@pytest.fixture
def slow(ends: list[str], monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Each reading takes very long; passed by a third one when both begin."""
    begin = threading.Barrier(3)

    def reading(connection: sqlite3.Connection) -> list[str]:
        begin.wait()
        try:
            connection.execute(_LONG).fetchall()
        except sqlite3.OperationalError as error:
            ends.append(str(error))
        else:
            ends.append("done")
        return []

    monkeypatch.setattr(soundness, "_misfits", reading)
    monkeypatch.setattr(sqlite, "problems", reading)
    return begin


@pytest.fixture
def keyboard() -> Iterator[None]:
    """What is started in the background does not hear of keys else."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keyboard")
def test_it_can_be_interrupted_from_the_keyboard(
    path: Path, slow: threading.Barrier, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_waiting = threading.Event()  # a key that is pressed while a thread starts is not told to that thread
    awaited = soundness._awaited

    def waited(reading: Future[list[str]]) -> list[str]:
        is_waiting.set()
        return awaited(reading)

    monkeypatch.setattr(soundness, "_awaited", waited)

    def press() -> None:
        slow.wait()
        is_waiting.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        soundness.problems(path)
    presser.join()

    assert ends == ["interrupted"] * 2
