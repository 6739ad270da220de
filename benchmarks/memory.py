"""How much memory a process and all that it has started take together."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK = 0.1  # seconds between two looks; one takes a third of a millisecond, with forks some more
_PAGE = os.sysconf("SC_PAGESIZE")


@dataclass
class Peak:
    """Bytes at the highest that was seen."""

    seen: int = 0


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Look at process *pid* and its descendants again and again while the block runs."""
    peak, ended = Peak(), threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK):
            peak.seen = max(peak.seen, together(pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def together(pid: int) -> int:
    """
    Bytes of memory that process *pid* and its descendants have, what they share counted once.

    What ended meanwhile has none.
    """
    family = list(_family(pid))
    if _has_forks(family):
        return sum(map(_proportional, family))
    own = shared = 0
    for each in family:
        resident, common = _resident(each)
        own += resident - common
        shared = max(shared, common)
    return own + shared


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in (thread / "children").read_text().split():
                    yield from _family(int(child))


def _has_forks(family: Sequence[int]) -> bool:
    """Whether two of them are one program: what a fork has of its parent looks like its own."""
    programs = []
    for each in family:
        with suppress(OSError):
            programs.append(Path(f"/proc/{each}/cmdline").read_bytes())
    return len({*programs}) < len(programs)


def _resident(pid: int) -> tuple[int, int]:
    """Bytes in memory, and those of them that files back: quick to tell."""
    with suppress(OSError):
        _, resident, common, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        return resident * _PAGE, common * _PAGE
    return 0, 0


def _proportional(pid: int) -> int:
    """Bytes in memory, of a page that several processes have only a share: the kernel looks at each page."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
