"""Which of several equal files to keep: rules in an order, each with the reason it gives. Pure decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cardcat.model import Evidence
from cardcat.plan.groups import split_name


class Rule(StrEnum):
    """What speaks for a copy. The value is the word that a user gives the rule by."""

    FOLDER = "folder"  # it lies in the first of the folders that the user prefers
    TREE = "tree"  # in a tree in order, rather than in a backup, a download, an export
    SIDECAR = "sidecar"  # what belongs to it (edits, ratings) lies beside it
    NAME = "name"  # its name has no mark of a copy
    VERIFIED = "verified"  # the best proof that its bytes are right
    OLDEST = "oldest"  # the oldest file time, then known for longest
    SHORTEST = "shortest"  # the fewest folders, then the shortest path


DEFAULT = tuple(Rule)

_REASONS = {
    Rule.FOLDER: "it is in a folder that you prefer",
    Rule.TREE: "it is in the tidiest folder",
    Rule.SIDECAR: "what belongs to it lies beside it",
    Rule.NAME: "its name has no mark of a copy",
    Rule.VERIFIED: "it is the best proved",
    Rule.OLDEST: "it is the oldest",
    Rule.SHORTEST: "its path is the shortest",
}
_ALONE = "it is the only one"
_ALIKE = "all are alike, and its path comes first"

_COPY_MARKS = (
    re.compile(
        r"(?P<name>.+?)(?: ?- ?| |_|-)(?:copy|copie|kopie|copia|kopia)(?:[ _]?\(?\d{1,3}\)?)?",
        re.IGNORECASE | re.DOTALL,
    ),  # IMG_1 copy, IMG_1 - Copy (2), IMG_1-Kopie
    re.compile(r"(?P<name>.+?)[ _]?\(\d{1,3}\)", re.DOTALL),  # IMG_1 (1), IMG_1(2)
    re.compile(r"(?:copy of|copie de|kopie von|copia de|copia di) (?P<name>.+)", re.IGNORECASE | re.DOTALL),
)
_DATED = re.compile(r"(?:19|20)\d\d(?:[-_. ]?[01]\d(?:[-_. ]?[0-3]\d)?)?(?!\d).*", re.DOTALL)
_UNTIDY = re.compile(
    r".*(?:^|[^a-z])(?:back ?ups?|copy|copies|copie|copia|kopien?|sicherung(?:en)?|duplicates?|tmp|temp"
    r"|downloads?|takeout|exports?|desktop|trash|recycle(?:\.bin|d)?|recovered|restored|found\.\d+"
    r"|lost\+found|unsorted|to sort|new folder|untitled folder|old)(?:$|[^a-z]).*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Preferred:
    """A folder whose copies are rather kept. *path* is relative to the volume's root, '' for all of it."""

    volume_key: str
    path: str

    def holds(self, copy: LibraryCopy) -> bool:
        """Whether *copy* lies in it or below."""
        is_below = not self.path or copy.path_on_volume.startswith(self.path + "/")
        return copy.volume_key == self.volume_key and is_below


@dataclass(frozen=True, slots=True)
class LibraryCopy:
    """
    A copy in a library.

    *path* is relative to its location, *location_path* to the root of the volume. *mtime_ns* as kept there,
    other times in UTC seconds. *has_sidecar* says that a sidecar of its group lies in the same folder.
    """

    id: int
    hash: str
    size: int
    mtime_ns: int
    path: str
    location_id: int
    location_uuid: str
    location_path: str
    volume_id: int
    volume_key: str
    volume_name: str
    first_seen_at: int
    evidence: Evidence
    verified_at: int | None = None
    has_sidecar: bool = False

    @property
    def path_on_volume(self) -> str:
        """Relative to the root of its volume."""
        return f"{self.location_path}/{self.path}" if self.location_path else self.path

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder it lies in, relative to its location."""
        return self.path.rpartition("/")[0]

    @property
    def depth(self) -> int:
        """How many folders below the root of its volume it lies."""
        return self.path_on_volume.count("/")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The copy to keep. *reason* completes "kept because …"; *rules* are those that decided, in order."""

    keeper: LibraryCopy
    reason: str
    rules: tuple[Rule, ...]


def suggest(
    copies: Iterable[LibraryCopy], rules: Sequence[Rule] = DEFAULT, folders: Sequence[Preferred] = ()
) -> Suggestion:
    """
    Which of *copies* (one at least) to keep, whatever order they come in.

    Each rule in turn leaves those that it speaks for most. *folders*, the most preferred first, count where
    FOLDER is among the rules.
    """
    left = sorted(copies, key=_by_place)
    if len(left) == 1:
        return Suggestion(left[0], _ALONE, ())
    deciding = []
    for rule in rules:
        marks = [_marks(rule, copy, folders) for copy in left]
        best = [copy for copy, mark in zip(left, marks, strict=True) if mark == min(marks)]
        if len(best) < len(left):
            deciding.append(rule)
            left = best
    reason = ", ".join(_REASONS[rule] for rule in deciding) or _ALIKE
    return Suggestion(left[0], reason, tuple(deciding))


def preference(
    copy: LibraryCopy, rules: Sequence[Rule] = DEFAULT, folders: Sequence[Preferred] = ()
) -> tuple[tuple[int, ...] | tuple[str, str, int], ...]:
    """What `suggest` goes by, as a key to sort by: of several copies it suggests the one with the least."""
    return (*(_marks(rule, copy, folders) for rule in rules), _by_place(copy))


def copy_mark(name: str) -> str | None:
    """
    The file name that *name* is marked as a copy of: `IMG_1.JPG` for `IMG_1 (1).JPG`; None for no mark.

    `copy` before the ending, `Copy of` in front, and the same in some other languages.
    """
    stem, ending = split_name(name)
    for pattern in _COPY_MARKS:
        if found := pattern.fullmatch(stem):
            return found["name"] + ending
    return None


def tidiness(path: str) -> int:
    """
    How orderly the folders of *path* are, from their names: the least is the best.

    0 for a tree by date, 1 for others, 2 where a folder is called a backup, a copy, a download, an export.
    """
    folders = path.split("/")[:-1]
    if any(_UNTIDY.fullmatch(folder) for folder in folders):
        return 2
    return 0 if any(_DATED.fullmatch(folder) for folder in folders) else 1


def _marks(rule: Rule, copy: LibraryCopy, folders: Sequence[Preferred]) -> tuple[int, ...]:
    """What speaks against *copy* under *rule*: the least is the best."""
    if rule is Rule.FOLDER:
        return (next((rank for rank, each in enumerate(folders) if each.holds(copy)), len(folders)),)
    return _MARKS[rule](copy)


_MARKS: dict[Rule, Callable[[LibraryCopy], tuple[int, ...]]] = {
    Rule.TREE: lambda copy: (tidiness(f"{copy.location_path}/"), tidiness(copy.path)),
    Rule.SIDECAR: lambda copy: (not copy.has_sidecar,),
    Rule.NAME: lambda copy: (copy_mark(copy.name) is not None,),
    Rule.VERIFIED: lambda copy: (-copy.evidence.rank,),
    Rule.OLDEST: lambda copy: (copy.mtime_ns, copy.first_seen_at),
    Rule.SHORTEST: lambda copy: (copy.depth, len(copy.path_on_volume)),
}


def _by_place(copy: LibraryCopy) -> tuple[str, str, int]:
    return copy.path_on_volume, copy.volume_key, copy.id
