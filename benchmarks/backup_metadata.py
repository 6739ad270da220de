"""
What the metadata of 400 photos costs their backup: the same backup with and without it, in turn.

`python -m benchmarks.backup_metadata [--folder WHERE]`. WHERE is on the drive to measure on. Each backup is a
process of its own, without the Prefect server, onto an empty destination, with a new catalog.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import material
from benchmarks.timing import interleaved, table
from cardcat.backup import backup
from cardcat.media.pool import MetadataPool
from cardcat.media.protocol import Request
from cardcat.metadata import Metadata
from cardcat.model import BackupOptions, SessionStatus


def main() -> None:
    """Measure and print, or be one of the backups that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--size", type=int, default=1_700_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--one", nargs=3, metavar=("CARD", "DRIVE", "WAY"))
    given = parser.parse_args()
    if given.one:
        _one(*given.one)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        card = Path(place) / "card"
        material.photos(card / "DCIM", given.photos, given.size)
        ways = {way: _way(Path(place), way) for way in ("without metadata", "with metadata")}
        print(f"{given.photos} photos of {given.size:,} bytes, {given.rounds} rounds in turn")
        print(table(interleaved(ways, given.rounds), given.photos))


def _way(place: Path, way: str) -> Callable[[], object]:
    def run() -> None:
        drive = place / "drive"
        shutil.rmtree(drive, ignore_errors=True)
        drive.mkdir()
        command = [sys.executable, "-m", "benchmarks.backup_metadata", "--one"]
        subprocess.run([*command, str(place / "card"), str(drive), way], check=True)

    return run


def _one(card: str, drive: str, way: str) -> None:
    if way == "without metadata":
        MetadataPool.read = _nothing  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        options = BackupOptions(Path(card), (Path(drive),), timezone="UTC")
        result = backup(options, catalog=str(Path(folder) / "catalog.db"))
    if result.status is not SessionStatus.COMPLETED:
        raise SystemExit("The backup failed: nothing was measured.")


def _nothing(_pool: MetadataPool, paths: Sequence[Request]) -> list[Metadata]:
    return [Metadata()] * len(paths)


if __name__ == "__main__":
    main()
