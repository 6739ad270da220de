"""Which duplicates can go, and which copies stay for them: decided by looking alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from cardcat.catalog.library_copies import (
    duplicated_contents,
    library_copies,
    library_copies_by_id,
    neighbours,
)
from cardcat.catalog.resolving import still_open
from cardcat.cleanup.plans import Action
from cardcat.cleanup.standing import GROUP, SAME, STRUCTURE, WRONG, Standing
from cardcat.cleanup.units import Unit, folder_of, units_of
from cardcat.plan.keepers import DEFAULT, LibraryCopy, Preferred, Rule, preference


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a plan is to be of: only what lies in one of *inside* goes, where there is one.

    *prefer* are folders whose copies are rather kept, the first one most of all. Groups that waste less than
    *min_waste* bytes are left out.
    """

    action: Action = Action.QUARANTINE
    rules: tuple[Rule, ...] = DEFAULT
    prefer: tuple[Preferred, ...] = ()
    inside: tuple[Preferred, ...] = ()
    min_waste: int = 0


@dataclass(frozen=True, slots=True)
class Going:
    """
    A unit that goes, with its copies, and the copies that stay for each of them.

    *lead* is the one that the others belong to.
    """

    lead: LibraryCopy
    pairs: tuple[tuple[LibraryCopy, LibraryCopy], ...]


@dataclass(slots=True)
class Choice:
    """What goes, the copies of each content in libraries, and how many copies stay for which reason."""

    going: list[Going] = field(default_factory=list)
    copies: dict[str, list[LibraryCopy]] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)


class Choosing:
    """Decides, on what the catalog knows at one moment."""

    def __init__(self, c: Connection, standing: Standing, wanted: Wanted) -> None:
        self._standing, self._wanted = standing, wanted
        self.found = Choice(copies=library_copies(c, duplicated_contents(c), held=True))
        self._duplicates = {copy.id for copies in self.found.copies.values() for copy in copies}
        units = [
            unit for unit in units_of(neighbours(c, sorted(self._duplicates))) if unit.ids & self._duplicates
        ]
        self._copies = library_copies_by_id(c, (id_ for unit in units for id_ in sorted(unit.ids)))
        self._wrong = still_open(c, list(self._copies))
        self._against: dict[int, str | None] = {}
        self._by_volume: dict[int, list[Unit]] = defaultdict(list)
        for unit in units:
            if lead := self._lead(unit):
                self._by_volume[lead.volume_id].append(unit)

    def decide(self) -> Choice:
        """Go through all units, a volume at a time."""
        for units in self._by_volume.values():
            self._on_volume(units)
        return self.found

    def _on_volume(self, units: Iterable[Unit]) -> None:
        """Those that hold most come first, so that what is kept is known before what may go for it."""
        kept: dict[str | None, list[Unit]] = defaultdict(list)
        staying: Counter[str] = Counter()
        for unit in sorted(units, key=self._order):
            lead = self._lead(unit)
            assert lead is not None
            decided = self._decided(unit, lead, kept[lead.hash])
            if isinstance(decided, Going):
                self.found.going.append(decided)
                continue
            if decided:
                self.found.left[decided] += len(unit.ids & self._duplicates)
            elif self._is_inside(unit) or lead.hash not in staying:
                staying.update(self._copies[id_].hash for id_ in unit.ids & self._duplicates)
            for hash_ in unit.hashes:
                kept[hash_].append(unit)
        more = sum(count - 1 for count in staying.values())  # than one of each: parts of unlike groups
        self.found.left += Counter({GROUP: more} if more else {})

    def _order(self, unit: Unit) -> tuple[object, ...]:
        lead = self._lead(unit)
        assert lead is not None
        return self._is_inside(unit), -len(unit.hashes), self._preference(lead)

    def _decided(self, unit: Unit, lead: LibraryCopy, rivals: Sequence[Unit]) -> Going | str | None:
        """How it goes, else why it stays; None where nobody would expect it to go."""
        rivals = [rival for rival in rivals if self._is_better(rival, lead)]
        if not rivals or not self._is_inside(unit):
            return None
        if not unit.is_plain or not unit.ids <= self._copies.keys():
            return GROUP
        if reason := next(filter(None, map(self._why_not, sorted(unit.ids))), None):
            return reason
        keeper = next((rival for rival in rivals if rival.holds(unit)), None)
        if keeper is None:
            return GROUP
        pairs = tuple(self._pairs(unit, keeper))
        return self._why_no_pair(pairs) or Going(lead, pairs)

    def _is_better(self, rival: Unit, lead: LibraryCopy) -> bool:
        """Whether its copy of the content of *lead* is the one to keep."""
        (*copies,) = (
            self._copies[each.id]
            for each in rival.members
            if each.hash == lead.hash and each.id in self._copies
        )
        if not self._is_inside(rival):
            return bool(copies)
        return any(self._preference(copy) < self._preference(lead) for copy in copies)

    def _pairs(self, unit: Unit, keeper: Unit) -> Iterator[tuple[LibraryCopy, LibraryCopy]]:
        """Each copy that goes with the one that stays for it, these in one folder."""
        folders = [
            {folder_of(twin.path) for twin in keeper.members if twin.hash == member.hash}
            for member in unit.members
        ]
        folder = min(set.intersection(*folders))
        for member in unit.members:
            twin = next(
                each for each in keeper.members if each.hash == member.hash and folder_of(each.path) == folder
            )
            if twin.id in self._copies:
                yield self._copies[member.id], self._copies[twin.id]

    def _why_no_pair(self, pairs: Sequence[tuple[LibraryCopy, LibraryCopy]]) -> str | None:
        for goer, keeper in pairs:
            if (reason := self._why_not(keeper.id)) and not self._may_stay_for_others(reason):
                return reason
            if self._standing.file(goer) == self._standing.file(keeper):
                return SAME
        return None if pairs else GROUP

    def _may_stay_for_others(self, reason: str) -> bool:
        """What is part of a structure is not touched where its equals are only moved."""
        return reason == STRUCTURE and self._wanted.action is Action.QUARANTINE

    def _why_not(self, id_: int) -> str | None:
        if id_ in self._wrong:
            return WRONG
        if id_ not in self._against:
            self._against[id_] = self._standing.against(self._copies[id_])
        return self._against[id_]

    def _lead(self, unit: Unit) -> LibraryCopy | None:
        """The largest of its photos and films that are there twice."""
        copies = [self._copies[id_] for id_ in unit.ids & self._duplicates if id_ in self._copies]
        return max(copies, key=lambda copy: (copy.size, copy.hash, -copy.id), default=None)

    def _is_inside(self, unit: Unit) -> bool:
        inside = self._wanted.inside
        copies = [self._copies[id_] for id_ in unit.ids if id_ in self._copies]
        return all(folder.holds(copy) for folder in inside for copy in copies)

    def _preference(self, copy: LibraryCopy) -> tuple[object, ...]:
        return preference(copy, self._wanted.rules, self._wanted.prefer)
