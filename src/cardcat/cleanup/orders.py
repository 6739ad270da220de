"""What a plan orders, held against what the catalog knows now: groups that ask for too much are refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from cardcat.catalog.copies import known_paths
from cardcat.catalog.library_copies import library_copies_by_id, neighbours
from cardcat.catalog.locations import marked_location
from cardcat.catalog.resolving import still_open
from cardcat.cleanup.plans import Action, Block, Plan, Verb
from cardcat.cleanup.standing import GROUP, NOT_LIBRARY, STRUCTURE, WRONG
from cardcat.cleanup.units import Unit, folder_of, structure_of, units_of
from cardcat.paths import display
from cardcat.plan.keepers import LibraryCopy

_TWICE = "its content is in the plan twice"
_NAMED_TWICE = "a file is named twice"
_NONE_KEPT = "no copy of it is kept"
_OTHER_DRIVE = "no copy on the same drive is kept"
_OTHER_CONTENT = "it has another content by now"
_OTHER_SIZE = "its size is not that of the group"
_KEEPER_WRONG = f"of the copy that is kept: {WRONG}"


@dataclass(frozen=True, slots=True)
class Order:
    """One copy that goes, and the one that stays for it. *number* and *shown* are as the plan has it."""

    number: int
    goer: LibraryCopy
    keeper: LibraryCopy
    shown: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A copy that stays though the plan says that it goes, and why."""

    number: int
    shown: str
    hash: str
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Copies that go together or not at all."""

    orders: tuple[Order, ...]


@dataclass(slots=True)
class Orders:
    """What can be done of a plan, what is refused of it, and the numbers of what was done before."""

    bundles: list[Bundle] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    done: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Group:
    """A group of the plan, with its copies as far as they are present in libraries."""

    block: Block
    goers: list[tuple[int, str, LibraryCopy | None]] = field(default_factory=list)
    keepers: list[tuple[str, LibraryCopy | None]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    reason: str | None = None


def check_plan(c: Connection, plan: Plan, done: set[int]) -> Orders:
    """
    What the plan orders. *done* are the numbers of those orders that nothing is to be done for any more.

    A group is refused as a whole: if it names what is not known, keeps none, or leaves a drive without one
    that nothing is known to be wrong with.
    """
    found = Orders(done=done)
    groups = list(_groups(c, plan, found.done))
    _refuse_repeated(groups)
    wrong = still_open(c, [copy.id for group in groups for copy in _copies(group)])
    for group in groups:
        group.reason = group.reason or _why_refused(group, plan.action, wrong)
    _refuse_parted(c, groups, found)
    for group in groups:
        if group.reason:
            found.refused += _refused(group)
    return found


def _groups(c: Connection, plan: Plan, done: set[int]) -> Iterator[_Group]:
    known = _Known(c, plan)
    number = 0
    for block in plan.blocks:
        group = _Group(block)
        for line in block.lines:
            if line.verb is Verb.KEEP:
                group.keepers.append((line.path, known.copy(line.path)))
                group.unknown += [] if known.is_known(line.path) else [line.path]
                continue
            number += 1
            if number not in done:
                group.goers.append((number, line.path, known.copy(line.path)))
        yield group


class _Known:
    """The copies that a plan names."""

    def __init__(self, c: Connection, plan: Plan) -> None:
        self._roots = sorted(plan.roots, key=lambda root: -len(root.path))
        paths = [line.path for block in plan.blocks for line in block.lines]
        self._ids: dict[tuple[str, str], int] = {}
        for root in self._roots:
            location = marked_location(c, root.uuid)
            inner = [below for path in paths if (below := _below(root.path, path))]
            if location is not None:
                ids = known_paths(c, location.id, inner)
                self._ids.update(((root.uuid, path), id_) for path, id_ in ids.items())
        self._copies = library_copies_by_id(c, sorted(set(self._ids.values())))

    def is_known(self, path: str) -> bool:
        """Whether any file is, or was, on record there."""
        return any((root.uuid, _below(root.path, path)) in self._ids for root in self._roots)

    def copy(self, path: str) -> LibraryCopy | None:
        """The copy of a library that is on record there; of roots in one another the innermost decides."""
        for root in self._roots:
            below = _below(root.path, path)
            copy = self._copies.get(self._ids.get((root.uuid, below or ""), 0))
            if below and copy:
                return copy
        return None


def _below(root: str, path: str) -> str | None:
    top = root.rstrip("/") + "/"
    return path.removeprefix(top) if path.startswith(top) else None


def _refuse_repeated(groups: Sequence[_Group]) -> None:
    hashes = Counter(group.block.hash for group in groups)
    paths = Counter(line.path for group in groups for line in group.block.lines)
    ids = Counter(copy.id for group in groups for copy in _copies(group))
    for group in groups:
        if hashes[group.block.hash] > 1:
            group.reason = _TWICE
        elif any(paths[line.path] > 1 for line in group.block.lines) or any(
            ids[copy.id] > 1 for copy in _copies(group)
        ):
            group.reason = _NAMED_TWICE


def _copies(group: _Group) -> list[LibraryCopy]:
    found = [copy for _, _, copy in group.goers] + [copy for _, copy in group.keepers]
    return [copy for copy in found if copy]


def _why_refused(group: _Group, action: Action, wrong: set[int]) -> str | None:
    there = [(path, copy) for path, copy in group.keepers if copy]  # another drive may be unplugged
    reasons = [
        *(f"{NOT_LIBRARY}: {display(path)}" for path in group.unknown),
        *_why_wrong([*((path, copy) for _, path, copy in group.goers), *there], group.block),
        *([] if group.keepers else [_NONE_KEPT]),
        *_why_alone(group, {copy.volume_id for _, copy in there}),
        *_why_structure([(path, copy) for _, path, copy in group.goers if copy]),
        *(f"{WRONG}: {display(path)}" for _, path, copy in group.goers if copy and copy.id in wrong),
    ]
    whole = [(path, copy) for path, copy in there if copy.id not in wrong]
    if not reasons:
        reasons += _why_alone(group, {copy.volume_id for _, copy in whole}, _KEEPER_WRONG)
    group.keepers = [(path, copy) for path, copy in whole if _may_stay(copy, action)]
    if not reasons and len(group.keepers) < len(whole):
        reasons += _why_alone(group, {copy.volume_id for _, copy in group.keepers if copy}, STRUCTURE)
    return next(iter(reasons), None)


def _may_stay(copy: LibraryCopy, action: Action) -> bool:
    """What is part of a structure is not touched: nothing is linked to it."""
    return action is Action.QUARANTINE or structure_of(copy.path_on_volume) is None


def _why_wrong(named: Iterable[tuple[str, LibraryCopy | None]], block: Block) -> Iterator[str]:
    for path, copy in named:
        if reason := _why_not(copy, block):
            yield f"{reason}: {display(path)}"


def _why_alone(group: _Group, kept: set[int], why: str = _OTHER_DRIVE) -> Iterator[str]:
    for _, path, copy in group.goers:
        if copy and copy.volume_id not in kept:
            yield f"{why}: {display(path)}"


def _why_structure(named: Iterable[tuple[str, LibraryCopy]]) -> Iterator[str]:
    for path, copy in named:
        if structure_of(copy.path_on_volume):
            yield f"{STRUCTURE}: {display(path)}"


def _why_not(copy: LibraryCopy | None, block: Block) -> str | None:
    if copy is None:
        return NOT_LIBRARY
    if copy.hash != block.hash:
        return _OTHER_CONTENT
    return _OTHER_SIZE if copy.size != block.size else None


def _refuse_parted(c: Connection, groups: Sequence[_Group], found: Orders) -> None:
    """
    Put what belongs together into bundles, and refuse each group that would part such files.

    A refused group keeps its files, so what belongs to these has to stay too: that goes on until nothing
    changes.
    """
    copies = {copy.id for group in groups if not group.reason for copy in _copies(group)}
    units = units_of(neighbours(c, sorted(copies)))
    while True:
        parting = _Parting([group for group in groups if not group.reason], units)
        parted = parting.parted()
        if not parted:
            break
        for group in groups:
            if any(copy and copy.id in parted for _, _, copy in group.goers):
                group.reason = GROUP
    found.bundles = list(parting.bundles())


class _Parting:
    """What goes by *groups*, and whether it goes together with what belongs to it."""

    def __init__(self, groups: Sequence[_Group], units: Iterable[Unit]) -> None:
        self._unit_of = {id_: unit for unit in units for id_ in unit.ids}
        self._orders = {order.goer.id: order for group in groups for order in _orders(group)}
        self._kept: dict[str | None, list[LibraryCopy]] = defaultdict(list)
        for group in groups:
            for _, copy in group.keepers:
                if copy:
                    self._kept[copy.hash].append(copy)

    def parted(self) -> set[int]:
        """The copies that would go without what belongs to them."""
        return {id_ for id_ in self._orders if not self._goes_whole(self._unit_of[id_])}

    def bundles(self) -> Iterator[Bundle]:
        """What goes together, in the order of the plan."""
        by_unit: dict[int, list[Order]] = defaultdict(list)
        for id_, order in self._orders.items():
            by_unit[id(self._unit_of[id_])].append(order)
        for orders in by_unit.values():
            twins = self._twins(self._unit_of[orders[0].goer.id])
            yield Bundle(
                tuple(replace(order, keeper=twins.get(order.goer.hash, order.keeper)) for order in orders)
            )

    def _goes_whole(self, unit: Unit) -> bool:
        if len(unit.members) == 1:
            return True
        return unit.is_plain and unit.ids <= self._orders.keys() and bool(self._twins(unit))

    def _twins(self, unit: Unit) -> dict[str | None, LibraryCopy]:
        """For each content of *unit* the copy that stays for it: all in one other unit, and in one folder."""
        if len(unit.members) == 1:
            return {}
        volume = self._orders[unit.members[0].id].goer.volume_id
        places: dict[tuple[int, int, str], dict[str | None, LibraryCopy]] = defaultdict(dict)
        for copy in (copy for hash_ in sorted(filter(None, unit.hashes)) for copy in self._kept[hash_]):
            other = self._unit_of[copy.id]
            if copy.volume_id == volume and other is not unit:
                place = (id(other), copy.location_id, folder_of(copy.path))
                places[place].setdefault(copy.hash, copy)
        return next((twins for twins in places.values() if twins.keys() == unit.hashes), {})


def _orders(group: _Group) -> Iterator[Order]:
    for number, path, goer in group.goers:
        keepers = [copy for _, copy in group.keepers if copy and goer and copy.volume_id == goer.volume_id]
        if goer and keepers:
            yield Order(number, goer, keepers[0], path)


def _refused(group: _Group) -> Iterator[Refused]:
    for number, path, _ in group.goers:
        yield Refused(number, path, group.block.hash, group.block.size, group.reason or "")
