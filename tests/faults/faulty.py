"""The faults of the table: what happens at a step, and at which steps it makes sense."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.steps import CHANGING, SYNCING, Fault, Plain, Step, path_of

CARD = "card"
DRIVES = ("one", "two")

_SHUT_DOWN = 0x8004587D  # of ext4
_WITHOUT_FLUSHING = 2

_BY_NAME = frozenset(
    "open_source open_copy open_direct open_folder list_folder stat free_bytes open_new make_folder "
    "rename_new replace remove remove_folder open_lock".split()
)
_TAKING_ROOM = ("open_new", "write_some", "make_folder", "rename_new", "replace", "open_lock", *SYNCING)
_REPORTED_LATE = ("rename_new", "replace", "make_folder", "remove", "set_times", "close", *SYNCING)


def failed(number: int, path: str = "") -> OSError:
    """What the system says with this errno."""
    return OSError(number, os.strerror(number), path)


def _does_fail(step: Step, plain: Plain, arguments: Sequence[Any], number: int) -> Any:
    """The operation fails as it can: a hint says that nothing is known, a close closes and says so."""
    if step.operation == "drop_cache":
        return None
    if step.operation == "drop_cache_below":
        return "the device does not tell"
    if step.operation in {"start_writeback", "has_read"}:
        return None
    if step.operation in {"go_past_cache", "go_through_cache"}:
        return False
    if step.operation == "close":
        plain(*arguments)
    raise failed(number, step.path)


@dataclass(frozen=True)
class Kind:
    """
    One fault. *at* makes what happens from a step on, at a desk; *fits* says which steps are worth a run.

    *harmless*: the run itself must notice and lose nothing. *process*: it takes the process with it.
    *of_one_file*: that file fails, and the run goes on with the others.
    """

    name: str
    fits: Callable[[Step], bool]
    at: Callable[[Step, Path], Fault]
    harmless: bool = False
    process: bool = False
    of_one_file: bool = False


def _once(happen: Fault) -> Callable[[Step, Path], Fault]:
    def at(then: Step, desk: Path) -> Fault:
        def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
            return happen(step, plain, arguments) if step.number == then.number else plain(*arguments)

        return fault

    return at


def _from_then_on(happen: Fault) -> Callable[[Step, Path], Fault]:
    """On the same drive."""

    def at(then: Step, desk: Path) -> Fault:
        def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
            is_meant = step.number >= then.number and step.drive == then.drive
            return happen(step, plain, arguments) if is_meant else plain(*arguments)

        return fault

    return at


def _dies(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    os._exit(9)


def _shut_down(then: Step, desk: Path) -> Fault:
    """The filesystem of drive one stops at once, and forgets what it had not written; so does the process."""

    def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        if step.number == then.number:
            fd = os.open(desk / "one", os.O_RDONLY)
            fcntl.ioctl(fd, _SHUT_DOWN, struct.pack("I", _WITHOUT_FLUSHING))
            os._exit(9)
        return plain(*arguments)

    return fault


def _io_error(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    return _does_fail(step, plain, arguments, errno.EIO)


def _done_and_failed(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    plain(*arguments)
    raise failed(errno.EIO, step.path)


def _no_room(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    if step.operation in _TAKING_ROOM:
        raise failed(errno.ENOSPC, step.path)
    return plain(*arguments)


def _read_only(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    if step.operation in CHANGING:
        raise failed(errno.EROFS, step.path)
    return plain(*arguments)


def _gone(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    number = errno.ENOENT if step.operation in _BY_NAME else errno.EIO
    return _does_fail(step, plain, arguments, number)


def _emptied(then: Step, desk: Path) -> Fault:
    """The drive is pulled once the run holds it, and the empty folder that it was mounted at stays."""
    is_held = is_done = False

    def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        nonlocal is_held, is_done
        if is_held and step.number >= then.number and not is_done:
            is_done = True
            pull(desk / then.drive)
        found = plain(*arguments)
        is_held = is_held or (step.drive == then.drive and not _is_held(step))
        return found

    return fault


def pull(drive: Path) -> None:
    """Take the drive away from its place and leave an empty folder there."""
    drive.rename(drive.with_name(f"{drive.name} away"))
    drive.mkdir()


def put_back(drive: Path) -> list[str]:
    """Undo `pull`, and say what was written into the empty folder meanwhile."""
    away = drive.with_name(f"{drive.name} away")
    if not away.exists():
        return []
    filled = [str(path.relative_to(drive)) for path in drive.rglob("*")]
    if not filled:
        drive.rmdir()
        away.rename(drive)
    return filled


def _few_bytes(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    fd, view, *more = arguments
    return plain(fd, view[: max(1, len(view) // 2_000)], *more)


def _early_end(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    return 0


def _flipped_in_memory(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    """Between the medium and us: what is read has another byte than what is there."""
    have = plain(*arguments)
    if have:
        view = arguments[1]
        view[have // 2] ^= 1
    return have


def _flipped_on_the_way(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    fd, view = arguments
    changed = bytearray(view)
    changed[len(changed) // 2] ^= 1
    return plain(fd, memoryview(changed))


def _flipped_below(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
    """The medium keeps another byte than it was given: seen once memory has forgotten the file."""
    path = Path(path_of(arguments[0]))
    status = path.stat()
    if status.st_size:
        fd = os.open(path, os.O_RDWR)
        at = status.st_size // 2
        os.pwrite(fd, bytes([os.pread(fd, 1, at)[0] ^ 1]), at)
        os.utime(fd, ns=(status.st_mtime_ns, status.st_mtime_ns))
        os.fsync(fd)
        os.close(fd)
    return plain(*arguments)


def _on_drives(*operations: str) -> Callable[[Step], bool]:
    return lambda step: step.drive in DRIVES and step.operation in operations


def _is_held(step: Step) -> bool:
    """
    Whether it is another step than opening the drive's root.

    Before that is held, an empty folder is as good a destination as any, unless the catalog knows the drive
    that belongs there: `test_reruns.py` has that.
    """
    return not (step.operation == "open_folder" and not step.path)


def _is_copied(step: Step) -> bool:
    """Whether it concerns the bytes of a copy, not a list or a marker of ours."""
    return step.drive in DRIVES and f".cardcat/incoming/{SESSION_FOLDERS[step.drive]}/" in f"{step.path}"


SESSION_FOLDERS = {"one": "1", "two": "2"}

KINDS = {
    kind.name: kind
    for kind in (
        Kind("killed", lambda step: True, _once(_dies), process=True),
        Kind("power cut", _on_drives(*CHANGING, *SYNCING), _once(_dies), process=True),
        Kind("EIO", lambda step: step.operation != "start_writeback", _once(_io_error)),
        Kind("done, yet EIO", _on_drives(*_REPORTED_LATE), _once(_done_and_failed)),
        Kind("ENOSPC", _on_drives(*_TAKING_ROOM), _from_then_on(_no_room)),
        Kind("EROFS", _on_drives(*CHANGING), _from_then_on(_read_only)),
        Kind("drive gone", lambda step: step.drive in DRIVES, _from_then_on(_gone)),
        Kind("empty mount point", lambda s: s.drive in DRIVES and _is_held(s), _emptied),
        Kind("card gone", lambda step: step.drive == CARD, _from_then_on(_gone)),
        Kind(
            "short read",
            lambda step: step.operation in {"read_into", "read_at"},
            _once(_few_bytes),
            harmless=True,
        ),
        Kind("early end", lambda step: step.operation in {"read_into", "read_at"}, _once(_early_end),
             of_one_file=True),
        Kind("short write", _on_drives("write_some"), _once(_few_bytes), harmless=True),
        Kind("flipped on the way", lambda s: _is_copied(s) and s.operation == "write_some",
             _once(_flipped_on_the_way), of_one_file=True),
        Kind("flipped on the medium", lambda s: _is_copied(s) and s.operation == "drop_cache",
             _once(_flipped_below), of_one_file=True),
        Kind("flipped in reading", lambda s: _is_copied(s) and s.operation == "read_into",
             _once(_flipped_in_memory), of_one_file=True),
    )
}  # fmt: skip

SHUT_DOWN = Kind(
    "shut down", lambda step: step.drive == "one" and step.operation in {*CHANGING, *SYNCING}, _shut_down
)
"""A power cut on a real filesystem. Not among the others: it takes a drive of its own."""

ALL = KINDS | {SHUT_DOWN.name: SHUT_DOWN}
