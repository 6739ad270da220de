"""A stream that a hostile file can't make anybody read too much of."""

from __future__ import annotations

import io
from typing import BinaryIO

LARGEST_READ = 1 << 22  # bytes taken into memory at once; no block that anybody wants is as long
LARGEST_FILE = 1 << 60  # bytes; no offset beyond it is followed
_BUDGET = 1 << 26  # bytes of one file
_COST = 128  # bytes that each read counts for on top: half a million take a second, a raw some thousands


class TooMuchError(Exception):
    """The file makes its reader read more than any good one does."""


class BoundedReader(io.IOBase):
    """
    Reads *stream*: at most LARGEST_READ bytes at a time, and not for ever.

    A read that asks for more gets less, as at the end of a file. What repeats itself without end raises
    TooMuchError.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._read = stream.read
        self.seek = stream.seek  # type: ignore[method-assign]  # one more call for each number would cost too much
        self._left = _BUDGET

    def read(self, size: int = -1, /) -> bytes:
        """At most *size* bytes."""
        if not 0 <= size <= LARGEST_READ:
            size = LARGEST_READ
        self._left -= size + _COST
        if self._left < 0:
            raise TooMuchError
        return self._read(size)
