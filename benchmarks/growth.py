"""
How time and memory grow with the number of files.

`python -m benchmarks.growth [--files 1000,10000,100000,1000000] [--folder WHERE] [--json FILE]`:
so many tiny files are backed up to an empty folder (`--direct`), then again, when nothing is new. Each run is
a process of its own; its seconds and its peak memory are told, and how long each stage was at work. 1,000,000
files take half an hour and 20 GB.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import running
from benchmarks.equal_files import small_files
from benchmarks.results import MEGABYTE, machine

MANY = 1_000_000  # files; with them the goal is
_MOST = 1 << 30  # bytes of memory
SIZES = (1_000, 10_000, 100_000, MANY)
_IN_A_FOLDER = 100
_WIDTH, _HEIGHT, _MARGIN = 420, 300, 55
_COLOURS = {"first": "#1f77b4", "again": "#d62728"}


@dataclass(frozen=True, slots=True)
class Point:
    """
    One run with so many *files*: *what* it was, seconds, and bytes of memory at its highest.

    *stages* has the seconds that each of them was at work.
    """

    files: int
    what: str
    seconds: float
    memory: int
    stages: dict[str, float] = field(default_factory=dict)


def measured(folder: Path, files: int) -> list[Point]:
    """A backup of so many files, and the same again."""
    small_files(folder / "card", files, max(files // _IN_A_FOLDER, 1))
    (folder / "drive").mkdir()
    os.sync()
    return [_run(folder, files, what) for what in _COLOURS]


def _run(folder: Path, files: int, what: str) -> Point:
    where = ["--catalog", str(folder / "catalog.db")]
    begun = time.perf_counter()
    words = [*where, "backup", "--direct", str(folder / "card"), str(folder / "drive")]
    memory = running.cardcat(*words, home=folder)
    seconds = round(time.perf_counter() - begun, 2)
    number = str(list(_COLOURS).index(what) + 1)
    session = running.asked(*where, "sessions", "show", number, home=folder)
    stages = {stage["stage"]: stage["seconds_at_work"] for stage in session["stages"]}
    point = Point(files, what, seconds, memory, stages)
    print(f"{files:>9,} {what:<6}{point.seconds:>9.1f} s{point.memory / MEGABYTE:>9.0f} MB", flush=True)
    return point


def read(file: Path) -> list[Point]:
    """What was written with `--json`."""
    return [Point(**point) for point in json.loads(file.read_text(encoding="utf-8"))["points"]]


def is_small(points: Sequence[Point]) -> bool:
    """Whether all of them kept to the memory that is the goal, as far as it was to be kept."""
    return all(one.memory < _MOST for one in points if one.files >= MANY)


def chart(points: Sequence[Point]) -> str:
    """Seconds and memory as two charts side by side, as SVG; both scales are logarithmic."""
    seconds = [(point.what, point.files, point.seconds) for point in points]
    memory = [(point.what, point.files, point.memory / MEGABYTE) for point in points]
    parts = [_axes(seconds, "seconds", 0), _axes(memory, "MB of memory", _WIDTH)]
    size = f'width="{2 * _WIDTH}" height="{_HEIGHT}" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}"'
    style = "text{font:12px sans-serif;fill:#444}line{stroke:#bbb}"
    paper = '<rect width="100%" height="100%" fill="#fff"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>{paper}'
    return f"{head}{''.join(parts)}</svg>\n"


def _axes(values: Sequence[tuple[str, int, float]], name: str, left: int) -> str:
    across = [math.log10(files) for _, files, _ in values]
    up = [math.log10(value) for *_, value in values]
    first, last = min(across), max(across)
    low, high = math.floor(min(up)), math.ceil(max(up))

    def at(files: float, value: float) -> tuple[float, float]:
        x = left + _MARGIN + (files - first) / max(last - first, 1) * (_WIDTH - 2 * _MARGIN)
        y = _HEIGHT - _MARGIN - (value - low) / max(high - low, 1) * (_HEIGHT - 2 * _MARGIN)
        return round(x, 1), round(y, 1)

    middle = left + _WIDTH / 2
    drawn = [
        f'<text x="{left + _MARGIN}" y="{_MARGIN - 20}">{name}</text>',
        f'<text x="{middle}" y="{_HEIGHT - _MARGIN + 38}" text-anchor="middle">files</text>',
    ]
    for power in range(low, high + 1):
        (x, y), (end, _) = at(first, power), at(last, power)
        drawn.append(f'<line x1="{x}" y1="{y}" x2="{end}" y2="{y}"/>')
        drawn.append(f'<text x="{x - 8}" y="{y + 4}" text-anchor="end">{10.0**power:,g}</text>')
    for files in sorted({*across}):
        x, y = at(files, low)
        drawn.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">{10**files:,.0f}</text>')
    rise = min(last - first, high - low)
    drawn.append(_line([at(first, low), at(first + rise, low + rise)], "#888", "2 4"))
    for what, colour in _COLOURS.items():
        line = [at(math.log10(files), math.log10(value)) for each, files, value in values if each == what]
        drawn.append(_line(line, colour))
        x, y = line[-1]
        drawn.append(f'<text x="{x + 4}" y="{y}" style="fill:{colour}">{what}</text>')
    return "".join(drawn)


def _line(points: Sequence[tuple[float, float]], colour: str, dashes: str = "") -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    look = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
    return f'<polyline points="{path}" {look}/>'


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", default=",".join(map(str, SIZES)))
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    points: list[Point] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for files in map(int, given.files.split(",")):
            points += measured(Path(folder, str(files)), files)
    if given.json:
        document = {"date": time.strftime("%Y-%m-%d"), **machine(), "points": [asdict(one) for one in points]}
        given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
