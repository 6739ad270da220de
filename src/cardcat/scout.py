"""
A scout: a process that finds out what an earlier session left on a drive, while this one walks the card.

It is a help and no more: where it fails, or does not say of a copy that it is as on record, the stages ask
the catalog and look at the drive themselves.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

import polars as pl

from cardcat.catalog.engine import Catalog
from cardcat.catalog.items import earlier_words
from cardcat.frames import HELD
from cardcat.own_process import python_command
from cardcat.storage.holding import DestinationRoot

MANY = 20_000
"""Files of a session: for fewer, to start a process costs more than it saves."""

_STEP = 200  # milliseconds between two looks whether the run is to go on
_FRESH = 60.0  # seconds for which what was seen counts
_PATIENCE = 2.0  # seconds for a killed process to end


class Scout:
    """A process that finds out what the session *session_id* has left."""

    def __init__(self, session_id: int, process: subprocess.Popen[bytes], answer: IO[bytes]) -> None:
        self.session_id = session_id
        self._sent = time.monotonic()
        self._process = process
        self._answer = answer
        self._end = select.poll()
        if process.stdout:  # where it says at its end how many rows there are
            self._end.register(process.stdout, select.POLLIN)

    def report(self, check_running: Callable[[], None]) -> pl.DataFrame | None:
        """
        Wait for what it has found, columns as `frames.HELD`; None if it has failed, or has reported before.

        After a minute nothing is untouched any more: what was seen then may have been changed since. What
        *check_running* raises ends the waiting.
        """
        if self._answer.closed:
            return None
        while not self._end.poll(_STEP):
            check_running()
        with self._answer:  # it is memory, and is given back
            rows = self._rows()
        if rows is None or self._said() != b"%d" % rows.height:
            return None
        is_fresh = pl.lit(time.monotonic() - self._sent < _FRESH)
        return rows.with_columns(
            session=pl.lit(self.session_id, pl.Int64),
            untouched=pl.col("untouched") & is_fresh,
        ).select(list(HELD))

    def give_up(self) -> None:
        """Nobody needs its report."""
        self._process.kill()

    def _said(self) -> bytes:
        return self._process.stdout.read() if self._process.stdout else b""

    def _rows(self) -> pl.DataFrame | None:
        try:
            self._answer.seek(0)
            return pl.read_ipc_stream(self._answer)
        except (OSError, pl.exceptions.PolarsError):
            return None


@contextmanager
def scouting(catalog: Catalog, session_id: int, there: DestinationRoot) -> Iterator[Scout | None]:
    """Send a scout for what a session has left on *there*; it is gone at the end. None if that can't be."""
    if sys.getfilesystemencoding() != "utf-8":  # elsewhere the bytes of a path are not those of its text
        yield None
        return
    try:
        answer = os.fdopen(os.memfd_create("scout"), "w+b")
    except (OSError, AttributeError):  # not every Python has it
        yield None
        return
    with answer:
        process = _started(catalog, session_id, there, answer)
        try:
            yield Scout(session_id, process, answer) if process else None
        finally:
            if process:
                _end(process)


def _started(
    catalog: Catalog, session_id: int, there: DestinationRoot, answer: IO[bytes]
) -> subprocess.Popen[bytes] | None:
    handed_on = (there.fd, answer.fileno())
    words = (*earlier_words(catalog.path, session_id), str(os.getpid()), *map(str, handed_on))
    try:
        return subprocess.Popen(
            python_command("cardcat.scout_process", *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",  # the drive that the user is on can be unmounted
            pass_fds=handed_on,
            start_new_session=True,  # Ctrl-C is for the program alone
        )
    except OSError:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(subprocess.TimeoutExpired):  # one that reads from a broken disk does not die
        process.wait(_PATIENCE)
    if process.stdout:
        process.stdout.close()
