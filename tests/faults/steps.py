"""A disk that counts what is done to it, and lets something happen at one of these steps."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardcat.storage.disk import Disk

READING = (
    "open_source", "open_copy", "open_direct", "open_folder", "read_into", "read_at", "list_folder",
    "peek_folder", "stat", "stat_in", "stat_open", "free_bytes",
)  # fmt: skip
CHANGING = (
    "open_new", "write_some", "set_times", "set_read_only", "make_folder", "rename_new", "replace", "remove",
    "remove_folder", "open_lock", "leave_note", "link_new", "exchange", "clone", "copy_attributes",
)  # fmt: skip
SYNCING = ("fsync", "fsync_folder", "sync_filesystem")
HINTING = (
    "start_writeback", "drop_cache", "drop_cache_below", "has_read", "go_past_cache", "go_through_cache",
)  # fmt: skip
OTHER = ("close", "lock")
OPERATIONS = (*READING, *CHANGING, *SYNCING, *HINTING, *OTHER)

COMPOSED = ("exists", "write", "release", "make_folders", "remove_tree")
"""Methods that are made of the others, and are no step of their own."""

_BY_FD = re.compile(r"/proc/self/fd/(\d+)")


@dataclass(frozen=True, slots=True)
class Step:
    """
    One operation. *drive* is the folder at the desk that it concerns, *path* what lies below that.

    *to* is the new name of what is renamed.
    """

    number: int
    operation: str
    drive: str
    path: str
    to: str = ""

    def __str__(self) -> str:
        return f"step {self.number}: {self.operation} {self.drive}/{self.path}"


Plain = Callable[..., Any]
Fault = Callable[[Step, Plain, Sequence[Any]], Any]
"""What happens at a step instead of the plain operation with its arguments; most steps just do it."""


def nothing(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    """The fault of an undisturbed run."""
    return plain(*arguments)


class Watched(Disk):
    """A disk of the desk at *folder*. One step is done at a time, whichever thread asks for it."""

    def __init__(self, folder: Path, fault: Fault = nothing) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._folder = os.path.realpath(folder)
        self._fault = fault
        self._one = threading.RLock()
        self._is_inside = False

    def step(self, operation: str, plain: Plain, arguments: Sequence[Any]) -> Any:
        with self._one:
            if self._is_inside:  # a part of the operation that is counted
                return plain(*arguments)
            self._is_inside = True
            try:
                step = self._step(operation, arguments)
                self.steps.append(step)
                return self._fault(step, plain, arguments)
            finally:
                self._is_inside = False

    def _step(self, operation: str, arguments: Sequence[Any]) -> Step:
        number = len(self.steps) + 1
        drive, path = self._where(whole_path(operation, arguments))
        if operation in {"rename_new", "replace"}:
            return Step(number, operation, drive, path, self._where(path_of(arguments[1]))[1])
        return Step(number, operation, drive, path)

    def _where(self, path: str) -> tuple[str, str]:
        drive, _, below = os.path.relpath(path, self._folder).partition("/")
        return drive, below


def whole_path(operation: str, arguments: Sequence[Any]) -> str:
    """The full path of what an operation is done to."""
    first, *more = arguments
    if operation == "stat_in":
        return f"{path_of(first)}/{more[0]}"
    if operation in {"open_folder", "make_folder"} and more and more[0] is not None:
        return f"{path_of(more[0])}/{os.fspath(first)}"
    return path_of(first)


def path_of(target: Any) -> str:
    """The path of an open file, or a path as it would be without the descriptor that it begins with."""
    if isinstance(target, int):
        return str(Path(f"/proc/self/fd/{target}").readlink()).removesuffix(" (deleted)")
    return _BY_FD.sub(lambda found: str(Path(found[0]).readlink()), os.fspath(target))


def _watched(name: str) -> Plain:
    plain = getattr(Disk, name)

    def operation(self: Watched, *arguments: Any, **named: Any) -> Any:
        return self.step(name, lambda *args: plain(self, *args), [*arguments, *named.values()])

    return operation


for _name in OPERATIONS:
    setattr(Watched, _name, _watched(_name))
