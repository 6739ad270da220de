"""A power cut: what had not reached the medium is lost, as a filesystem may lose it."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.steps import Fault, Plain, Step, path_of, whole_path

KEPT = "kept"
"""The folder at the desk for what was removed, as long as the removal may still be lost."""

LOG = "done.jsonl"


@dataclass(slots=True)
class Done:
    """An operation that was done. *path* is the new name, *was* the old one of a renamed file."""

    what: str
    drive: str
    path: str = ""
    was: str = ""
    kept: str = ""
    inode: int = 0
    is_folder: bool = False

    @property
    def names(self) -> list[str]:
        return [name for name in (self.path, self.was) if name]


def recorded(folder: Path, fault: Fault) -> Fault:
    """Write down, outside the drives, each operation that a power cut may undo. *fault* ends the process."""
    recorder = _Recorder(folder)

    def record(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        return recorder(step, lambda *args: fault(step, plain, args), arguments)

    return record


class _Recorder:
    def __init__(self, folder: Path) -> None:
        self._kept = folder / KEPT
        self._kept.mkdir(exist_ok=True)
        self._log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._number = 0

    def __call__(self, step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        before = self._before(step, arguments)
        path = whole_path(step.operation, arguments)
        answer = plain(*arguments)
        for done in self._after(step, path, arguments, before):
            line = json.dumps({name: getattr(done, name) for name in Done.__slots__})
            os.write(self._log, line.encode() + b"\n")
        return answer

    def _before(self, step: Step, arguments: Sequence[Any]) -> str:
        """Keep a file that loses its name now: a second name, where no run looks. Or say that it is there."""
        path = (
            path_of(arguments[-1]) if step.operation == "replace" else whole_path(step.operation, arguments)
        )
        if step.operation not in {"remove", "replace", "open_lock"} or not os.path.lexists(path):
            return ""
        if step.operation == "open_lock":
            return path
        self._number += 1
        kept = f"{self._kept}/{os.getpid()}-{self._number}"
        os.link(path, kept, follow_symlinks=False)
        return kept

    def _after(self, step: Step, path: str, arguments: Sequence[Any], kept: str) -> Iterator[Done]:
        done = Done(_WHAT.get(step.operation, ""), step.drive, path, kept=kept)
        if not done.what or (step.operation == "open_lock" and kept):
            return
        if done.what == "renamed":
            done.path, done.was = path_of(arguments[1]), path
        if done.what in {"changed", "synced"}:
            done.path, done.inode = "", Path(path).stat().st_ino
        done.is_folder = step.operation in {"make_folder", "remove_folder"}
        yield done


_WHAT = {
    "open_new": "made", "open_lock": "made", "make_folder": "made", "rename_new": "renamed",
    "replace": "renamed", "remove": "removed", "remove_folder": "removed", "write_some": "changed",
    "leave_note": "changed", "set_times": "changed", "fsync": "synced", "fsync_folder": "synced names",
    "sync_filesystem": "synced all",
}  # fmt: skip


def lose(folder: Path, seed: str) -> None:
    """
    Take back, from the drives at *folder*, a chosen part of what was done and not synced.

    Names: any of them, if nothing that stays depends on it. Bytes: gone to zeros, cut short, or kept.
    """
    chance = random.Random(seed)
    log = [Done(**json.loads(line)) for line in (folder / LOG).read_text("utf-8").splitlines()]
    for drive in sorted({done.drive for done in log}):
        mine = [done for done in log if done.drive == drive]
        changed = _unsynced(mine)
        _undo(_since_sync(mine), chance)
        for path in sorted((folder / drive).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_ino in changed:
                _damage(path, chance)
    (folder / LOG).unlink()
    shutil.rmtree(folder / KEPT)


def _unsynced(log: Sequence[Done]) -> set[int]:
    changed: set[int] = set()
    for done in log:
        match done.what:
            case "changed":
                changed.add(done.inode)
            case "synced":
                changed.discard(done.inode)
            case "synced all":
                changed.clear()
    return changed


def _since_sync(log: Sequence[Done]) -> list[tuple[Done, bool]]:
    """What was done to names since all was synced, and whether the folder was synced since."""
    waiting: list[tuple[Done, bool]] = []
    for done in log:
        if done.what == "synced all":
            waiting.clear()
        elif done.what == "synced names":
            waiting = [(it, synced or done.path in map(os.path.dirname, it.names)) for it, synced in waiting]
        elif done.what in _UNDO:
            waiting.append((done, False))
    return waiting


def _undo(waiting: Sequence[tuple[Done, bool]], chance: random.Random) -> None:
    """The latest first. What stays on the medium keeps what it stands on."""
    share = chance.choice([1.0, 0.5])
    stays: list[Done] = []
    for done, is_synced in reversed(waiting):
        if is_synced or any(_depends(later, done) for later in stays) or chance.random() >= share:
            stays.append(done)
        else:
            _UNDO[done.what](done)


def _depends(later: Done, earlier: Done) -> bool:
    return any(
        name == other or name.startswith(f"{other}/") or other.startswith(f"{name}/")
        for name in later.names
        for other in earlier.names
    )


def _unmake(done: Done) -> None:
    if done.is_folder:
        Path(done.path).rmdir()
    else:
        Path(done.path).unlink()


def _rename_back(done: Done) -> None:
    Path(done.path).rename(done.was)
    if done.kept:
        os.link(done.kept, done.path)


def _bring_back(done: Done) -> None:
    if done.is_folder:
        Path(done.path).mkdir()
    else:
        os.link(done.kept, done.path)


_UNDO: dict[str, Callable[[Done], None]] = {
    "made": _unmake,
    "renamed": _rename_back,
    "removed": _bring_back,
}


def _damage(path: Path, chance: random.Random) -> None:
    status = path.stat()
    left = chance.choice(["all", "zeros", "zeros", "nothing", "a part"])
    if left == "zeros":
        path.chmod(0o600)
        path.write_bytes(bytes(status.st_size))
    elif left != "all":
        os.truncate(path, chance.randrange(status.st_size + 1) if left == "a part" else 0)
    if chance.random() < 0.5:
        os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))
