"""How long each stage of a run is at work, though several threads are at one, and stages overlap."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cardcat.catalog.attempts import StageRow, in_order
from cardcat.model import Stage


class Timing:
    """
    A clock for each stage, which runs as long as at least one thread is at that stage.

    So a stage's bytes by its seconds are its speed, however many threads it takes. Ask it for batches,
    never for a file: each start and stop takes a lock.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._at_work: Counter[Stage] = Counter()
        self._since: dict[Stage, float] = {}
        self._seconds: dict[Stage, float] = defaultdict(float)
        self._files: Counter[Stage] = Counter()
        self._bytes: Counter[Stage] = Counter()

    @contextmanager
    def at(self, stage: Stage) -> Iterator[None]:
        """Have the clock of *stage* run while the block does."""
        self._start(stage)
        try:
            yield
        finally:
            self._stop(stage)

    def count(self, stage: Stage, files: int, size: int = 0) -> None:
        """So many more files, and bytes read or written, are done at *stage*."""
        with self._lock:
            self._files[stage] += files
            self._bytes[stage] += size

    def worked(self) -> list[StageRow]:
        """What each stage that has begun did so far, up to this moment where it is at work."""
        with self._lock:
            now = self._now()
            return in_order(
                StageRow(stage, self._spent(stage, now), self._files[stage], self._bytes[stage])
                for stage in self._at_work
            )

    def _start(self, stage: Stage) -> None:
        with self._lock:
            if not self._at_work[stage]:
                self._since[stage] = self._now()
            self._at_work[stage] += 1

    def _stop(self, stage: Stage) -> None:
        with self._lock:
            self._at_work[stage] -= 1
            if not self._at_work[stage]:
                self._seconds[stage] += self._now() - self._since[stage]

    def _spent(self, stage: Stage, now: float) -> float:
        running = now - self._since[stage] if self._at_work[stage] else 0.0
        return self._seconds[stage] + running
