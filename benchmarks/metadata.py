"""
Files a second whose metadata is read, against exiftool (kept open) and mediainfo in the same run.

`python -m benchmarks.metadata [FOLDER]`: the photos and films of FOLDER, else some made on the spot. A peer
that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import material
from benchmarks.timing import interleaved, table
from cardcat.media.pool import MetadataPool
from cardcat.model import Kind

_TAGS = (
    "-Make -Model -LensModel -DateTimeOriginal -CreateDate -OffsetTimeOriginal -SubSecTimeOriginal -ISO "
    "-FNumber -ExposureTime -FocalLength -Software -Duration -ImageWidth -ImageHeight -Orientation"
).split()


def main() -> None:
    """Measure, and print a table for the photos and one for the films."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--films", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if given.folder is None:
            material.photos(Path(made) / "photos", given.photos, 400_000)
            material.films(Path(made) / "films", given.films, 4)
        files = [*material.media_files(given.folder or Path(made))]
        for kind in (Kind.IMAGE, Kind.VIDEO):
            paths = [path for path, found in files if found is kind]
            if paths:
                print(f"\n{len(paths)} {kind.value}s, {given.rounds} rounds in turn")
                print(table(interleaved(_ways(paths, kind), given.rounds), len(paths)))


def _ways(paths: Sequence[Path], kind: Kind) -> dict[str, Callable[[], object]]:
    requests = [(path, kind) for path in paths]
    ways: dict[str, Callable[[], object]] = {}
    for workers in (1, 2):
        pool = MetadataPool(workers)
        ways[f"cardcat, {workers} process{'es' if workers > 1 else ''}"] = lambda pool=pool: pool.read(
            requests
        )  # type: ignore[misc]
    for name, way in (("exiftool", _exiftool), ("mediainfo", _mediainfo)):
        if shutil.which(name) is None:
            print(f"{name} is not installed: left out.")
        elif name == "exiftool" or kind is Kind.VIDEO:
            ways[name] = lambda way=way: way(paths)  # type: ignore[misc]
    return ways


def _exiftool(paths: Sequence[Path]) -> None:
    """One process for all files, asked file by file as a program would that keeps it open."""
    with subprocess.Popen(
        ["exiftool", "-stay_open", "True", "-@", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for path in paths:
            words = ["-j", "-n", "-fast2", *_TAGS, str(path), "-execute", ""]
            process.stdin.write("\n".join(words).encode())
            process.stdin.flush()
            while (line := process.stdout.readline().strip()) != b"{ready}":
                if not line and process.poll() is not None:
                    raise SystemExit("exiftool ended too early: nothing was measured.")
        process.stdin.write(b"-stay_open\nFalse\n")
        process.stdin.flush()


def _mediainfo(paths: Sequence[Path]) -> None:
    command = ["mediainfo", "--Output=JSON", *map(str, paths)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
