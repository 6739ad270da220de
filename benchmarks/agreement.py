"""
How often cardcat and exiftool say the same of the files of a folder.

`python -m benchmarks.agreement FOLDER [--list]`: per column the share of files that agree, of those where
exiftool says anything that can be; with `--list` each disagreement with both values. With `--manifest CSV`
the other's values come from a table that names files relative to FOLDER. A film's and a photo's size agree
if they are the same turned by a quarter.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.material import media_files
from cardcat.media.pool import MetadataPool
from cardcat.metadata import Metadata

Said = Mapping[str, object]

_AT_ONCE = 500
_NO_FILE = "exiftool is not on PATH: install it, name it with --exiftool, or give a table with --manifest."
_TEXTS = ("", "0", "0000:00:00 00:00:00")
_DATE = re.compile(r"([12][0-9]{3}):([0-9]{2}):([0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what exiftool and a manifest call it, what cardcat says, and when both are the same."""

    name: str
    tags: str
    manifest: str
    ours: Callable[[Metadata], object]
    same: Callable[[str, str], bool]


def near(tolerance: float) -> Callable[[str, str], bool]:
    """Whether two numbers differ by no more than *tolerance* of the first."""

    def same(theirs: str, ours: str) -> bool:
        said, found = number(theirs), number(ours)
        return (
            None not in (said, found) and abs((said or 0) - (found or 0)) <= tolerance * abs(said or 0) + 1e-9
        )

    return same


def number(written: str) -> float | None:
    """Of `f/2.8`, `1/250`, `50 mm`, `00:01:30.5`."""
    plain = written.removeprefix("f/").removesuffix(" mm")
    over, slash, under = plain.partition("/")
    try:
        if slash:
            return float(over) / float(under)
        return float(sum(float(part) * 60**power for power, part in enumerate(reversed(plain.split(":")))))
    except (ValueError, ZeroDivisionError):
        return None


def same_text(theirs: str, ours: str) -> bool:
    """Whether two texts are the same but for blanks around them."""
    return theirs.strip() == ours.strip()


def same_date(theirs: str, ours: str) -> bool:
    """Whether two wall clocks are the same to the second."""
    parts = _DATE.match(theirs)
    return parts is not None and ours.startswith(f"{parts[1]}-{parts[2]}-{parts[3]}T{parts[4]}")


def same_size(theirs: str, ours: str) -> bool:
    """Whether two sizes are the same, also if one is turned."""
    return sorted(theirs.split("x")) == sorted(ours.split("x"))


COLUMNS = (
    Column("make", "Make", "make", lambda found: found.camera_make, same_text),
    Column("model", "Model", "model", lambda found: found.camera_model, same_text),
    Column("date", "DateTimeOriginal", "dto_exif", lambda found: found.date_taken, same_date),
    Column("ISO", "ISO", "iso_exif", lambda found: found.iso, near(0)),
    Column("lens", "LensModel", "lens_exif", lambda found: found.lens_model, same_text),
    Column("aperture", "FNumber", "aperture", lambda found: found.aperture, near(0.005)),
    Column("shutter", "ExposureTime", "shutter_s", lambda found: found.shutter_speed, near(0.05)),
    Column("focal length", "FocalLength", "focal_mm", lambda found: found.focal_length, near(0.005)),
    Column("duration", "Duration", "duration_s", lambda found: found.duration_seconds, near(0.01)),
    Column(
        "size",
        "ImageWidth ImageHeight",
        "width height",
        lambda found: found.resolution_width and f"{found.resolution_width}x{found.resolution_height}",
        same_size,
    ),
)


def main() -> int:
    """Read all files with both, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--exiftool", default="exiftool", help="the program, if it is not on PATH")
    parser.add_argument("--manifest", type=Path, help="a CSV with a column `path` instead")
    parser.add_argument("--list", action="store_true", help="each disagreement, with both values")
    given = parser.parse_args()
    if given.manifest is None and shutil.which(given.exiftool) is None:
        print(_NO_FILE, file=sys.stderr)
        return 1
    files = dict(media_files(given.folder))
    theirs = (
        _by_manifest(given.manifest, given.folder)
        if given.manifest
        else _by_exiftool(given.exiftool, [*files])
    )
    with MetadataPool() as pool:
        ours = dict(zip(files, pool.read([*files.items()]), strict=True))
    told = [(path, found, theirs[path]) for path, found in ours.items() if path in theirs]
    print(f"{len(told)} files")
    for column in COLUMNS:
        print(*_report(column, told, by_manifest=given.manifest is not None, listed=given.list), sep="\n")
    return 0


def _by_manifest(table: Path, folder: Path) -> dict[Path, Said]:
    with table.open(newline="", encoding="utf-8") as lines:
        return {folder / row["path"]: row for row in csv.DictReader(lines)}


def _by_exiftool(program: str, paths: Sequence[Path]) -> dict[Path, Said]:
    """What exiftool says of each file, asked for some hundreds at once."""
    tags = [f"-{tag}" for column in COLUMNS for tag in column.tags.split()]
    found: dict[Path, Said] = {}
    for at in range(0, len(paths), _AT_ONCE):
        some = {str(path.absolute()): path for path in paths[at : at + _AT_ONCE]}
        command = [program, "-j", "-n", *tags, "--", *some]
        answer = subprocess.run(command, capture_output=True, check=False).stdout
        said = json.loads(answer.decode("utf-8", "replace") or "[]")
        found |= {some[one["SourceFile"]]: one for one in said if one["SourceFile"] in some}
    return found


def _report(
    column: Column, told: Iterable[tuple[Path, Metadata, Said]], *, by_manifest: bool, listed: bool
) -> Iterator[str]:
    """A line with the share that agrees, then one for each that does not."""
    total, lines = 0, []
    for path, found, said in told:
        theirs = _theirs(said, (column.manifest if by_manifest else column.tags).split())
        if theirs is None or (column.same is same_date and not _DATE.match(theirs)):
            continue
        total += 1
        ours = column.ours(found)
        if ours is None or not column.same(theirs, str(ours)):
            lines.append(
                f"    {path.name}: {theirs} | {ours}{f' ({found.trouble})' if found.trouble else ''}"
            )
    share = f"{(total - len(lines)) / total:8.2%}" if total else f"{'-':>8}"
    yield f"{column.name:14}{share}  {total - len(lines)} of {total}"
    yield from lines if listed else ()


def _theirs(said: Said, names: Sequence[str]) -> str | None:
    """What the other says, None if it says nothing."""
    values = [str(said.get(name, "")) for name in names]
    return None if any(value.strip() in _TEXTS for value in values) else "x".join(values)


if __name__ == "__main__":
    sys.exit(main())
