"""How much memory a process and all that it has started take together."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK = 0.1  # seconds between two looks, each of which takes a thousandth of them or less
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
    Bytes of memory that process *pid* and its descendants have: their own, and once the most that one shares.

    What ended meanwhile has none.
    """
    own = shared = 0
    for each in _family(pid):
        with suppress(OSError):
            _, resident, common, *_ = map(int, Path(f"/proc/{each}/statm").read_text().split())
            own += resident - common
            shared = max(shared, common)
    return (own + shared) * _PAGE


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in (thread / "children").read_text().split():
                    yield from _family(int(child))
