"""The log of cardcat's own server: it is cut where it grew long while the server ran."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from cardcat.server import state

LONGEST = 1_000_000
"""Bytes; a longer log is begun anew, and one old one is kept."""


def trim() -> int:
    """
    Begin the log anew if it is too long; return how many bytes the old one has, which is kept.

    What writes to it has it open and goes on: it appends, so the file is emptied and not replaced. Never
    raises: a log is no reason for anything to fail.
    """
    with suppress(OSError):
        log = state.log_file()
        size = log.stat().st_size
        if size > LONGEST:
            fresh = log.with_suffix(".log.new")
            shutil.copyfile(log, fresh)
            fresh.replace(log.with_suffix(".log.1"))
            os.truncate(log, 0)
            return size
    return 0
