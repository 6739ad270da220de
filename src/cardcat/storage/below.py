"""A file of a source, reached from the root step by step: a link that appears on the way leads nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATH: int = getattr(os, "O_PATH", os.O_RDONLY)  # not every system knows it
_ON_THE_WAY = _PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Below(os.PathLike[str]):
    """
    The file *path* below the folder *root*, which is open as *fd*, where somebody holds it open.

    For messages it is the plain path. What opens it by `reached` follows no link below the root: a card
    may be another one by the time that its files are read.
    """

    root: Path
    path: str
    fd: int | None = None

    def __fspath__(self) -> str:
        return os.path.join(self.root, self.path)

    def __str__(self) -> str:
        return self.__fspath__()

    @contextmanager
    def reached(self) -> Iterator[tuple[str, int]]:
        """The last name, and the open folder that it is in. NotADirectoryError where a link is on the way."""
        *way, name = self.path.split("/")
        if self.fd is not None and not way:
            yield name, self.fd
            return
        folder = os.dup(self.fd) if self.fd is not None else os.open(self.root, _PATH | os.O_CLOEXEC)
        try:
            for piece in way:
                deeper = os.open(piece, _ON_THE_WAY, dir_fd=folder)
                os.close(folder)
                folder = deeper
            yield name, folder
        finally:
            os.close(folder)
