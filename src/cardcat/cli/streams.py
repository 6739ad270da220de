"""Standard output and error that never turn into a traceback of ours."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TextIO

from cardcat.errors import CardcatError


class Stderr:
    """
    Standard error for messages and progress: a terminal that was closed must not end a backup.

    *below* is None where whoever started us closed the stream.
    """

    def __init__(self, below: TextIO | None) -> None:
        self._below = below

    def __getattr__(self, name: str) -> object:
        return getattr(self._below, name)

    def write(self, text: str) -> int:
        """Write *text* if that is possible."""
        if self._below is not None and text != "":  # writing nothing would be a system call that can fail
            try:
                self._below.write(text)
            except (OSError, ValueError) as error:
                self._cannot_write(error)
        return len(text)

    def flush(self) -> None:
        """Hand everything written so far to the system."""
        if self._below is not None:
            try:
                self._below.flush()
            except (OSError, ValueError) as error:
                self._cannot_write(error)

    def isatty(self) -> bool:
        """Whether a person reads this."""
        with suppress(OSError, ValueError):
            return self._below is not None and self._below.isatty()
        return False

    def _cannot_write(self, error: OSError | ValueError) -> None:  # noqa: ARG002 - whatever it was
        """Go on in silence: what is left to write, also by the interpreter at its end, goes nowhere."""
        with suppress(OSError, ValueError):
            if self._below is not None:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._below.fileno())
                os.close(nowhere)


class Stdout(Stderr):
    """
    Standard output for an answer. A reader who has gone (`| head`) is no error: the rest goes nowhere.

    Raises CardcatError if the answer can't be written for another reason, a full disk for one.
    """

    def _cannot_write(self, error: OSError | ValueError) -> None:
        super()._cannot_write(error)
        if not isinstance(error, BrokenPipeError):
            cause = getattr(error, "strerror", None) or str(error)
            raise CardcatError(f"{cause} while the answer was written to standard output.") from error


@contextmanager
def tolerant_streams() -> Iterator[None]:
    """Write through these inside. What an encoding can't say is escaped, so that no name ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with redirect_stdout(Stdout(sys.stdout)), redirect_stderr(Stderr(sys.stderr)):
        yield
