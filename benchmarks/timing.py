"""Ways of doing the same work, timed against each other in one run: machines are noisy, ratios less so."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timed:
    """How long one way took: seconds of each round, in order."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds of the middle round."""
        return statistics.median(self.seconds)


def interleaved(ways: Mapping[str, Callable[[], object]], rounds: int) -> list[Timed]:
    """Do each of *ways* once to warm up, then *rounds* times in turn."""
    for way in ways.values():
        way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - begun)
    return [Timed(name, tuple(seconds)) for name, seconds in taken.items()]


def table(timed: list[Timed], files: int) -> str:
    """One line a way: the median, the spread, files a second, and the ratio to the first of them."""
    first = timed[0].median
    lines = [f"{'way':<34}{'median':>9}{'min':>9}{'max':>9}{'files/s':>10}{'ratio':>8}"]
    for one in timed:
        spread = f"{min(one.seconds):>8.3f}s{max(one.seconds):>8.3f}s"
        rate = f"{files / one.median:>10,.0f}{one.median / first:>8.2f}"
        lines.append(f"{one.name:<34}{one.median:>8.3f}s{spread}{rate}")
    return "\n".join(lines)
