"""Paths that are longer than the system takes in one call: the way is gone piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 4000  # bytes; the system's own limit is 4096 with the closing zero
_SURELY_SHORT = _LONGEST // 4  # characters; one takes four bytes at most

_ON_THE_WAY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC


def is_near(path: str) -> bool:
    """Whether the system surely takes *path* in one call."""
    return len(path) <= _SURELY_SHORT


@contextmanager
def reachable(path: str, within: int | None = None) -> Iterator[tuple[str, int | None]]:
    """
    Give a name and the folder (an open descriptor, None for the working folder) that it is reached from.

    Short paths come back as they are. The folder is closed at the end unless it is *within*.
    """
    *way, name = _pieces(path)
    folder = within
    try:
        for piece in way:
            deeper = os.open(piece, _ON_THE_WAY, dir_fd=folder)
            _leave(folder, within)
            folder = deeper
        yield name, folder
    finally:
        _leave(folder, within)


def _leave(folder: int | None, within: int | None) -> None:
    if folder is not None and folder != within:
        os.close(folder)


def _pieces(path: str) -> list[str]:
    pieces, rest = [], os.fsencode(path)
    while len(rest) > _LONGEST:
        cut = rest.rfind(b"/", 1, _LONGEST)
        if cut == -1:  # one name longer than any filesystem takes: let the system say so
            break
        pieces.append(os.fsdecode(rest[:cut]))
        rest = rest[cut + 1 :]
    return [*pieces, os.fsdecode(rest)]
