"""Which drives to plug in so that a card can be given up: as few as there can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cardcat.plan.judging import Holder, count_disks, disks


@dataclass(frozen=True, slots=True)
class Waiting:
    """Files that are not enough for one *reason* alike: *missing* more disks of *offers* would do."""

    files: frozenset[str]
    missing: int
    offers: frozenset[Holder]


@dataclass(frozen=True, slots=True)
class Choice:
    """A volume to plug in, and how many files wait for it."""

    volume: str
    files: int


def waiting_for(
    files: Iterable[str], holders: Iterable[Holder], offers: Iterable[Holder], wanted: int
) -> Waiting | None:
    """
    What *files* that *holders* have, of *wanted* disks, wait for of *offers*.

    None if they need nothing, or if all of them plugged in would not be enough.
    """
    holders, offers = set(holders), set(offers)
    if count_disks(holders) < len(disks(holders)):  # plugged in, those can be told apart that are trusted now
        offers |= {holder for holder in holders if not holder.is_plugged}
        holders -= offers
    have = disks(holders)
    missing = max(wanted, 1) - len(have)
    helping = frozenset(holder for holder in offers if holder.disk not in have)
    if missing <= 0 or len(disks(helping)) < missing:
        return None
    return Waiting(frozenset(files), missing, helping)


def drives_to_plug_in(waiting: Sequence[Waiting]) -> list[Choice]:
    """
    The fewest drives, or nearly so, that make all that waits enough; those that most files wait for first.

    Always the one that helps most is taken next; what later ones make superfluous is left out again.
    """
    held, waiting = _held(waiting), _merged(waiting)
    left = sorted({holder for each in waiting for holder in each.offers})
    taken: list[Holder] = []
    while unmet := [each for each in waiting if not _is_met(each, taken)]:
        best = max(left, key=lambda holder: (_gain(holder, unmet, taken), -left.index(holder)))
        left.remove(best)
        taken.append(best)
    for holder in reversed(taken[:]):
        without = [other for other in taken if other != holder]
        if all(_is_met(each, without) for each in waiting):
            taken = without
    return sorted(
        (Choice(holder.volume, len(held[holder])) for holder in taken),
        key=lambda choice: (-choice.files, choice.volume),
    )


def _merged(waiting: Sequence[Waiting]) -> list[Waiting]:
    """What waits for the same as one, so that a whole card is soon looked through."""
    files: dict[tuple[int, frozenset[Holder]], set[str]] = {}
    for each in waiting:
        files.setdefault((each.missing, each.offers), set()).update(each.files)
    return [Waiting(frozenset(names), *key) for key, names in files.items()]


def _held(waiting: Sequence[Waiting]) -> dict[Holder, set[str]]:
    held: dict[Holder, set[str]] = {}
    for each in waiting:
        for holder in each.offers:
            held.setdefault(holder, set()).update(each.files)
    return held


def _gain(holder: Holder, unmet: Sequence[Waiting], taken: Sequence[Holder]) -> int:
    """How many files of *unmet* come nearer by it."""
    return sum(
        len(each.files)
        for each in unmet
        if holder in each.offers and holder.disk not in disks(set(taken) & each.offers)
    )


def _is_met(each: Waiting, taken: Sequence[Holder]) -> bool:
    return len(disks(each.offers.intersection(taken))) >= each.missing
