"""Folder pairs as their definition has them, found by trying all of them: the oracle of the fast way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from cardcat.duplicates.forest import FOLDERS
from cardcat.duplicates.holdings import FILES, SUMS

Place = tuple[int, str]
"""A location and a path in it."""

OTHER = 100  # contents from here on are no media


@dataclass(frozen=True)
class Tree:
    """A folder with all below it: its media, other contents, unread files."""

    place: Place
    files: tuple[tuple[Place, str, int | None], ...]

    @property
    def media(self) -> list[int]:
        return [content for _, _, content in self.files if content is not None and content < OTHER]

    @property
    def others(self) -> set[int]:
        return {content for _, _, content in self.files if content is not None and content >= OTHER}

    @property
    def is_read(self) -> bool:
        return all(content is not None for _, _, content in self.files)

    @property
    def counted(self) -> list[tuple[Place, str, int | None]]:
        return [file for file in self.files if file[2] is None or file[2] < OTHER]

    def without(self, other: Tree) -> Tree:
        return Tree(self.place, tuple(file for file in self.files if file not in other.files))


Files = Mapping[Place, Mapping[str, int | None]]


def frames(files: Files) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What `tree_pairs` takes, of folders with their files by name."""
    numbers = {place: number for number, place in enumerate(files, 1)}
    folders = [(number, location, path) for (location, path), number in numbers.items()]
    rows = [
        (numbers[place], content, *_flags(content))
        for place, names in files.items()
        for content in names.values()
    ]
    sums = [
        (number, media := sum(_flags(content)[0] for content in names), media, 0, names.count(None))
        for place, number in numbers.items()
        if (names := list(files[place].values()))
    ]
    return (
        pl.DataFrame(folders, FOLDERS, orient="row"),
        pl.DataFrame(rows, FILES, orient="row"),
        pl.DataFrame(sums, SUMS, orient="row"),
    )


def _flags(content: int | None) -> tuple[bool, bool]:
    is_media = content is not None and content < OTHER
    return is_media, is_media


def pairs(files: Files) -> set[tuple[Place, Place, str, int, int]]:
    """Each finding: folder, the other one, kind, media files, other contents that the other one lacks."""
    trees = _trees(files)
    tops = {place: tree for place, tree in trees.items() if _others(tree, trees)}
    tops = {place: tree for place, tree in tops.items() if not any(_is_in(place, top) for top in tops)}
    found = {place: _others(tree, trees)[0] for place, tree in tops.items()}
    return {
        (place, other.place, kind, len(tops[place].media), len(tops[place].others - rest.others))
        for place, (kind, other, rest) in found.items()
        if not (
            kind == "equal"
            and other.place in found
            and found[other.place][1].place == place
            and _order(place) < _order(other.place)
        )
    }


def _trees(files: Files) -> dict[Place, Tree]:
    """Every folder that is the lowest with its media and unread files."""
    every: dict[Place, Tree] = {}
    for location, path in files:
        for above in (*_above(path), path):
            inside = tuple(
                (place, name, content)
                for place, names in files.items()
                for name, content in names.items()
                if place == (location, above) or _is_in(place, (location, above))
            )
            every[location, above] = Tree((location, above), inside)
    return {
        place: tree
        for place, tree in every.items()
        if tree.counted and not any(_is_in(p, place) and t.counted == tree.counted for p, t in every.items())
    }


def _others(tree: Tree, trees: Mapping[Place, Tree]) -> list[tuple[str, Tree, Tree]]:
    """What has all media of *tree* outside of it, the best first: kind, folder, and that without *tree*."""
    if not tree.is_read or len(set(tree.media)) < 2:
        return []
    found = []
    for other in trees.values():
        rest = other.without(tree)
        if other.place == tree.place or _is_in(other.place, tree.place):
            continue
        is_within = _is_in(tree.place, other.place)
        if set(tree.media) <= set(rest.media) and (not is_within or _is_in_place(tree, other)):
            is_equal = not is_within and other.is_read and set(tree.media) == set(other.media)
            kind = "within" if is_within else "equal" if is_equal else "contained"
            order = (not is_equal, len(rest.media), is_within, _order(other.place))
            found.append((order, kind, other, rest))
    lowest = [one for one in found if not any(_is_in(other[2].place, one[2].place) for other in found)]
    return [entry[1:] for entry in sorted(lowest, key=lambda entry: entry[0])]


def _is_in_place(tree: Tree, other: Tree) -> bool:
    """Whether each of the media is in the same place of the other one."""

    def place(at: Place, top: Place) -> str:
        return at[1][len(top[1]) :].strip("/")

    there = {(place(at, other.place), content) for at, _, content in other.without(tree).files}
    media = [(at, content) for at, _, content in tree.files if content is not None and content < OTHER]
    return all((place(at, tree.place), content) in there for at, content in media)


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _is_in(place: Place, top: Place) -> bool:
    return place != top and place[0] == top[0] and (not top[1] or place[1].startswith(f"{top[1]}/"))


def _order(place: Place) -> tuple[int, int, str]:
    location, path = place
    return (path.count("/") + 1 if path else 0), location, path.replace("/", "\0")
