"""Final names for the members of a group: free, in step with each other, by content and not by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cardcat.paths import same_name_key
from cardcat.plan.groups import split_name
from cardcat.plan.names import NameRules, suffix_of, suffixed

_MOST_ATTEMPTS = 300  # each is another hash; an end, so that a mistake can't make a run hang


@dataclass(frozen=True, slots=True)
class Member:
    """A copied file that needs a name. *name* is one the destination can hold."""

    item: int
    source_path: str
    name: str
    hash: str
    size: int
    is_media: bool


@dataclass(frozen=True, slots=True)
class Occupant:
    """
    What stands where a name is wanted.

    *hash* is None where it is not the content that is wanted. *owners* are the source files that it
    answers for already: paths of this source, None for a file of another one.
    """

    path: str
    hash: str | None
    owners: frozenset[str | None] = frozenset()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a member goes; *adopted* if its content stands there already."""

    member: Member
    path: str
    adopted: bool


Look = Callable[[str, Member], Occupant | None]


def place_group(
    members: Sequence[Member], folder: str, look: Look, rules: NameRules, *, suffix: str = ""
) -> list[Placement]:
    """
    Choose one suffix for all *members*, none if possible, so that every name is free or adoptable.

    *look* tells what stands at a path. *suffix* is tried first: that of members placed earlier. Of members
    whose names differ in case or Unicode form alone, those that come later get a suffix of their own.
    """
    placements: list[Placement] = []
    for layer in _layers(members):
        taken = {same_name_key(placement.path) for placement in placements}
        placements += _place_layer(layer, folder, look, rules, first=suffix, taken=taken)
    return placements


def may_adopt(member: Member, occupant: Occupant) -> bool:
    """
    Whether the copy that stands there may answer for *member*.

    One copy may answer for many equal media files, but only for one sidecar: those are kept by path.
    """
    if occupant.hash != member.hash:
        return False
    return member.is_media or occupant.owners <= {member.source_path}


def _place_layer(
    members: Sequence[Member],
    folder: str,
    look: Look,
    rules: NameRules,
    *,
    first: str,
    taken: AbstractSet[str],
) -> list[Placement]:
    for suffix in _suffixes(members, first):
        placements = [_place(member, folder, suffix, look, rules) for member in members]
        placed = [found for found in placements if found and same_name_key(found.path) not in taken]
        if len(placed) == len(members):
            return placed
    raise AssertionError(f"no free name in {folder!r} for {members[0].name!r}")


def _place(member: Member, folder: str, suffix: str, look: Look, rules: NameRules) -> Placement | None:
    name = suffixed(member.name, suffix, rules) if suffix else member.name
    path = f"{folder}/{name}" if folder else name
    occupant = look(path, member)
    if occupant is None:
        return Placement(member, path, adopted=False)
    return Placement(member, occupant.path, adopted=True) if may_adopt(member, occupant) else None


def _suffixes(members: Sequence[Member], first: str) -> Iterator[str]:
    lead = next((member for member in members if member.is_media), members[0])
    yield first
    if first:
        yield ""
    for attempt in range(_MOST_ATTEMPTS):
        yield suffix_of(lead.hash, lead.source_path, attempt)


def _layers(members: Sequence[Member]) -> list[list[Member]]:
    """
    Split members whose own names some filesystem takes for one; each layer gets its own suffix.

    Members with one stem stay together: of A.JPG, a.CR3 and a.JPG the last two are one photo.
    """
    stems: dict[str, list[dict[str, Member]]] = {}
    for member in members:
        stems.setdefault(split_name(member.name)[0], []).append({same_name_key(member.name): member})
    bundles = [bundle for alone in stems.values() for bundle in _joined(alone)]
    return [list(layer.values()) for layer in _joined(bundles)]


def _joined(parts: Iterable[dict[str, Member]]) -> list[dict[str, Member]]:
    """Join each part with the first of those before it that has none of its keys."""
    joined: list[dict[str, Member]] = []
    for part in parts:
        for other in joined:
            if other.keys().isdisjoint(part):
                other.update(part)
                break
        else:
            joined.append(dict(part))
    return joined
