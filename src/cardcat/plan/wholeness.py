"""What the folder trees of film cameras lack: the parts that one clip has in several folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cardcat.paths import display
from cardcat.plan.groups import group_key

Gaps = Iterator[tuple[str, str]]

_SONY = ("M4ROOT", "XDROOT")
_FILMS = frozenset({"mp4", "mxf"})
_CHANNEL_DIGITS = 2  # 0001AB00.MXF is the first channel of 0001AB


class _Tree:
    """One structure: *base* is its folder, and each folder in it is known by its name in capitals."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._parts: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, part: str, folder: str, names: Iterable[str]) -> None:
        """Put the files of a folder in it."""
        self._parts[part] += ((f"{folder}/{name}", name) for name in names)

    def clips(self, part: str, extensions: Iterable[str], cut: int = 0) -> dict[str, str]:
        """By the clip's name the path of its file there; *cut* letters at the end of names don't count."""
        wanted = frozenset(extensions)
        found: dict[str, str] = {}
        for path, name in sorted(self._parts[part]):
            if name.rpartition(".")[2].lower() in wanted:
                key = group_key(name)
                found.setdefault(key[:-cut] if cut else key, path)
        return found


def missing_in_structures(folders: Mapping[str, Iterable[str]]) -> Gaps:
    """
    What is missing in the structures of a card, as (path, sentence). *folders* has their file names.

    Where a whole folder of them is gone it is said once; where only some clips lack a part, for each.
    """
    trees: dict[tuple[str, str], _Tree] = {}
    for folder in sorted(folders):
        base, _, part = folder.rpartition("/")
        root = base.rpartition("/")[2].upper()
        if root in _CHECKS:
            trees.setdefault((root, base), _Tree(base)).add(part.upper(), folder, folders[folder])
    for (root, base), tree in sorted(trees.items(), key=lambda each: each[0]):
        yield from _CHECKS[root](tree, [*folders.get(base, ())])


def _sony(tree: _Tree, _: Iterable[str]) -> Gaps:
    films, described = tree.clips("CLIP", _FILMS), tree.clips("CLIP", {"xml"})
    unended = tree.clips("CLIP", {"rsv"})
    if not films.keys().isdisjoint(described):
        yield from _lacking(films, described, "has no XML beside it, as other clips of the card have")
    yield from _lacking(described, films | unended, "describes a film that is not on the card")


def _avchd(tree: _Tree, names: Iterable[str]) -> Gaps:
    films, described = tree.clips("STREAM", {"mts", "m2ts"}), tree.clips("CLIPINF", {"cpi", "clpi"})
    if films and {"INDEX.BDM", "INDEX.BDMV"}.isdisjoint(name.upper() for name in names):
        yield (
            tree.base,
            f"{shown_name(tree.base)} has no INDEX.BDM, by which cameras and players find its films",
        )
    if films and not described:
        yield (
            tree.base,
            f"{shown_name(tree.base)} has films in STREAM and nothing in CLIPINF that describes them",
        )
    else:
        yield from _lacking(films, described, "has no CPI file in CLIPINF, which describes it")
    yield from _lacking(described, films, "describes a film that is not in STREAM")


def _p2(tree: _Tree, _: Iterable[str]) -> Gaps:
    films, described = tree.clips("VIDEO", {"mxf"}), tree.clips("CLIP", {"xml"})
    sounds = tree.clips("AUDIO", {"mxf"}, _CHANNEL_DIGITS)
    if films and not described:
        yield tree.base, f"{shown_name(tree.base)} has films in VIDEO and nothing in CLIP that describes them"
    else:
        yield from _lacking(films, described, "has no XML in CLIP, which describes it")
    if not films.keys().isdisjoint(sounds):
        yield from _lacking(films, sounds, "has no sound in AUDIO, as other clips of the card have")
    also = tree.clips("AVCLIP", {"mxf", "mp4", "mov"})
    yield from _lacking(described, films | also, "describes a film that is not on the card")


_CHECKS = {**dict.fromkeys(_SONY, _sony), "BDMV": _avchd, "CONTENTS": _p2}


def _lacking(these: Mapping[str, str], those: Mapping[str, str], what: str) -> Gaps:
    for key, path in these.items():
        if key not in those:
            yield path, f"{shown_name(path)} {what}"


def shown_name(path: str) -> str:
    """The name of the file or folder at *path*, as a sentence can hold it."""
    return display(path.rpartition("/")[2])
