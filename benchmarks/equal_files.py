"""Trees with equal files in them, the same ones for the same seed."""

from __future__ import annotations

import random
from pathlib import Path

_FOLDERS_IN_ONE = 60
_SMALLEST, _LARGEST = 100, 4096  # bytes: a block of the disk each
_COPIES = 0.29  # of the photos and clips
_CLIPS = 40  # one file of so many is a clip
_TWINS = 50  # one photo of so many has a brother of its size, with other bytes in the middle


def small_files(root: Path, files: int, folders: int, seed: int = 6) -> None:
    """*files* of up to 4 KiB in *folders*; one of seven equals one before it, and every size is common."""
    dice = random.Random(seed)  # noqa: S311 - the same files every time
    made: list[bytes] = []
    places = [_folder(root, number) for number in range(folders)]
    for number in range(files):
        if made and dice.random() < 1 / 7:
            content = dice.choice(made)
        else:
            content = dice.randbytes(dice.randint(_SMALLEST, _LARGEST))
            if dice.random() < 1 / 50:
                made.append(content)
        (places[number * folders // files] / f"note-{number:06d}.txt").write_bytes(content)


def media_files(root: Path, files: int, size: int, seed: int = 6) -> None:
    """
    *files* photos and clips of *size* bytes in all; almost every third one is a copy of one before it.

    Some photos have a brother of the same size that differs in the middle only.
    """
    dice = random.Random(seed)  # noqa: S311 - the same files every time
    share = size // files
    made: list[Path] = []
    for number in range(files):
        folder = _folder(root, number * 40 // files)
        is_clip = number % _CLIPS == 0
        path = folder / (f"MVI_{number:04d}.MP4" if is_clip else f"IMG_{number:04d}.CR3")
        if made and dice.random() < _COPIES:
            path.write_bytes(dice.choice(made[:: dice.choice((1, 3))]).read_bytes())
        elif made and number % _TWINS == 1:
            content = bytearray(dice.choice(made).read_bytes())
            content[len(content) // 3] ^= 1
            path.write_bytes(content)
        else:
            usual = share * 12 if is_clip else share * 3 // 4
            path.write_bytes(dice.randbytes(dice.randint(usual // 2, usual * 3 // 2)))
            made.append(path)


def _folder(root: Path, number: int) -> Path:
    folder = root / f"{2000 + number // _FOLDERS_IN_ONE}" / f"day-{number:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
