"""Chapters: films that a camera has cut one take into, by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chapter:
    """
    One film of a take. *take* is what the names of its chapters have in common, within one folder.

    *first* is the number that the take begins with; None where a camera counts on from the take before.
    """

    take: str
    number: int
    first: int | None


_LOOP = re.compile(r"g(?P<take>[hxs][a-z]{2})(?P<number>\d{4})\.(?:mp4|360)")  # GHAA0001.MP4
_GOPRO = re.compile(r"g(?P<take>[hxs])(?P<number>\d\d)(?P<file>\d{4})\.(?:mp4|360)")  # GH010003.MP4
_GOPRO_OLD = re.compile(r"gp(?P<number>\d\d)(?P<file>\d{4})\.mp4")  # GP010003.MP4 goes on from GOPR0003.MP4
_GOPRO_OLD_FIRST = re.compile(r"gopr(?P<file>\d{4})\.mp4")
_INSTA360 = re.compile(r"vid_(?P<take>\d{8}_\d{6})_\d\d_(?P<number>\d{3})\.(?:insv|mp4)")


def chapter_of(path: str) -> Chapter | None:
    """Which chapter of which take a film is; a take that was never cut has one chapter."""
    folder, _, name = path.rpartition("/")
    name = name.lower()
    if name[:1] == "g":
        return _of_gopro(folder, name)
    if name[:4] == "vid_" and (found := _INSTA360.fullmatch(name)):
        return Chapter(f"{folder}/vid_{found['take']}", int(found["number"]), None)
    return None


def _of_gopro(folder: str, name: str) -> Chapter | None:
    if found := _GOPRO.fullmatch(name):
        return Chapter(f"{folder}/g{found['take']}{found['file']}", int(found["number"]), 1)
    if found := _GOPRO_OLD_FIRST.fullmatch(name):
        return Chapter(f"{folder}/gopr{found['file']}", 0, 0)
    if found := _GOPRO_OLD.fullmatch(name):
        return Chapter(f"{folder}/gopr{found['file']}", int(found["number"]), 0)
    if found := _LOOP.fullmatch(name):  # the earliest chapters of a loop are written over
        return Chapter(f"{folder}/g{found['take']}", int(found["number"]), None)
    return None


def name_of_chapter(name: str, number: int) -> str:
    """What a GoPro would call another chapter of the take that the film *name* is of."""
    file = name[4:]
    if name[1].lower() not in "op":
        return f"{name[:2]}{number:02d}{file}"
    old = f"GP{number:02d}" if number else "GOPR"
    return (old if name[0] == "G" else old.lower()) + file
